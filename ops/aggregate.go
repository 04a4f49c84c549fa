package ops

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// AggregateFunc takes an item into the state of a window and gives the new state. Package
// sketch and [Sum], [Count], [Avg] and [MinMaxAgg] have some.
type AggregateFunc[T, A any] func(state A, item T) A

// AggregateWindow is what an [Aggregate] makes of the items of one window.
type AggregateWindow[A any] struct {
	Result     A
	Start, End time.Time
	Count      int // of the items
}

// Aggregate folds the items of one window after the other and emits each result, in order.
// A window ends when it has so many items, or after so long, whichever comes first; without
// both it ends with the stream.
//
//   - Emits: an AggregateWindow when a window ends
//   - Holds: the items of one window, as the one state that the function makes of them
//   - Backpressures: while an AggregateWindow waits for its receiver
//   - Completes: when the input ends, after the window of the items that are left
//   - Cancels: drops the window
//
// A window starts when the one before it ends, the first with the run; so a period is anew
// that long after a window that ended by its number of items. An item that comes at the
// moment at which a period ends belongs to the next one. A period in which no item came is
// left out, unless WithEmptyWindows is set. Then, periods that pass while a window waits
// for its receiver become part of the next window.
//
// A state that was emitted is not used again. An item whose call panics is in no window: it
// leaves the state as it was, but for what the function has changed behind a reference.
//
// In a flow the period is kept while a source, a FlatMap, a Call, a gatherer or a sink
// blocks. A function that must not block, as that of a Map, holds it up if it does.
//
// A barrier ends the window first; a watermark waits until the items before it have gone.
type Aggregate[T, A any] struct {
	base
	initial  A // what Current gives before the first item
	newState func() A
	fn       AggregateFunc[T, A]
	size     int
	period   time.Duration
	empties  bool
	clk      Clock
	newest   *atomic.Pointer[kernel.Shown[aggregated[A]]] // of the runs of this value and no copy
}

// aggregated is what there is of the window that is open.
type aggregated[A any] struct {
	state A
	count int
}

// NewAggregate makes an Aggregate, named "aggregate", whose windows begin with the state
// initial. That must be a value of its own: for a map, a pointer or a slice there is
// [NewAggregateFunc], also for one inside a struct, which is not noticed. fn must not be nil, runs on
// one goroutine, and must not block. The clock is optional; without it the Aggregate takes
// the clock of the run, or the real one.
//
// In a flow n is WithCountWindow and period WithTimeWindow; 0 is none.
//
//streamz:stage Aggregate(initial A, fn AggregateFunc[T, A], n int, period time.Duration) NewAggregate(initial, fn).WithCountWindow(n).WithTimeWindow(period)
//streamz:example flow.Range(1, 8).Aggregate(0, ops.Sum[int](), 3, 0).Map(func(w ops.AggregateWindow[int]) int { return w.Result })
//streamz:output [6 15 7]
//streamz:marble abcde--f----------g-| f.Aggregate("", func(s, item string) string { return s + item }, 3, 50*time.Millisecond)
func NewAggregate[T, A any](initial A, fn AggregateFunc[T, A], clk ...Clock) *Aggregate[T, A] {
	a := newAggregate(func() A { return initial }, fn, clk)
	a.initial = initial
	a.needValue("initial state", initial)
	return a
}

// NewAggregateFunc is [NewAggregate] for states that are changed in place, as a map or a
// summary of package sketch: each window has one made by newState, which is called before fn
// for the window's first item, or at the end of an empty window that is emitted. It must not
// be nil.
//
//streamz:stage AggregateFunc(newState func() A, fn AggregateFunc[T, A], n int, period time.Duration) NewAggregateFunc(newState, fn).WithCountWindow(n).WithTimeWindow(period)
//streamz:example flow.Of("a", "b", "a").AggregateFunc(func() map[string]int { return map[string]int{} }, func(seen map[string]int, key string) map[string]int { seen[key]++; return seen }, 0, 0).Map(func(w ops.AggregateWindow[map[string]int]) map[string]int { return w.Result })
//streamz:output [map[a:2 b:1]]
func NewAggregateFunc[T, A any](newState func() A, fn AggregateFunc[T, A], clk ...Clock) *Aggregate[T, A] {
	a := newAggregate(newState, fn, clk)
	if newState == nil {
		a.misuse("new state", nil, "must not be nil")
	}
	return a
}

func newAggregate[T, A any](newState func() A, fn AggregateFunc[T, A], clk []Clock) *Aggregate[T, A] {
	a := &Aggregate[T, A]{name: "aggregate", newState: newState, fn: fn}
	a.clk = a.oneClock(clk)
	a.needFunc(fn == nil)
	return a.copy()
}

// copy has a state of its own.
func (a *Aggregate[T, A]) copy() *Aggregate[T, A] {
	c := *a
	c.newest = new(atomic.Pointer[kernel.Shown[aggregated[A]]])
	return &c
}

// WithName gives a copy with another name.
func (a *Aggregate[T, A]) WithName(name string) *Aggregate[T, A] {
	c := a.copy()
	c.name = name
	return c
}

// WithCountWindow gives a copy whose windows end with their nth item. 0 is no such limit.
func (a *Aggregate[T, A]) WithCountWindow(n int) *Aggregate[T, A] {
	c := a.copy()
	c.size = n
	if n < 0 {
		c.misuse("count", n, "must not be negative")
	}
	return c
}

// WithTimeWindow gives a copy whose windows end a period after their start. 0 is no such
// limit.
func (a *Aggregate[T, A]) WithTimeWindow(period time.Duration) *Aggregate[T, A] {
	c := a.copy()
	c.period = period
	if period < 0 {
		c.misuse("period", period, "must not be negative")
	}
	return c
}

// WithEmptyWindows gives a copy that emits windows without an item too: at the end of each
// period in which none came. It has no effect without a period.
func (a *Aggregate[T, A]) WithEmptyWindows(emitted bool) *Aggregate[T, A] {
	c := a.copy()
	c.empties = emitted
	return c
}

// Current gives the state of the open window and the number of its items, in the run that
// began last. It may be called at any time, on any goroutine. Without an item the state is
// the initial one, of [NewAggregateFunc] the zero value. A state that is changed in place
// may only be looked at when no item can come.
func (a *Aggregate[T, A]) Current() (state A, count int) {
	if a.newest == nil { // not made by its constructor
		return state, 0
	}
	run := a.newest.Load()
	if run == nil {
		return a.initial, 0
	}
	now := run.Look()
	return now.state, now.count
}

// Process runs the Aggregate over channels, see [Processor].
func (a *Aggregate[T, A]) Process(ctx context.Context, in <-chan T) <-chan AggregateWindow[A] {
	return drive(ctx, in, a.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (a *Aggregate[T, A]) Kernel() kernel.Spec[T, AggregateWindow[A]] {
	return kernel.Spec[T, AggregateWindow[A]]{
		Self: a, Name: a.name, Op: "Aggregate", Err: a.err(),
		Calls: kernel.CallsFunc, Timed: a.period > 0, Clock: a.clk, Start: a.start,
	}
}

// aggregating is the state of one run.
type aggregating[T, A any] struct {
	*Aggregate[T, A]
	s     *kernel.Stage
	enter kernel.Mark
	down  kernel.Port[AggregateWindow[A]]
	open  aggregated[A]
	shown *kernel.Shown[aggregated[A]]
	from  time.Time     // the start of the window
	due   time.Time     // its end by the timer
	timer *kernel.Timer // nil without a period
	mark  waitingMark   // for the items
}

func (a *Aggregate[T, A]) start(s *kernel.Stage, down kernel.Port[AggregateWindow[A]]) kernel.Port[T] {
	r := &aggregating[T, A]{Aggregate: a, s: s, enter: s.Mark(), down: down, shown: kernel.NewShown[aggregated[A]]()}
	if a.period > 0 {
		r.timer = s.Timer(func() error { return r.emit(r.due) })
	}
	s.OnStart(r.begin)
	s.OnClose(func(error) error {
		s.Held += int64(r.open.count)
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *aggregating[T, A]) begin() error {
	r.restart(r.now())
	r.newest.Store(r.shown)
	if r.empties {
		r.arm()
	}
	return nil
}

// now is the time of the segment where that lives by the clock of the stage.
func (r *aggregating[T, A]) now() time.Time {
	if r.timer == nil {
		return r.s.Time()
	}
	return r.s.Segment().Now()
}

// restart begins a window.
func (r *aggregating[T, A]) restart(at time.Time) {
	r.from, r.open = at, aggregated[A]{state: r.initial}
	r.shown.Show(r.open)
}

// arm has the timer end the window whole periods after its start: those that passed already
// had no item. Where nobody gets them they are windows of their own.
func (r *aggregating[T, A]) arm() {
	if r.timer == nil {
		return
	}
	now := r.now()
	left := r.period - now.Sub(r.from)%r.period
	r.due = now.Add(left)
	r.timer.Reset(left)
	if !r.empties {
		r.from = r.due.Add(-r.period)
	}
}

func (r *aggregating[T, A]) push(v T) error {
	r.s.In++
	r.enter.Enter()
	first, state := r.open.count == 0, r.open.state
	if first {
		state = r.newState()
	}
	state = r.fn(state, v)
	if first && !r.empties {
		r.arm()
	}
	r.open = aggregated[A]{state, r.open.count + 1}
	if r.open.count == r.size {
		return r.emit(r.now())
	}
	r.shown.Show(r.open)
	return nil
}

// emit ends the window. If the timer is armed again it is so after the push: a receiver that
// takes longer than a period would else have nothing but empty windows.
func (r *aggregating[T, A]) emit(end time.Time) error {
	w := AggregateWindow[A]{r.open.state, r.from, end, r.open.count}
	if w.Count == 0 {
		w.Result = r.newState()
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	r.restart(end)
	r.s.Passed += int64(w.Count)
	r.s.Out++
	if err := r.down.Push(w); err != nil {
		return err
	}
	if r.empties {
		r.arm()
	}
	return r.mark.pass(r.down.Signal)
}

func (r *aggregating[T, A]) signal(sig kernel.Signal) error {
	if r.open.count > 0 {
		if sig.Kind == kernel.Watermark {
			r.mark.keep(sig)
			return nil
		}
		if err := r.emit(r.now()); err != nil {
			return err
		}
	}
	return r.down.Signal(sig)
}
