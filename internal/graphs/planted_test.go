package graphs

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestShrink plants a fault into the model of each kind in turn. Some graph fails then, and
// is shrunk to the node of that kind and what that needs.
func TestShrink(t *testing.T) {
	for i, k := range kinds() {
		for fault, wrong := range map[string]func(order) order{"lacks": lacking, "swaps": swapped} {
			if fault == "swaps" && unordered[k.name] {
				continue
			}
			t.Run(k.name+" "+fault, func(t *testing.T) {
				all := kinds()
				model := k.model
				all[i].model = func(m made[order]) order { return wrong(model(m)) }
				f := searched(t, all, k.name).shrink(t)
				if n := f.g.size(); n > 3 {
					t.Errorf("shrunk to %d nodes, %s:\n%v", n, f.w.name, f.g)
				}
				if !f.g.has(k.name) {
					t.Errorf("shrunk to a graph without it:\n%v", f.g)
				}
			})
		}
	}
}

// TestShrinkSide plants one into what the model tells of a further sink.
func TestShrinkSide(t *testing.T) {
	for name, wrong := range map[string]func(order) order{"lacks": lacking, "swaps": swapped} {
		t.Run(name, func(t *testing.T) {
			all := kinds()
			for _, k := range all {
				if k.is(aside) {
					k.model = func(m made[order]) order {
						m.expect(m.name, wrong(m.pieces[0](m.in())))
						return m.in()
					}
				}
			}
			f := searched(t, all, "AlsoTo").shrink(t)
			if n := f.g.size(); n > 3 || !f.g.has("AlsoTo") {
				t.Errorf("shrunk to %d nodes, %s:\n%v", n, f.w.name, f.g)
			}
		})
	}
}

// unordered are kinds that never promise an order of two items.
var unordered = map[string]bool{"AsyncMapUnordered": true, "Balance": true, "ParallelUnordered": true}

// lacking is without the last item.
func lacking(o order) order {
	items := o.items()
	if len(items) == 0 {
		return o
	}
	last := items[len(items)-1]
	return o.where(func(x item) bool { return x != last })
}

// swapped has the first two items that are in line the other way round.
func swapped(o order) order {
	if len(o.line) > 1 {
		c := slices.Clone(o.line)
		c[0], c[1] = c[1], c[0]
		return line(c...)
	}
	o.parts = slices.Clone(o.parts)
	for i, p := range o.parts {
		o.parts[i] = swapped(p)
	}
	return o
}

// searched gives a graph that fails, with a node of a kind.
func searched(t *testing.T, all []*kind, kind string) failure {
	for seed := range uint64(2000) {
		g := draw(seed, all)
		if !g.has(kind) {
			continue
		}
		w := ways()[rand.New(rand.NewPCG(seed, 2)).IntN(2)]
		if broken := run(t, g, w, seed); len(broken) > 0 {
			return failure{g, w, seed, broken}
		}
	}
	t.Fatal("no graph has failed")
	return failure{}
}

func (g *node) has(kind string) bool {
	return slices.ContainsFunc(g.nodes(), func(n *node) bool { return n.kind.name == kind })
}
