package main

import (
	"bytes"
	"testing"
)

var sample = result{Row: "work", Contenders: []figure{
	{Name: "hand", Role: twin, Min: 5, Median: 6},
	{Name: "slow", Role: peer, Min: 90, Median: 100},
	{Name: "fast", Role: peer, Min: 60, Median: 70},
	{Name: "flow", Role: ours, Min: 10, Median: 11, Budget: budget{Most: 12, Above: 3, Peer: 5}},
}}

func TestWriteTable(t *testing.T) {
	const want = `
row   contender        min     median   allocs   x twin   x ours  budget
work  hand          5.0 ns     6.0 ns     0.00     1.00     0.50
      slow         90.0 ns   100.0 ns     0.00    18.00     9.00
      fast         60.0 ns    70.0 ns     0.00    12.00     6.00
      flow         10.0 ns    11.0 ns     0.00     2.00     1.00  <= 12.0 ns, +5.0 of <= twin + 3.0 (over), peer x 6.00, >= 5
`
	var got bytes.Buffer
	if err := writeTable(&got, []result{sample}); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, &got)
	}
}

// What a difference leaves may be zero or less: it has no ratio, and no bar.
func TestRatioOfNothing(t *testing.T) {
	for _, c := range []struct {
		a, b float64
		want string
	}{{3, 2, "1.50"}, {0, 2, "-"}, {3, 0, "-"}, {-1, 2, "-"}, {-1, -2, "-"}} {
		if got := ratio(c.a, c.b); got != c.want {
			t.Errorf("ratio(%v, %v): want %s, got %s", c.a, c.b, c.want, got)
		}
	}
}

func TestBaseIsSubtracted(t *testing.T) {
	r := row{name: "fused", want: wantSum, contenders: []contender{
		{name: "part", role: ours, run: plain(wantSum), base: plain(wantSum), times: 10},
		{name: "whole", role: twin, run: plain(wantSum)},
	}}
	all := []*series{
		{run: plain(wantSum), n: 1, ns: []float64{80, 50, 60}},
		{run: plain(wantSum), n: 1, ns: []float64{30, 20, 40}},
		{run: plain(wantSum), n: 1, ns: []float64{7}},
	}
	got := plan{allocs: 1}.conclude(r, all).Contenders
	if got[0].Min != 3 || got[0].Median != 3 || got[1].Min != 7 {
		t.Errorf("want minimum 3, median 3 and minimum 7, got %v", got)
	}
}
