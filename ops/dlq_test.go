package ops_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("dlq", 1, []int{2, 1, 4, 6, 8}, referenceFilter(even), dlq(func() {}), dlq, randomInts),
	newSubject("dlq", 1, ints(6), referenceMap(same), dlq(func() {}).PassThrough(true), passingDLQ, randomInts),
	newSubject("dlq", 1, []int{2, 1, 4, 6, 8}, referenceFilter(even), handingDLQ(func() {}), handingDLQ, randomInts),
)

var _ = misused(
	newMisuse("dlq without function", "dlq: function must not be nil", ops.NewDLQ[int](nil)),
	newMisuse("dlq with a nil OnLetter", "dlq: OnLetter must not be nil", dlq(func() {}).OnLetter(nil)),
	newMisuse("dlq with a nil WithCause", "dlq: WithCause must not be nil", dlq(func() {}).WithCause(nil)),
	newMisuse("dlq with a nil handler", "dlq: OnError must not be nil", dlq(func() {}).OnError(nil)),
	newMisuse("dlq that keeps nothing", "dlq: capacity must be between 1 and 1<<20, got 0", dlq(func() {}).WithCapacity(0)),
	newMisuse("dlq that keeps too much", "dlq: capacity must be between 1 and 1<<20, got 1048577", dlq(func() {}).WithCapacity(1<<20+1)),
)

var _ = chained(func(_ int, before func()) link { return link{"dlq", dlq(before), referenceFilter(even), true} })

func dlq(before func()) *ops.DLQ[int] {
	return ops.NewDLQ(func(n int) bool {
		before()
		return !even(n)
	})
}

func passingDLQ(before func()) *ops.DLQ[int] { return dlq(before).PassThrough(true) }

// handingDLQ calls before in the function of OnLetter too.
func handingDLQ(before func()) *ops.DLQ[int] {
	return dlq(before).OnLetter(func(context.Context, int) error { return nil })
}

// itemsOf gives the items of letters.
func itemsOf[T any](letters ...ops.Letter[T]) (items []T) {
	for _, l := range letters {
		items = append(items, l.Item)
	}
	return items
}

func TestDLQKeepsLetters(t *testing.T) {
	bubble(t, "with the cause, the time and the name", func(t *testing.T) {
		cause := errors.New("odd")
		d := dlq(func() {}).WithCause(func(int) error { return cause }).WithName("odd ones")
		start := time.Now()
		script := script[int]{{10 * ms, []int{1}}, {5 * ms, []int{2, 3}}}
		got := collect(d.Process(t.Context(), script.send(t.Context(), virtualTime())))
		if diff := cmp.Diff([]int{2}, got); diff != "" {
			t.Errorf("output mismatch (-want +got):\n%s", diff)
		}
		want := []ops.Letter[int]{
			{Item: 1, Err: cause, Stage: "odd ones", Attempts: 1, Time: start.Add(10 * ms)},
			{Item: 3, Err: cause, Stage: "odd ones", Attempts: 1, Time: start.Add(15 * ms)},
		}
		letters := slices.Collect(d.Letters())
		for i := range letters {
			if !errors.Is(letters[i].Err, cause) {
				t.Errorf("letter %d has the error %v, want %v", i, letters[i].Err, cause)
			}
			letters[i].Err = cause
		}
		if diff := cmp.Diff(want, letters, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ops.LetterStats{Passed: 1, Letters: 2}, d.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "taken letters are kept no longer", func(t *testing.T) {
		d := dlq(func() {})
		collect(d.Process(t.Context(), feed(ints(4)...)))
		if diff := cmp.Diff([]int{1, 3}, itemsOf(d.TakeLetters()...)); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
		if left := slices.Collect(d.Letters()); len(left) > 0 {
			t.Errorf("letters %v are left", left)
		}
	})
	bubble(t, "without a cause they say that the item has failed", func(t *testing.T) {
		d := dlq(func() {})
		collect(d.Process(t.Context(), feed(1)))
		for l := range d.Letters() {
			if want := "the item has failed"; l.Err == nil || l.Err.Error() != want {
				t.Errorf("error %v, want %s", l.Err, want)
			}
		}
	})
	bubble(t, "copies have their own", func(t *testing.T) {
		d := dlq(func() {})
		collect(d.WithName("other").Process(t.Context(), feed(ints(4)...)))
		if left := slices.Collect(d.Letters()); len(left) > 0 || d.Stats() != (ops.LetterStats{}) {
			t.Errorf("letters %v, stats %+v, want none", left, d.Stats())
		}
	})
}

// dlq-unread-stall: letters that nobody takes never hold the healthy stream up.
func TestDLQPredicateUnreadStall(t *testing.T) {
	bubble(t, "the oldest make way", func(t *testing.T) {
		d := dlq(func() {}).WithCapacity(3)
		got := collect(d.Process(t.Context(), feed(ints(500)...)))
		if len(got) != 250 {
			t.Errorf("%d items, want 250", len(got))
		}
		if diff := cmp.Diff([]int{495, 497, 499}, itemsOf(slices.Collect(d.Letters())...)); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ops.LetterStats{Passed: 250, Letters: 250, Lost: 247}, d.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
	})
}

// dlq-second-run: a second run, and one at the same time, have their letters kept too.
func TestDLQPredicateSecondRun(t *testing.T) {
	bubble(t, "letters of all runs", func(t *testing.T) {
		d := dlq(func() {})
		first, second := d.Process(t.Context(), feed(1, 2, 3)), d.Process(t.Context(), feed(5, 6))
		collect(first)
		collect(second)
		collect(d.Process(t.Context(), feed(7)))
		got := itemsOf(slices.Collect(d.Letters())...)
		slices.Sort(got)
		if diff := cmp.Diff([]int{1, 3, 5, 7}, got); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestDLQOnLetter(t *testing.T) {
	bubble(t, "takes the letters", func(t *testing.T) {
		var handed []int
		d := dlq(func() {}).OnLetter(func(_ context.Context, n int) error {
			handed = append(handed, n)
			return nil
		})
		collect(d.Process(t.Context(), feed(ints(4)...)))
		if diff := cmp.Diff([]int{1, 3}, handed); diff != "" {
			t.Errorf("handed over mismatch (-want +got):\n%s", diff)
		}
		if kept := slices.Collect(d.Letters()); len(kept) > 0 {
			t.Errorf("letters %v are kept too", kept)
		}
	})
	refuse := func(_ context.Context, n int) error {
		if n == 3 {
			return errBoom
		}
		return nil
	}
	bubble(t, "an error is reported, and the letter is kept", func(t *testing.T) {
		sup := new(listener)
		d := dlq(func() {}).OnLetter(refuse)
		got := collect(d.Process(ops.WithSupervisor(t.Context(), sup), feed(ints(6)...)))
		if diff := cmp.Diff([]int{2, 4, 6}, got); diff != "" {
			t.Errorf("output mismatch (-want +got):\n%s", diff)
		}
		failed := sup.itemErrors()
		if len(failed) != 1 || failed[0].Item != any(3) || !errors.Is(failed[0].Err, errBoom) {
			t.Errorf("reported %v, want %v for 3", failed, errBoom)
		}
		if diff := cmp.Diff([]int{3}, itemsOf(slices.Collect(d.Letters())...)); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "a policy may repeat the call, of which there is one letter", func(t *testing.T) {
		calls := 0
		d := dlq(func() {}).OnLetter(func(context.Context, int) error {
			calls++
			return errBoom
		})
		var r flow.Report
		_, err := flow.Of(1, 2).Then(d).OnError(flow.Retry(3, flow.Constant(ms)).Then(flow.Skip())).
			Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if kept := slices.Collect(d.Letters()); err != nil || calls != 3 || len(kept) != 1 || !r.Balanced() {
			t.Errorf("error %v, %d calls, letters %v, want 3 calls and a letter; the books:\n%v", err, calls, kept, r)
		}
		if diff := cmp.Diff(ops.LetterStats{Passed: 1, Letters: 1}, d.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "what a cancel ends is no letter", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		d := dlq(func() {}).OnLetter(func(ctx context.Context, _ int) error {
			cancel(errCause)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		_, err := flow.Of(1, 2).Then(d).Collect(ctx)
		if kept := slices.Collect(d.Letters()); !errors.Is(err, errCause) || len(kept) > 0 {
			t.Errorf("error %v, letters %v, want %v and none", err, kept, errCause)
		}
	})
}

func TestDLQBooks(t *testing.T) {
	for name, test := range map[string]struct {
		d        *ops.DLQ[int]
		lettered int64
	}{
		"kept":           {dlq(func() {}), 2},
		"handed over":    {handingDLQ(func() {}), 2},
		"passed through": {dlq(func() {}).PassThrough(true), 0},
	} {
		bubble(t, name, func(t *testing.T) {
			var r flow.Report
			_, err := flow.FromSlice(ints(4)).Then(test.d).Collect(t.Context(), flow.WithReport(&r))
			stage, _ := r.Stage("dlq")
			if err != nil || !r.Balanced() || stage.DeadLettered != test.lettered || stage.Passed != 4-test.lettered {
				t.Errorf("error %v, %d letters, want %d:\n%v", err, stage.DeadLettered, test.lettered, r)
			}
		})
	}
}

// A DLQ that was not made by its constructor says so when it is run, and has nothing.
func TestDLQZero(t *testing.T) {
	var d ops.DLQ[int]
	if letters := d.TakeLetters(); len(letters) > 0 || d.Stats() != (ops.LetterStats{}) {
		t.Errorf("letters %v, stats %+v, want none", letters, d.Stats())
	}
	for l := range d.Letters() {
		t.Errorf("letter %v, want none", l)
	}
	_, err := flow.Of(1).Then(&d).Collect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "must be made by its constructor") {
		t.Errorf("Collect() error = %v, want that of a zero processor", err)
	}
}
