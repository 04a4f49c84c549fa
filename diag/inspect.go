package diag

import (
	"context"
	"encoding/json"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// Inspector is a processor that does what the one inside it does, and counts meanwhile:
// items, calls of its functions, failures, and how long the calls took.
//
//   - Emits: what the processor inside emits
//   - Holds: what it holds
//   - Backpressures: when it does
//   - Completes: when it does
//   - Cancels: as it does
//
// In a flow it is fused if the processor inside is, has the same name unless it is given
// another, and takes the same policies. A call that a Retry repeats counts each time.
//
// The time of a call is that of the user's function alone: what lies below the stage is not
// in it, also where the function emits in the middle, as in a FlatMap. It is taken by the clock
// of the run. A processor without a user function, as a Batch, has no calls; of a sub-flow, or
// of several stages in a row, the calls of all functions inside count. Of a processor that only
// has Process the calls are not seen: Errors are the items that it reports to its
// [ops.Supervisor], see there.
//
// Where every call is timed an item costs some 80 ns more than without the Inspector, most of
// it for two readings of the clock; counting alone costs some 20, see [Inspector.WithEvery].
// The figures belong to the value and add up over all its runs, which may go on at once.
type Inspector[In, Out any] struct {
	p     ops.Processor[In, Out]
	name  string // "" for the processor's own
	every int
	own   *meter

	metrics *Metrics // where the figures are collected, nil for nowhere
	bad     misuse
}

// Inspect makes an Inspector of p. p must not be nil.
func Inspect[In, Out any](p ops.Processor[In, Out]) *Inspector[In, Out] {
	i := &Inspector[In, Out]{p: p, every: 1, own: new(meter)}
	if kernel.IsNil(p) {
		i.bad = i.bad.with("processor", nil, "must not be nil")
	}
	return i
}

// WithName gives a copy with another name and figures of its own.
func (i *Inspector[In, Out]) WithName(name string) *Inspector[In, Out] {
	c := i.copy()
	c.name = name
	if name == "" {
		c.bad = c.bad.with("name", nil, "must not be empty")
	}
	return c
}

// WithEvery gives a copy, with figures of its own, that takes the time of every n-th call
// only, the first included: of each run, and of each worker. All are counted. With 0 no time
// is taken. n must not be negative.
func (i *Inspector[In, Out]) WithEvery(n int) *Inspector[In, Out] {
	c := i.copy()
	c.every = n
	if n < 0 {
		c.bad = c.bad.with("every", n, "must not be negative")
	}
	return c
}

// WithMetrics gives a copy whose figures are those of its name in m, together with those of
// all other Inspectors of that name in m, and are collected there from its first run on. If m
// has no room for them they are its own. m must not be nil.
func (i *Inspector[In, Out]) WithMetrics(m *Metrics) *Inspector[In, Out] {
	c := i.copy()
	c.metrics = m
	if m == nil {
		c.bad = c.bad.with("metrics", nil, "must not be nil")
	}
	return c
}

func (i *Inspector[In, Out]) copy() *Inspector[In, Out] {
	c := *i
	c.own = new(meter)
	return &c
}

// Name is that of the processor inside, or the one set by WithName.
func (i *Inspector[In, Out]) Name() string {
	switch {
	case i.name != "":
		return i.name
	case kernel.IsNil(i.p):
		return "inspector"
	}
	return i.p.Name()
}

// Stats gives the figures so far. It may be called at any time, on any goroutine.
func (i *Inspector[In, Out]) Stats() Stats {
	if i.own == nil {
		return Stats{Name: i.Name()}
	}
	return i.meter().stats(i.Name())
}

// meter is where the figures are.
func (i *Inspector[In, Out]) meter() *meter {
	if i.metrics == nil {
		return i.own
	}
	return i.metrics.meter(i.Name(), i.own)
}

// String gives the figures so far in one line.
func (i *Inspector[In, Out]) String() string { return i.Stats().String() }

// MarshalJSON writes the figures so far.
func (i *Inspector[In, Out]) MarshalJSON() ([]byte, error) { return json.Marshal(i.Stats()) }

// Process runs the processor inside over channels, see [ops.Processor]. Around one that only
// has Process there are two goroutines more, each of which holds an item.
func (i *Inspector[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	spec := i.Kernel()
	switch {
	case spec.Err == nil && spec.Calls == kernel.CallsElsewhere:
		return i.between(ctx, in)
	case spec.Op == pipe:
		return flow.Pipe(func(f flow.Flow[In]) flow.Flow[Out] { return f.Then(i) }).Process(ctx, in)
	}
	return ops.Drive(ctx, in, spec)
}

// pipe is the Op of a sub-flow, whose failures over channels are others than those of a
// processor: they end it.
const pipe = "Pipe"

// between runs the processor inside with a counter on each side.
func (i *Inspector[In, Out]) between(ctx context.Context, in <-chan In) <-chan Out {
	m := i.meter()
	taken := ops.NewTap(func(In) { m.processed.Add(1) }).WithName(i.Name())
	given := ops.NewTap(func(Out) { m.emitted.Add(1) }).WithName(i.Name())
	counted := taken.Process(ctx, in)
	if sup, ok := ops.SupervisorFrom(ctx); ok {
		ctx = ops.WithSupervisor(ctx, counting{sup, m})
	}
	return given.Process(ctx, i.p.Process(ctx, counted))
}

// counting is a Supervisor that counts what another one hears.
type counting struct {
	ops.Supervisor
	m *meter
}

func (c counting) ItemFailed(ctx context.Context, e *ops.ItemError) {
	c.m.errors.Add(1)
	c.Supervisor.ItemFailed(ctx, e)
}

// Kernel describes the processor to flows, which fuse it.
func (i *Inspector[In, Out]) Kernel() kernel.Spec[In, Out] {
	spec := kernel.Of(i.p)
	inner := spec
	spec.Self, spec.Name, spec.Start = i, i.Name(), nil
	if kernel.IsNil(i.p) {
		spec.Err = nil // i.bad says it
	}
	spec.Err = kernel.Join(spec.Err, i.bad.err(i.Name()))
	spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[In]) {
		if site.Name == "" {
			site.Name = i.name
		}
		m := i.meter()
		var up kernel.Port[In]
		seg.Probing(probe{m, i.every}, func() {
			seg, up = kernel.Attach(seg, site, inner, down.Noting(func() { m.emitted.Add(1) }))
		})
		return seg, up.Noting(func() { m.processed.Add(1) })
	}
	return spec
}
