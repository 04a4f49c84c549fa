package kernel

import (
	"time"

	"github.com/go-streamz/streamz/clock"
)

// probe takes the time of a stage's own function, for one of several calls: what lies below
// the stage is not in it. A run has probes only where somebody asks for them.
type probe struct {
	s     *Stage
	calls int
	on    bool // this call is timed
	begun time.Time
	took  time.Duration
}

// probed puts the stage's port above down, and its push, under a probe.
func probed[In, Out any](s *Stage, down Port[Out]) (Port[Out], func(func(In) error) func(In) error) {
	opts := &s.seg.run.opts
	if opts.Timed == nil {
		return down, nil
	}
	p := &probe{s: s}
	if push := down.Push; push != nil {
		down.Push = func(v Out) error {
			p.leave()
			err := push(v)
			p.enter()
			return err
		}
	}
	return down, func(push func(In) error) func(In) error { return p.around(push) }
}

// around times a push.
func (p *probe) around[T any](push func(T) error) func(T) error {
	opts := &p.s.seg.run.opts
	return func(v T) error {
		p.calls++
		p.on, p.took = p.calls%opts.Every == 0, 0
		p.enter()
		err := push(v)
		p.leave()
		if p.on {
			opts.Timed(p.s.main, p.took)
		}
		return err
	}
}

func (p *probe) enter() {
	if p.on {
		p.begun = p.s.clock.Now()
	}
}

func (p *probe) leave() {
	if p.on {
		p.took += clock.Since(p.s.clock, p.begun)
	}
}
