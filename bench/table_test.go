package main

import "testing"

// The numbers of items are such that batches are empty, full and partial, and that a
// boundary is filled more than once.
func TestContendersAgree(t *testing.T) {
	for _, r := range table() {
		t.Run(r.name, func(t *testing.T) {
			for _, c := range r.contenders {
				for _, n := range []int{0, 1, 2, 99, 100, 257, 3000} {
					agrees(t, c.name, c.run, n, r.want(n))
					if c.base != nil {
						agrees(t, c.name+", base", c.base, n, r.want(n))
					}
				}
			}
		})
	}
}

func agrees(t *testing.T, name string, run runner, n, want int) {
	t.Helper()
	if got, err := run(n); got != want || err != nil {
		t.Errorf("%s over %d items: want %d, got %d, %v", name, n, want, got, err)
	}
}

// The ratios need a twin and one of ours, names have to be unique for benchstat, and a
// base needs its number.
func TestRowsAreComplete(t *testing.T) {
	rows := make(map[string]bool)
	for _, r := range table() {
		if rows[r.name] {
			t.Errorf("two rows %q", r.name)
		}
		rows[r.name] = true
		names, roles := make(map[string]bool), make(map[role]bool)
		for _, c := range r.contenders {
			if names[c.name] {
				t.Errorf("%s: two contenders %q", r.name, c.name)
			}
			names[c.name], roles[c.role] = true, true
			if (c.base != nil) != (c.times > 0) {
				t.Errorf("%s: %s: base and times go together", r.name, c.name)
			}
			if c.role != ours && c.budget != (budget{}) {
				t.Errorf("%s: %s: only ours have a budget", r.name, c.name)
			}
		}
		if !roles[twin] || !roles[ours] {
			t.Errorf("%s: want a twin and one of ours, got %v", r.name, roles)
		}
	}
}
