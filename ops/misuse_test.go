package ops_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// misuse is a processor that cannot run as it was configured.
type misuse struct {
	name    string
	process func(t *testing.T)
	run     func(t *testing.T) error
	want    string
}

func newMisuse[In, Out any](name, want string, p ops.Processor[In, Out]) misuse {
	return misuse{
		name: name, want: want,
		process: func(t *testing.T) { p.Process(t.Context(), make(chan In)) },
		run: func(t *testing.T) error {
			_, err := flow.Empty[In]().Then(p).Collect(t.Context())
			return err
		},
	}
}

func misuses() []misuse {
	batcher := func(size int, latency time.Duration, clk ...ops.Clock) *ops.Batcher[int] {
		return ops.NewBatcher[int](ops.BatchConfig{MaxSize: size, MaxLatency: latency}, clk...)
	}
	var (
		noGatherer ops.Gatherer[int, int]
		pushNil    = ops.NewGatherer[int, int, int](nil, nil, nil)
		fake       = clock.NewFake()
	)
	return []misuse{
		newMisuse("mapper without function", "mapper: function must not be nil", ops.NewMapper[int, int](nil)),
		newMisuse("call without function", "call: function must not be nil", ops.NewCall[int, int](nil)),
		newMisuse("call with a nil handler", "call: OnError must not be nil", ops.NewCall(lookup).OnError(nil)),
		newMisuse("try-mapper without function", "try-mapper: function must not be nil", ops.NewTryMapper[int, int](nil)),
		newMisuse("async-mapper without function", "async-mapper: function must not be nil", ops.NewAsyncMapper[int, int](nil)),
		newMisuse("async-mapper without key", "async-mapper: key function must not be nil", ops.NewAsyncMapperKeyed[int, string, int](nil, lookup)),
		newMisuse("async-mapper with a nil handler", "async-mapper: OnError must not be nil", ops.NewAsyncMapper(lookup).OnError(nil)),
		newMisuse("no workers", "async-mapper: workers must be between 1 and 1<<20, got 0", ops.NewAsyncMapper(lookup).WithWorkers(0)),
		newMisuse("workers without bound", "async-mapper: workers must be between 1 and 1<<20, got 1048577", ops.NewAsyncMapper(lookup).WithWorkers(1<<20+1)),
		newMisuse("negative workers", "async-mapper: workers must be between 1 and 1<<20, got -1", ops.NewAsyncMapper(lookup).WithWorkers(-1)),
		newMisuse("no buffer", "async-mapper: buffer size must be between 1 and 1<<20, got 0", ops.NewAsyncMapper(lookup).WithBufferSize(0)),
		newMisuse("huge buffer", "async-mapper: buffer size must be between 1 and 1<<20, got 1048577", ops.NewAsyncMapper(lookup).WithBufferSize(1<<20+1)),
		newMisuse("buffer of fewer than the workers", "async-mapper: buffer size must be at least the number of workers, got 3", ops.NewAsyncMapper(lookup).WithBufferSize(3).WithWorkers(4)),
		newMisuse("filter without function", "filter: function must not be nil", ops.NewFilter[int](nil)),
		newMisuse("tap without function", "tap: function must not be nil", ops.NewTap[int](nil)),
		newMisuse("scan without function", "scan: function must not be nil", ops.NewScan[int](0, nil)),
		newMisuse("flat-mapper without function", "flat-mapper: function must not be nil", ops.NewFlatMapper[int, int](nil)),
		newMisuse("gather of nil", "gatherer: gatherer must not be nil", ops.Gather(noGatherer)),
		newMisuse("gatherer without push", "gatherer: push must not be nil", ops.Gather(pushNil)),
		newMisuse("negative take", "take: count must not be negative, got -1", ops.NewTake[int](-1)),
		newMisuse("negative skip", "skip: count must not be negative, got -1", ops.NewSkip[int](-1)),
		newMisuse("negative batch size", "batcher: size must not be negative, got -1", batcher(-1, ms)),
		newMisuse("negative latency", "batcher: latency must not be negative, got -1ms", batcher(1, -ms)),
		newMisuse("batch without limits", "batcher: size must be at least 1 where there is no latency, got 0", batcher(0, 0)),
		newMisuse("no rate", "throttle: rate must be a positive number, got 0", ops.NewThrottle[int](0)),
		newMisuse("negative rate", "throttle: rate must be a positive number, got -1", ops.NewThrottle[int](-1)),
		newMisuse("rate that is no number", "throttle: rate must be a positive number, got NaN", ops.NewThrottle[int](math.NaN())),
		newMisuse("infinite rate", "throttle: rate must be a positive number, got +Inf", ops.NewThrottle[int](math.Inf(1))),
		newMisuse("no burst", "throttle: burst must be at least 1, got 0", ops.NewThrottle[int](1).WithBurst(0)),
		newMisuse("throttle with two clocks", "throttle: clock must be given once at most, got 2", ops.NewThrottle[int](1, fake, fake)),
		newMisuse("no interval", "monitor: interval must be positive, got 0s", ops.NewMonitor[int](0)),
		newMisuse("negative interval", "monitor: interval must be positive, got -1ms", ops.NewMonitor[int](-ms)),
		newMisuse("nil OnStats", "monitor: OnStats must not be nil", ops.NewMonitor[int](ms).OnStats(nil)),
		newMisuse("monitor with two clocks", "monitor: clock must be given once at most, got 2", ops.NewMonitor[int](ms, fake, fake)),
		newMisuse("two clocks", "batcher: clock must be given once at most, got 2", batcher(1, ms, fake, fake)),
		newMisuse("negative buffer", "buffer: size must be between 0 and 1<<30, got -1", ops.NewBuffer[int](-1)),
		newMisuse("too large a buffer", "buffer: size must be between 0 and 1<<30, got 1073741825", ops.NewBuffer[int](1<<30+1)),
		newMisuse("negative dropping buffer", "dropping-buffer: size must be between 0 and 1<<30, got -1", ops.NewDroppingBuffer[int](-1)),
		newMisuse("sliding buffer of nothing", "sliding-buffer: size must be between 1 and 1<<30, got 0", ops.NewSlidingBuffer[int](0)),
		newMisuse("dropping buffer with a nil handler", "dropping-buffer: OnDrop must not be nil", ops.NewDroppingBuffer[int](1).OnDrop(nil)),
		newMisuse("sliding buffer with a nil handler", "sliding-buffer: OnDrop must not be nil", ops.NewSlidingBuffer[int](1).OnDrop(nil)),
		newMisuse("try-mapper with a nil handler", "try-mapper: OnError must not be nil", ops.NewTryMapper(oddFails).OnError(nil)),
		newMisuse("gatherer with a nil handler", "gatherer: OnError must not be nil", gatherer(func() {}).OnError(nil)),
	}
}

func TestMisuse(t *testing.T) {
	for _, m := range misuses() {
		t.Run(m.name, func(t *testing.T) {
			value := thrown(func() { m.process(t) })
			err, _ := value.(error)
			wantConfigError(t, "streamz: "+m.want, err)

			err = m.run(t)
			wantConfigError(t, place(t, err)+": "+m.want, err)
		})
	}
}

func wantConfigError(t *testing.T, want string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*ops.ConfigError](err); !ok {
		t.Errorf("got %v, want a ConfigError", err)
	}
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("text mismatch (-want +got):\n%s", diff)
	}
}

// place is where a flow says that the builder call stands.
func place(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*ops.ConfigError](err)
	if !ok || e.At == "" {
		t.Errorf("got %v, want a ConfigError with a place", err)
		return ""
	}
	return e.At
}

func TestMisusesAreAllTold(t *testing.T) {
	config := ops.BatchConfig{MaxSize: -1}
	p := ops.NewBatcher[int](config, nil, nil)
	value := thrown(func() { p.Process(t.Context(), make(chan int)) })
	err, _ := value.(error)
	want := "streamz: batcher: clock must be given once at most, got 2\nstreamz: batcher: size must not be negative, got -1"
	wantConfigError(t, want, err)
}

// The value keeps the misuse when an option makes a copy of it.
func TestMisuseSurvivesOptions(t *testing.T) {
	p := ops.NewTake[int](-1).WithDrain().WithName("page")
	if thrown(func() { p.Process(t.Context(), make(chan int)) }) == nil {
		t.Error("Process() did not panic")
	}
}
