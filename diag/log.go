package diag

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// Logging passes the items on, in order, and writes a line to a [slog.Logger] for each of
// them, and one when the stream has ended, however it ends.
//
//   - Emits: each item, the same value
//   - Holds: one item
//   - Backpressures: while its line is written, and while it waits for the receiver
//   - Completes: when the input ends, after the last line
//   - Cancels: drops the item in hand; the last line follows when the run has ended
//
// A line tells the name of the stage, the number of the item from 1, and its type. The item
// itself may be private, so it is not in the line; WithAttrs says what of it may be. The last
// line says how many items there were, and what cut the stream off, if anything did.
//
// Lines are of level Info, see WithLevel: below the logger's level an item costs a few
// nanoseconds. Stages of the same goroutine wait while a line is written.
type Logging[T any] struct {
	name  string
	l     *slog.Logger // nil for that of the run
	level slog.Level
	every int
	rate  int // lines a second, 0 for all
	attrs func(T) []slog.Attr
	bad   misuse
}

// Log makes a Logging that writes to l under a name. With a nil l it writes to the logger of
// the run, see flow.WithLogger, or to [slog.Default]. name must not be empty.
func Log[T any](l *slog.Logger, name string) *Logging[T] {
	g := &Logging[T]{name: name, l: l, every: 1}
	if name == "" {
		g.name = "log"
		g.bad = g.bad.with("name", nil, "must not be empty")
	}
	return g
}

// WithLevel gives a copy whose lines have another level.
func (g *Logging[T]) WithLevel(level slog.Level) *Logging[T] {
	c := *g
	c.level = level
	return &c
}

// WithEvery gives a copy that writes a line for the first item and each n-th after it. n must
// be at least 1.
func (g *Logging[T]) WithEvery(n int) *Logging[T] {
	c := *g
	c.every = n
	if n < 1 {
		c.bad = c.bad.with("every", n, "must be at least 1")
	}
	return &c
}

// WithRate gives a copy that writes no more than n lines for items in any second, by the
// clock of the run. Together with WithEvery it limits those. n must be at least 1.
func (g *Logging[T]) WithRate(n int) *Logging[T] {
	c := *g
	c.rate = n
	if n < 1 {
		c.bad = c.bad.with("rate", n, "must be at least 1")
	}
	return &c
}

// WithAttrs gives a copy that adds to the line of an item what attrs gives for it, in place
// of the type. attrs is called only for items that get a line, one at a time, and must not
// be nil.
func (g *Logging[T]) WithAttrs(attrs func(T) []slog.Attr) *Logging[T] {
	c := *g
	c.attrs = attrs
	if attrs == nil {
		c.bad = c.bad.with("attrs", nil, "must not be nil")
	}
	return &c
}

// Name gives the name.
func (g *Logging[T]) Name() string { return g.name }

// Process runs the Logging over channels, see [ops.Processor].
func (g *Logging[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return ops.Drive(ctx, in, g.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (g *Logging[T]) Kernel() kernel.Spec[T, T] {
	spec := kernel.Spec[T, T]{
		Self: g, Name: g.name, Op: "Log", Err: g.bad.err(g.name),
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Start: g.start,
	}
	if g.name == "" {
		spec.Err = &ops.ConfigError{Stage: "log", Field: "processor", Want: "must be made by its constructor"}
	}
	return spec
}

// logging is the state of one run.
type logging[T any] struct {
	*Logging[T]
	s     *kernel.Stage
	out   *slog.Logger
	typ   string // of all items, "" if they are of an interface type
	items int64
	left  int // items before the next that is due
	ended bool

	second time.Time // when the second began in which lines are counted
	lines  int       // in it
}

func (g *Logging[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &logging[T]{Logging: g, s: s, out: g.l}
	if t := reflect.TypeFor[T](); t.Kind() != reflect.Interface {
		r.typ = t.String()
	}
	s.OnOpen(r.open)
	s.OnClose(func(cause error) error {
		r.end(cause)
		return nil
	})
	mark, push := s.Mark(), down.Push
	return kernel.Port[T]{
		Push: func(v T) error {
			mark.Enter()
			r.see(v)
			return push(v)
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End {
				s.Outside()
				r.end(nil)
			}
			return down.Signal(sig)
		},
	}
}

// open is where the name of the stage is known.
func (r *logging[T]) open(context.Context) error {
	if r.out == nil {
		r.out = r.s.Segment().Run().Logger()
	}
	r.out = r.out.With(slog.String("stage", r.s.Name()))
	return nil
}

func (r *logging[T]) see(v T) {
	r.items++
	r.left--
	ctx := r.s.Context()
	if r.left >= 0 || !r.out.Enabled(ctx, r.level) || !r.room() {
		return
	}
	r.left = r.every - 1
	attrs := []slog.Attr{slog.Int64("item", r.items)}
	switch {
	case r.attrs != nil:
		attrs = append(attrs, r.attrs(v)...)
	case r.typ != "":
		attrs = append(attrs, slog.String("type", r.typ))
	default:
		attrs = append(attrs, slog.String("type", fmt.Sprintf("%T", v)))
	}
	r.out.LogAttrs(ctx, r.level, "item", attrs...)
}

// room tells whether the second has room for a line. The clock is read only where there is
// a limit.
func (r *logging[T]) room() bool {
	if r.rate == 0 {
		return true
	}
	now := r.s.Time()
	if r.second.IsZero() || now.Sub(r.second) >= time.Second || now.Before(r.second) {
		r.second, r.lines = now, 0
	}
	r.lines++
	return r.lines <= r.rate
}

// end writes the last line.
func (r *logging[T]) end(cause error) {
	if r.ended {
		return
	}
	r.ended = true
	text, attrs := "completed", []slog.Attr{slog.Int64("items", r.items)}
	if cause != nil {
		text, attrs = "ended early", append(attrs, slog.Any("cause", cause))
	}
	r.out.LogAttrs(r.s.Context(), r.level, text, attrs...)
}
