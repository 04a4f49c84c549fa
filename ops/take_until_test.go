package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(untilNever())

var _ = misused(
	newMisuse("take until nothing", "take-until: signal must not be nil", ops.NewTakeUntil[int](nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"take until", takeAll(), referenceMap(same), true}
})

// untilNever is the subject whose signal does not come. Each is made in the bubble that it is
// used in, since one that waits for a channel from outside does not rest.
func untilNever() conformer {
	s := newSubject("take-until", 1, ints(5), referenceMap(same), takeAll(), nil, randomInts)
	s.build = takeAll
	return s
}

func takeAll() *ops.TakeUntil[int] { return ops.NewTakeUntil[int](make(chan struct{})) }

// closedIn gives a channel that is closed after some time.
func closedIn(d time.Duration) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(d, func() { close(ch) })
	return ch
}

// checkUntil runs a script in every way on virtual time, with a signal at a time. It also wants
// every run to end then.
func checkUntil(t *testing.T, want []stamped[int], at, end time.Duration, in script[int]) {
	t.Helper()
	for _, way := range ways[int, int]() {
		switch way.name {
		case "fused on the fake clock", "over channels on the fake clock", "over channels in a flow on the fake clock":
			continue // their time is not that of the signal
		}
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			got := way.run(t, ops.NewTakeUntil[int](closedIn(at)), in)
			if diff := cmp.Diff(orNil(want), orNil(got)); diff != "" {
				t.Errorf("%s, of %v until %v: mismatch (-want +got):\n%s", way.name, in, at, diff)
			}
			if took := time.Since(start); took != end {
				t.Errorf("%s, of %v until %v: it took %v, want %v", way.name, in, at, took, end)
			}
		})
	}
}

func TestTakeUntil(t *testing.T) {
	tests := map[string]struct {
		at, end time.Duration
		in      script[int]
		want    []stamped[int]
	}{
		"a signal between items":     {15 * ms, 15 * ms, script[int]{{0, ints(1)}, {10 * ms, ints(1)}, {10 * ms, ints(1)}}, []stamped[int]{{0, 1}, {10 * ms, 1}}},
		"a signal on an idle stream": {time.Second, time.Second, script[int]{{0, ints(2)}, {time.Hour, ints(1)}}, []stamped[int]{{0, 1}, {0, 2}}},
		"a signal before anything":   {time.Second, time.Second, script[int]{{time.Hour, ints(1)}}, nil},
		"a signal before the run":    {0, 0, script[int]{{time.Hour, ints(1)}}, nil},
		"an end before the signal":   {time.Hour, 10 * ms, script[int]{{0, ints(2)}, {10 * ms, nil}}, []stamped[int]{{0, 1}, {0, 2}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { checkUntil(t, tt.want, tt.at, tt.end, tt.in) })
	}
}

// TestTakeUntilModel: what came before the signal comes out, and nothing else.
func TestTakeUntilModel(t *testing.T) {
	for range 30 {
		r := rand.New(rand.NewPCG(rand.Uint64(), 0))
		in, at := randomScript(r), time.Duration(r.IntN(150))*ms+ms/2
		var want []stamped[int]
		now := time.Duration(0)
		for _, step := range in {
			now += step.After
			for _, v := range step.Items {
				if now < at {
					want = append(want, stamped[int]{now, v})
				}
			}
		}
		checkUntil(t, want, at, min(at, now), in)
	}
}

// TestTakeUntil_signalGoesFirst: a signal that is there is seen before an item that is, at the
// start and between any two items.
func TestTakeUntil_signalGoesFirst(t *testing.T) {
	bubble(t, "at the start", func(t *testing.T) {
		for range 200 {
			signal := make(chan struct{})
			close(signal)
			if got := collect(ops.NewTakeUntil[int](signal).Process(t.Context(), feed(ints(3)...))); len(got) > 0 {
				t.Fatalf("got %v, want nothing", got)
			}
		}
	})
	bubble(t, "between items that are ready", func(t *testing.T) {
		signal := make(chan struct{})
		var r flow.Report
		got, err := flow.FromSlice(ints(50)).TakeUntil(signal).Tap(func(n int) {
			if n == 3 {
				close(signal)
			}
		}).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(ints(3), got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
		if s, _ := r.Stage("take-until"); s.Filtered != 1 || s.Passed != 3 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestTakeUntil_onceSent: a signal that is sent ends one run.
func TestTakeUntil_onceSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signal := make(chan struct{})
		p := ops.NewTakeUntil[int](signal)
		a, b := make(chan int), make(chan int)
		outA, outB := p.Process(t.Context(), a), p.Process(t.Context(), b)
		wantOpen(t, outA)
		wantOpen(t, outB)
		signal <- struct{}{}
		synctest.Wait()
		ended := 0
		for _, out := range []<-chan int{outA, outB} {
			select {
			case <-out:
				ended++
			default:
			}
		}
		if ended != 1 {
			t.Errorf("%d runs have ended, want 1", ended)
		}
		close(a)
		close(b)
		collect(outA)
		collect(outB)
	})
}

// TestTakeUntil_itemInHand is delivered before the end.
func TestTakeUntil_itemInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		out := ops.NewTakeUntil[int](closedIn(time.Second)).Process(t.Context(), in)
		in <- 1
		time.Sleep(time.Minute)
		if got := wantNext(t, out); got != 1 {
			t.Errorf("got %d, want 1", got)
		}
		wantClosed(t, out)
	})
}

// TestTakeUntil_withDrain: the producer over channels is not left alone.
func TestTakeUntil_withDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, taken := offer(t.Context(), ints(10))
		signal := make(chan struct{})
		close(signal)
		wantClosed(t, ops.NewTakeUntil[int](signal).WithDrain().Process(t.Context(), in))
		if got := taken.Load(); got != 10 {
			t.Errorf("%d items were taken, want all 10", got)
		}
	})
}

// TestTakeUntil_together: several in one flow, also in flows that come in turn, each end what
// is their own.
func TestTakeUntil_together(t *testing.T) {
	every := func(name string) flow.Flow[string] {
		return flow.Tick(10 * ms).Map(func(time.Time) string { return name })
	}
	tests := map[string]struct {
		build func() flow.Flow[string]
		want  map[string]int
		end   time.Duration
	}{
		"the first of two": {
			func() flow.Flow[string] {
				return every("a").TakeUntil(closedIn(35 * ms)).TakeUntil(closedIn(time.Hour))
			},
			map[string]int{"a": 3}, 35 * ms,
		},
		"the second of two": {
			func() flow.Flow[string] {
				return every("a").TakeUntil(closedIn(time.Hour)).TakeUntil(closedIn(35 * ms))
			},
			map[string]int{"a": 3}, 35 * ms,
		},
		"in turn": {
			func() flow.Flow[string] {
				return flow.Concat(every("a").TakeUntil(closedIn(35*ms)), every("b").TakeUntil(closedIn(78*ms)))
			},
			map[string]int{"a": 3, "b": 4}, 78 * ms,
		},
		"the second of a turn before the first": {
			func() flow.Flow[string] {
				return flow.Concat(every("a").TakeUntil(closedIn(35*ms)), every("b").TakeUntil(closedIn(5*ms)), every("c").Take(2))
			},
			map[string]int{"a": 3, "c": 2}, 55 * ms,
		},
		"behind flows in turn": {
			func() flow.Flow[string] {
				return flow.Concat(every("a").TakeUntil(closedIn(35*ms)), every("b")).TakeUntil(closedIn(78 * ms))
			},
			map[string]int{"a": 3, "b": 4}, 78 * ms,
		},
		"one whose flow has ended": {
			func() flow.Flow[string] {
				return flow.Concat(every("a").TakeUntil(closedIn(35*ms)).Take(2), every("b").Take(4))
			},
			map[string]int{"a": 2, "b": 4}, 60 * ms,
		},
		"merged": {
			func() flow.Flow[string] {
				return flow.Merge(every("a").TakeUntil(closedIn(35*ms)), every("b").TakeUntil(closedIn(75*ms)))
			},
			map[string]int{"a": 3, "b": 7}, 75 * ms,
		},
		"behind a merge": {
			func() flow.Flow[string] { return flow.Merge(every("a"), every("b")).TakeUntil(closedIn(35 * ms)) },
			map[string]int{"a": 3, "b": 3}, 35 * ms,
		},
		"behind a buffer that slides": {
			func() flow.Flow[string] { return every("a").SlidingBuffer(2).TakeUntil(closedIn(35 * ms)) },
			map[string]int{"a": 3}, 35 * ms,
		},
		"behind workers": {
			func() flow.Flow[string] {
				work := func(ctx context.Context, s string) (string, error) { return s, ctx.Err() }
				return every("a").AsyncMap(2, work).TakeUntil(closedIn(35 * ms))
			},
			map[string]int{"a": 3}, 35 * ms,
		},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			start, got := time.Now(), make(map[string]int)
			var r flow.Report
			err := tt.build().Tap(func(s string) { got[s]++ }).Run(t.Context(), flow.WithReport(&r))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
			if took := time.Since(start); took != tt.end {
				t.Errorf("it took %v, want %v", took, tt.end)
			}
		})
	}
}

// TestTakeUntil_busyReceiver: the stream ends when the receiver is done with what it has.
func TestTakeUntil_busyReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, got := time.Now(), 0
		err := flow.Repeat(1).TakeUntil(closedIn(time.Second)).ForEach(func(context.Context, int) error {
			got++
			time.Sleep(400 * ms)
			return nil
		}).Run(t.Context())
		if took := time.Since(start); err != nil || got != 5 || took != 2*time.Second {
			t.Errorf("error %v after %d items and %v, want none, 5 and 2s: one in work, one that waits and one in hand", err, got, took)
		}
	})
}

// TestTakeUntil_cancel: a cancellation is no signal.
func TestTakeUntil_cancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
		defer cancel()
		if err := flow.Tick(time.Hour).TakeUntil(closedIn(time.Minute)).Run(ctx); !errors.Is(err, errBoom) {
			t.Errorf("Run() error = %v, want %v", err, errBoom)
		}
	})
}

// A signal that is there from the start ends the stream behind what a stage below begins with.
func TestTakeUntilBehindAStart(t *testing.T) {
	bubble(t, "nothing of the input, and all of the start", func(t *testing.T) {
		over := make(chan struct{})
		close(over)
		got, err := flow.FromSlice(ints(3)).TakeUntil(over).StartWith(7, 8).Collect(t.Context())
		if diff := cmp.Diff([]int{7, 8}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
