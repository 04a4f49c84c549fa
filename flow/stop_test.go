package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// stopping is a gatherer that ends the stream at its n-th item, which it emits first.
func stopping(n int) ops.Gatherer[int, int] {
	return ops.NewGatherer(func() int { return 0 }, func(seen *int, v int, emit func(int) error) error {
		if *seen++; *seen < n {
			return emit(v)
		}
		if err := emit(v); err != nil {
			return err
		}
		return flow.ErrStop
	}, func(_ *int, emit func(int) error) error { return emit(-1) })
}

// stops end a flow after its first two items.
var stops = map[string]func(flow.Flow[int]) flow.Job{
	"Take":     func(f flow.Flow[int]) flow.Job { return f.Take(2).Discard() },
	"Gatherer": func(f flow.Flow[int]) flow.Job { return f.Gather(stopping(2)).Discard() },
	"ForEach": func(f flow.Flow[int]) flow.Job {
		n := 0
		return f.ForEach(func(context.Context, int) error {
			if n++; n == 2 {
				return flow.ErrStop
			}
			return nil
		})
	},
	"Sink": func(f flow.Flow[int]) flow.Job {
		n := 0
		return f.To(&sinkPart{part{hook: func(method string) error {
			if method == "Put" {
				n++
			}
			if n == 2 {
				return flow.ErrStop
			}
			return nil
		}}})
	},
	"ForEach with a policy": func(f flow.Flow[int]) flow.Job {
		n := 0
		return f.ForEach(func(context.Context, int) error {
			if n++; n == 2 {
				return flow.ErrStop
			}
			return nil
		}).OnError(flow.Skip())
	},
}

func TestEarlyStop_endsEverySource(t *testing.T) {
	sources := map[string]func() flow.Flow[int]{
		"an endless one":        func() flow.Flow[int] { return flow.Repeat(1) },
		"an endless sequence":   func() flow.Flow[int] { return flow.FromSeq(endless) },
		"an endless Unfold":     func() flow.Flow[int] { return flow.Unfold(0, func(n int) (int, int, bool) { return n, n + 1, true }) },
		"a blocked one":         func() flow.Flow[int] { return blocked(2) },
		"a channel left open":   func() flow.Flow[int] { return flow.FromChan(open(1, 2)) },
		"an endless FlatMap":    func() flow.Flow[int] { return flow.Of(1).FlatMap(func(int) iter.Seq[int] { return endless }) },
		"a Concat":              func() flow.Flow[int] { return flow.Concat(flow.Of(1), flow.Repeat(1), flow.Repeat(2)) },
		"a large batch":         func() flow.Flow[int] { return flow.Unbatch(flow.Repeat([]int{1, 2, 3, 4})) },
		"a foreign one":         func() flow.Flow[int] { return flow.Repeat(1).Then(ops.ProcessorFunc[int, int](relay)) },
		"one that ignores emit": func() flow.Flow[int] { return flow.FromFunc(stubborn) },
	}
	for from, source := range sources {
		for by, stop := range stops {
			for _, async := range []int{0, 1, 64} {
				t.Run(fmt.Sprintf("%s, by %s, boundary of %d", from, by, async), func(t *testing.T) {
					f := source()
					if async > 0 {
						f = f.Async(async)
					}
					if err := stop(f).Run(t.Context(), audit(t)); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// open is a channel with the items that is not closed.
func open(items ...int) <-chan int {
	ch := make(chan int, len(items))
	for _, v := range items {
		ch <- v
	}
	return ch
}

func stubborn(_ context.Context, emit func(int) error) error {
	for range 1000 {
		_ = emit(1)
	}
	return nil
}

func TestEarlyStop_closesStagesAboveWithErrStopAndBelowWithNil(t *testing.T) {
	middles := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"Take":     func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) },
		"Gatherer": func(f flow.Flow[int]) flow.Flow[int] { return f.Gather(stopping(2)) },
	}
	for by, stop := range middles {
		for mask := range 16 { // a boundary at each of four places, or not
			t.Run(fmt.Sprintf("%s, boundaries %04b", by, mask), func(t *testing.T) {
				book := &journal{}
				async := func(f flow.Flow[int], place int) flow.Flow[int] {
					if mask&(1<<place) == 0 {
						return f
					}
					return f.Async(1)
				}
				gather := func(f flow.Flow[int], name string) flow.Flow[int] {
					return f.Gather(&gatherPart{part{name: name, book: book}})
				}
				f := async(flow.Repeat(1), 0)
				f = async(gather(f, "above"), 1)
				f = async(stop(f), 2)
				f = async(gather(f, "below"), 3)
				opt, r := audited(t)
				if err := f.To(&sinkPart{part{name: "sink", book: book}}).Run(t.Context(), opt); err != nil {
					t.Fatal(err)
				}
				want := []string{"above closed: " + flow.ErrStop.Error(), "below closed: <nil>", "sink closed: <nil>"}
				if diff := cmp.Diff(want, book.all()); diff != "" {
					t.Errorf("closed mismatch (-want +got):\n%s", diff)
				}
				if got := stageReport(t, r, "sink").Passed; got != 2 {
					t.Errorf("the sink got %d items, want 2", got)
				}
			})
		}
	}
}

func TestEarlyStop_byTheSinkClosesItWithErrStop(t *testing.T) {
	book := &journal{}
	job := flow.Repeat(1).
		Gather(&gatherPart{part{name: "above", book: book}}).
		To(&sinkPart{part{name: "sink", book: book, hook: func(method string) error {
			if method == "Put" {
				return flow.ErrStop
			}
			return nil
		}}})
	if err := job.Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	stopped := flow.ErrStop.Error()
	if diff := cmp.Diff([]string{"above closed: " + stopped, "sink closed: " + stopped}, book.all()); diff != "" {
		t.Errorf("closed mismatch (-want +got):\n%s", diff)
	}
}

func TestEarlyStop_flushesWhatIsBelow(t *testing.T) {
	got, err := flow.Repeat(1).Take(3).Batch(2, 0).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 1}, {1}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestEarlyStop_dropsWhatIsHeldAbove(t *testing.T) {
	opt, r := audited(t)
	n, err := flow.Unbatch(flow.Repeat(1).Batch(3, 0)).Take(2).Count(t.Context(), opt)
	if err != nil || n != 2 {
		t.Errorf("Count() = %d, %v", n, err)
	}
	s := stageReport(t, r, "unbatcher")
	want := flow.StageReport{Name: "unbatcher", Op: "Unbatch", At: s.At, Busy: s.Busy, In: 1, Out: 2, Held: 1}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
}

func TestEarlyStop_byAGathererDeliversWhatItEmitted(t *testing.T) {
	got, err := flow.Range(1, 100).Gather(stopping(3)).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestEarlyStop_endOfAGathererIsNotCalledAbove(t *testing.T) {
	var called []string
	hook := func(method string) error {
		called = append(called, method)
		return nil
	}
	if err := flow.Repeat(1).Gather(&gatherPart{part{hook: hook}}).Take(1).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Start", "Push", "Close"}, called); diff != "" {
		t.Errorf("calls mismatch (-want +got):\n%s", diff)
	}
}

func TestTakeOfNothing_waitsForNothing(t *testing.T) {
	idle := flow.FromChan(make(chan int))
	tests := map[string]flow.Flow[int]{
		"fused":                     idle.Take(0),
		"behind a boundary":         idle.Async(1).Take(0),
		"in front of a boundary":    idle.Take(0).Async(1),
		"behind a foreign one":      idle.Then(ops.ProcessorFunc[int, int](relay)).Take(0),
		"in front of a foreign one": idle.Take(0).Then(ops.ProcessorFunc[int, int](relay)),
		"behind user code":          blocked(0).FlatMap(one).Take(0),
		"twice":                     idle.Take(0).Take(0),
		"in a sub-flow":             idle.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(0) })),
		"in every branch":           flow.Concat(idle.Take(0), blocked(0).Take(0)),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.Batch(2, 0).Collect(t.Context(), audit(t))
			if err != nil || got != nil {
				t.Errorf("Collect() = %v, %v, want nothing", got, err)
			}
		})
	}
}

func TestFlatMap_overAnEndlessSequenceAboveTake(t *testing.T) {
	for _, async := range []int{0, 1, 16} {
		f := flow.Of(1, 2).FlatMap(func(int) iter.Seq[int] { return endless })
		if async > 0 {
			f = f.Async(async)
		}
		opt, r := audited(t)
		n, err := f.Take(5).Count(t.Context(), opt)
		if err != nil || n != 5 {
			t.Errorf("boundary of %d: Count() = %d, %v, want 5", async, n, err)
		}
		s := stageReport(t, r, "flat-mapper")
		if s.In != 1 || s.Held != 1 || s.Passed != 0 {
			t.Errorf("boundary of %d: its one item was not held: %v", async, s)
		}
	}
}

func TestFirst_endsAnEndlessFlow(t *testing.T) {
	book := &journal{}
	got, err := flow.Repeat(4).Gather(&gatherPart{part{name: "above", book: book}}).Async(8).First(t.Context(), audit(t))
	if got != 4 || err != nil {
		t.Errorf("First() = %d, %v, want 4", got, err)
	}
	if want, got := "above closed: "+flow.ErrStop.Error(), book.String(); got != want {
		t.Errorf("closed: %q, want %q", got, want)
	}
}

func TestEarlyStop_errorsOfClosingAreReturned(t *testing.T) {
	fails := func(method string) error {
		if method == "Close" {
			return errPlanted
		}
		return nil
	}
	for _, async := range []bool{false, true} {
		f := flow.Repeat(1).Gather(&gatherPart{part{hook: fails}})
		if async {
			f = f.Async(1)
		}
		got, err := f.First(t.Context(), audit(t))
		if got != 1 || !errors.Is(err, errPlanted) {
			t.Errorf("boundary %v: First() = %d, %v, want the item and the error", async, got, err)
		}
	}
}

func TestEarlyStop_awaitsACallInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inside, release := make(chan struct{}), make(chan struct{})
		source := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			if err := emit(1); err != nil {
				return err
			}
			close(inside)
			<-ctx.Done()
			<-release
			return errors.New("said when nobody listens any more")
		})
		result := make(chan error, 1)
		go func() {
			_, err := source.Async(1).Tap(func(int) { <-inside }).First(t.Context(), audit(t))
			result <- err
		}()
		synctest.Wait()
		if len(result) != 0 {
			t.Errorf("the run ended while its source was in a call")
		}
		close(release)
		if err := <-result; err != nil {
			t.Errorf("First() = %v", err)
		}
	})
}

func TestErrStop_ofASourceIsItsEnd(t *testing.T) {
	got, err := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		_ = emit(1)
		return flow.ErrStop
	}).Batch(2, 0).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

// A source that ignores what emit says and watches only its context is ended by it, also
// where it shares its segment with the stage that has enough.
func TestEarlyStop_endsTheContextOfTheSource(t *testing.T) {
	heedless := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			default:
				_ = emit(i)
			}
		}
	})
	stubborn := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		_ = emit(0)
		<-ctx.Done()
		return ctx.Err()
	})
	tests := map[string]func() error{
		"Take":    func() error { return heedless.Take(2).Run(t.Context(), audit(t)) },
		"First":   func() error { _, err := stubborn.First(t.Context(), audit(t)); return err },
		"ForEach": func() error { return heedless.ForEach(stopAtOnce).Run(t.Context(), audit(t)) },
		"Concat":  func() error { return flow.Concat(stubborn.Take(1), flow.Of(1)).Run(t.Context(), audit(t)) },
		"break": func() error {
			for _, err := range heedless.All(t.Context(), audit(t)) {
				return err
			}
			return nil
		},
	}
	for name, run := range tests {
		t.Run(name, func(t *testing.T) {
			if err := run(); err != nil {
				t.Errorf("Run() = %v, want nil", err)
			}
		})
	}
}

func stopAtOnce(context.Context, int) error { return flow.ErrStop }
