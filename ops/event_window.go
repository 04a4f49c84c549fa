package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EventWindow is a processor of windows by the time of the items: [EventTumblingWindow],
// [EventSlidingWindow] or [EventSessionWindow].
type EventWindow[T any] interface {
	Processor[T, Window[T]]

	// LateKernel describes it to flows that take the items that are too late as well. The types
	// of kernel are internal: nobody else can call it.
	LateKernel() kernel.Spec[T, kernel.Either[Window[T], T]]
}

const defaultEventWindows = 100_000

// eventWindow is how all windows by the time of the items are configured.
type eventWindow[T any] struct {
	base
	at       func(T) time.Time
	lateness time.Duration
	max      int // items in a window
	windows  int // that are kept
	late     func(context.Context, T) error
}

func newEventWindow[T any](name string, at func(T) time.Time) eventWindow[T] {
	w := eventWindow[T]{name: name, at: at, max: maxBatch, windows: defaultEventWindows}
	w.needFunc(at == nil)
	return w
}

func (w *eventWindow[T]) setLateness(d time.Duration) {
	w.lateness = d
	w.needTime("lateness", d)
}

func (w *eventWindow[T]) setWindows(field string, n int) {
	w.windows = n
	if n < 1 {
		w.misuse(field, n, "must be at least 1")
	}
}

func (w *eventWindow[T]) setLate(fn func(context.Context, T) error) {
	w.late = fn
	if fn == nil {
		w.misuse("late function", nil, "must not be nil")
	}
}

// kernel is the Spec, of which start makes the state of a run.
func (w *eventWindow[T]) kernel(self any, op string, err error, start func(*eventWindowing[T]) eventWindows[T]) kernel.Spec[T, Window[T]] {
	return kernel.Spec[T, Window[T]]{
		Self: self, Name: w.name, Op: op, Err: err,
		Calls: kernel.CallsFunc, Heeds: w.late != nil, Blocks: w.late != nil,
		Start: func(s *kernel.Stage, down kernel.Port[Window[T]]) kernel.Port[T] {
			r := &eventWindowing[T]{eventWindow: w, windowing: newWindowing(s, down), mark: s.Mark()}
			r.tooLate = r.drop
			return r.begin(start)
		},
	}
}

// lateKernel is kernel for a stage that gives the items that are too late as well.
func (w *eventWindow[T]) lateKernel(self any, op string, err error, start func(*eventWindowing[T]) eventWindows[T]) kernel.Spec[T, kernel.Either[Window[T], T]] {
	if w.late != nil {
		b := w.base
		b.misuse("late function", "set", "must not be set where a flow takes the items that are too late")
		err = b.err()
	}
	return kernel.Spec[T, kernel.Either[Window[T], T]]{
		Self: self, Name: w.name, Op: op, Err: err, Calls: kernel.CallsFunc,
		Start: func(s *kernel.Stage, down kernel.Port[kernel.Either[Window[T], T]]) kernel.Port[T] {
			r := &eventWindowing[T]{eventWindow: w, mark: s.Mark()}
			r.windowing = newWindowing(s, kernel.Port[Window[T]]{
				Push:   func(win Window[T]) error { return down.Push(kernel.Either[Window[T], T]{A: win}) },
				Signal: down.Signal,
			})
			r.tooLate = func(v T) error {
				s.Passed++
				s.Out++
				return down.Push(kernel.Either[Window[T], T]{B: v, Second: true})
			}
			return r.begin(start)
		},
	}
}

// eventWindows are those that a run keeps.
type eventWindows[T any] interface {
	push(v T) error
	// closeOver gives those that are over by the watermark, and closeAll all.
	closeOver() error
	closeAll() error
	// upTo is the number behind the last one that was not given, some whether there is one.
	upTo() (no int64, some bool)
}

// eventWindowing is what the runs of all windows by the time of the items have.
type eventWindowing[T any] struct {
	*eventWindow[T]
	windowing[T]
	mark    kernel.Mark
	now     time.Time     // the latest watermark, zero before the first
	tooLate func(T) error // what becomes of an item
	held    int64         // items that were in no window yet that was given
	awaits  func(time.Time)
	kept    eventWindows[T]
}

func (r *eventWindowing[T]) begin(start func(*eventWindowing[T]) eventWindows[T]) kernel.Port[T] {
	r.awaits, r.kept = r.s.Awaits(), start(r)
	r.s.OnClose(func(error) error {
		r.s.Held += r.held
		return nil
	})
	return kernel.Port[T]{Push: r.kept.push, Signal: r.signal}
}

// signal gives the windows that a signal completes before it. A barrier waits for those that are
// open.
func (r *eventWindowing[T]) signal(sig kernel.Signal) error {
	switch sig.Kind {
	case kernel.Watermark:
		if r.rise(sig.Time) {
			if err := r.kept.closeOver(); err != nil {
				return err
			}
		}
	case kernel.End, kernel.Flush:
		if err := r.kept.closeAll(); err != nil {
			return err
		}
	default:
		if no, some := r.kept.upTo(); some {
			r.wait(sig, no)
			return nil
		}
	}
	return r.down.Signal(sig)
}

// drop is for an item that is too late.
func (r *eventWindowing[T]) drop(v T) error {
	if r.late != nil {
		if err := r.late(r.s.Context(), v); err != nil {
			return r.s.Fail(v, err)
		}
		if err := r.s.Ended(); err != nil { // while it ran
			return err
		}
	}
	r.s.Dropped++
	return nil
}

// rise takes a watermark, and tells whether it is later than those before.
func (r *eventWindowing[T]) rise(t time.Time) bool {
	if t.IsZero() || !r.now.IsZero() && !t.After(r.now) {
		return false
	}
	r.now = t
	return true
}

// over tells whether a window of that End is complete, and gone whether no item is let into
// it any more.
func (r *eventWindowing[T]) over(end time.Time) bool {
	return !r.now.IsZero() && !end.After(r.now)
}

func (r *eventWindowing[T]) gone(end time.Time) bool { return r.over(end.Add(r.lateness)) }

// pass books the items that were given for the first time.
func (r *eventWindowing[T]) pass(fresh int64) {
	r.held -= fresh
	r.s.Passed += fresh
}
