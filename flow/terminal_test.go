package flow_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func plus(sum, v int) int { return sum + v }

// failing gives the items and fails then.
func failing(items ...int) flow.Flow[int] { return flow.FromSeq2(seq2(true, items...)) }

func TestTerminals_ofItems(t *testing.T) {
	f := flow.Of(3, 1, 2)
	for range 2 {
		if got, err := f.Collect(t.Context(), audit(t)); err != nil || !cmp.Equal([]int{3, 1, 2}, got) {
			t.Errorf("Collect() = %v, %v", got, err)
		}
		if got, err := f.Count(t.Context(), audit(t)); err != nil || got != 3 {
			t.Errorf("Count() = %d, %v, want 3", got, err)
		}
		if got, err := f.Reduce(t.Context(), 10, plus, audit(t)); err != nil || got != 16 {
			t.Errorf("Reduce() = %d, %v, want 16", got, err)
		}
		if got, err := f.First(t.Context(), audit(t)); err != nil || got != 3 {
			t.Errorf("First() = %d, %v, want 3", got, err)
		}
		if got, err := f.Last(t.Context(), audit(t)); err != nil || got != 2 {
			t.Errorf("Last() = %d, %v, want 2", got, err)
		}
		if err := f.Run(t.Context(), audit(t)); err != nil {
			t.Errorf("Run() = %v", err)
		}
	}
}

func TestTerminals_ofNothing(t *testing.T) {
	f := flow.Empty[int]()
	if got, err := f.Collect(t.Context(), audit(t)); err != nil || got != nil {
		t.Errorf("Collect() = %v, %v", got, err)
	}
	if got, err := f.Count(t.Context(), audit(t)); err != nil || got != 0 {
		t.Errorf("Count() = %d, %v", got, err)
	}
	if got, err := f.Reduce(t.Context(), 10, plus, audit(t)); err != nil || got != 10 {
		t.Errorf("Reduce() = %d, %v, want 10", got, err)
	}
	if got, err := f.First(t.Context(), audit(t)); err != flow.ErrEmpty || got != 0 {
		t.Errorf("First() = %d, %v, want %v", got, err, flow.ErrEmpty)
	}
	if got, err := f.Last(t.Context(), audit(t)); err != flow.ErrEmpty || got != 0 {
		t.Errorf("Last() = %d, %v, want %v", got, err, flow.ErrEmpty)
	}
	for v, err := range f.All(t.Context(), audit(t)) {
		t.Errorf("All() gave %d, %v", v, err)
	}
}

func TestTerminals_ofAFailure(t *testing.T) {
	f := failing(3, 1, 2)
	if got, err := f.Collect(t.Context(), audit(t)); !errors.Is(err, errPlanted) || !cmp.Equal([]int{3, 1, 2}, got) {
		t.Errorf("Collect() = %v, %v", got, err)
	}
	if got, err := f.Count(t.Context(), audit(t)); !errors.Is(err, errPlanted) || got != 3 {
		t.Errorf("Count() = %d, %v, want 3", got, err)
	}
	if got, err := f.Reduce(t.Context(), 10, plus, audit(t)); !errors.Is(err, errPlanted) || got != 16 {
		t.Errorf("Reduce() = %d, %v, want 16", got, err)
	}
	if got, err := f.First(t.Context(), audit(t)); err != nil || got != 3 {
		t.Errorf("First() = %d, %v, want 3 and no error", got, err)
	}
	if got, err := f.Last(t.Context(), audit(t)); !errors.Is(err, errPlanted) || got != 2 {
		t.Errorf("Last() = %d, %v, want 2", got, err)
	}
	if got, err := failing().First(t.Context(), audit(t)); !errors.Is(err, errPlanted) || errors.Is(err, flow.ErrEmpty) || got != 0 {
		t.Errorf("First() = %d, %v, want the failure", got, err)
	}
	if got, err := failing().Last(t.Context(), audit(t)); !errors.Is(err, errPlanted) || errors.Is(err, flow.ErrEmpty) || got != 0 {
		t.Errorf("Last() = %d, %v, want the failure", got, err)
	}
}

func TestReduce_toAnotherType(t *testing.T) {
	got, err := flow.Of("a", "b").Reduce(t.Context(), 0, func(n int, s string) int { return n + len(s) }, audit(t))
	if got != 2 || err != nil {
		t.Errorf("Reduce() = %d, %v, want 2", got, err)
	}
}

func TestReduce_panicKeepsTheResultBeforeIt(t *testing.T) {
	got, err := flow.Of(1, 2, 3).Reduce(t.Context(), 0, func(sum, v int) int {
		if v == 3 {
			boom()
		}
		return sum + v
	}, audit(t))
	if got != 3 || !errors.Is(err, errBoom) {
		t.Errorf("Reduce() = %d, %v, want 3 and the panic", got, err)
	}
}

func TestAll_givesItemsAndThenTheError(t *testing.T) {
	var items []int
	var errs []error
	for v, err := range failing(3, 1, 2).All(t.Context(), audit(t)) {
		if err != nil {
			errs = append(errs, err)
			if v != 0 {
				t.Errorf("the item beside the error is %d", v)
			}
			continue
		}
		items = append(items, v)
	}
	if diff := cmp.Diff([]int{3, 1, 2}, items); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
	if len(errs) != 1 || !errors.Is(errs[0], errPlanted) {
		t.Errorf("errors = %v, want one", errs)
	}
}

func TestAll_canBeRangedOverTwice(t *testing.T) {
	n := 0
	opt := audit(t)
	all := flow.Of(1, 2, 3).All(t.Context(), opt)
	for range 2 {
		for range all {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d rounds, want 6", n)
	}
}

func TestAll_runsTheBodyOnItsOwnGoroutine(t *testing.T) {
	n := 0
	for range flow.Range(0, 100).Async(4).All(t.Context(), audit(t)) {
		n++ // the race detector looks on
	}
	if n != 100 {
		t.Errorf("%d rounds, want 100", n)
	}
}

func TestAll_errorAfterTheLoopWasLeftIsLogged(t *testing.T) {
	var log bytes.Buffer
	opt, r := audited(t)
	f := flow.Repeat(1).Gather(&gatherPart{part{hook: failsIn("Close")}}).Named("closer")
	for _, err := range f.All(t.Context(), opt, flow.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))) {
		if err != nil {
			t.Errorf("the loop got %v", err)
		}
		break
	}
	if !errors.Is(r.Cause, errPlanted) {
		t.Errorf("the report has the cause %v, want %v", r.Cause, errPlanted)
	}
	if got := log.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "closer") {
		t.Errorf("logged %q, want the error once", got)
	}
}

func TestAll_inAnotherLoop(t *testing.T) {
	var got []int
	for a := range flow.Range(0, 3).All(t.Context(), audit(t)) {
		for b := range flow.Range(0, 3).All(t.Context(), audit(t)) {
			if b > a {
				break
			}
			got = append(got, 10*a+b)
		}
	}
	if diff := cmp.Diff([]int{0, 10, 11, 20, 21, 22}, got); diff != "" {
		t.Errorf("rounds mismatch (-want +got):\n%s", diff)
	}
}

func TestChan_givesItemsAndWaitTheError(t *testing.T) {
	items, wait := failing(3, 1, 2).Chan(t.Context(), audit(t))
	if diff := cmp.Diff([]int{3, 1, 2}, drain(items)); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
	for range 2 {
		if err := wait(); !errors.Is(err, errPlanted) {
			t.Errorf("wait() = %v, want %v", err, errPlanted)
		}
	}
}

func TestChan_waitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items, wait := flow.Of(1).Chan(t.Context(), audit(t))
		done := make(chan error)
		go func() { done <- wait() }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Errorf("wait() = %v while an item waits", err)
		default:
		}
		<-items
		if err := <-done; err != nil {
			t.Errorf("wait() = %v", err)
		}
	})
}

func TestChan_isUnbuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		items, wait := flow.Range(0, 10).Tap(func(int) { n++ }).Chan(t.Context(), audit(t))
		synctest.Wait()
		if n != 1 {
			t.Errorf("%d items were processed before one was received", n)
		}
		drain(items)
		if err := wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestChan_receiverThatStopsHasToCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		opt, r := audited(t)
		items, wait := flow.Repeat(1).Async(1).Chan(ctx, opt)
		<-items
		synctest.Wait()
		cancel(errEnough)
		if err := wait(); err != errEnough {
			t.Errorf("wait() = %v, want %v", err, errEnough)
		}
		if _, open := <-items; open {
			t.Errorf("an item was sent after the end")
		}
		if want, got := int64(1), stageReport(t, r, "chan").Held; got != want {
			t.Errorf("the item that waited was counted as held %d times", got)
		}
	})
}

func TestChan_thatNobodyReceivesFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, wait := flow.Repeat(1).Chan(ctx, audit(t))
		cancel()
		if err := wait(); err != context.Canceled {
			t.Errorf("wait() = %v, want %v", err, context.Canceled)
		}
	})
}

func TestForEach_getsTheItemsInOrder(t *testing.T) {
	var got []int
	job := flow.Of(3, 1, 2).ForEach(func(ctx context.Context, v int) error {
		got = append(got, v)
		return ctx.Err()
	})
	for range 2 {
		if err := job.Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{3, 1, 2, 3, 1, 2}, got); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
}

func TestSink_lifeOfAGoodOne(t *testing.T) {
	book := &journal{}
	hook := func(method string) error { book.note("%s", method); return nil }
	if err := flow.Of(1, 2).To(&sinkPart{part{name: "sink", book: book, hook: hook}}).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if want, got := "Open, Put, Put, Flush, sink closed: <nil>, Close", book.String(); got != want {
		t.Errorf("calls: %s, want %s", got, want)
	}
}

func TestSink_isNotFlushedAfterAFailure(t *testing.T) {
	book := &journal{}
	hook := func(method string) error {
		book.note("%s", method)
		if method == "Put" {
			return errPlanted
		}
		return nil
	}
	err := flow.Of(1, 2).To(&sinkPart{part{name: "sink", book: book, hook: hook}}).Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v", err)
	}
	if want, got := "Open, Put, sink closed: "+err.Error()+", Close", book.String(); got != want {
		t.Errorf("calls: %s, want %s", got, want)
	}
}

func TestSink_thatOnlyPuts(t *testing.T) {
	var got []int
	if err := flow.Of(1, 2).To(putter(func(v int) { got = append(got, v) })).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2}, got); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
}

type putter func(int)

func (fn putter) Put(_ context.Context, v int) error { fn(v); return nil }

func TestJob_runsAtOnce(t *testing.T) {
	job := flow.Range(0, 1000).Batch(7, 0).Async(2).Discard()
	errs := make(chan error, 2)
	for range 2 {
		opt := audit(t)
		go func() { errs <- job.Run(t.Context(), opt) }()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestAll_pulled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next, stop := iter.Pull2(flow.Repeat(7).Async(1).All(t.Context(), audit(t)))
		for range 2 {
			if v, err, ok := next(); v != 7 || err != nil || !ok {
				t.Errorf("next() = %d, %v, %v", v, err, ok)
			}
		}
		stop()
	})
}

func TestRun_insideARun(t *testing.T) {
	inner := func(ctx context.Context, v int) error {
		return flow.Range(0, 10).Async(1).TryMap(failsOn(v)).Run(ctx, audit(t))
	}
	err := flow.Of(-1, 3).ForEach(inner).Run(t.Context(), audit(t))
	failed := stageError(t, err)
	within, ok := errors.AsType[*flow.StageError](failed.Err)
	if failed.Stage != "for-each" || failed.Item != 3 || !ok || within.Item != 3 || within.Stage != "try-mapper" {
		t.Errorf("Run() = %v, want the inner failure in the outer", err)
	}
}

func TestRun_insideARunThatEnds(t *testing.T) {
	waits := func(ctx context.Context) error { return blocked(1).Async(1).Run(ctx) }
	t.Run("by its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			err := cancelled(t, flow.Of(1).ForEach(func(ctx context.Context, _ int) error { return waits(ctx) }).Run)
			if err != errEnough {
				t.Errorf("Run() = %v, want %v", err, errEnough)
			}
		})
	})
	t.Run("early", func(t *testing.T) {
		var inner error
		n, err := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			_ = emit(1)
			inner = waits(ctx)
			return inner
		}).Async(1).Take(1).Count(t.Context(), audit(t))
		if n != 1 || err != nil {
			t.Errorf("Count() = %d, %v, want 1", n, err)
		}
		if inner == nil {
			t.Errorf("the inner run was cut off and says that it was complete")
		}
	})
}

func TestChan_ofARunThatGoexits(t *testing.T) {
	exits := map[string]flow.Flow[int]{
		"in the source": flow.FromFunc(func(context.Context, func(int) error) error { runtime.Goexit(); return nil }),
		"in a stage":    flow.Of(1).Map(func(int) int { runtime.Goexit(); return 0 }),
	}
	for name, f := range exits {
		t.Run(name, func(t *testing.T) {
			items, wait := f.Chan(t.Context(), audit(t))
			if got := drain(items); got != nil {
				t.Errorf("got %v", got)
			}
			_ = stageError(t, wait())
		})
	}
}

func TestGatherer_withoutAPusher(t *testing.T) {
	err := flow.Of(1).Gather(noPusher{}).Run(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Stage != "gatherer" {
		t.Errorf("Run() = %v, want a failure of the gatherer", err)
	}
}

type noPusher struct{}

func (noPusher) Start(context.Context) (ops.Pusher[int, int], error) { return nil, nil }
