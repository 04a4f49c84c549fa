package chaos

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// learn runs every piece by itself a few times, in calm, to find out what nobody has to say
// of it.
func (p *parts) learn(t *testing.T) {
	for _, piece := range p.sources {
		if p.joins(piece) {
			p.stages = append(p.stages, piece)
		}
	}
	for _, piece := range p.sources {
		p.often(t, func(t *testing.T, g *gamble) {
			f := piece.source(g)
			n, err := f.Take(500).Count(limited(t))
			p.note(piece, traits{endless: n == 500 || errors.Is(err, context.DeadlineExceeded)})
		})
	}
	for _, piece := range p.stages {
		p.often(t, func(t *testing.T, g *gamble) {
			early := false
			_ = g.follow(piece, whole(&early)).Run(limited(t))
			p.note(piece, traits{stops: early})
		})
	}
	for _, piece := range p.ends {
		p.often(t, func(t *testing.T, g *gamble) {
			early := false
			_ = g.ending(piece, whole(&early))(limited(t))
			p.note(piece, traits{stops: early})
		})
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
	p.traits[piece] = traits{endless: known.endless || found.endless, stops: known.stops || found.stops}
}

// joins tells whether a source is made of flows, so that it can stand behind one.
func (p *parts) joins(piece *piece) bool {
	up := flow.Empty[int]()
	g := p.gambler(1)
	g.up, g.trial = &up, true
	_ = piece.source(g)
	return g.up == nil
}
