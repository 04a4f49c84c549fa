package ops

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// base is what every processor has.
type base struct {
	name string
	bad  []ConfigError // misuse, without the name, which may still change
	told func(context.Context, *kernel.Fault)
}

// Name gives the processor's name: its default, or the one set by WithName.
func (b base) Name() string { return b.name }

// misuse keeps a configuration error in the value.
func (b *base) misuse(field string, value any, want string) {
	b.bad = append(slices.Clip(b.bad), ConfigError{Field: field, Value: value, Want: want})
}

// err gives the misuse kept in the value, nil if there is none.
func (b *base) err() error {
	if b.name == "" && len(b.bad) == 0 {
		return &ConfigError{Stage: "processor", Field: "processor", Want: "must be made by its constructor and have a name"}
	}
	errs := make([]error, len(b.bad))
	for i, e := range b.bad {
		e.Stage = b.name
		errs[i] = &e
	}
	return kernel.Join(errs...)
}

func (b *base) needFunc(missing bool) {
	if missing {
		b.misuse("function", nil, "must not be nil")
	}
}

// needPositive keeps the misuse of a time.
func (b *base) needPositive(field string, d time.Duration) {
	if d <= 0 {
		b.misuse(field, d, "must be positive")
	}
}

// needTime keeps the misuse of a time that may be 0.
func (b *base) needTime(field string, d time.Duration) {
	if d < 0 {
		b.misuse(field, d, "must not be negative")
	}
}

// needValue refuses an initial state that all runs would share: what a function writes through
// a map, a pointer or a slice of one run would be in the next. One inside a struct is not seen.
func (b *base) needValue(field string, v any) {
	shared := false
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Chan:
		shared = !r.IsNil()
	case reflect.Slice:
		shared = r.Cap() > 0
	}
	if shared {
		b.misuse(field, reflect.TypeOf(v), "must be a value and no reference, which runs would share")
	}
}

// share is a part of a whole, from 0 to 1, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// onError keeps the handler of an OnError option.
func (b *base) onError(handle func(context.Context, *ItemError)) {
	if handle == nil {
		b.misuse("OnError", nil, "must not be nil")
		return
	}
	b.told = func(ctx context.Context, f *kernel.Fault) { handle(ctx, itemError(f)) }
}

// needBuffer keeps the misuse of the size of an output's buffer.
func (b *base) needBuffer(size int) {
	if size < 0 || size > maxBuffer {
		b.misuse("buffer size", size, "must be between 0 and 1<<30")
	}
}

// oneClock gives the clock of a constructor's optional last argument, nil for the
// clock of the run.
func (b *base) oneClock(clk []Clock) Clock {
	switch len(clk) {
	case 0:
		return nil
	case 1:
		return clk[0]
	}
	b.misuse("clock", len(clk), "must be given once at most")
	return nil
}

// drive is Process of every processor: one run of its own over the channels.
func drive[In, Out any](ctx context.Context, in <-chan In, spec kernel.Spec[In, Out]) <-chan Out {
	mustRun(ctx, spec.Name, spec.Err, in == nil)
	run, bare := bareRun(ctx)
	return kernel.Process(ctx, run, in, spec, bare.policy(), bare.failed)
}

// scatter is drive for a processor of count outputs, which hold size items each.
func scatter[T any](ctx context.Context, in <-chan T, count, size int, spec kernel.Spec[T, kernel.Sent[T]]) []<-chan T {
	mustRun(ctx, spec.Name, spec.Err, in == nil)
	run, bare := bareRun(ctx)
	return kernel.Spread(run, in, count, size, spec, bare.policy(), bare.failed)
}

// bareRun makes a run of a processor on its own.
func bareRun(ctx context.Context) (*kernel.Run, *bare) {
	sup, supervised := SupervisorFrom(ctx)
	bare := &bare{sup}
	return newRun(ctx, bare, !supervised), bare
}

// Drive is Process for the processors of other packages of streamz. The types of kernel are
// internal: nobody else can call it.
func Drive[In, Out any](ctx context.Context, in <-chan In, spec kernel.Spec[In, Out]) <-chan Out {
	return drive(ctx, in, spec)
}

// mustRun panics with the misuse that a processor keeps, or with that of its Process.
func mustRun(ctx context.Context, name string, err error, noInput bool) {
	switch {
	case err != nil:
		panic(err)
	case ctx == nil:
		panic(&ConfigError{Stage: name, Field: "context", Want: "must not be nil"})
	case noInput:
		panic(&ConfigError{Stage: name, Field: "input channel", Want: "must not be nil"})
	}
}

func newRun(ctx context.Context, host *bare, crash bool) *kernel.Run {
	return kernel.NewRun(ctx, kernel.Options{
		Clock: clock.From(ctx), Logger: slog.Default(), Host: host, Crash: crash, Discreet: true,
	})
}

// bare is the host and the policy of a processor on its own: a failed item is
// reported and skipped, a panic ends the run.
type bare struct{ sup Supervisor }

// Blame is the error of a failure that ends the run.
func (b *bare) Blame(f *kernel.Fault) error {
	err := itemError(f)
	if f.Panicked() {
		return err.Err
	}
	return err
}

// Describe has nothing to add.
func (b *bare) Describe(*kernel.Fault, error) {}

// Late leaves the cause as it is: whoever owns the context knows it.
func (b *bare) Late(_ *kernel.Run, cause error) error { return cause }

// Misuse is not asked: drive panics before there is a run.
func (b *bare) Misuse(_ kernel.Site, _ string, err error) error { return err }

// Supervise leaves the context as it is: it carries the supervisor already.
func (b *bare) Supervise(ctx context.Context, _ *kernel.Stage) context.Context { return ctx }

func (b *bare) policy() *kernel.Policy {
	return &kernel.Policy{Start: func() kernel.Decider { return b.decide }}
}

func (b *bare) decide(ctx context.Context, f *kernel.Fault, _ error) kernel.Verdict {
	if f.Panicked() {
		return kernel.Verdict{}
	}
	switch {
	case f.Stage.Handled(): // the handler is told by the kernel, as in a flow
	case b.sup != nil:
		b.sup.ItemFailed(ctx, itemError(f))
	default:
		err := itemError(f)
		slog.WarnContext(ctx, "item failed", "processor", err.Processor, "error", err.Err)
	}
	return kernel.Verdict{Action: kernel.Skip}
}

func (b *bare) failed(err error) {
	if b.sup != nil {
		b.sup.Failed(err)
		return
	}
	slog.Error("processor failed", "error", err)
}
