package kernel

import (
	"context"
	"errors"
	"reflect"
)

var errNoOutput = errors.New("Process returned a nil channel")

// Channels is the public face of a processor.
type Channels[In, Out any] interface {
	Process(ctx context.Context, in <-chan In) <-chan Out
	Name() string
}

// ErrNil is the misuse of a nil processor.
var ErrNil = errors.New("must not be nil")

// Of gives the Spec of any processor: its own if it has one, else one that runs it
// over channels.
func Of[In, Out any](p Channels[In, Out]) (spec Spec[In, Out]) {
	if IsNil(p) {
		return Spec[In, Out]{Name: "processor", Op: "Then", Err: ErrNil}
	}
	defer func() {
		if v := recover(); v != nil {
			spec = Spec[In, Out]{Name: "processor", Op: "Then", Err: &Thrown{v, Stack()}}
		}
	}()
	return describe(p)
}

// describe calls methods of the user's: a Name, also one that is promoted from nil.
func describe[In, Out any](p Channels[In, Out]) Spec[In, Out] {
	if k, ok := p.(interface{ Kernel() Spec[In, Out] }); ok {
		if spec := k.Kernel(); spec.Self == any(p) {
			return spec
		}
	}
	name := p.Name()
	spec := Spec[In, Out]{Self: p, Name: name, Op: "Then", Calls: CallsElsewhere}
	spec.Connect = func(seg *Segment, site Site, down Port[Out]) (*Segment, Port[In]) {
		return foreign(seg, site, name, p, down)
	}
	return spec
}

// IsNil tells a nil pointer, function or channel in an interface, which p == nil does not.
func IsNil(p any) bool {
	if p == nil {
		return true
	}
	switch v := reflect.ValueOf(p); v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan: // a nil slice or map can be a value to use
		return v.IsNil()
	}
	return false
}

// foreign attaches a processor through channels: down's segment receives what it
// sends, a new one sends what it receives, both under the run's supervision. The
// run ends when the processor has closed its output.
//
// Signals do not pass through a foreign processor, but for End, which closes its
// input. Whatever it takes counts as passed.
func foreign[In, Out any](seg *Segment, site Site, name string, p Channels[In, Out], down Port[Out]) (*Segment, Port[In]) {
	run := seg.run
	run.fit(site, name, Use{Item: (*In)(nil), Calls: CallsElsewhere})
	s := run.stage(seg, site, name, "Then")
	s.books, s.elsewhere = Absorbed, &elsewhere{turn: make(chan struct{}, 1)}
	run.edge(s, down.to, down.queue)
	up := seg.feeder()
	up.show(s, func(to *Counts) { to.In, to.Held = s.In, s.Held })
	seg.show(s, func(to *Counts) { to.Out = s.Out })
	s.elsewhere.ctx = up
	if run.live != nil {
		up.pulse.sends, seg.pulse.hears = s, s
	}
	b := &bridge[In, Out]{s: s, up: up, in: make(chan In)}
	// Its context is that of the segment above: it ends with the one below.
	s.OnOpen(func(context.Context) error { return b.start(run.opts.Host.Supervise(up.ctx, s), p) })
	s.OnClose(func(error) error { return b.drain() })
	seg.head = func() error { return b.receive(down) }
	up.exits = append(up.exits, b.end)
	return up, Port[In]{Push: b.push, Signal: b.signal, to: s}
}

type bridge[In, Out any] struct {
	s     *Stage
	up    *Segment
	in    chan In
	out   <-chan Out
	ended bool
}

func (b *bridge[In, Out]) start(ctx context.Context, p Channels[In, Out]) error {
	if b.out = p.Process(ctx, b.in); b.out == nil {
		return errNoOutput
	}
	return nil
}

func (b *bridge[In, Out]) push(v In) error {
	b.s.In++
	b.s.Held++ // until it is sent: a timer that fires meanwhile may unwind the wait
	if err := Send(b.up, b.in, v); err != nil {
		return err
	}
	b.s.Held--
	return nil
}

func (b *bridge[In, Out]) signal(sig Signal) error {
	if sig.Kind == End {
		b.end()
	}
	return nil
}

// end closes the processor's input, also when the segment above ends otherwise: a
// processor that only ranges over its input ends then too.
func (b *bridge[In, Out]) end() {
	if !b.ended {
		b.ended = true
		close(b.in)
	}
}

func (b *bridge[In, Out]) receive(down Port[Out]) error {
	return receive(b.s.seg, nil, b.out, counted(b.s, down), func() {})
}

// drain waits for the processor to close its output, discarding what still comes:
// before that the run has not ended.
func (b *bridge[In, Out]) drain() error {
	b.end()
	for range b.out {
		continue
	}
	return nil
}
