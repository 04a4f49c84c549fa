package chaos

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// learn runs every piece by itself a few times, in calm, to find out what nobody has to say
// of it.
func (p *parts) learn(t *testing.T) {
	slices.SortStableFunc(p.sources, func(a, b *piece) int { return len(p.joining(a)) - len(p.joining(b)) })
	for _, piece := range p.sources { // those that are made of others last
		for _, piece := range p.joining(piece) {
			p.stages = append(p.stages, piece)
			p.mix(t, piece)
		}
		p.often(t, func(t *testing.T, g *gamble) {
			n, err := piece.source(g).Take(500).Count(limited(t))
			p.note(piece, traits{endless: n == 500 || errors.Is(err, context.DeadlineExceeded)})
		})
	}
	for _, piece := range p.stages {
		p.often(t, func(t *testing.T, g *gamble) {
			p.watch(piece, func(f flow.Flow[int]) error { return g.follow(piece, f).Run(limited(t)) })
		})
	}
	for _, piece := range p.ends {
		p.often(t, func(t *testing.T, g *gamble) {
			p.watch(piece, func(f flow.Flow[int]) error { return g.ending(piece, f)(limited(t)) })
		})
	}
}

// mix joins flows, one of which is now slow and now quick, to see what becomes of the order.
func (p *parts) mix(t *testing.T, piece *piece) {
	for seed := range uint64(10) {
		alone := func(other *game, f flow.Flow[int]) flow.Flow[int] {
			g := p.gambler(seed)
			g.game = other
			return g.follow(piece, f)
		}
		p.note(piece, traits{mixes: !slices.Equal(p.paced(t, alone, 0), p.paced(t, alone, 1))})
	}
}

// watch runs something behind a source, which idles for a while, to see whether all of that
// is wanted.
func (p *parts) watch(piece *piece, run func(flow.Flow[int]) error) {
	early := false
	idling := func(n int) {
		if n == 600 {
			time.Sleep(10 * time.Second)
		}
	}
	if err := run(whole(&early).Tap(idling)); misuse(err) == nil {
		p.note(piece, traits{stops: early})
	}
}

func (p *parts) often(t *testing.T, try func(t *testing.T, g *gamble)) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			try(t, p.gambler(seed))
		})
	}
}

// limited is a context that ends after an hour.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

// whole is a flow that tells whether not all of it was wanted. Its items are seldom those of
// another.
func whole(early *bool) flow.Flow[int] {
	return flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		for i := range 200 {
			if err := emit(500 + i); errors.Is(err, flow.ErrStop) {
				*early = true
				return err
			}
		}
		return nil
	})
}

func (p *parts) note(piece *piece, found traits) {
	known := p.traits[piece]
	p.traits[piece] = traits{endless: known.endless || found.endless, stops: known.stops || found.stops, mixes: known.mixes || found.mixes}
}

// joining is the piece itself if it is made of flows, so that it can stand behind one.
func (p *parts) joining(source *piece) []*piece {
	up := flow.Empty[int]()
	g := p.gambler(1)
	g.up, g.trial = &up, true
	_ = source.source(g)
	if g.up == nil {
		return []*piece{source}
	}
	return nil
}
