package ops_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// What SwitchMap gives depends on who is quicker, so it is held to the contract as one of
// backlogs, of which each sequence gives what none before it did.
var _ = conforms(
	named("SwitchMap", newSubject("switch-map", never, ints(4), referenceMap(same), switched{ops.NewSwitchMap(worked)}, nil, randomInts)),
)

var _ = misused(
	newMisuse("switch map without function", "switch-map: function must not be nil", ops.NewSwitchMap[int, int](nil)),
	newMisuse("switch map without handler", "switch-map: OnError must not be nil", ops.NewSwitchMap(counting).OnError(nil)),
)

// switched is a SwitchMap of a backlog that is worked off, from which an item is taken when the
// next one is asked for: so some are given twice.
type switched struct {
	*ops.SwitchMap[*backlog, stamped[int]]
}

func (s switched) WithName(name string) switched { return switched{s.SwitchMap.WithName(name)} }

func (s switched) Process(ctx context.Context, in <-chan int) <-chan int {
	if ctx == nil || in == nil {
		s.SwitchMap.Process(ctx, nil)
	}
	b := new(backlog)
	last := time.Duration(-1)
	once := func(v stamped[int]) iter.Seq[int] {
		if v.At == last {
			return nil
		}
		last = v.At
		return slices.Values([]int{v.Item})
	}
	return ops.NewFlatMapper(once).Process(ctx, s.SwitchMap.Process(ctx, ops.NewMapper(b.add).Process(ctx, in)))
}

// backlog is a list of items with their numbers.
type backlog struct {
	mu    sync.Mutex
	added time.Duration
	items []stamped[int]
}

func (b *backlog) add(n int) *backlog {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = append(b.items, stamped[int]{b.added, n})
	b.added++
	return b
}

func (b *backlog) first() []stamped[int] {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.items[:min(len(b.items), 1)]
}

func (b *backlog) take() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = b.items[1:]
}

func worked(_ context.Context, b *backlog) iter.Seq2[stamped[int], error] {
	return func(yield func(stamped[int], error) bool) {
		for first := b.first(); len(first) > 0; first = b.first() {
			if !yield(first[0], nil) {
				return
			}
			b.take()
		}
	}
}

// pacedSeq is a sequence of so many results, with a pause before each, that returns when its
// context ends if it is to.
type pacedSeq struct {
	Results int
	Pause   time.Duration
	Heeds   bool
}

func (p pacedSeq) start(ctx context.Context, name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !p.Heeds {
			ctx = context.Background()
		}
		for i := range p.Results {
			if clock.Sleep(ctx, clock.Real(), p.Pause) != nil || !yield(fmt.Sprint(name, i), nil) {
				return
			}
		}
	}
}

// deaf takes 10 ms for each of three results, whatever its context says.
func deaf(ctx context.Context, name string) iter.Seq2[string, error] {
	return pacedSeq{3, 10 * ms, false}.start(ctx, name)
}

func heeding(ctx context.Context, name string) iter.Seq2[string, error] {
	return pacedSeq{3, 10 * ms, true}.start(ctx, name)
}

func TestSwitchMap(t *testing.T) {
	tests := []struct {
		name string
		fn   func(context.Context, string) iter.Seq2[string, error]
		want []stamped[string]
	}{
		{"cut off at once", heeding, []stamped[string]{
			{10 * ms, "a0"}, {20 * ms, "a1"}, {35 * ms, "b0"}, {45 * ms, "b1"}, {63 * ms, "d0"}, {73 * ms, "d1"}, {83 * ms, "d2"},
		}},
		{"cut off between two results", deaf, []stamped[string]{
			{10 * ms, "a0"}, {20 * ms, "a1"}, {40 * ms, "b0"}, {50 * ms, "b1"}, {70 * ms, "d0"}, {80 * ms, "d1"}, {90 * ms, "d2"},
		}},
		{"nil sequences", func(context.Context, string) iter.Seq2[string, error] { return nil }, nil},
	}
	for _, test := range tests {
		bubble(t, test.name, func(t *testing.T) {
			for _, way := range ways[string, string]() {
				if !strings.Contains(way.name, "fake") {
					got := way.run(t, ops.NewSwitchMap(test.fn), letters(0, 25, 27, 1))
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Errorf("%s: mismatch (-want +got):\n%s", way.name, diff)
					}
				}
			}
		})
	}
	bubble(t, "many results of one item", func(t *testing.T) {
		check(t, ints(1000), []int{1000}, func() ops.Processor[int, int] {
			return ops.NewSwitchMap(func(ctx context.Context, n int) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for _, v := range ints(n) {
						if !yield(v, ctx.Err()) {
							return
						}
					}
				}
			})
		})
	})
}

// referenceSwitchMap gives what comes out and how many items are dropped. No two things happen at
// the same time.
func referenceSwitchMap(items []stamped[string], of map[string]pacedSeq) (out []stamped[string], dropped int64) {
	var free time.Duration
	for i, v := range items {
		next := time.Duration(1 << 62)
		if i+1 < len(items) {
			next = items[i+1].At
		}
		begin, seq := max(free, v.At), of[v.Item]
		if next < begin {
			dropped++
			continue
		}
		free = begin
		for k := range seq.Results {
			free += seq.Pause
			if free > next {
				dropped++
				if seq.Heeds {
					free = next
				}
				break
			}
			out = append(out, stamped[string]{free, fmt.Sprint(v.Item, k)})
		}
	}
	return out, dropped
}

func TestSwitchMapModel(t *testing.T) {
	trials(t, 150, func(t *testing.T, r *rand.Rand) {
		var in script[string]
		of := make(map[string]pacedSeq)
		for i := range r.IntN(30) {
			name := fmt.Sprint(i, "/")
			in = append(in, step[string]{time.Duration(1+r.IntN(30)) * ms, []string{name}})
			// A sum of fewer than 1000 pauses is no whole number of milliseconds.
			of[name] = pacedSeq{r.IntN(5), time.Duration(r.IntN(20))*ms + 371*time.Microsecond, r.IntN(2) == 0}
		}
		items, _ := in.moments()
		want, dropped := referenceSwitchMap(items, of)
		p := ops.NewSwitchMap(func(ctx context.Context, v string) iter.Seq2[string, error] { return of[v].start(ctx, v) })
		for _, way := range ways[string, string]() {
			if !strings.Contains(way.name, "fake") {
				if diff := cmp.Diff(orNil(want), orNil(way.run(t, p, in))); diff != "" {
					t.Errorf("%s, of %v: mismatch (-want +got):\n%s", way.name, in, diff)
				}
			}
		}
		var report flow.Report
		n, err := in.source(virtualTime()).Then(p).Count(t.Context(), flow.WithReport(&report))
		s, _ := report.Stage("switch-map")
		if err != nil || n != int64(len(want)) || s.In != int64(len(in)) || s.Dropped != dropped || s.Passed != s.In-dropped || !report.Balanced() {
			t.Errorf("%d items, error %v, want %d and %d dropped\n%v", n, err, len(want), dropped, report)
		}
	})
}

// On real processors nothing is lost but what is dropped, and the last item never is.
func TestSwitchMapAtFullSpeed(t *testing.T) {
	for range 20 {
		var r flow.Report
		last := 0
		err := flow.Range(0, 10_000).SwitchMap(func(ctx context.Context, n int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for range 3 {
					if !yield(n, nil) || ctx.Err() != nil {
						return
					}
				}
			}
		}).ForEach(func(_ context.Context, n int) error {
			if n < last {
				t.Errorf("%d came after %d", n, last)
			}
			last = n
			return nil
		}).Run(t.Context(), flow.WithReport(&r))
		s, _ := r.Stage("switch-map")
		if err != nil || last != 9999 || !r.Balanced() || s.In != 10_000 || s.Passed+s.Dropped != s.In || s.Out < 3*s.Passed {
			t.Errorf("error %v, the last is %d\n%v", err, last, r)
		}
	}
}

// The producer never waits, and each context but the last ends because of a newer item.
func TestSwitchMapContext(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var causes []string
		fn := func(ctx context.Context, v string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				_ = clock.Sleep(ctx, clock.Real(), 50*ms)
				causes = append(causes, fmt.Sprint(v, " ", context.Cause(ctx)))
				yield(v, context.Cause(ctx))
			}
		}
		got, err := letters(0, 10, 10, 60).source(virtualTime()).SwitchMap(fn).Collect(t.Context())
		newer := " streamz: a newer item has come"
		if diff := cmp.Diff([]string{"a" + newer, "b" + newer, "c <nil>", "d <nil>"}, causes); diff != "" {
			t.Errorf("causes mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"c", "d"}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// Errors of b come at 15 ms, unless c cuts it off before.
func TestSwitchMapFailure(t *testing.T) {
	tests := []struct {
		name   string
		c      time.Duration
		fail   func(ctx context.Context, yield func(string, error) bool)
		failed int64
		want   []string
	}{
		{"an error", 20, func(_ context.Context, yield func(string, error) bool) { yield("", errBoom) }, 1, []string{"a", "b", "c"}},
		{"a panic", 20, func(context.Context, func(string, error) bool) { deliberatePanic() }, 1, []string{"a", "b", "c"}},
		{"an error after it was cut off", 5, func(_ context.Context, yield func(string, error) bool) { yield("", errBoom) }, 1, []string{"a", "b", "c"}},
		{"a panic after it was cut off", 5, func(context.Context, func(string, error) bool) { deliberatePanic() }, 1, []string{"a", "b", "c"}},
		{"an echo", 5, func(ctx context.Context, yield func(string, error) bool) {
			yield("", fmt.Errorf("asking: %w", ctx.Err()))
		}, 0, []string{"a", "b", "c"}},
		{"what only looks like an echo", 20, func(_ context.Context, yield func(string, error) bool) { yield("", context.Canceled) }, 1, []string{"a", "b", "c"}},
	}
	for _, test := range tests {
		fn := func(ctx context.Context, v string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				if yield(v, nil) && v == "b" {
					_ = clock.Sleep(ctx, clock.Real(), 10*ms)
					test.fail(ctx, yield)
				}
			}
		}
		for name, policy := range map[string]flow.Policy{"skip": flow.Skip(), "stop": flow.Stop()} {
			bubble(t, test.name+" and "+name, func(t *testing.T) {
				var r flow.Report
				got, err := letters(0, 5, test.c).source(virtualTime()).SwitchMap(fn).OnError(policy).
					Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
				s, _ := r.Stage("switch-map")
				if s.Failed != test.failed || !r.Balanced() {
					t.Errorf("%d failed, want %d\n%v", s.Failed, test.failed, r)
				}
				if name == "stop" && test.failed > 0 {
					if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "switch-map" {
						t.Errorf("Collect() error = %v, want that of switch-map", err)
					}
					return
				}
				if diff := cmp.Diff(test.want, got); diff != "" || err != nil || s.Dropped != 1-test.failed || s.Passed != 2 || s.Out != 3 {
					t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
				}
			})
		}
	}
	bubble(t, "goexit", func(t *testing.T) {
		var r flow.Report
		err := letters(0, 5).source(virtualTime()).SwitchMap(func(context.Context, string) iter.Seq2[string, error] {
			runtime.Goexit()
			return nil
		}).OnError(flow.Skip()).Discard().Start(t.Context(), flow.WithReport(&r), flow.WithLogger(discard)).Wait()
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "switch-map" || !r.Balanced() {
			t.Errorf("Wait() = %v, want the failure of switch-map\n%v", err, r)
		}
	})
	bubble(t, "retry", func(t *testing.T) {
		err := flow.Of(1).SwitchMap(counting).OnError(flow.Retry(2, flow.Constant(0))).Run(t.Context())
		if _, ok := errors.AsType[*flow.ConfigError](err); !ok {
			t.Errorf("Run() = %v, want a ConfigError", err)
		}
	})
	bubble(t, "over channels", func(t *testing.T) {
		var failed []any
		p := ops.NewSwitchMap(paced("a")).OnError(func(_ context.Context, e *ops.ItemError) { failed = append(failed, e.Item) })
		got := collect(p.Process(t.Context(), letters(0, 35).send(t.Context(), virtualTime())))
		if diff := cmp.Diff([]string{"a0", "a1", "a2", "b0", "b1", "b2"}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{"a"}, failed); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
	})
}

// What fails below is not the sequence's failure, be it cut off or not.
func TestSwitchMapFailureBelow(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		err := letters(0, 25).source(virtualTime()).SwitchMap(deaf).OnError(flow.Skip()).Call(func(_ context.Context, v string) (string, error) {
			if v == "a1" {
				time.Sleep(10 * ms) // b comes
				return "", context.Canceled
			}
			return v, nil
		}).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Op != "Call" || !r.Balanced() {
			t.Errorf("Run() = %v, want the failure of the call\n%v", err, r)
		}
	})
}

// Endless sequences are stopped, whatever their functions make of that.
func TestSwitchMapEarlyEnd(t *testing.T) {
	endless := func(_ context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for yield(n, nil) {
				continue
			}
			yield(n, errBoom)
			yield(n, nil)
		}
	}
	bubble(t, "by Take", func(t *testing.T) {
		var r flow.Report
		got, err := idle(1).SwitchMap(endless).Take(3).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 1, 1}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
	bubble(t, "behind a queue", func(t *testing.T) {
		var r flow.Report
		got, err := idle(1).SwitchMap(endless).Async(2).Take(3).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 1, 1}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
	bubble(t, "by a cancellation", func(t *testing.T) {
		for name, fn := range map[string]func(context.Context, string) iter.Seq2[string, error]{"heeding": heeding, "deaf": deaf} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(29*ms, func() { cancel(errCause) })
			var r flow.Report
			got, err := idle("a").SwitchMap(fn).Collect(ctx, flow.WithReport(&r))
			if diff := cmp.Diff([]string{"a0", "a1"}, got); diff != "" || err != errCause {
				t.Errorf("%s: error %v, mismatch (-want +got):\n%s", name, err, diff)
			}
			if s, _ := r.Stage("switch-map"); s.In != 1 || s.Held != 1 || !r.Balanced() {
				t.Errorf("%s: %d held, want 1\n%v", name, s.Held, r)
			}
		}
	})
}

// A barrier waits for the sequence of the item before it, which an item behind it cuts off.
func TestSwitchMapBarrier(t *testing.T) {
	run := func(t *testing.T, source func(*[]stamped[string], time.Time) flow.SignalSource[string], want []stamped[string]) {
		var got []stamped[string]
		var r flow.Report
		start := time.Now()
		err := flow.FromSignals(source(&got, start)).SwitchMap(deaf).ForEach(func(_ context.Context, v string) error {
			got = append(got, stamped[string]{time.Since(start), v})
			return nil
		}).Run(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	}
	bubble(t, "behind what runs", func(t *testing.T) {
		run(t, func(got *[]stamped[string], start time.Time) flow.SignalSource[string] {
			return barred{func() { *got = append(*got, stamped[string]{time.Since(start), "barrier"}) }}
		}, []stamped[string]{
			{10 * ms, "a0"}, {20 * ms, "a1"}, {30 * ms, "barrier"}, {40 * ms, "b0"}, {50 * ms, "b1"}, {60 * ms, "b2"},
		})
	})
	bubble(t, "behind an item that makes way", func(t *testing.T) {
		run(t, func(got *[]stamped[string], start time.Time) flow.SignalSource[string] {
			return crowded{func() { *got = append(*got, stamped[string]{time.Since(start), "barrier"}) }}
		}, []stamped[string]{{10 * ms, "barrier"}, {20 * ms, "c0"}, {30 * ms, "c1"}, {40 * ms, "c2"}})
	})
}

// crowded emits a, b, a barrier and c one soon after the other.
type crowded struct{ arrived func() }

func (s crowded) Stream(_ context.Context, out flow.Emitter[string]) error {
	_ = out.Emit("a")
	time.Sleep(ms)
	_ = out.Emit("b")
	_ = out.Barrier(func(error) { s.arrived() })
	time.Sleep(ms)
	return out.Emit("c")
}

// A drain lets the sequence run on, and names its stage if that takes too long.
func TestSwitchMapDrain(t *testing.T) {
	bubble(t, "in time", func(t *testing.T) {
		var r flow.Report
		var got []stamped[string]
		running := idle("a").SwitchMap(heeding).ForEach(slow(0, &got)).Start(t.Context(), flow.WithReport(&r))
		time.Sleep(15 * ms)
		if err := running.Drain(t.Context()); err != nil || !r.Balanced() {
			t.Errorf("Drain() = %v\n%v", err, r)
		}
		if diff := cmp.Diff([]stamped[string]{{10 * ms, "a0"}, {20 * ms, "a1"}, {30 * ms, "a2"}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	for name, fn := range map[string]func(context.Context, string) iter.Seq2[string, error]{"heeding": heeding, "deaf": deaf} {
		bubble(t, "too late, "+name, func(t *testing.T) {
			var r flow.Report
			running := idle("a").SwitchMap(fn).Discard().Start(t.Context(), flow.WithReport(&r))
			time.Sleep(15 * ms)
			ctx, cancel := context.WithTimeout(t.Context(), 10*ms)
			defer cancel()
			if err := running.Drain(ctx); err == nil || !strings.Contains(err.Error(), "switch-map") || !r.Balanced() {
				t.Errorf("Drain() = %v, want one that names switch-map\n%v", err, r)
			}
		})
	}
}

// An item that waits behind a sequence that does not return is replaced by the next one; over
// channels the result of the first waits for a receiver.
func TestSwitchMapBooks(t *testing.T) {
	got := columnOf(t, runStuck(t, ops.NewSwitchMap(counting)), "switch-map")
	if diff := cmp.Diff(column{In: 9, Dropped: 8, Held: 1}, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

func TestSwitchMapWithoutAReader(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		in := make(chan string)
		out := ops.NewSwitchMap(heeding).Process(t.Context(), in)
		for _, v := range []string{"a", "b", "c"} {
			in <- v
			time.Sleep(15 * ms)
		}
		close(in)
		if diff := cmp.Diff([]string{"a0", "c0", "c1", "c2"}, collect(out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}
