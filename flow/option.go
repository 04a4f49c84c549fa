package flow

import (
	"context"
	"fmt"
	"log/slog"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// Option changes one run. The options are the With functions of this package.
type Option struct{ set func(*options) }

// options of a run. It is also the run's host in the kernel.
type options struct {
	name   string
	clock  clock.Clock
	logger *slog.Logger
	report *Report
	format func(item any) string
	err    error

	live      bool // somebody may look at the run, or end it in order
	traced    bool // and wants to know whose function is at work, whatever it does
	observers []Observer
	grace     time.Duration
	leaks     bool
	stall     time.Duration
	stallEnds bool
	unwaited  func(at string)
	id        string
	running   *running // a live run
}

var _ kernel.Host = (*options)(nil)

// WithName names the run, for its report. The default is "flow".
func WithName(name string) Option {
	return Option{func(o *options) { o.name = name }}
}

// WithClock makes the run take the time from c instead of the clock in its context,
// see clock.With, or the real one.
func WithClock(c clock.Clock) Option {
	return Option{func(o *options) {
		o.clock = c
		o.require(c != nil, "WithClock")
	}}
}

// WithLogger makes the run write to l instead of slog.Default.
func WithLogger(l *slog.Logger) Option {
	return Option{func(o *options) {
		o.logger = l
		o.require(l != nil, "WithLogger")
	}}
}

// WithReport fills r when the run has ended, however it ended. Of a run that did not
// start it has the name and the cause.
func WithReport(r *Report) Option {
	return Option{func(o *options) {
		o.report = r
		o.require(r != nil, "WithReport")
	}}
}

// WithItemFormat puts the failed item into the text of a [StageError], as format
// writes it. By default items stay out of error texts, because they may be private.
func WithItemFormat(format func(item any) string) Option {
	return Option{func(o *options) {
		o.format = format
		o.require(format != nil, "WithItemFormat")
	}}
}

func (o *options) require(ok bool, name string) {
	if !ok {
		o.err = kernel.Join(o.err, &ConfigError{Stage: "run", Field: name, Want: "must not be given nil"})
	}
}

func newOptions(ctx context.Context, opts []Option) *options {
	o := &options{name: "flow"}
	for _, opt := range opts {
		if opt.set != nil {
			opt.set(o)
		}
	}
	if ctx == nil {
		o.err = kernel.Join(o.err, &ConfigError{Stage: "run", Field: "context", Want: "must not be nil"})
		ctx = context.Background()
	}
	if o.clock == nil {
		o.clock = clock.From(ctx)
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	return o
}

// positive books the misuse of a duration that is not.
func (o *options) positive(d time.Duration, name string) {
	if d <= 0 {
		o.err = kernel.Join(o.err, &ConfigError{Stage: "run", Field: name, Value: d, Want: "must be positive"})
	}
}

// kernel gives what the kernel has to know of the options.
func (o *options) kernel() kernel.Options {
	k := kernel.Options{Clock: o.clock, Logger: o.logger, Host: o, Measured: o.report != nil}
	if !o.live {
		return k
	}
	o.id = strconv.FormatUint(rand.Uint64(), 36)
	k.Watching = &kernel.Watching{ID: o.id, Traced: o.traced, Tagged: o.leaks}
	if len(o.observers) > 0 {
		k.Watching.Settled, k.Watching.Probes = o.settled, o.probes()
	}
	return k
}

// settled tells the observers what a policy decided.
func (o *options) settled(_ *kernel.Fault, blame error, v kernel.Verdict) {
	o.tell(ItemFailed{Run: o.running.view, Err: stageError(blame), Action: v.Action.String()})
}

// Blame makes the error of a failed stage.
func (o *options) Blame(f *kernel.Fault) error {
	return &StageError{
		Stage: f.Stage.Name(), Op: f.Stage.Op(), At: place(f.Stage.At()),
		Item: f.Item, Attempt: f.Attempt, Err: faultError(f),
	}
}

// Describe writes the item into the error that Blame has made.
func (o *options) Describe(f *kernel.Fault, blame error) {
	if o.format != nil && f.Item != nil {
		stageError(blame).text = o.write(f.Item)
	}
}

// write writes an item with the user's function. A panic of that must not hide the
// failure that is being described.
func (o *options) write(item any) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(WithItemFormat panicked: %v)", v)
		}
	}()
	return o.format(item)
}

// Misuse makes the error of a stage that cannot run as configured.
func (o *options) Misuse(site kernel.Site, name string, err error) error {
	return misuse(site, name, err)
}

// Supervise makes the stage the supervisor of what runs in it over channels, by the
// clock of the run.
func (o *options) Supervise(ctx context.Context, s *kernel.Stage) context.Context {
	return ops.WithSupervisor(clock.With(ctx, o.clock), supervisor{s})
}

type supervisor struct{ s *kernel.Stage }

func (v supervisor) ItemFailed(_ context.Context, e *ops.ItemError) {
	v.s.Elsewhere(e.Item, e.Attempts, e.Err)
}

func (v supervisor) Failed(err error) { v.s.Broke(err) }

// needs is a configuration error whose stage and place are filled in while wiring.
func needs(field, want string) error { return &ConfigError{Field: field, Want: want} }

// The most that numbers given by the user may be.
const (
	maxBuffer  = 1 << 30
	maxWorkers = 1 << 20 // as of an ops.AsyncMapper
)

// countTo is a configuration error if n is not between 1 and most, a power of two.
func countTo(field string, n, most int) error {
	if n < 1 || n > most {
		return &ConfigError{Field: field, Value: n, Want: fmt.Sprintf("must be between 1 and 1<<%d", bits.Len(uint(most))-1)}
	}
	return nil
}

// notNil is a configuration error if v is nil, or holds a nil function or pointer.
func notNil(v any, field string) error {
	if kernel.IsNil(v) {
		return needs(field, "must not be nil")
	}
	return nil
}
