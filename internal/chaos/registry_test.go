package chaos

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-streamz/streamz/flow"
)

// TestRegistry draws every piece, so that a type that nobody has taught is found before it
// is hit by chance.
func TestRegistry(t *testing.T) {
	p := newParts()
	p.learn(t)
	for _, piece := range registry() {
		if exceptions[piece.name] != "" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			for _, line := range p.untaught(piece) {
				t.Errorf("%s: %s", piece.file, line)
			}
		})
	}
}

// untaught draws a piece often enough to have drawn each of its options, and says what
// could not be.
func (p *parts) untaught(piece *piece) []string {
	for seed := range uint64(60) {
		g := p.gambler(seed)
		g.trial = true
		g.enter(piece)
		g.make(piece)
		if len(g.broken) > 0 {
			return g.broken
		}
	}
	return nil
}

func (g *gamble) make(p *piece) {
	switch f := flow.Empty[int](); {
	case p.value != nil:
		p.value.make(g)
	case p.option != nil:
		p.option.change(g, g.draw(p.option.typ, "p").Interface())
	case p.source != nil:
		p.source(g)
	case p.stage != nil:
		p.stage(g, f)
	default:
		_ = g.ending(p, f)(ended())
	}
}

// gambler is one for a single piece, in calm.
func (p *parts) gambler(seed uint64) *gamble {
	return &gamble{
		Rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, depth: deepest, node: new(node),
		game: &game{parts: p, picks: make(map[pick]int), calm: true, cancel: func(error) {}},
	}
}

// TestExceptions: what no flow is made of says why, and what has become one is no exception.
func TestExceptions(t *testing.T) {
	var names []string
	for _, piece := range append(registry(), inexpressible()...) {
		names = append(names, piece.name)
		if piece.why != "" && exceptions[piece.name] == "" {
			t.Errorf("%s: %s %s: teach the generator (internal/gen/registry_call.go) to call it, or list it in exceptions", piece.file, piece.name, piece.why)
		}
	}
	for name, why := range exceptions {
		if !slices.Contains(names, name) || strings.TrimSpace(why) == "" {
			t.Errorf("the exception %s (%s) is none", name, why)
		}
	}
}
