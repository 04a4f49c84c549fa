package kernel

import "strconv"

// name makes the names of the stages unique, counted from the source: a second
// "map" is "map#2".
func (r *Run) name() {
	for i := len(r.stages) - 1; i >= 0; i-- {
		base := r.stages[i].name
		for n := 2; r.taken(r.stages[i].name, i); n++ {
			r.stages[i].name = base + "#" + strconv.Itoa(n)
		}
	}
}

// taken tells whether a stage above the i-th has the name.
func (r *Run) taken(name string, i int) bool {
	for _, s := range r.stages[i+1:] {
		if s.name == name {
			return true
		}
	}
	return false
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
