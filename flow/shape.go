package flow

import (
	"context"
	"log/slog"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

// Unbatch emits the elements of every slice, in order.
func Unbatch[T any](f Flow[[]T]) Flow[T] {
	return then(f, stage.Unbatch[T]())
}

// Concat gives the items of one flow after those of the other. A later flow's source
// starts when the one before has ended. Without flows it is empty.
//
// A name given to a Concat is the first part of the names of all stages in it, and a
// policy the default of theirs.
func Concat[T any](flows ...Flow[T]) Flow[T] {
	return join(flows, "concat", "Concat", within("concat", kernel.InTurn[T]))
}

// Merge gives the items of all flows as they come. Each flow runs on a goroutine of its
// own, and up to 256 of its items wait; when they do, that flow waits. The order within a
// flow is kept, there is none between them, and none of them starves another. It ends when
// all of them have. Without flows it is empty.
//
// An early end inside one flow, as by Take, ends that one; below the Merge it ends all. A
// failure ends the run. A watermark comes when all flows that have not ended have sent one
// as late, but for those that are idle, see [ops.EventTime.WithIdleTimeout]; a barrier comes in
// order with the items of its own flow.
//
// A name given to a Merge is the first part of the names of all stages in it, and a policy
// the default of theirs.
func Merge[T any](flows ...Flow[T]) Flow[T] {
	return join(flows, "merge", "Merge", within("merge", kernel.Merge[T]))
}

// joint wires several flows in front of a port.
type joint[T any] = func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T], wires []kernel.Wire[T])

// join makes one flow of several.
func join[T any](flows []Flow[T], name, op string, connect joint[T]) Flow[T] {
	if len(flows) == 0 {
		return origin(slice[T](nil, name, op))
	}
	wires := make([]kernel.Wire[T], len(flows))
	for i, f := range flows {
		wires[i] = f.connect
	}
	return Flow[T]{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T]) {
		connect(seg, last, down, wires)
	}}
}

// within is for what has no stage of its own.
func within[T any](name string, connect func(*kernel.Segment, kernel.Port[T], []kernel.Wire[T])) joint[T] {
	return func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T], wires []kernel.Wire[T]) {
		seg.Run().Misused(last, name, last.Plain().Err)
		seg.Within(last, func(kernel.Site) { connect(seg, down, wires) })
	}
}

// Pipe makes a processor of a piece of a flow. build gets the flow of what will come
// in and gives the flow of what is to come out; it has to use its parameter exactly
// once. It is called once, by Pipe.
//
//	clean := flow.Pipe(func(lines flow.Flow[string]) flow.Flow[Record] {
//		return lines.Map(strings.TrimSpace).Filter(notEmpty).TryMap(parse)
//	})
//
// The name given to a sub-flow is the first part of the names of its stages:
// "clean/try-mapper". A policy given to it is the default of its stages.
func Pipe[In, Out any](build func(Flow[In]) Flow[Out]) ops.Processor[In, Out] {
	return newPipe(build)
}

func newPipe[In, Out any](build func(Flow[In]) Flow[Out]) *pipe[In, Out] {
	p := &pipe[In, Out]{in: param[In]{"pipe"}, err: notNil(build, "function")}
	if p.err == nil {
		p.out = build(p.in.flow(callsite.Here()))
	}
	return p
}

type pipe[In, Out any] struct {
	in  param[In]
	out Flow[Out]
	err error
}

// Name is "pipe".
func (p *pipe[In, Out]) Name() string { return "pipe" }

// Process runs the sub-flow over channels.
func (p *pipe[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	switch {
	case ctx == nil:
		panic(&ConfigError{Stage: p.Name(), Field: "context", Want: "must not be nil"})
	case in == nil:
		panic(&ConfigError{Stage: p.Name(), Field: "input channel", Want: "must not be nil"})
	}
	sup, supervised := ops.SupervisorFrom(ctx)
	o := newOptions(ctx, nil)
	run := kernel.NewRun(ctx, kernel.Options{Clock: o.clock, Logger: o.logger, Host: o, Crash: !supervised})
	return kernel.Process(ctx, run, in, p.Kernel(), nil, func(err error) { p.tell(ctx, sup, err) })
}

// tell reports a failure as other processors do.
func (p *pipe[In, Out]) tell(ctx context.Context, sup ops.Supervisor, err error) {
	if sup != nil {
		sup.Failed(err)
		return
	}
	slog.ErrorContext(ctx, "sub-flow failed", "error", err)
}

// Kernel describes the sub-flow to flows, which wire its stages as their own.
func (p *pipe[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{Self: p, Name: p.Name(), Op: "Pipe", Err: p.err, Connect: p.connect}
}

func (p *pipe[In, Out]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[In]) {
	return p.in.connect(seg, site, func() { p.out.connect(seg, down) })
}
