package graphs

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere are shapes of docs/shapes.md that are in no table, each with the reason.
var elsewhere = map[string]string{
	"EventTime": "a stage, which a SplitLate has in front of it",
	"Scaled":    "a setting of a stage with workers",
}

// TestKinds: every shape of the list has a kind of its name, and every kind is drawn.
func TestKinds(t *testing.T) {
	page, err := os.ReadFile("../../docs/shapes.md")
	if err != nil {
		t.Fatal(err)
	}
	shapes := regexp.MustCompile(`(?m)^\| \[(\w+)`).FindAllStringSubmatch(string(page), -1)
	if len(shapes) < 20 {
		t.Fatalf("the list has only %d shapes", len(shapes))
	}
	all := kinds()
	for _, s := range shapes {
		if elsewhere[s[1]] == "" && !slices.ContainsFunc(all, func(k *kind) bool { return k.name == s[1] }) {
			t.Errorf("%s is a shape: add it to a table in joins_test.go or forks_test.go, or to elsewhere with a reason", s[1])
		}
	}
	missing := make(map[string]bool)
	for _, k := range all {
		missing[k.name] = true
	}
	for seed := range uint64(1000) {
		for _, n := range draw(seed, all).nodes() {
			delete(missing, n.kind.name)
		}
	}
	for name := range missing {
		t.Errorf("%s is not drawn", name)
	}
}

// TestTraits: what a kind that is single makes of a line is what it makes of each item.
func TestTraits(t *testing.T) {
	in := made[order]{name: "a", n: 40}.all()
	for _, k := range kinds() {
		if !k.is(single) {
			continue
		}
		for n := k.n.from; n <= k.n.to; n++ {
			together, alone := k.alone(n, in), []order(nil)
			for _, x := range in {
				alone = append(alone, k.alone(n, []item{x}))
			}
			want, got := inLine(alone...).items(), together.items()
			if !k.is(prompt) {
				slices.SortFunc(want, byAll)
				slices.SortFunc(got, byAll)
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s(%d) makes %v of the items, and %v of each alone", k.name, n, got, want)
			}
		}
	}
}

// alone is what the model of a kind makes of items, if its pieces change nothing.
func (k *kind) alone(n int, in []item) order {
	m := made[order]{name: "z", n: n, flows: []order{line(in...)}, prompt: k.is(prompt)}
	for range k.pieces.to {
		m.pieces = append(m.pieces, same)
	}
	return k.model(m)
}

// TestOrder checks items against an order.
func TestOrder(t *testing.T) {
	x := func(id string) item { return item{id: id} }
	run := func(ids string) (items []item) {
		for id := range strings.FieldsSeq(ids) {
			items = append(items, x(id))
		}
		return items
	}
	o := inLine(line(run("a b")...), loose(line(run("c d")...), line(x("e"))), line(x("f")))
	for _, c := range []struct {
		got   string
		early bool
		ok    bool
	}{
		{"a b c d e f", false, true},
		{"a b c e d f", false, true},
		{"a b e c d f", false, true},
		{"b a c d e f", false, false},
		{"a b d c e f", false, false},
		{"a b c d f e", false, false},
		{"a c b d e f", false, false},
		{"a b c d e", false, false},
		{"a b c d e f f", false, false},
		{"a b c d e f g", false, false},
		{"", true, true},
		{"a b e", true, true},
		{"a b c", true, true},
		{"a c", true, false},
		{"b", true, false},
		{"a b d", true, false},
		{"a b c d f", true, false},
	} {
		if broken := o.check(run(c.got), c.early); (len(broken) == 0) != c.ok {
			t.Errorf("%s of %v, early %v: %v", c.got, o, c.early, broken)
		}
	}
}
