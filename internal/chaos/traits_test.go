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
		p.stages = append(p.stages, p.joining(piece)...)
		p.often(t, func(t *testing.T, g *gamble) {
			n, err := piece.source(g).Take(500).Count(limited(t))
			p.note(piece, traits{endless: n == 500 || errors.Is(err, context.DeadlineExceeded)})
		})
		p.compare(t, piece, func(g *gamble, _ flow.Flow[int]) flow.Flow[int] { return piece.source(g) })
	}
	for _, piece := range p.stages {
		p.often(t, func(t *testing.T, g *gamble) {
			p.watch(piece, func(f flow.Flow[int]) error { return g.follow(piece, f).Run(limited(t)) })
		})
		p.compare(t, piece, func(g *gamble, f flow.Flow[int]) flow.Flow[int] { return g.follow(piece, f) })
	}
	for _, piece := range p.ends {
		p.often(t, func(t *testing.T, g *gamble) {
			p.watch(piece, func(f flow.Flow[int]) error { return g.ending(piece, f)(limited(t)) })
		})
	}
}

// watch runs something behind a source, to see whether all of that is wanted.
func (p *parts) watch(piece *piece, run func(flow.Flow[int]) error) {
	early := false
	if err := run(whole(&early)); misuse(err) == nil {
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

// compare finds out whether what comes of a piece depends on when its items come, and when
// they are taken.
func (p *parts) compare(t *testing.T, piece *piece, make func(*gamble, flow.Flow[int]) flow.Flow[int]) {
	for seed := range uint64(10) {
		var want []int
		for i := range 3 {
			synctest.Test(t, func(t *testing.T) {
				g, early := p.gambler(seed), false
				f := make(g, whole(&early).Tap(pause(i, 9*time.Millisecond)))
				got, _ := f.Take(100).Tap(pause(i, time.Second)).Collect(limited(t))
				if i > 0 && !slices.Equal(want, got) && !g.loose { // not for a piece inside
					p.note(piece, traits{loose: true})
				}
				want = got
			})
		}
	}
}

// pause waits a while for some items, not at all the first time.
func pause(i int, d time.Duration) func(int) {
	return func(n int) { time.Sleep(time.Duration(i*n%7) * d) }
}

// limited is a context that ends after an hour.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

// whole is a flow that tells whether not all of it was wanted.
func whole(early *bool) flow.Flow[int] {
	return flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		for i := range 200 {
			if err := emit(i); errors.Is(err, flow.ErrStop) {
				*early = true
				return err
			}
		}
		return nil
	})
}

func (p *parts) note(piece *piece, found traits) {
	known := p.traits[piece]
	p.traits[piece] = traits{
		endless: known.endless || found.endless, stops: known.stops || found.stops, loose: known.loose || found.loose,
	}
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
