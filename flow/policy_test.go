package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// calls is a function that fails for some items, and notes how often it was called. It may
// be called on several goroutines.
type calls struct {
	mu    sync.Mutex
	times map[int]int
	fails map[int]int // how many calls for an item fail
	err   error       // what they fail with, nil for an errPlanted that tells which call it was
}

// always is more often than anything is repeated.
const always = 1 << 20

func failingFor(fails map[int]int) *calls { return &calls{times: map[int]int{}, fails: fails} }

func (c *calls) call(_ context.Context, v int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times[v]++
	switch {
	case c.times[v] > c.fails[v]:
		return nil
	case c.err != nil:
		return c.err
	}
	return fmt.Errorf("call %d for %d: %w", c.times[v], v, errPlanted)
}

type callFunc = func(context.Context, int) error

// or panics where a function cannot return its error.
func (c *calls) or(v int) int {
	if err := c.call(context.Background(), v); err != nil {
		panic(err)
	}
	return v
}

// subject is a stage that calls a function with each item and gives the item on. It is
// named "subject".
type subject struct {
	attach          func(f flow.Flow[int], c *calls, p flow.Policy) flow.Flow[int]
	sink            func(f flow.Flow[int], c *calls) flow.Job // in place of attach
	panics          bool                                      // that is how it fails
	emits, bridged  bool
	heeds, inner    bool // its function has a context; the policy is its default
	workers, shared bool // several goroutines; nothing holds the stage's items in order
}

func subjects() map[string]subject {
	try := func(c *calls) func(int) (int, error) {
		return func(v int) (int, error) { return v, c.call(context.Background(), v) }
	}
	call := func(c *calls) func(context.Context, int) (int, error) {
		return func(ctx context.Context, v int) (int, error) { return v, c.call(ctx, v) }
	}
	attach := func(build func(flow.Flow[int], *calls) flow.Flow[int]) func(flow.Flow[int], *calls, flow.Policy) flow.Flow[int] {
		return func(f flow.Flow[int], c *calls, p flow.Policy) flow.Flow[int] {
			return build(f, c).Named("subject").OnError(p)
		}
	}
	return map[string]subject{
		"Map":    {panics: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] { return f.Map(c.or) })},
		"TryMap": {attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] { return f.TryMap(try(c)) })},
		"Call":   {heeds: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] { return f.Call(call(c)) })},
		"Filter": {panics: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.Filter(func(v int) bool { return c.or(v) >= 0 })
		})},
		"Tap": {panics: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.Tap(func(v int) { c.or(v) })
		})},
		"Scan": {panics: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.Scan(0, func(_, v int) int { return c.or(v) })
		})},
		"AsyncMap": {heeds: true, workers: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.AsyncMap(3, call(c))
		})},
		"AsyncMapUnordered": {heeds: true, workers: true, shared: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.AsyncMapUnordered(3, call(c))
		})},
		"AsyncMapKeyed": {heeds: true, workers: true, shared: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.AsyncMapKeyed(3, func(v int) int { return v % 2 }, call(c))
		})},
		"key function": {panics: true, heeds: true, workers: true, shared: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.AsyncMapKeyed(3, c.or, call(failingFor(nil)))
		})},
		"FlatMap": {panics: true, emits: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.FlatMap(func(v int) iter.Seq[int] { return one(c.or(v)) })
		})},
		"Gather": {emits: true, heeds: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.Gather(ops.NewGatherer(nil, func(_ *struct{}, v int, emit func(int) error) error {
				if err := c.call(context.Background(), v); err != nil {
					return err
				}
				return emit(v)
			}, nil))
		})},
		"over channels": {bridged: true, attach: attach(func(f flow.Flow[int], c *calls) flow.Flow[int] {
			return f.Then(ops.ProcessorFunc[int, int](ops.NewTryMapper(try(c)).Process))
		})},
		"inside a Pipe": {inner: true, attach: func(f flow.Flow[int], c *calls, p flow.Policy) flow.Flow[int] {
			return f.Then(flow.Pipe(func(in flow.Flow[int]) flow.Flow[int] {
				return in.Skip(0).TryMap(try(c)).Named("subject").Take(always)
			})).OnError(p)
		}},
		"inside a Concat": {inner: true, attach: func(f flow.Flow[int], c *calls, p flow.Policy) flow.Flow[int] {
			return flow.Concat(flow.Empty[int](), f.TryMap(try(c)).Named("subject")).OnError(p)
		}},
		"ForEach":      {heeds: true, sink: func(f flow.Flow[int], c *calls) flow.Job { return f.ForEach(c.call) }},
		"To":           {heeds: true, sink: func(f flow.Flow[int], c *calls) flow.Job { return f.To(putting(c.call)) }},
		"AsyncForEach": {heeds: true, workers: true, sink: func(f flow.Flow[int], c *calls) flow.Job { return f.AsyncForEach(3, c.call) }},
	}
}

// putting makes a Sink of a function.
type putting callFunc

func (fn putting) Put(ctx context.Context, v int) error { return fn(ctx, v) }

// job is the stage between f and a sink that discards, or the sink itself.
func (s subject) job(f flow.Flow[int], c *calls, p flow.Policy) flow.Job {
	if s.sink != nil {
		return s.sink(f, c).Named("subject").OnError(p)
	}
	return s.attach(f, c, p).Discard()
}

// run gives what came out of the stage, sorted, and its books. A sink gives nothing.
func (s subject) run(t *testing.T, f flow.Flow[int], c *calls, p flow.Policy) ([]int, flow.StageReport, error) {
	t.Helper()
	return s.runFor(t.Context(), t, f, c, p)
}

func (s subject) runFor(ctx context.Context, t *testing.T, f flow.Flow[int], c *calls, p flow.Policy) ([]int, flow.StageReport, error) {
	t.Helper()
	opt, r := audited(t)
	var got []int
	job := flow.Job{}
	if s.sink != nil {
		job = s.sink(f, c).Named("subject").OnError(p)
	} else {
		job = s.attach(f, c, p).ForEach(func(_ context.Context, v int) error {
			got = append(got, v)
			return nil
		})
	}
	err := job.Run(ctx, opt, quiet)
	if s.workers {
		slices.Sort(got)
	}
	return got, stageReport(t, r, "subject"), err
}

// everywhere runs a test for each subject, in virtual time.
func everywhere(t *testing.T, test func(t *testing.T, s subject)) {
	for name, s := range subjects() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, s) })
		})
	}
}

// without gives 0 to 9 without some.
func without(items ...int) []int {
	return slices.DeleteFunc(slices.Collect(seqTo(10)), func(v int) bool { return slices.Contains(items, v) })
}

func seqTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// settled is what a policy is to make of ten items of which some fail.
type settled struct {
	Got                            []int
	Passed, DeadLettered, Failed   int64
	Retried, In, Filtered, Dropped int64
}

func (s subject) check(t *testing.T, want settled, got []int, r flow.StageReport) {
	t.Helper()
	if s.sink != nil {
		want.Got = nil
	}
	want.In = 10
	actual := settled{got, r.Passed, r.DeadLettered, r.Failed, r.Retried, r.In, r.Filtered, r.Dropped}
	if diff := cmp.Diff(want, actual); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestSkip_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		got, r, err := s.run(t, flow.Range(0, 10), failingFor(map[int]int{3: always, 7: always}), flow.Skip())
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(3, 7), Passed: 8, Failed: 2}, got, r)
	})
}

func TestStop_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		_, r, err := s.run(t, flow.Range(0, 10), failingFor(map[int]int{3: always}), flow.Stop())
		failed := stageError(t, err)
		if failed.Stage != "subject" || failed.Attempt != 1 || failed.Item != 3 && !s.panics || !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v of item %v, attempt %d", err, failed.Item, failed.Attempt)
		}
		if r.Failed != 1 {
			t.Errorf("Failed = %d, want 1", r.Failed)
		}
	})
}

// TestHandle_everywhere has it answer in every way.
func TestHandle_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		var letters []any
		lettered := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
			letters = append(letters, l.Item)
			return nil
		})
		answers := map[any]flow.Policy{3: flow.Skip(), 5: lettered, 7: flow.Stop()}
		p := flow.Handle(func(_ context.Context, e *flow.StageError) flow.Policy { return answers[e.Item] })
		c := failingFor(map[int]int{3: always, 5: always})
		got, r, err := s.run(t, flow.Range(0, 10), c, p)
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(3, 5), Passed: 8, DeadLettered: 1, Failed: 1}, got, r)
		if diff := cmp.Diff([]any{5}, letters); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
		_, _, err = s.run(t, flow.Range(0, 10), failingFor(map[int]int{7: always}), p)
		if got := stageError(t, err).Item; got != 7 {
			t.Errorf("Run() = %v of item %v, want the failure of 7", err, got)
		}
	})
}

// TestHandle_thatAnswersWhatSettlesNothing ends the run: an item that is left to a policy
// that cannot have it must not be lost in silence.
func TestHandle_thatAnswersWhatSettlesNothing(t *testing.T) {
	answers := map[string]flow.Policy{
		"must return Stop, Skip or a DeadLetter, got Retry":  flow.Retry(3, flow.Constant(0)),
		"must return Stop, Skip or a DeadLetter, got Budget": flow.Budget(3),
		"must return Stop, Skip or a DeadLetter, got Handle": flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return flow.Skip() }),
		"must not be a DeadLetter of nil":                    flow.DeadLetter(nil),
		"must have nothing after Skip":                       flow.Skip().Then(flow.Stop()),
		"got an item of type int":                            flow.DeadLetters(func(context.Context, flow.Letter[string]) error { return nil }),
	}
	for want, answer := range answers {
		t.Run(want, func(t *testing.T) {
			opt, r := audited(t)
			err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).
				OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return answer })).
				Run(t.Context(), opt)
			if failed := stageError(t, err); failed.Item != 1 || !errors.Is(err, errPlanted) {
				t.Errorf("Run() = %v, does not keep the failure", err)
			}
			wantText(t, err, want)
			if got := stageReport(t, r, "try-mapper").Failed; got != 1 {
				t.Errorf("Failed = %d, want 1", got)
			}
		})
	}
}

// wantText looks for a part of an error's text.
func wantText(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("got the error %v, want one that says %q", err, part)
	}
}

// TestPolicy_ofASecondStageWithWorkers asks for the name that it has in the report.
func TestPolicy_ofASecondStageWithWorkers(t *testing.T) {
	c := failingFor(map[int]int{3: always})
	fn := func(ctx context.Context, v int) (int, error) { return v, c.call(ctx, v) }
	err := flow.Range(0, 10).AsyncMap(2, okay).AsyncMap(2, fn).Run(t.Context(), audit(t))
	if want, got := "async-mapper#2", stageError(t, err).Stage; want != got {
		t.Errorf("the failing stage is %q, want %q", got, want)
	}
}

func okay(_ context.Context, v int) (int, error) { return v, nil }

// TestPolicy_thatBlocksKeepsTimersOnTime has a policy wait above a Batch, which still has to
// flush in time.
func TestPolicy_thatBlocksKeepsTimersOnTime(t *testing.T) {
	sleep := func() { time.Sleep(time.Minute) }
	policies := map[string]flow.Policy{
		"Retry": flow.Retry(2, flow.Constant(time.Minute)).Then(flow.Skip()),
		"DeadLetter": flow.DeadLetter(func(context.Context, flow.Letter[any]) error {
			sleep()
			return nil
		}),
		"DeadLetters": flow.Budget(5).Then(flow.DeadLetters(func(context.Context, flow.Letter[int]) error {
			sleep()
			return nil
		})),
		"Handle": flow.Handle(func(context.Context, *flow.StageError) flow.Policy {
			sleep()
			return flow.Skip()
		}),
	}
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c := failingFor(map[int]int{1: always})
				var got []string
				err := flow.Of(0, 1, 2).TryMap(func(v int) (int, error) { return v, c.call(t.Context(), v) }).OnError(p).
					Batch(10, time.Second).
					ForEach(func(_ context.Context, b []int) error {
						got = append(got, fmt.Sprint(b, time.Since(start)))
						return nil
					}).Run(t.Context(), audit(t), quiet)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{"[0] 1s", "[2] 1m0s"}, got); diff != "" {
					t.Errorf("batches mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestPolicy_ofAKeyFunctionKeepsTimersOnTime has a key function be repeated below a Batch.
func TestPolicy_ofAKeyFunctionKeepsTimersOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		key := func([]int) int {
			if calls++; calls == 1 {
				boom()
			}
			return 0
		}
		var got [][]int
		err := flow.FromFunc(paced(0, 2, 5)).Batch(10, time.Second).
			AsyncMapKeyed(1, key, func(_ context.Context, b []int) ([]int, error) { return b, nil }).
			OnError(flow.Retry(2, flow.Constant(10*time.Second)).RetryPanics()).
			ForEach(func(_ context.Context, b []int) error {
				got = append(got, b)
				return nil
			}).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]int{{0}, {1}, {2}}, got); diff != "" {
			t.Errorf("batches mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestPolicy_asDefaultOfStagesWithoutAFunction must not change how they run.
func TestPolicy_asDefaultOfStagesWithoutAFunction(t *testing.T) {
	goroutines := func(p flow.Policy) int64 {
		opt, r := audited(t)
		batches := flow.Pipe(func(f flow.Flow[int]) flow.Flow[[]int] { return f.Batch(2, time.Second).Take(5) })
		if err := flow.Range(0, 10).Filter(func(int) bool { return true }).Then(batches).OnError(p).Run(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		return r.Goroutines.Started
	}
	if want, got := goroutines(flow.Stop()), goroutines(flow.Retry(3, flow.Constant(time.Second))); want != got {
		t.Errorf("%d goroutines with a Retry, %d without", got, want)
	}
}

// TestPolicy_misuse names what is wrong, the stage and its place.
func TestPolicy_misuse(t *testing.T) {
	write := func(context.Context, flow.Letter[any]) error { return nil }
	none := flow.Constant(0)
	tests := map[string]struct {
		policy flow.Policy
		want   []string
	}{
		"no calls":                     {flow.Retry(0, none), []string{"calls of Retry must be at least 1, got 0"}},
		"a negative wait":              {flow.Retry(3, flow.Constant(-1)), []string{"wait of a Backoff must not be negative, got -1ns"}},
		"a negative first wait":        {flow.Retry(3, flow.Exponential(-time.Second)), []string{"wait of a Backoff must not be negative, got -1s"}},
		"a cap of nothing":             {flow.Retry(3, none.Cap(0)), []string{"Cap of a Backoff must be positive, got 0s"}},
		"a negative jitter":            {flow.Retry(3, none.Jitter(-0.1)), []string{"Jitter of a Backoff must be between 0 and 1, got -0.1"}},
		"a jitter above 1":             {flow.Retry(3, none.Jitter(1.1)), []string{"Jitter of a Backoff must be between 0 and 1, got 1.1"}},
		"a jitter that is no number":   {flow.Retry(3, none.Jitter(math.NaN())), []string{"Jitter of a Backoff must be between 0 and 1, got NaN"}},
		"no question":                  {flow.Retry(3, none).If(nil), []string{"function of If must not be nil"}},
		"no time":                      {flow.Retry(3, none).Timeout(0), []string{"Timeout of Retry must be positive, got 0s"}},
		"If without a Retry":           {flow.Skip().If(isPlanted), []string{"policy must be a Retry to have If"}},
		"Timeout without a Retry":      {flow.Budget(3).Timeout(time.Second), []string{"policy must be a Retry to have Timeout"}},
		"RetryPanics without a Retry":  {flow.DeadLetter(write).RetryPanics(), []string{"policy must be a Retry to have RetryPanics"}},
		"a letter function that isn't": {flow.DeadLetter(nil), []string{"policy must not be a DeadLetter of nil"}},
		"a typed one that isn't":       {flow.DeadLetters[int](nil), []string{"policy must not be a DeadLetter of nil"}},
		"Handle of nil":                {flow.Retry(3, none).Then(flow.Handle(nil)), []string{"policy must not be Handle of nil"}},
		"a negative budget":            {flow.Budget(-1), []string{"items of Budget must not be negative, got -1"}},
		"a negative share":             {flow.BudgetShare(-0.5, 10), []string{"share of BudgetShare must be between 0 and 1, got -0.5"}},
		"a share that is no number":    {flow.BudgetShare(math.NaN(), 10), []string{"share of BudgetShare must be between 0 and 1, got NaN"}},
		"a share of nothing":           {flow.BudgetShare(0.5, 0), []string{"window of BudgetShare must be between 1 and 1<<30, got 0"}},
		"Then after Stop":              {flow.Stop().Then(flow.Skip()), []string{"policy must have nothing after Stop, which settles the matter"}},
		"Then after Skip":              {flow.Skip().Then(flow.Skip()), []string{"policy must have nothing after Skip, which settles the matter"}},
		"Then after a DeadLetter":      {flow.DeadLetter(write).Then(flow.Skip()), []string{"policy must have nothing after DeadLetter, which settles the matter"}},
		"Then after both": {
			flow.Retry(3, none).Then(flow.Skip()).Then(flow.Stop()),
			[]string{"policy must have nothing after Skip, which settles the matter"},
		},
		"two Retries":           {flow.Retry(3, none).Then(flow.Retry(2, none)), []string{"policy must have one Retry"}},
		"two Retries, apart":    {flow.Retry(3, none).Then(flow.Budget(1)).Then(flow.Retry(2, none)), []string{"policy must have one Retry"}},
		"two Retries, in front": {flow.Budget(1).Then(flow.Retry(3, none)).Then(flow.Retry(2, none)), []string{"policy must have one Retry"}},
		"two things at once": {
			flow.Retry(0, none.Cap(-1)).Then(flow.Budget(-1)),
			[]string{"Cap of a Backoff must be positive, got -1ns", "calls of Retry must be at least 1, got 0", "items of Budget must not be negative, got -1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := flow.Of(1).TryMap(func(v int) (int, error) { return v, nil }).Named("subject").OnError(tt.policy)
			var got []string
			for _, e := range configErrors(t, f.Run(t.Context())) {
				if e.Stage != "subject" || !strings.Contains(e.At, "policy_test.go:") {
					t.Errorf("%v does not name the stage and its place", e)
				}
				_, text, _ := strings.Cut(e.Error(), "subject: ")
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func isPlanted(err error) bool { return errors.Is(err, errPlanted) }

// TestPolicy_onWhatCannotHaveIt is a configuration error where it stands on the stage
// itself.
func TestPolicy_onWhatCannotHaveIt(t *testing.T) {
	write := func(context.Context, flow.Letter[any]) error { return nil }
	policies := map[string]flow.Policy{
		"Retry": flow.Retry(3, flow.Constant(0)), "DeadLetter": flow.DeadLetter(write), "Budget": flow.Budget(3),
		"BudgetShare": flow.BudgetShare(0.5, 10), "Skip": flow.Skip(),
	}
	flows := map[string]flow.Flow[int]{
		"a source":  flow.Of(1),
		"a channel": flow.FromChan(make(chan int)),
		"Take":      flow.Of(1).Take(1),
		"Skip":      flow.Of(1).Skip(1),
		"Unbatch":   flow.Unbatch(flow.Of([]int{1})),
	}
	for name, f := range flows {
		for policy, p := range policies {
			t.Run(policy+" on "+name, func(t *testing.T) {
				errs := configErrors(t, f.Named("subject").OnError(p).Run(t.Context()))
				if len(errs) != 1 || errs[0].Stage != "subject" || errs[0].Field != "OnError" || !strings.HasPrefix(errs[0].Want, "has no effect") {
					t.Errorf("Run() = %v", errs)
				}
			})
		}
	}
}

// TestPolicy_timeoutWhereThereIsNoContext would never end a call.
func TestPolicy_timeoutWhereThereIsNoContext(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.heeds || s.inner || s.emits || s.bridged {
			t.Skip("has a context, or is told by another test")
		}
		err := s.misused(t, flow.Retry(3, flow.Constant(0)).Timeout(time.Second))
		wantText(t, err, "OnError must not have a Timeout: the stage's function is given no context")
	})
}

// TestPolicy_asDefaultOfAStageThatCannotHaveIt is a configuration error of that stage: its
// items would not be treated as asked for.
func TestPolicy_asDefaultOfAStageThatCannotHaveIt(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).FlatMap(one).Named("emitting") })
	err := flow.Of(1).Then(p).OnError(flow.Retry(3, flow.Constant(0))).Run(t.Context())
	errs := configErrors(t, err)
	if len(errs) != 1 || errs[0].Stage != "emitting" {
		t.Errorf("Run() = %v, want one error of the stage inside", err)
	}
	own := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).FlatMap(one).OnError(flow.Stop()) })
	if err := flow.Of(1).Then(own).OnError(flow.Retry(3, flow.Constant(0))).Run(t.Context(), audit(t)); err != nil {
		t.Errorf("Run() = %v with a policy of the stage's own", err)
	}
}

// TestPolicy_reachesTheCause through all that policies add to a failure.
func TestPolicy_reachesTheCause(t *testing.T) {
	fails := func(int) (int, error) {
		return 0, fmt.Errorf("wrapped: %w", &fs.PathError{Op: "open", Path: "x", Err: errPlanted})
	}
	full := flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return errWrite })
	for name, p := range map[string]flow.Policy{
		"Stop":            flow.Stop(),
		"Retry":           flow.Retry(3, flow.Constant(0)),
		"Budget":          flow.Budget(0),
		"BudgetShare":     flow.BudgetShare(0, 1),
		"DeadLetter":      full,
		"Handle":          flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return full }),
		"all of them":     flow.Budget(1).Then(flow.Retry(2, flow.Constant(0))).Then(full),
		"a Budget behind": flow.Retry(2, flow.Constant(0)).Then(flow.Budget(0)),
	} {
		t.Run(name, func(t *testing.T) {
			err := flow.Of(1).TryMap(fails).OnError(p).Run(t.Context(), audit(t))
			path, ok := errors.AsType[*fs.PathError](err)
			if !errors.Is(err, errPlanted) || !ok || path.Path != "x" || stageError(t, err).Item != 1 {
				t.Errorf("Run() = %v does not reach the cause", err)
			}
		})
	}
}

// TestPolicy_showsTheItemIfTold in the texts that policies add to.
func TestPolicy_showsTheItemIfTold(t *testing.T) {
	fails := func(int) (int, error) { return 0, errPlanted }
	format := flow.WithItemFormat(func(item any) string { return fmt.Sprintf("<%v>", item) })
	f := flow.Of(7).TryMap(fails).Named("parse")
	err := f.OnError(flow.Budget(0)).Run(t.Context(), audit(t), format)
	wantText(t, err, "): item <7>: 1 of 1 items failed, the budget is 0; the last: planted")
	err = f.OnError(flow.Budget(0)).Run(t.Context(), audit(t))
	wantText(t, err, "): 1 of 1 items failed, the budget is 0; the last: planted")
}
