package kernel

import (
	"slices"
	"strconv"
)

// name makes the names of the stages unique, counted from the source: a second
// "map" is "map#2".
func (r *Run) name() {
	taken := make(map[string]bool, len(r.stages))
	last := make(map[string]int) // number given to a name
	for _, s := range slices.Backward(r.stages) {
		base, n := s.name, max(last[s.name], 1)
		for taken[s.name] {
			n++
			s.name = base + "#" + strconv.Itoa(n)
		}
		taken[s.name], last[base] = true, n
	}
}

// Within wires the parts of a composition that stands at site. If it has a name,
// that is the first part of theirs, and its policy is the default of those that have
// none. The parts stand at the place of the whole, unless they know better.
func (g *Segment) Within(site Site, wire func(part Site)) {
	if g.again != nil { // they have their names
		wire(Site{At: site.At})
		return
	}
	r := g.run
	scope, outer := r.scope, r.policy
	if site.Name != "" {
		r.scope += site.Name + "/"
	}
	if site.Policy != nil {
		r.policy = site.Policy
	}
	wire(Site{At: site.At})
	r.scope, r.policy = scope, outer
}

// slots are places where two parts of the wiring of one run find each other.
type slots map[any]any

// Slot gives what is in a slot.
func (g *Segment) Slot(key any) (value any, ok bool) {
	value, ok = (*g.slots())[key]
	return value, ok
}

// SetSlot fills a slot.
func (g *Segment) SetSlot(key, value any) {
	all := g.slots()
	if *all == nil {
		*all = make(slots)
	}
	(*all)[key] = value
}

func (g *Segment) slots() *slots {
	if g.again != nil {
		return &g.again.slots
	}
	return &g.run.slots
}
