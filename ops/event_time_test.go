package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("event-time", 1, ints(5), referenceMap(same), eventTime(func() {}), eventTime, randomInts),
)

var _ = misused(
	newMisuse("event time without time", "event-time: function must not be nil", ops.NewEventTime[int](nil, 0)),
	newMisuse("event time of negative disorder", "event-time: disorder must not be negative, got -1ns", ops.NewEventTime(second, -1)),
	newMisuse("event time at less than every rise", "event-time: every must not be negative, got -1ns", ops.NewEventTime(second, 0).WithEvery(-1)),
	newMisuse("event time that is idle at once", "event-time: idle timeout must be positive, got 0s", ops.NewEventTime(second, 0).WithIdleTimeout(0)),
	newMisuse("event time with two clocks", "event-time: clock must be given once at most, got 2", ops.NewEventTime(second, 0, nil, nil)),
)

var _ = chained(func(_ int, before func()) link {
	return link{"event time", eventTime(before).WithIdleTimeout(5 * ms), referenceMap(same), false}
})

func eventTime(before func()) *ops.EventTime[int] {
	return ops.NewEventTime(func(n int) time.Time {
		before()
		return second(n)
	}, time.Second)
}

// tellTime runs words through an EventTime.
func tellTime(t *testing.T, p *ops.EventTime[int], script string) string {
	t.Helper()
	var words []string
	var r flow.Report
	err := played(script).Then(p).Then(noting(strconv.Itoa, &words)).Run(t.Context(), flow.WithReport(&r))
	if err != nil || !r.Balanced() {
		t.Errorf("error %v\n%v", err, r)
	}
	return strings.Join(words, "  ")
}

func TestEventTime(t *testing.T) {
	p := ops.NewEventTime(second, 0)
	idle := p.WithIdleTimeout(10 * ms)
	disorder := ops.NewEventTime(second, 2*time.Second).WithIdleTimeout(10 * ms)
	for _, tt := range []struct {
		name         string
		p            *ops.EventTime[int]
		script, want string
	}{
		{"a watermark behind each item that raises it", p, "1 2 2 1 3", "1  w1  2  w2  2  1  3  w3"},
		{"less the disorder", ops.NewEventTime(second, 2*time.Second), "1 2 5 4 6", "1  w-1  2  w0  5  w3  4  6  w4"},
		{"an eighth of the disorder", ops.NewEventTime(second, 16*time.Second), "1 2 3 4 5", "1  w-15  2  3  w-13  4  5  w-11"},
		{"every so often, and the rest at the end", p.WithEvery(3 * time.Second), "1 2 3 4 5 6 7 8", "1  w1  2  3  4  w4  5  6  7  w7  8  w8"},
		{"in front of other signals", p.WithEvery(9 * time.Second), "1 2 b 3 f", "1  w1  2  w2  b  3  w3  f"},
		{"not again in front of others", p, "1 b f", "1  w1  b  f"},
		{"watermarks from above are replaced", p, "1 w9 i9 2", "1  w1  2  w2"},
		{"no item, no watermark", p, "w9 b", "b"},
		{"idle from the start", idle, "+10 1 +9 2", "i  w  1  w1  2  w2"},
		{"idle, and no more", idle, "1 2 +30 1 3", "1  w1  2  w2  i2  w2  1  3  w3"},
		{"idle claims all that it can", disorder.WithEvery(9 * time.Second), "1 3 +10 4", "1  w-1  3  i1  w1  4  w2"},
		{"items in time keep it from being idle", idle, "1 +9 2 +9 3 +9 1 +9", "1  w1  2  w2  3  w3  1"},
		{"a tie of the timer and an item: the timer is first", idle, "1 +10 2", "1  w1  i1  w1  2  w2"},
		{"signals do not wake it", idle, "1 +10 b f", "1  w1  i1  b  f"},
		{"idle again", idle, "1 +10 2 +10 3", "1  w1  i1  w1  2  w2  i2  w2  3  w3"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want+"  e", tellTime(t, tt.p, tt.script)); diff != "" {
				t.Errorf("%s: mismatch (-want +got):\n%s", tt.script, diff)
			}
		})
	}
}

// A receiver that takes its time does not make the stream idle.
func TestEventTimeSlowReceiver(t *testing.T) {
	bubble(t, "an item that waits behind another", func(t *testing.T) {
		var words []string
		p := ops.NewEventTime(second, 0).WithIdleTimeout(10 * ms)
		err := flow.Of(1, 2, 3).Then(p).Then(noting(strconv.Itoa, &words)).Call(func(_ context.Context, n int) (int, error) {
			time.Sleep(50 * ms)
			return n, nil
		}).Run(t.Context())
		want := strings.Fields("1 w1 2 w2 3 w3 e")
		if diff := cmp.Diff(want, words); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// refusing is a processor that wants nothing any more when a stream is idle no more.
type refusing struct{ fails bool }

func (refusing) Name() string { return "refusing" }

func (refusing) Process(context.Context, <-chan int) <-chan int { panic("it is fused") }

func (p refusing) Kernel() kernel.Spec[int, int] {
	return kernel.Spec[int, int]{Self: p, Name: "refusing", Op: "Then", Books: kernel.Mapped, Start: p.start}
}

func (p refusing) start(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
	idle := false
	return kernel.Port[int]{Push: down.Push, Signal: func(sig kernel.Signal) error {
		switch woken := idle && sig.Idle == 0; {
		case woken && p.fails:
			return s.Break(errBoom)
		case woken:
			return s.Enough(down.Signal)
		}
		idle = sig.Idle > 0
		return down.Signal(sig)
	}}
}

// An item is held when the signal in front of it ends the run.
func TestEventTimeEndsInFrontOfAnItem(t *testing.T) {
	for _, below := range []refusing{{fails: true}, {}} {
		bubble(t, fmt.Sprintf("%+v", below), func(t *testing.T) {
			src := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
				_ = emit(1)
				time.Sleep(10 * ms)
				return emit(2)
			})
			var r flow.Report
			got, err := src.Then(ops.NewEventTime(second, 0).WithIdleTimeout(10*ms)).Then(below).Collect(t.Context(), flow.WithReport(&r))
			wantCounts(t, flow.StageReport{In: 2, Passed: 1, Out: 1, Held: 1}, r.Stages[1])
			if failed := errors.Is(err, errBoom); failed != below.fails || !r.Balanced() {
				t.Errorf("Collect() = %v, %v\n%v", got, err, r)
			}
		})
	}
}

// Whatever the order of the items within the disorder, no item that comes behind a watermark is
// earlier than it, and the last watermark claims all.
func TestEventTimeModel(t *testing.T) {
	trials(t, 200, func(t *testing.T, r *rand.Rand) {
		disorder := r.IntN(20)
		items := make([]int, r.IntN(50))
		now := 0
		for i := range items {
			now += r.IntN(5)
			items[i] = now
		}
		shuffled := shuffledWithin(r, items, disorder)
		p := ops.NewEventTime(second, time.Duration(disorder)*time.Second)
		if r.IntN(2) == 0 {
			p = p.WithEvery(time.Duration(r.IntN(20)) * time.Second)
		}
		mark, highest := -1000, -1000
		for word := range strings.FieldsSeq(tellTime(t, p, strings.Trim(fmt.Sprint(shuffled), "[]"))) {
			n, err := strconv.Atoi(strings.TrimPrefix(word, "w"))
			switch {
			case word[0] == 'w' && (n <= mark || n > highest-disorder):
				t.Fatalf("watermark %d after %d and an item of %d", n, mark, highest)
			case word[0] == 'w':
				mark = n
			case err == nil && n < mark:
				t.Fatalf("item %d behind watermark %d, of %v", n, mark, shuffled)
			case err == nil:
				highest = max(highest, n)
			}
		}
		if len(items) > 0 && mark != items[len(items)-1]-disorder {
			t.Errorf("the last watermark is %d, want %d", mark, items[len(items)-1]-disorder)
		}
	})
}

// shuffledWithin puts items out of order, none behind one that is later by more than the disorder.
func shuffledWithin(r *rand.Rand, items []int, disorder int) []int {
	type delayed struct{ item, at int }
	all := make([]delayed, len(items))
	for i, n := range items {
		all[i] = delayed{n, n + r.IntN(disorder+1)}
	}
	slices.SortStableFunc(all, func(a, b delayed) int { return a.at - b.at })
	out := make([]int, len(all))
	for i, d := range all {
		out[i] = d.item
	}
	return out
}

// The windows behind an EventTime are those of the sorted items, whatever their order, and
// nothing is late.
func TestEventTimeAndWindows(t *testing.T) {
	trials(t, 200, func(t *testing.T, r *rand.Rand) {
		disorder, size := r.IntN(20), 1+r.IntN(15)
		items := make([]int, r.IntN(60))
		now := 0
		for i := range items {
			now += r.IntN(5)
			items[i] = now
		}
		want := map[int][]int{}
		for _, n := range items {
			want[n-n%size] = append(want[n-n%size], n)
		}
		got := map[int][]int{}
		last := -1
		var report flow.Report
		offset := epoch.Sub(epoch.Truncate(time.Duration(size) * time.Second))
		err := flow.FromSlice(shuffledWithin(r, items, disorder)).
			EventTime(second, time.Duration(disorder)*time.Second).
			Then(ops.NewEventTumblingWindow(second, time.Duration(size)*time.Second).WithOffset(offset)).Named("windows").
			ForEach(func(_ context.Context, w ops.Window[int]) error {
				start := seconds(w.Start)
				if start <= last {
					t.Errorf("window of %d after that of %d", start, last)
				}
				last = start
				got[start] = slices.Sorted(slices.Values(w.Items))
				return nil
			}).Run(t.Context(), flow.WithReport(&report))
		s, _ := report.Stage("windows")
		if diff := cmp.Diff(want, got); diff != "" || err != nil || s.Dropped > 0 || !report.Balanced() {
			t.Errorf("error %v, %d dropped, mismatch (-want +got):\n%s", err, s.Dropped, diff)
		}
	})
}
