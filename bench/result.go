package main

import (
	"errors"
	"fmt"
	"slices"
)

// result is what was measured of a row.
type result struct {
	Row        string   `json:"row"`
	Unit       unit     `json:"unit"` // for people: all numbers are nanoseconds
	Contenders []figure `json:"contenders"`
}

// figure is what was measured of a contender, in nanoseconds an item.
type figure struct {
	Name   string  `json:"name"`
	Role   role    `json:"role"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Allocs float64 `json:"allocs"`
	Budget budget  `json:"budget,omitzero"`

	mayAllocate bool
}

// conclude makes the result of a row. all are the series of its contenders, in order,
// each followed by its base.
func (p plan) conclude(r row, all []*series) result {
	res := result{Row: r.name, Unit: r.unit}
	for _, c := range r.contenders {
		f := figure{Name: c.name, Role: c.role, Budget: c.budget, mayAllocate: c.slices}
		f.Min, f.Median, f.Allocs = all[0].figures(p)
		if c.base != nil {
			f.subtract(all[1], p, float64(c.times))
			all = all[1:]
		}
		all = all[1:]
		res.Contenders = append(res.Contenders, f)
	}
	return res
}

func (s *series) figures(p plan) (least, median, allocs float64) {
	slices.Sort(s.ns)
	return s.ns[0], s.ns[len(s.ns)/2], s.allocs(min(4*s.n, p.allocs))
}

func (f *figure) subtract(base *series, p plan, times float64) {
	least, median, allocs := base.figures(p)
	f.Min = (f.Min - least) / times
	f.Median = (f.Median - median) / times
	f.Allocs = (f.Allocs - allocs) / times
}

// first gives the first figure of that role.
func (r result) first(role role) figure {
	for _, f := range r.Contenders {
		if f.Role == role {
			return f
		}
	}
	return figure{}
}

// bestPeer is the minimum of the fastest other library, 0 if there is none.
func (r result) bestPeer() float64 {
	best := 0.0
	for _, f := range r.Contenders {
		if f.Role == peer && (best == 0 || f.Min < best) {
			best = f.Min
		}
	}
	return best
}

// fewAllocs an item are none: a run may grow something now and then.
const fewAllocs = 0.01

// allocates says which of ours allocates for its items, although it hands out no slices.
func (r result) allocates() error {
	var errs []error
	for _, f := range r.Contenders {
		if f.Role == ours && !f.mayAllocate && f.Allocs > fewAllocs {
			errs = append(errs, fmt.Errorf("%s: %s: %.3g allocations an item", r.Row, f.Name, f.Allocs))
		}
	}
	return errors.Join(errs...)
}

// limit is a part of a budget: as text, and whether f keeps to it.
type limit struct {
	text string
	kept bool
}

// limits are those that the budget of f sets.
func (r result) limits(f figure) []limit {
	var all []limit
	if most := f.Budget.Most; most > 0 {
		all = append(all, limit{"<= " + r.Unit.format(most), f.Min <= most})
	}
	if above := f.Budget.Above; above > 0 {
		beyond := f.Min - r.first(twin).Min
		all = append(all, limit{fmt.Sprintf("%+.1f of <= twin + %.1f", beyond, above), beyond <= above})
	}
	if n, best := f.Budget.Peer, r.bestPeer(); n > 0 && best > 0 {
		all = append(all, limit{fmt.Sprintf("peer x %s, >= %.0f", ratio(best, f.Min), n), f.Min*n <= best})
	}
	return all
}
