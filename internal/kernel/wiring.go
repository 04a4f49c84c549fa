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
func (r *Run) Within(site Site, wire func(part Site)) {
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

// Slot is a place where two parts of the wiring of one run find each other.
func (r *Run) Slot(key any) (value any, ok bool) {
	value, ok = r.slots[key]
	return value, ok
}

// SetSlot fills a slot.
func (r *Run) SetSlot(key, value any) {
	if r.slots == nil {
		r.slots = make(map[any]any)
	}
	r.slots[key] = value
}
