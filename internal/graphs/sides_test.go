package graphs

import (
	"context"
	"fmt"
	"sync"
)

// sides are the sinks of a run beside that of the graph, by the names of their nodes.
type sides struct {
	mu sync.Mutex
	of map[string]*side
}

// side is what came to a sink, and what is to come.
type side struct {
	got  []item
	want order
}

func (s *sides) note(name string, what func(*side)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[string]*side)
	}
	if s.of[name] == nil {
		s.of[name] = new(side)
	}
	what(s.of[name])
}

// toSide is the function of the sink.
func (l *layout) toSide(name string) func(context.Context, item) error {
	return func(ctx context.Context, x item) error {
		l.pause(ctx, x)
		l.sides.note(name, func(s *side) { s.got = append(s.got, x) })
		return nil
	}
}

// expect is told by the model what is to come to the sink: of each copy, if the node is in a piece
// that has several. There is no order between those.
func (l *layout) expect(name string, what order) {
	if l != nil {
		l.sides.note(name, func(s *side) { s.want = loose(s.want, what) })
	}
}

// counts tells how many items have come to each.
func (s *sides) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]int, len(s.of))
	for name, of := range s.of {
		counts[name] = len(of.got)
	}
	return counts
}

// check holds what came to the sinks against the model.
func (s *sides) check(g *node, p promise) (broken []string) {
	g.sides(p, func(g *node, p promise) {
		of := s.of[g.name]
		if of == nil || p == none || p == may && !g.pieces[0].all(single) {
			return
		}
		for _, wrong := range of.want.check(of.got, p == may) {
			broken = append(broken, fmt.Sprintf("side %s: %s", g.name, wrong))
		}
	})
	return broken
}

// sides tells of each node with a sink what is promised of that: all items arrive, or those before
// the graph has stopped it, or none. Where such a side has a further one the end of the first is
// regular for the second, so that what that gets is not what comes first of all.
func (g *node) sides(p promise, tell func(*node, promise)) {
	inside := p
	if g.is(aside) {
		tell(g, p)
		if p == may {
			inside = none
		}
	}
	p = max(p, g.ends())
	for _, part := range g.pieces {
		part.sides(max(inside, p), tell)
	}
	for _, f := range g.flows {
		f.sides(p, tell)
	}
}
