package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// What Expand makes depends on who is quicker, so it is held to the contract as one that makes
// nothing. It calls its function only when nothing has come.
var _ = conforms(newSubject("expand", 2, ints(4), referenceMap(same), ops.NewExpand(nothing), nil, randomInts))

var _ = misused(
	newMisuse("expand without function", "expand: function must not be nil", ops.NewExpand[int](nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"expand", ops.NewExpand(func(int) (int, bool) {
		before()
		return 0, false
	}), referenceMap(same), true}
})

func nothing(int) (int, bool) { return 0, false }

// hundreds makes items up to so many times, of numbers below 100: of 7 107, 207 and so on.
func hundreds(times int) func(int) (int, bool) {
	return func(last int) (int, bool) { return last + 100, last < 100*times }
}

func repeat(last string) (string, bool) { return last, true }

func dashed(last string) (string, bool) { return last + "'", true }

// idle is a flow of some items that stays open.
func idle[T any](items ...T) flow.Flow[T] {
	return flow.FromFunc(func(ctx context.Context, emit func(T) error) error {
		for _, v := range items {
			if err := emit(v); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return ctx.Err()
	})
}

// slow is a sink that notes when it gets its items, each of which takes it some time.
func slow[T any](d time.Duration, got *[]stamped[T]) func(context.Context, T) error {
	start := time.Now()
	return func(_ context.Context, v T) error {
		*got = append(*got, stamped[T]{time.Since(start), v})
		time.Sleep(d)
		return nil
	}
}

// The sink is busy for 10 ms with each item.
func TestExpandWithASlowReceiver(t *testing.T) {
	for _, where := range []struct {
		name  string
		async func(flow.Flow[string]) flow.Flow[string]
	}{
		{"fused", func(f flow.Flow[string]) flow.Flow[string] { return f }},
		{"by a Map", func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.Clone) }},
	} {
		bubble(t, where.name, func(t *testing.T) {
			in := letters(3, 25, 2, 2, 12)
			want := []stamped[string]{{3 * ms, "a"}, {13 * ms, "a'"}, {23 * ms, "a''"}, {33 * ms, "b"}, {43 * ms, "c"}, {53 * ms, "d"}, {63 * ms, "e"}}
			var r flow.Report
			var got []stamped[string]
			err := where.async(in.source(virtualTime()).Expand(dashed)).ForEach(slow(10*ms, &got)).Run(t.Context(), flow.WithReport(&r))
			if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
			s, _ := r.Stage("expand")
			if s.In != 5 || s.Passed != 5 || s.Out != 7 {
				t.Errorf("In %d, Passed %d, Out %d, want 5, 5 and 7", s.In, s.Passed, s.Out)
			}
		})
	}
}

// Behind a queue of one the item that waits there is the newest when it came: it is not made
// before there is room.
func TestExpandInFrontOfAQueue(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		in := append(letters(3, 12), step[string]{After: 20 * ms})
		// At 3 two of a: one in work, one that waits. At 13 the next: b is not there before 15.
		want := []stamped[string]{{3 * ms, "a"}, {13 * ms, "a'"}, {23 * ms, "a''"}, {33 * ms, "b"}, {43 * ms, "b'"}}
		var r flow.Report
		var got []stamped[string]
		err := in.source(virtualTime()).Expand(dashed).Async(1).ForEach(slow(10*ms, &got)).Run(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

// The function is called for what is received, and not ahead.
func TestExpandOverChannels(t *testing.T) {
	bubble(t, "one at a time", func(t *testing.T) {
		in := make(chan string)
		out := ops.NewExpand(dashed).Process(t.Context(), in)
		wantOpen(t, out)
		in <- "a"
		for _, want := range []string{"a", "a'", "a''"} {
			if got := wantNext(t, out); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		settle()
		in <- "b" // in place of what was made of a
		settle()
		in <- "c"
		for _, want := range []string{"b", "c", "c'"} {
			if got := wantNext(t, out); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		settle()
		close(in)
		wantClosed(t, out)
	})
	bubble(t, "a receiver that waits", func(t *testing.T) {
		in := append(letters(3, 35), step[string]{After: 20 * ms})
		out := ops.NewExpand(dashed).Process(t.Context(), in.send(t.Context(), virtualTime()))
		var got []stamped[string]
		read := slow(10*ms, &got)
		for v := range out {
			_ = read(t.Context(), v)
		}
		want := []stamped[string]{
			{3 * ms, "a"}, {13 * ms, "a'"}, {23 * ms, "a''"}, {33 * ms, "a'''"}, {43 * ms, "b"}, {53 * ms, "b'"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// A receiver that takes all gets what can be made at once.
func TestExpandModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		times := r.IntN(4)
		var in script[int]
		var want []stamped[int]
		now := time.Duration(0)
		for range r.IntN(20) {
			after, v := time.Duration(1+r.IntN(20))*ms, r.IntN(100)
			in, now = append(in, step[int]{after, []int{v}}), now+after
			want = append(want, stamped[int]{now, v})
			for i := range times {
				want = append(want, stamped[int]{now, v + 100*(i+1)})
			}
		}
		in = append(in, step[int]{After: 5 * ms}) // what is made at the end is anybody's
		checkScript(t, want, in, func() ops.Processor[int, int] { return ops.NewExpand(hundreds(times)) })
	})
}

// busy is how long the receiver of the model is busy with each item: so that nothing else happens
// at the end of that, where whole milliseconds pass.
const busy = 10*ms + 370*time.Microsecond

// referenceExpand gives what such a receiver gets. waiting is how many items wait for it at most.
func referenceExpand(in script[int], times, waiting int) (out []stamped[int]) {
	var queue []int
	var now, free time.Duration // when there was room in the queue
	due := in[0].After
	for last, made := 0, times; ; now += busy {
		for {
			for len(queue) < waiting && due <= now && len(in) > 1 {
				queue, in, due = append(queue, in[0].Items...), in[1:], max(due, free)+in[1].After
			}
			if len(queue) > 0 || made < times || len(in) == 1 && due <= now {
				break
			}
			now = due
		}
		switch {
		case len(queue) > 0:
			last, made, queue, free = queue[0], 0, queue[1:], now
		case len(in) == 1 && due <= now:
			return out
		default:
			last, made = last+100, made+1
		}
		out = append(out, stamped[int]{now, last})
	}
}

func TestExpandModelOfASlowReceiver(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		times := r.IntN(4)
		var in script[int]
		for range r.IntN(20) {
			in = append(in, step[int]{time.Duration(1+r.IntN(40)) * ms, []int{r.IntN(100)}})
		}
		in = append(in, step[int]{After: time.Duration(1+r.IntN(40)) * ms})

		var got []stamped[int]
		var report flow.Report
		err := in.source(virtualTime()).Expand(hundreds(times)).ForEach(slow(busy, &got)).Run(t.Context(), flow.WithReport(&report))
		if diff := cmp.Diff(referenceExpand(in, times, 1), got); diff != "" || err != nil || !report.Balanced() {
			t.Errorf("in a flow, of %v: error %v, mismatch (-want +got):\n%s\n%v", in, err, diff, report)
		}

		got = nil
		read := slow(busy, &got)
		for v := range ops.NewExpand(hundreds(times)).Process(t.Context(), in.send(t.Context(), virtualTime())) {
			_ = read(t.Context(), v)
		}
		if diff := cmp.Diff(referenceExpand(in, times, 2), got); diff != "" {
			t.Errorf("over channels, of %v: mismatch (-want +got):\n%s", in, diff)
		}
	})
}

// barred emits a, a barrier, and after some time b.
type barred struct{ arrived func() }

func (s barred) Stream(_ context.Context, out flow.Emitter[string]) error {
	_ = out.Emit("a")
	_ = out.Barrier(func(error) { s.arrived() })
	time.Sleep(25 * ms)
	return out.Emit("b")
}

// prelude is an item with which a sink waits until all others have done what they can.
const prelude = "prelude"

func afterPrelude(sink func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, v string) error {
		if v == prelude {
			synctest.Wait()
			return nil
		}
		return sink(ctx, v)
	}
}

// A barrier comes behind the item before it, and what is made of that comes behind the barrier.
func TestExpandSignals(t *testing.T) {
	for name, async := range map[string]int{"fused": 0, "in front of a queue": 1} {
		bubble(t, name, func(t *testing.T) {
			var got []stamped[string]
			sink := slow(10*ms, &got)
			source := barred{func() { _ = sink(t.Context(), "barrier") }}
			f := flow.FromSignals(source).Expand(repeat)
			want := []stamped[string]{{0, "a"}, {10 * ms, "barrier"}, {20 * ms, "a"}, {30 * ms, "b"}}
			if async > 0 { // the queue takes one more of a
				f = f.Async(async).StartWith(prelude) // the source has sent its barrier before there is room
				want = slices.Insert(want, 3, stamped[string]{30 * ms, "a"})
				want[4].At = 40 * ms
			}
			if err := f.ForEach(afterPrelude(sink)).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Take has enough of what is made, and the source is stopped.
func TestExpandEarlyEnd(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		got, err := idle("a").Expand(dashed).Take(3).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]string{"a", "a'", "a''"}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		s, _ := r.Stage("expand")
		if s.In != 1 || s.Passed != 1 || s.Out != 3 {
			t.Errorf("In %d, Passed %d, Out %d, want 1, 1 and 3", s.In, s.Passed, s.Out)
		}
	})
	bubble(t, "behind a queue", func(t *testing.T) {
		got, err := idle("a").Expand(repeat).Async(4).Take(3).Collect(t.Context())
		if diff := cmp.Diff([]string{"a", "a", "a"}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "in turn", func(t *testing.T) {
		got, err := flow.Concat(idle(1).Expand(hundreds(9)).Take(2), idle(2).Expand(hundreds(9)).Take(2)).Collect(t.Context())
		if diff := cmp.Diff([]int{1, 101, 2, 102}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// The second item that is made of b makes the function fail.
func TestExpandFailure(t *testing.T) {
	for name, fail := range map[string]func(){"panic": deliberatePanic, "goexit": runtime.Goexit} {
		next := func(last string) (string, bool) {
			if last == "b'" {
				fail()
			}
			return dashed(last)
		}
		policies := map[string]flow.Policy{
			"stop": flow.Stop(), "skip": flow.Skip(),
			"retry": flow.Retry(2, flow.Constant(4*ms)).RetryPanics().Then(flow.Skip()),
		}
		for kind, policy := range policies {
			bubble(t, name+" and "+kind, func(t *testing.T) {
				in := letters(3, 15, 42, 12)
				var r flow.Report
				var got []stamped[string]
				err := in.source(virtualTime()).Expand(next).OnError(policy).ForEach(slow(10*ms, &got)).
					Start(t.Context(), flow.WithReport(&r), flow.WithLogger(discard)).Wait() // a Goexit ends a goroutine of the run's
				s, _ := r.Stage("expand")
				want := []stamped[string]{{3 * ms, "a"}, {13 * ms, "a'"}, {23 * ms, "b"}, {33 * ms, "b'"}}
				if name == "goexit" || kind == "stop" { // a Goexit no policy survives
					if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "expand" || s.Failed != 1 {
						t.Errorf("Run() = %v, want the failure of expand\n%v", err, r)
					}
				} else {
					want = append(want, stamped[string]{60 * ms, "c"}, stamped[string]{70 * ms, "c'"}, stamped[string]{80 * ms, "d"})
					if err != nil || s.In != 4 || s.Passed != 3 || s.Failed != 1 || s.Out != 7 {
						t.Errorf("error %v, In %d, Passed %d, Failed %d, Out %d, want 4, 3, 1 and 7", err, s.In, s.Passed, s.Failed, s.Out)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" || !r.Balanced() {
					t.Errorf("mismatch (-want +got):\n%s\n%v", diff, r)
				}
			})
		}
	}
	bubble(t, "over channels", func(t *testing.T) {
		sup := new(listener)
		in := make(chan string)
		out := ops.NewExpand(func(string) (string, bool) {
			deliberatePanic()
			return "", false
		}).Process(ops.WithSupervisor(t.Context(), sup), in)
		in <- "a"
		if got := wantNext(t, out); got != "a" {
			t.Errorf("got %q, want a", got)
		}
		wantClosed(t, out)
		if e, ok := errors.AsType[*ops.PanicError](errors.Join(sup.failures()...)); !ok || e.Processor != "expand" {
			t.Errorf("Failed() was told %v, want a panic of expand", sup.failures())
		}
	})
}

// What panics below is not the function's failure.
func TestExpandFailureBelow(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		err := idle("a").Expand(dashed).OnError(flow.Skip()).Tap(func(v string) {
			if v == "a'" {
				deliberatePanic()
			}
		}).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "tap" || !r.Balanced() {
			t.Errorf("Run() = %v, want the failure of tap\n%v", err, r)
		}
	})
}

// Nothing is made in a pause, in which b comes, that had been given before.
func TestExpandPause(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		in := append(letters(0, 17), step[string]{After: 2 * time.Hour})
		var r flow.Report
		var got []stamped[string]
		running := in.source(virtualTime()).Delay(40*ms).Expand(repeat).ForEach(slow(10*ms, &got)).Start(t.Context(), flow.WithReport(&r))
		time.Sleep(52 * ms)
		running.Pause()
		time.Sleep(time.Hour)
		running.Resume()
		time.Sleep(15 * ms)
		running.Stop(errCause)
		_ = running.Wait()
		again := time.Hour + 52*ms
		want := []stamped[string]{{40 * ms, "a"}, {50 * ms, "a"}, {60 * ms, "b"}, {again, "b"}, {again + 10*ms, "b"}}
		if diff := cmp.Diff(want, got); diff != "" || !r.Balanced() {
			t.Errorf("mismatch (-want +got):\n%s\n%v", diff, r)
		}
	})
}

// A drain ends what is made, and the item that waits is delivered.
func TestExpandDrain(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		source := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
			_ = emit("a")
			<-ctx.Done()
			time.Sleep(35 * ms)
			return emit("b")
		})
		var r flow.Report
		var got []stamped[string]
		running := source.Expand(repeat).ForEach(slow(10*ms, &got)).Start(t.Context(), flow.WithReport(&r))
		time.Sleep(15 * ms)
		if err := running.Drain(t.Context()); err != nil || !r.Balanced() {
			t.Errorf("Drain() = %v\n%v", err, r)
		}
		if diff := cmp.Diff([]stamped[string]{{0, "a"}, {10 * ms, "a"}, {50 * ms, "b"}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// On real processors a receiver that never waits can be cancelled, drained and held up, and
// timers below fire.
func TestExpandAtFullSpeed(t *testing.T) {
	endless := func() flow.Flow[int] { return idle(1).Expand(func(n int) (int, bool) { return n + 1, true }) }
	ctx, cancel := context.WithCancelCause(t.Context())
	var r flow.Report
	err := endless().Tap(func(n int) {
		if n == 10_000 {
			cancel(errCause)
		}
	}).Run(ctx, flow.WithReport(&r))
	if err != errCause || !r.Balanced() {
		t.Errorf("Run() = %v, want %v\n%v", err, errCause, r)
	}
	batches, err := endless().Batch(1<<30, time.Millisecond).Take(2).Count(t.Context(), flow.WithReport(&r))
	if batches != 2 || err != nil || !r.Balanced() {
		t.Errorf("%d batches, error %v, want 2\n%v", batches, err, r)
	}
	job := endless().Discard().Start(t.Context(), flow.WithReport(&r))
	for job.Snapshot().Stages[1].Out < 10_000 {
		runtime.Gosched()
	}
	job.Pause()
	job.Resume()
	if err := job.Drain(t.Context()); err != nil || !r.Balanced() {
		t.Errorf("Drain() = %v\n%v", err, r)
	}
}

// One item is with the sink, one waits, and one found no room.
func TestExpandBooks(t *testing.T) {
	r := runStuck(t, ops.NewExpand(nothing))
	if diff := cmp.Diff(column{In: 1, Passed: 1}, columnOf(t, r, "expand")); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
	if to := r.Edges[0]; to.To != "expand" || to.Queued != 2 {
		t.Errorf("the first edge is %v, want one to expand with 2 queued", to)
	}
}
