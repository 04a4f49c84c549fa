package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// missed runs a job for a minute, in which it does not end, and gives the error.
func missed(t *testing.T, job flow.Job, opts ...flow.Option) (*flow.DeadlineError, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := job.Run(ctx, append(opts, audit(t), quiet)...)
	late, ok := errors.AsType[*flow.DeadlineError](err)
	if !ok {
		t.Fatalf("Run() = %v, want a *DeadlineError", err)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("errors.Is does not reach the deadline through %v", err)
	}
	return late, err
}

// workedAt says what stages were at, in few words.
func workedAt(e *flow.DeadlineError) (all []string) {
	for _, w := range e.Working {
		text := fmt.Sprintf("%d %s %s", w.Calls, w.Name, w.State)
		if w.Err != nil {
			text += ": " + w.Err.Error()
		}
		for _, s := range w.Beside {
			text += " or " + s.Name
		}
		all = append(all, text)
	}
	return all
}

func TestDeadlineError_tellsWhoWasWorking(t *testing.T) {
	heeds := func(ctx context.Context, v int) (int, error) {
		<-ctx.Done()
		return v, fmt.Errorf("page %d: %w", v, ctx.Err())
	}
	ignores := func(_ context.Context, v int) (int, error) { time.Sleep(time.Hour); return v, nil }
	put := func(fn func(context.Context, int) (int, error)) func(context.Context, int) error {
		return func(ctx context.Context, v int) error { _, err := fn(ctx, v); return err }
	}
	slow := func(v int) int { time.Sleep(time.Hour); return v }
	one, many := flow.Of(1), flow.Range(0, 100)
	fails := many.TryMap(func(v int) (int, error) { return v, errPlanted })
	tests := map[string]struct {
		job      func() flow.Job // made in the bubble
		want     []string
		inFlight []string
	}{
		"a call": {job: one.Call(heeds).Discard,
			want: []string{"1 call working: page 1: context deadline exceeded"}, inFlight: []string{"1 in call"}},
		"a call that does not look": {job: one.Call(ignores).Discard,
			want: []string{"1 call working"}, inFlight: []string{"1 in call"}},
		"a call between boundaries": {job: many.Async(4).Call(heeds).Async(4).Discard,
			want:     []string{"1 call working: page 0: context deadline exceeded"},
			inFlight: []string{"1 in call", "5 queued from range to call"}},
		"workers": {job: many.AsyncMap(3, heeds).Discard,
			want: []string{"3 async-mapper working: page 0: context deadline exceeded"}, inFlight: []string{"17 in async-mapper"}},
		"workers that do not look": {job: many.AsyncMap(3, ignores).Discard,
			want: []string{"3 async-mapper working"}, inFlight: []string{"17 in async-mapper"}},
		"a Map": {job: one.Map(slow).Discard, want: []string{"1 mapper working"}},
		"one of some": {job: many.Map(slow).Filter(func(int) bool { return true }).Discard,
			want: []string{"1 filter working or mapper"}},
		"one below a function": {job: flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for emit(1) == nil {
			}
			return nil
		}).Map(slow).Discard, want: []string{"1 mapper working or func"}},
		"one below a FlatMap": {job: one.FlatMap(func(int) iter.Seq[int] { return seqTo(9) }).Map(slow).Discard,
			want: []string{"1 flat-mapper working or mapper"}, inFlight: []string{"1 in flat-mapper"}},
		"a sink": {job: func() flow.Job { return many.Async(2).ForEach(put(heeds)) },
			want:     []string{"1 for-each working: page 0: context deadline exceeded"},
			inFlight: []string{"1 in for-each", "3 queued from range to for-each"}},
		"a sink that does not look": {job: func() flow.Job { return many.Async(2).ForEach(put(ignores)) },
			want: []string{"1 for-each working"}, inFlight: []string{"3 queued from range to for-each"}},
		"workers of a sink": {job: func() flow.Job { return flow.Range(0, 2).AsyncForEach(5, put(heeds)) },
			want: []string{"2 async-for-each working: page 0: context deadline exceeded"}, inFlight: []string{"2 in async-for-each"}},
		"the wait before a call": {job: one.TryMap(failsOn(1)).OnError(flow.Retry(9, flow.Constant(time.Hour))).Discard,
			want: []string{"1 try-mapper waiting for time"}, inFlight: []string{"1 in try-mapper"}},
		"the pace": {job: many.Then(ops.NewThrottle[int](0.01)).Discard,
			want: []string{"1 throttle waiting for time"}, inFlight: []string{"1 in throttle"}},
		"a dead letter": {job: fails.OnError(flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error { <-ctx.Done(); return ctx.Err() })).Discard,
			want: []string{"1 try-mapper working: context deadline exceeded"}, inFlight: []string{"1 in try-mapper"}},
		"Open":                  {job: func() flow.Job { return one.To(openWaiting{}) }, want: []string{"1 sink working: context deadline exceeded"}},
		"the end of a gatherer": {job: one.Gather(endWaiting{}).Discard, want: []string{"1 gatherer working: context deadline exceeded"}},
		"a processor over channels": {job: one.Then(reporter(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })).Discard,
			want: []string{"1 processor-func working: context deadline exceeded"}, inFlight: []string{"1 in processor-func"}},
		"two of them": {job: func() flow.Job {
			return flow.Merge(one.Call(heeds).Named("a"), flow.Of(2).Async(1).Call(heeds).Named("b")).Discard()
		}, want: []string{"1 a working: page 1: context deadline exceeded", "1 b working: page 2: context deadline exceeded"},
			inFlight: []string{"1 in a", "1 in b"}},
		"nobody": {job: func() flow.Job { return blocked(3).Async(1).Map(identity).Discard() }},
		"nobody behind a channel": {job: func() flow.Job {
			return flow.FromChan(make(chan int)).Call(heeds).Batch(3, time.Hour).Discard()
		}},
		"nobody, with a partial batch": {job: func() flow.Job {
			return flow.Concat(flow.Of(1, 2), flow.FromChan(make(chan int))).Batch(3, time.Hour).Discard()
		}, inFlight: []string{"2 in batcher"}},
		"nobody behind a reader": {job: func() flow.Job {
			r, _ := io.Pipe()
			return flow.Lines(r).Discard()
		}},
		"nobody behind a Tick": {job: flow.Tick(time.Hour).Discard},
		"a sub-flow": {job: one.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Call(heeds) })).Named("sub").Discard,
			want: []string{"1 sub/call working: page 1: context deadline exceeded"}, inFlight: []string{"1 in sub/call"}},
		"a restarted source": {job: flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return one.Call(heeds) }).Discard,
			want: []string{"1 restart/call working: page 1: context deadline exceeded"}, inFlight: []string{"1 in restart/call"}},
	}
	for name, tt := range tests {
		for _, live := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, live %v", name, live), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var opts []flow.Option
					if live {
						opts = append(opts, flow.WithObserver(flow.ObserverFunc(func(flow.Event) {})))
					}
					late, err := missed(t, tt.job(), opts...)
					got := workedAt(late)
					if name == "two of them" && len(got) == 2 && got[0] > got[1] { // they are told at once
						got[0], got[1] = got[1], got[0]
					}
					if name == "workers" || name == "workers of a sink" { // which of them was first is by chance
						for i := range got {
							got[i] = strings.NewReplacer("page 1", "page 0", "page 2", "page 0").Replace(got[i])
						}
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("working mismatch (-want +got):\n%s\n%v", diff, err)
					}
					var inFlight []string
					for _, u := range late.InFlight {
						inFlight = append(inFlight, u.String())
					}
					if diff := cmp.Diff(tt.inFlight, inFlight); diff != "" {
						t.Errorf("in flight mismatch (-want +got):\n%s\n%v", diff, err)
					}
				})
			})
		}
	}
}

// endWaiting is a gatherer that waits at its end.
type endWaiting struct{}

func (endWaiting) Start(context.Context) (ops.Pusher[int, int], error) { return endWaiting{}, nil }
func (endWaiting) Push(context.Context, int, func(int) error) error    { return nil }
func (endWaiting) End(ctx context.Context, _ func(int) error) error    { <-ctx.Done(); return ctx.Err() }

func TestDeadlineError_text(t *testing.T) {
	at := flow.StageRef{Name: "enrich", Op: "AsyncMap", At: "/a/shop/main.go:12"}
	src := flow.StageRef{Name: "lines", Op: "Lines", At: "/a/shop/main.go:10"}
	for want, e := range map[string]*flow.DeadlineError{
		"context deadline exceeded in enrich (AsyncMap at shop/main.go:12), 20 calls; not delivered: 20 in enrich, 64 queued from enrich to store": {
			Working:  []flow.Work{{StageRef: at, State: "working", Calls: 20}},
			InFlight: []flow.Undone{{Stage: "enrich", Items: 20}, {Stage: "store", From: "enrich", Items: 64}},
			Err:      context.DeadlineExceeded,
		},
		"context deadline exceeded (enough) in enrich (AsyncMap at shop/main.go:12), waiting for time; in enrich (AsyncMap at shop/main.go:12), or on its goroutine lines, enrich": {
			Working: []flow.Work{
				{StageRef: at, State: "waiting for time", Calls: 1},
				{StageRef: at, State: "working", Calls: 1, Beside: []flow.StageRef{src, at}},
			},
			Err: errEnough,
		},
		"context deadline exceeded: all waited for lines (Lines at shop/main.go:10), enrich (AsyncMap at shop/main.go:12)": {
			Sources: []flow.StageRef{src, at}, Err: context.DeadlineExceeded,
		},
	} {
		if got := e.Error(); got != want {
			t.Errorf("text = %q, want %q", got, want)
		}
	}
}

// TestDeadlineError_isTheCauseThatIsJoined: failures come behind it.
func TestDeadlineError_isTheCauseThatIsJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := missed(t, flow.Of(1).ForEach(func(ctx context.Context, _ int) error { <-ctx.Done(); return errPlanted }))
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 2 {
			t.Fatalf("Run() = %v, want two errors", err)
		}
		if _, ok := joined.Unwrap()[0].(*flow.DeadlineError); !ok || !errors.Is(stageError(t, err), errPlanted) {
			t.Errorf("Run() = %v, want the deadline and the failure", err)
		}
	})
}

// TestDeadlineError_isOfTheCallersDeadline and of nothing else.
func TestDeadlineError_isOfTheCallersDeadline(t *testing.T) {
	for name, run := range map[string]func(context.Context, ...flow.Option) error{
		"a cancel": func(ctx context.Context, opts ...flow.Option) error { return blocked(1).Run(ctx, opts...) },
		"a failure before it": func(ctx context.Context, opts ...flow.Option) error {
			return flow.Of(1).Async(1).ForEach(func(ctx context.Context, _ int) error { return errPlanted }).Run(ctx, opts...)
		},
		"a deadline of its own": func(ctx context.Context, opts ...flow.Option) error {
			return flow.Of(1).ForEach(func(ctx context.Context, _ int) error {
				own, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				<-own.Done()
				return own.Err()
			}).Run(ctx, opts...)
		},
		"one that all was done before": func(ctx context.Context, opts ...flow.Option) error {
			return flow.Of(1).ForEach(func(context.Context, int) error { time.Sleep(time.Hour); return nil }).Run(ctx, opts...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if name == "one that all was done before" {
					ctx, cancel = context.WithTimeout(ctx, 2*time.Hour)
				}
				time.AfterFunc(time.Minute, cancel)
				defer cancel()
				err := run(ctx, audit(t))
				if _, ok := errors.AsType[*flow.DeadlineError](err); ok {
					t.Errorf("Run() = %v, want no *DeadlineError", err)
				}
			})
		})
	}
}

// TestDeadlineError_beforeTheRun: nobody was working.
func TestDeadlineError_beforeTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), -1)
		defer cancel()
		for name, f := range map[string]flow.Flow[int]{
			"fused": flow.Range(0, 9).Map(identity), "apart": flow.Range(0, 9).Async(1).Map(identity),
			"workers": flow.Range(0, 9).AsyncMap(3, func(_ context.Context, v int) (int, error) { return v, nil }),
		} {
			err := f.Run(ctx, audit(t))
			late, ok := err.(*flow.DeadlineError)
			if !ok || late.Working != nil || late.InFlight != nil || len(late.Sources) != 1 {
				t.Errorf("%s: Run() = %v", name, err)
			}
		}
	})
}

// TestDeadlineError_ofARunInsideARun reaches through both.
func TestDeadlineError_ofARunInsideARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late, err := missed(t, flow.Of(1).ForEach(func(ctx context.Context, _ int) error { return blocked(1).Run(ctx) }).Named("outer"))
		if err != error(late) || len(late.Working) != 1 || late.Working[0].Name != "outer" {
			t.Fatalf("Run() = %v", err)
		}
		inner, ok := late.Working[0].Err.(*flow.DeadlineError)
		if !ok || len(inner.Sources) != 1 || inner.Sources[0].Op != "FromFunc" {
			t.Errorf("the inner run returned %v", late.Working[0].Err)
		}
	})
}

// TestDeadline_belowARestart: what waits below a source with a flow inside it is not the fault
// of a stage in that.
func TestDeadline_belowARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		again := flow.RestartPolicy{Wait: flow.Constant(time.Millisecond), OnEnd: true}
		sums := flow.Restart(again, func() flow.Flow[int] {
			return flow.Of(1, 2, 3).Fold(0, func(a, v int) int { return a + v })
		})
		slow := sums.Then(ops.NewWeightedThrottle(0.1, func(int) int64 { return 5 }))
		err := slow.Run(ctx, audit(t), quiet)
		late, ok := errors.AsType[*flow.DeadlineError](err)
		if !ok || len(late.Working) != 1 || late.Working[0].Op != "ThrottleWeighted" {
			t.Errorf("Run() = %v, want the throttle to be named alone", err)
		}
	})
}
