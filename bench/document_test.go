package main

import (
	"errors"
	"testing"
)

func TestRenew(t *testing.T) {
	results := []result{{Row: "work", Contenders: []figure{
		{Name: "by hand", Role: twin, Min: 10},
		{Name: "flow", Role: ours, Min: 20, Budget: budget{Most: 15}},
	}}}
	got, err := renew([]byte("# Title\n<!-- table -->\nold\n<!-- end of table -->\nend\n"), "a machine", results)
	want := `# Title
<!-- table -->
One run on a machine.

| work | contender | min | allocs | x twin | x ours | aim |
|---|---|---|---|---|---|---|
| work | by hand | 10.0 ns | 0.00 | 1.00 | 0.50 |  |
|  | flow | 20.0 ns | 0.00 | 2.00 | 1.00 | ≤ 15.0 ns (over) |
<!-- end of table -->
end
`
	if err != nil || string(got) != want {
		t.Errorf("renew() = %q, %v\nwant %q", got, err, want)
	}
}

func TestRenew_demandsItsPlace(t *testing.T) {
	for _, doc := range []string{"", "<!-- table -->\n", "<!-- end of table -->\n<!-- table -->\n"} {
		if _, err := renew([]byte(doc), "", nil); !errors.Is(err, errNoTable) {
			t.Errorf("renew(%q) error = %v, want %v", doc, err, errNoTable)
		}
	}
}
