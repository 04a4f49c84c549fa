package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// retried is the Retry that all subjects can be tested with.
func retried(s subject, n int, wait flow.Backoff) flow.Policy {
	p := flow.Retry(n, wait)
	if s.panics {
		p = p.RetryPanics()
	}
	return p
}

func TestRetry_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		c := failingFor(map[int]int{3: 1, 7: 2})
		p := retried(s, 3, flow.Constant(time.Second))
		if s.emits || s.bridged {
			err := s.misused(t, p)
			wantText(t, err, "OnError must not have a Retry")
			return
		}
		start := time.Now()
		got, r, err := s.run(t, flow.Range(0, 10), c, p)
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(), Passed: 10, Retried: 3}, got, r)
		if diff := cmp.Diff(map[int]int{0: 1, 1: 1, 2: 1, 3: 2, 4: 1, 5: 1, 6: 1, 7: 3, 8: 1, 9: 1}, c.times); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 3*time.Second && !s.workers || took < 2*time.Second {
			t.Errorf("took %v for three waits of a second", took)
		}
	})
}

// misused gives the one configuration error that a policy is on the stage.
func (s subject) misused(t *testing.T, p flow.Policy) error {
	t.Helper()
	c := failingFor(nil)
	var job flow.Job
	if s.sink != nil {
		job = s.sink(flow.Of(1), c).Named("subject").OnError(p)
	} else {
		job = s.attach(flow.Of(1), c, p).Discard()
	}
	err := job.Run(t.Context())
	errs := configErrors(t, err)
	if len(errs) != 1 || errs[0].Stage != "subject" || !strings.Contains(errs[0].At, "policy_test.go:") {
		t.Fatalf("Run() = %v, want one error that names the stage and its place", err)
	}
	return errs[0]
}

func TestRetry_thatGivesUpEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.emits || s.bridged {
			t.Skip("can have no Retry")
		}
		c := failingFor(map[int]int{3: always, 7: 1})
		p := retried(s, 3, flow.Constant(time.Second))
		_, r, err := s.run(t, flow.Range(0, 10), c, p)
		failed := stageError(t, err)
		if failed.Stage != "subject" || failed.Item != 3 || failed.Attempt != 3 || !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v of item %v, attempt %d", err, failed.Item, failed.Attempt)
		}
		if r.Failed != 1 || r.Retried < 2 {
			t.Errorf("Failed, Retried = %d, %d", r.Failed, r.Retried)
		}
		wantText(t, err, "call 3 for 3")
	})
}

func TestRetry_thenEverythingEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.emits || s.bridged {
			t.Skip("can have no Retry")
		}
		var letters []string
		dead := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
			letters = append(letters, fmt.Sprint(l.Item, " of ", l.Stage, " after ", l.Attempts))
			return nil
		})
		fails := map[int]int{3: always, 7: 1}
		for name, after := range map[string]flow.Policy{
			"a DeadLetter": dead,
			"a budget":     flow.Budget(1).Then(dead),
			"a share":      flow.BudgetShare(0.5, 2).Then(dead),
			"a function":   flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return dead }),
		} {
			letters = nil
			got, r, err := s.run(t, flow.Range(0, 10), failingFor(fails), retried(s, 3, flow.Constant(time.Second)).Then(after))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.check(t, settled{Got: without(3), Passed: 9, DeadLettered: 1, Retried: 3}, got, r)
			if diff := cmp.Diff([]string{"3 of subject after 3"}, letters); diff != "" {
				t.Errorf("letters mismatch (-want +got):\n%s", diff)
			}
		}
		got, r, err := s.run(t, flow.Range(0, 10), failingFor(fails), retried(s, 3, flow.Constant(time.Second)).Then(flow.Skip()))
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(3), Passed: 9, Failed: 1, Retried: 3}, got, r)
	})
}

func TestRetry_doesNotRepeatAPanicUnlessTold(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.emits || s.bridged || !s.panics {
			t.Skip("does not panic, or can have no Retry")
		}
		c := failingFor(map[int]int{3: 1})
		_, _, err := s.run(t, flow.Range(0, 10), c, flow.Retry(3, flow.Constant(0)))
		if failed := stageError(t, err); failed.Attempt != 1 || c.times[3] != 1 {
			t.Errorf("Run() = %v, attempt %d after %d calls", err, failed.Attempt, c.times[3])
		}
		if _, ok := errors.AsType[*flow.PanicError](err); !ok || !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v, want the panic and its value", err)
		}
	})
}

func TestRetry_ifItIsWorthIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errHopeless := errors.New("hopeless")
		var asked []error
		worth := func(err error) bool {
			asked = append(asked, err)
			return !errors.Is(err, errHopeless)
		}
		calls := 0
		fn := func(v int) (int, error) {
			if calls++; v == 2 {
				return 0, errHopeless
			}
			return 0, errPlanted
		}
		opt, r := audited(t)
		err := flow.Of(1, 2).TryMap(fn).OnError(flow.Retry(3, flow.Constant(time.Second)).If(worth).Then(flow.Skip())).
			Run(t.Context(), opt, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]error{errPlanted, errPlanted, errHopeless}, asked, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
			t.Errorf("asked mismatch (-want +got):\n%s", diff)
		}
		if s := stageReport(t, r, "try-mapper"); calls != 4 || s.Retried != 2 || s.Failed != 2 {
			t.Errorf("%d calls, books %+v", calls, s)
		}
	})
}

func TestRetry_whoseQuestionPanics(t *testing.T) {
	err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).
		OnError(flow.Retry(3, flow.Constant(0)).If(func(error) bool { boom(); return true })).
		Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want the failure and the panic", err)
	}
}

// waits gives the times between the calls for one item that fails n times.
func waits(t *testing.T, wait flow.Backoff, n int) []time.Duration {
	t.Helper()
	var at []time.Time
	synctest.Test(t, func(t *testing.T) {
		fn := func(int) (int, error) {
			if at = append(at, time.Now()); len(at) <= n {
				return 0, errPlanted
			}
			return 0, nil
		}
		if err := flow.Of(1).TryMap(fn).OnError(flow.Retry(n+1, wait)).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
	})
	var got []time.Duration
	for i := range len(at) - 1 {
		got = append(got, at[i+1].Sub(at[i]))
	}
	return got
}

func TestBackoff_exactly(t *testing.T) {
	const s = time.Second
	tests := map[string]struct {
		wait flow.Backoff
		want []time.Duration
	}{
		"zero":                      {flow.Backoff{}, []time.Duration{0, 0, 0}},
		"constant":                  {flow.Constant(3 * s), []time.Duration{3 * s, 3 * s, 3 * s}},
		"constant, of nothing":      {flow.Constant(0), []time.Duration{0, 0}},
		"constant with a cap":       {flow.Constant(3 * s).Cap(2 * s), []time.Duration{2 * s, 2 * s}},
		"exponential":               {flow.Exponential(s).Jitter(0), []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}},
		"exponential with a cap":    {flow.Exponential(s).Jitter(0).Cap(5 * s), []time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s}},
		"exponential, higher cap":   {flow.Exponential(16 * s).Cap(time.Hour).Jitter(0), []time.Duration{16 * s, 32 * s, 64 * s}},
		"exponential, odd":          {flow.Exponential(1234567891).Jitter(0).Cap(time.Hour), []time.Duration{1234567891, 2469135782, 4938271564}},
		"exponential, of nothing":   {flow.Exponential(0), []time.Duration{0, 0, 0}},
		"a cap below the first":     {flow.Exponential(time.Minute).Cap(30 * time.Second).Jitter(0), []time.Duration{30 * s, 30 * s}},
		"the longest that there is": {flow.Constant(1 << 62).Cap(1<<62 - 1).Jitter(0).Cap(time.Hour), []time.Duration{time.Hour}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, waits(t, tt.wait, len(tt.want))); diff != "" {
				t.Errorf("waits mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBackoff_afterVeryManyCalls goes past where doubling leaves the numbers.
func TestBackoff_afterVeryManyCalls(t *testing.T) {
	for name, tt := range map[string]struct {
		wait flow.Backoff
		want time.Duration
	}{
		"of nothing": {flow.Exponential(0).Jitter(0), 0},
		"capped":     {flow.Exponential(1).Jitter(0).Cap(time.Minute), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			got := waits(t, tt.wait, 2100)
			if last := got[len(got)-1]; last != tt.want || slices.Min(got) < 0 {
				t.Errorf("the last wait is %v, the shortest %v, want %v at last", last, slices.Min(got), tt.want)
			}
		})
	}
}

func TestBackoff_withJitter(t *testing.T) {
	tests := map[string]struct {
		wait        flow.Backoff
		least, most time.Duration
	}{
		"half, as Exponential has it": {flow.Exponential(time.Minute).Cap(time.Minute), 30 * time.Second, time.Minute},
		"a tenth":                     {flow.Constant(time.Minute).Jitter(0.1), 54 * time.Second, time.Minute},
		"all":                         {flow.Constant(time.Minute).Jitter(1), 0, time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := waits(t, tt.wait, 400)
			shortest, longest := slices.Min(got), slices.Max(got)
			if shortest < tt.least || longest > tt.most {
				t.Errorf("waits from %v to %v, want from %v to %v", shortest, longest, tt.least, tt.most)
			}
			// Of 400 the extremes are within a tenth of the range, but for once in 10^18.
			if room := (tt.most - tt.least) / 10; shortest > tt.least+room || longest < tt.most-room {
				t.Errorf("waits from %v to %v do not use the range from %v to %v", shortest, longest, tt.least, tt.most)
			}
		})
	}
}

func TestRetry_byTheClockOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake()
		calls := 0
		fn := func(v int) (int, error) {
			if calls++; calls < 3 {
				return 0, errPlanted
			}
			return v, nil
		}
		done := make(chan error, 1)
		go func() {
			done <- flow.Of(1).TryMap(fn).OnError(flow.Retry(3, flow.Constant(time.Minute))).Run(t.Context(), audit(t), flow.WithClock(c))
		}()
		for want := 1; want < 3; want++ {
			synctest.Wait()
			c.Advance(time.Minute - 1)
			synctest.Wait()
			if calls != want {
				t.Fatalf("%d calls before the time, want %d", calls, want)
			}
			c.Advance(1)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := c.Waiters(); got != 0 {
			t.Errorf("%d timers are left", got)
		}
	})
}

// late waits for its context for the items that it is slow for, and then says so.
func late(slow map[int]int) *slowness { return &slowness{left: slow} }

type slowness struct {
	left   map[int]int // slow calls by item
	lasted []time.Duration
}

func (s *slowness) call(ctx context.Context, v int) error {
	if s.left[v] == 0 {
		return nil
	}
	s.left[v]--
	start := time.Now()
	<-ctx.Done()
	s.lasted = append(s.lasted, time.Since(start))
	return fmt.Errorf("asking: %w", ctx.Err())
}

func TestRetry_timeout(t *testing.T) {
	call := func(s *slowness) func(context.Context, int) (int, error) {
		return func(ctx context.Context, v int) (int, error) { return v, s.call(ctx, v) }
	}
	jobs := map[string]func(s *slowness, p flow.Policy) flow.Job{
		"Call": func(s *slowness, p flow.Policy) flow.Job { return flow.Of(1, 2).Call(call(s)).OnError(p).Discard() },
		"AsyncMap": func(s *slowness, p flow.Policy) flow.Job {
			return flow.Of(1, 2).AsyncMap(1, call(s)).OnError(p).Discard()
		},
		"ForEach": func(s *slowness, p flow.Policy) flow.Job { return flow.Of(1, 2).ForEach(s.call).OnError(p) },
		"To":      func(s *slowness, p flow.Policy) flow.Job { return flow.Of(1, 2).To(putting(s.call)).OnError(p) },
		"AsyncForEach": func(s *slowness, p flow.Policy) flow.Job {
			return flow.Of(1, 2).AsyncForEach(1, s.call).OnError(p)
		},
		"default of a Pipe, beside a stage without a context": func(s *slowness, p flow.Policy) flow.Job {
			return flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
				return f.Map(identity).Call(call(s))
			})).OnError(p).Discard()
		},
	}
	policy := flow.Retry(3, flow.Constant(time.Minute)).Timeout(10 * time.Second)
	for name, job := range jobs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := late(map[int]int{1: 2})
				if err := job(s, policy).Run(t.Context(), audit(t)); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]time.Duration{10 * time.Second, 10 * time.Second}, s.lasted); diff != "" {
					t.Errorf("calls lasted (-want +got):\n%s", diff)
				}
				if took, want := time.Since(start), 140*time.Second; took != want {
					t.Errorf("took %v, want %v", took, want)
				}
				err := job(late(map[int]int{2: always}), policy).Run(t.Context(), audit(t))
				failed := stageError(t, err)
				if failed.Attempt != 3 || failed.Item != 2 || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run() = %v of item %v, attempt %d", err, failed.Item, failed.Attempt)
				}
				wantText(t, err, "no result within 10s: asking: context deadline exceeded")
			})
		})
	}
}

func TestRetry_timeoutByAFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake()
		s := late(map[int]int{1: 1})
		done := make(chan error, 1)
		go func() {
			done <- flow.Of(1).ForEach(s.call).OnError(flow.Retry(2, flow.Constant(0)).Timeout(time.Hour)).
				Run(t.Context(), audit(t), flow.WithClock(c))
		}()
		synctest.Wait()
		c.Advance(time.Hour - 1)
		synctest.Wait()
		if len(s.lasted) != 0 {
			t.Fatal("the call was ended too early")
		}
		c.Advance(1)
		if err := <-done; err != nil || len(s.lasted) != 1 {
			t.Errorf("Run() = %v after %d late calls", err, len(s.lasted))
		}
		if got := c.Waiters(); got != 0 {
			t.Errorf("%d timers are left", got)
		}
	})
}

// TestRetry_timeoutOfACallThatDoesNotLook is waited for, and its result taken.
func TestRetry_timeoutOfACallThatDoesNotLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := flow.Of(1).Call(func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Hour)
			return v, nil
		}).OnError(flow.Retry(2, flow.Constant(0)).Timeout(time.Second)).Collect(t.Context(), audit(t))
		if err != nil || !cmp.Equal([]int{1}, got) || time.Since(start) != time.Hour {
			t.Errorf("got %v, %v after %v", got, err, time.Since(start))
		}
	})
}

// TestRetry_timeoutDoesNotNameOtherErrors leaves alone what has nothing to do with it.
func TestRetry_timeoutDoesNotNameOtherErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, fn := range map[string]func(ctx context.Context, v int) (int, error){
			"in time, with the error of another context": func(context.Context, int) (int, error) { return 0, context.DeadlineExceeded },
			"late, with an error of its own": func(ctx context.Context, _ int) (int, error) {
				<-ctx.Done()
				return 0, errPlanted
			},
		} {
			err := flow.Of(1).Call(fn).OnError(flow.Retry(1, flow.Constant(0)).Timeout(time.Second)).Run(t.Context(), audit(t))
			if failed := stageError(t, err); strings.Contains(failed.Error(), "within") {
				t.Errorf("%s: Run() = %v", name, err)
			}
		}
	})
}

// TestRetry_timeoutOfTheCaller is the end of the run and no failure.
func TestRetry_timeoutOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		opt, r := audited(t)
		err := flow.Of(1).ForEach(late(map[int]int{1: always}).call).
			OnError(flow.Retry(9, flow.Constant(0)).Timeout(10*time.Second)).Run(ctx, opt)
		if late, ok := err.(*flow.DeadlineError); !ok || late.Err != context.DeadlineExceeded {
			t.Errorf("Run() = %v, want %v alone", err, context.DeadlineExceeded)
		}
		if s := stageReport(t, r, "for-each"); s.Held != 1 || s.Retried != 1 || s.Failed != 0 {
			t.Errorf("books %+v", s)
		}
	})
}

// TestRetry_timeoutIsForTheFunctionAlone: what is below may take as long as it wants.
func TestRetry_timeoutIsForTheFunctionAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := flow.Of(1, 2).Call(okay).OnError(flow.Retry(2, flow.Constant(0)).Timeout(time.Second)).
			Call(func(ctx context.Context, v int) (int, error) {
				time.Sleep(time.Minute)
				return v, ctx.Err()
			}).Run(t.Context(), audit(t))
		if err != nil {
			t.Error(err)
		}
	})
}

// TestRetry_whenTheRunEndsMeanwhile ends it in every way, while the stage waits and while
// it calls.
func TestRetry_whenTheRunEndsMeanwhile(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.emits || s.bridged {
			t.Skip("can have no Retry")
		}
		errEnd := errors.New("the end")
		p := retried(s, always, flow.Constant(time.Minute))
		ctx, cancel := context.WithCancelCause(t.Context())
		defer time.AfterFunc(90*time.Second, func() { cancel(errEnd) }).Stop()
		start := time.Now()
		_, r, err := s.runFor(ctx, t, flow.Range(0, 1), failingFor(map[int]int{0: always}), p)
		if err != errEnd {
			t.Errorf("Run() = %v, want %v", err, errEnd)
		}
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("ended after %v", took)
		}
		if r.Held != 1 || r.Failed != 0 || r.Retried != 1 {
			t.Errorf("books %+v, want one held and one call repeated", r)
		}
	})
}

func TestRetry_whenAnotherStageFailsMeanwhile(t *testing.T) {
	for name, c := range waiting() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				f := c(flow.Range(0, 2)).Named("subject").OnError(flow.Retry(always, flow.Constant(time.Hour)))
				err := f.Async(1).Call(aSecondLater).Tap(func(int) { panic(errBoom) }).Named("failing").Run(t.Context(), opt)
				if failed := stageError(t, err); failed.Stage != "failing" || err != error(failed) {
					t.Errorf("Run() = %v, want the failure elsewhere alone", err)
				}
				if s := stageReport(t, r, "subject"); s.Held != 1 || s.Failed != 0 || s.Retried != 0 {
					t.Errorf("books %+v, want one held and no call repeated", s)
				}
			})
		})
	}
}

func TestRetry_whenItemsAreNoLongerNeededMeanwhile(t *testing.T) {
	for name, c := range waiting() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				f := c(flow.Range(0, 2)).Named("subject").OnError(flow.Retry(always, flow.Constant(time.Hour)))
				got, err := f.Async(1).Call(aSecondLater).Take(1).Collect(t.Context(), opt)
				if err != nil || !cmp.Equal([]int{0}, got) {
					t.Errorf("Collect() = %v, %v", got, err)
				}
				if s := stageReport(t, r, "subject"); s.Held != 1 || s.Failed != 0 || s.Retried != 0 {
					t.Errorf("books %+v, want one held and no call repeated", s)
				}
			})
		})
	}
}

// aSecondLater lets the stages above get to the next item.
func aSecondLater(_ context.Context, v int) (int, error) {
	time.Sleep(time.Second)
	return v, nil
}

// waiting are stages that fail for item 1.
func waiting() map[string]func(flow.Flow[int]) flow.Flow[int] {
	fn := func(_ context.Context, v int) (int, error) {
		if v == 1 {
			return 0, errPlanted
		}
		return v, nil
	}
	return map[string]func(flow.Flow[int]) flow.Flow[int]{
		"Call":              func(f flow.Flow[int]) flow.Flow[int] { return f.Call(fn) },
		"AsyncMap":          func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(1, fn) },
		"AsyncMapUnordered": func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMapUnordered(1, fn) },
	}
}

// TestRetry_keepsTheOrder of the items in place and with ordered workers.
func TestRetry_keepsTheOrder(t *testing.T) {
	for name, attach := range map[string]func(flow.Flow[int], func(context.Context, int) (int, error)) flow.Flow[int]{
		"Call": func(f flow.Flow[int], fn func(context.Context, int) (int, error)) flow.Flow[int] { return f.Call(fn) },
		"AsyncMap": func(f flow.Flow[int], fn func(context.Context, int) (int, error)) flow.Flow[int] {
			return f.AsyncMap(4, fn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := failingFor(map[int]int{0: 2, 3: 1, 4: 2, 60: 1})
				got, err := attach(flow.Range(0, 100), func(ctx context.Context, v int) (int, error) { return v, c.call(ctx, v) }).
					OnError(flow.Retry(3, flow.Exponential(time.Second))).Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(slices.Collect(seqTo(100)), got); diff != "" {
					t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRetry_doesNotRepeatWhatLiesBelow has a sink fail below a stage with a Retry.
func TestRetry_doesNotRepeatWhatLiesBelow(t *testing.T) {
	fails := map[string]func() error{
		"an error": func() error { return errPlanted },
		"a panic":  func() error { panic(errPlanted) },
	}
	for name, fail := range fails {
		t.Run(name, func(t *testing.T) {
			mapped, put := 0, 0
			err := flow.Of(1, 2).Map(func(v int) int { mapped++; return v }).
				OnError(flow.Retry(3, flow.Constant(0)).RetryPanics()).
				ForEach(func(context.Context, int) error { put++; return fail() }).Run(t.Context(), audit(t))
			if failed := stageError(t, err); failed.Stage != "for-each" || mapped != 1 || put != 1 {
				t.Errorf("Run() = %v after %d and %d calls", err, mapped, put)
			}
		})
	}
}

// TestRetry_isOverWithItsItem: a failure that concerns no item is the first of its kind.
func TestRetry_isOverWithItsItem(t *testing.T) {
	book := &journal{}
	calls := 0
	hook := func(method string) error {
		switch calls++; {
		case method == "Put" && calls < 4:
			return errPlanted
		case method == "Close":
			boom()
		}
		return nil
	}
	err := flow.Of(1).To(&sinkPart{part{name: "sink", book: book, hook: hook}}).
		OnError(flow.Retry(5, flow.Constant(0))).Run(t.Context(), audit(t))
	if failed := stageError(t, err); !errors.Is(err, errBoom) || failed.Attempt != 1 {
		t.Errorf("Run() = %v, attempt %d, want the first of closing", err, failed.Attempt)
	}
}

// TestRetry_tellsTheHandlerOnce of each item that failed in the end.
func TestRetry_tellsTheHandlerOnce(t *testing.T) {
	for name, s := range map[string]func(c *calls, told func(context.Context, *ops.ItemError)) ops.Processor[int, int]{
		"TryMap": func(c *calls, told func(context.Context, *ops.ItemError)) ops.Processor[int, int] {
			return ops.NewTryMapper(func(v int) (int, error) { return v, c.call(t.Context(), v) }).OnError(told)
		},
		"AsyncMap": func(c *calls, told func(context.Context, *ops.ItemError)) ops.Processor[int, int] {
			return ops.NewAsyncMapper(func(ctx context.Context, v int) (int, error) { return v, c.call(ctx, v) }).WithWorkers(3).OnError(told)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []string
				p := s(failingFor(map[int]int{1: 2, 3: always}), func(_ context.Context, e *ops.ItemError) {
					told = append(told, fmt.Sprint(e.Item, " after ", e.Attempts, ": ", e.Err))
				})
				write := func(context.Context, flow.Letter[any]) error { told = append(told, "lettered"); return nil }
				got, err := flow.Range(0, 5).Then(p).OnError(flow.Retry(3, flow.Constant(time.Second)).Then(flow.DeadLetter(write))).
					Collect(t.Context(), audit(t))
				if err != nil || !cmp.Equal([]int{0, 1, 2, 4}, got) {
					t.Errorf("Collect() = %v, %v", got, err)
				}
				want := []string{"lettered", "3 after 3: call 3 for 3: planted"}
				if diff := cmp.Diff(want, told); diff != "" {
					t.Errorf("told mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRetry_isToldInTheTextOfTheError(t *testing.T) {
	format := flow.WithItemFormat(func(item any) string { return fmt.Sprintf("<%v>", item) })
	err := flow.Of(7).TryMap(func(int) (int, error) { return 0, errPlanted }).Named("parse").
		OnError(flow.Retry(3, flow.Constant(0))).Run(t.Context(), audit(t), format)
	wantText(t, err, ": item <7>: planted")
}

// TestRetry_inASubFlowOverChannels has no run around it to be told by.
func TestRetry_inASubFlowOverChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := failingFor(map[int]int{1: 2})
		p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return f.TryMap(func(v int) (int, error) { return v, c.call(t.Context(), v) }).
				OnError(flow.Retry(3, flow.Constant(time.Second))).
				AsyncMap(2, func(ctx context.Context, v int) (int, error) { return v, c.call(ctx, v+100) }).
				OnError(flow.Retry(3, flow.Constant(time.Second)))
		})
		c.fails[102] = 2
		in := make(chan int)
		go func() {
			defer close(in)
			for i := range 5 {
				in <- i
			}
		}()
		var got []int
		for v := range p.Process(t.Context(), in) {
			got = append(got, v)
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, got); diff != "" {
			t.Errorf("Process() mismatch (-want +got):\n%s", diff)
		}
	})
}
