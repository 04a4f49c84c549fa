package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

// Flow is the description of a source and the stages behind it, which give items of
// type T. It is immutable: every method returns a new Flow, and a Flow may be used by
// many goroutines. The zero Flow cannot run.
//
// [Flow.Named], [Flow.OnError], [Flow.Scaled] and [Flow.Async] act on the last stage.
//
// T may be no larger than 64 KiB, the most that a channel can carry, else the compiler says
// "channel element type too large": use a pointer to larger things.
type Flow[T any] struct {
	// The last stage's settings stay apart from the closure that connects it, so that
	// they can still change.
	last settings
	wire func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T])
}

type settings struct {
	kernel.Site
	buffer int // of the boundary behind the stage, 0 for none
}

// Then adds a processor: one of package ops, a stage, a [Pipe], or one of your own.
//
// A processor of your own that only has Process runs over channels, with a boundary
// on each side, under the run's supervision: its input is closed when the flow ends,
// and Run waits until it has closed its output. A [ops.Gatherer] is fused instead.
func (f Flow[T]) Then[Out any](p ops.Processor[T, Out]) Flow[Out] {
	return then(f, stage.Of(p))
}

// then is what every fluent method is made of.
func then[In, Out any](f Flow[In], s stage.Stage[In, Out]) Flow[Out] {
	return Flow[Out]{
		last: settings{At: callsite.Here()},
		wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[Out]) {
			seg, up := kernel.Attach(seg, last, s.Kernel(), down)
			f.connect(seg, up)
		},
	}
}

// origin makes the Flow of a source.
func origin[T any](src kernel.Source[T]) Flow[T] {
	return Flow[T]{
		last: settings{At: callsite.Here()},
		wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T]) {
			kernel.Feed(seg, last, src, down)
		},
	}
}

// connect wires the flow in front of down, whose goroutine is seg.
func (f Flow[T]) connect(seg *kernel.Segment, down kernel.Port[T]) {
	if f.wire == nil {
		f = origin(kernel.Source[T]{Name: "flow", Op: "Flow", Err: needs("flow", "must begin with a source, as From")})
		f.last.At = callsite.Site{}
	}
	if f.last.buffer > 0 {
		seg, down = kernel.Boundary(seg, f.last.buffer, down)
	}
	f.wire(seg, f.last.Site, down)
}

// Named gives the last stage a name, for errors, logs and reports. Inside a sub-flow
// it is part of a path: "outer/inner". Of two stages with one name in a run the second
// is called "name#2".
func (f Flow[T]) Named(name string) Flow[T] {
	f.last = f.last.named(name)
	return f
}

// OnError says what happens when the user function of the last stage fails for an
// item, by an error or a panic. Without it the run stops, see [Stop]. On a sub-flow it
// is the default of all its stages. A policy on a stage without a user function, as
// Take, or on a source is a configuration error. Of two in a row the second counts.
func (f Flow[T]) OnError(p Policy) Flow[T] {
	f.last = f.last.onError(p)
	return f
}

// Async ends the segment behind the last stage: what follows runs on another
// goroutine, and up to buffer items wait between the two. When they do, the stages
// above wait: that is backpressure. buffer must be from 1 to 1<<30. Room for all of it,
// rounded up to a power of two, is allocated when the run begins. Of two in a row the
// second counts.
func (f Flow[T]) Async[_ lazy](buffer int) Flow[T] {
	if err := countTo("buffer of Async", buffer, maxBuffer); err != nil {
		f.last.Err = kernel.Join(f.last.Err, err)
		return f
	}
	f.last.buffer = buffer
	return f
}

func (s settings) named(name string) settings {
	if name == "" {
		s.Err = kernel.Join(s.Err, needs("name", "must not be empty"))
	}
	s.Name = name
	return s
}

func (s settings) onError(p Policy) settings {
	s.Err = kernel.Join(s.Err, p.misuse())
	s.Policy = p.kernel()
	return s
}

// lazy is the type parameter of methods that need none. The compiler infers it, and compiles a
// method with a type parameter only where it is called: all others it compiles anew for every
// type of flow in a program, of which a chain has many.
type lazy = struct{}
