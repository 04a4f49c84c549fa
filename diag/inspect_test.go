package diag_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

var errBoom = errors.New("boom")

const ms = time.Millisecond

// counts are Stats without the times.
func counts(s diag.Stats) [4]int64 { return [4]int64{s.Processed, s.Emitted, s.Calls, s.Errors} }

// wantCounts compares processed, emitted, calls and errors.
func wantCounts(t *testing.T, want [4]int64, got diag.Stats) {
	t.Helper()
	if diff := cmp.Diff(want, counts(got)); diff != "" {
		t.Errorf("processed, emitted, calls, errors mismatch (-want +got):\n%s", diff)
	}
}

// wantTimes compares how many calls were timed, and their sum, least and greatest.
func wantTimes(t *testing.T, n int64, sum, least, greatest time.Duration, got diag.Stats) {
	t.Helper()
	l := got.Latency
	want := diag.Latency{Count: n, Sum: sum, Min: least, Max: greatest}
	if diff := cmp.Diff(want, diag.Latency{Count: l.Count, Sum: l.Sum, Min: l.Min, Max: l.Max}); diff != "" {
		t.Errorf("latency mismatch (-want +got):\n%s", diff)
	}
}

// audit gives the option with which a run's books are checked when the test ends.
func audit(t testing.TB) flow.Option {
	t.Helper()
	r := new(flow.Report)
	t.Cleanup(func() {
		if len(r.Stages) == 0 || !r.Balanced() {
			t.Errorf("the books do not balance:\n%v", r)
		}
	})
	return flow.WithReport(r)
}

// slow takes n milliseconds for the item n, and fails for those that are divisible by 10.
func slow(ctx context.Context, n int) (string, error) {
	_ = clock.Sleep(ctx, clock.Real(), time.Duration(n)*ms)
	if n%10 == 0 {
		return "", errBoom
	}
	return strconv.Itoa(n), nil
}

func bubble(t *testing.T, name string, fn func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, fn) })
}

func feed[T any](items ...T) <-chan T {
	in := make(chan T, len(items))
	for _, v := range items {
		in <- v
	}
	close(in)
	return in
}

func collect[T any](out <-chan T) []T {
	var got []T
	for v := range out {
		got = append(got, v)
	}
	return got
}

func TestInspectInAFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := diag.Inspect(ops.NewCall(slow))
		got, err := flow.Of(1, 10, 3).Then(p).OnError(flow.Skip()).
			Tap(func(string) { time.Sleep(time.Second) }). // below the stage: not in its time
			Collect(t.Context(), audit(t))
		if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" || err != nil {
			t.Errorf("Collect() error = %v, mismatch (-want +got):\n%s", err, diff)
		}
		wantCounts(t, [4]int64{3, 2, 3, 1}, p.Stats())
		wantTimes(t, 3, 14*ms, ms, 10*ms, p.Stats())
	})
}

func TestInspectOverChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		p := diag.Inspect(ops.NewCall(slow).OnError(func(context.Context, *ops.ItemError) { handled++ }))
		got := collect(p.Process(t.Context(), feed(1, 10, 3)))
		if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" || handled != 1 {
			t.Errorf("%d items handled, want 1; mismatch (-want +got):\n%s", handled, diff)
		}
		wantCounts(t, [4]int64{3, 2, 3, 1}, p.Stats())
		wantTimes(t, 3, 14*ms, ms, 10*ms, p.Stats())
	})
}

// The inspected one has to be fused if the one inside is: no edge has a queue then.
func TestInspectIsFused(t *testing.T) {
	var r flow.Report
	p := diag.Inspect(ops.NewMapper(strconv.Itoa))
	if _, err := flow.Of(1).Then(p).Collect(t.Context(), flow.WithReport(&r)); err != nil {
		t.Fatal(err)
	}
	want := []flow.Edge{{From: "items", To: "mapper"}, {From: "mapper", To: "collect"}}
	if diff := cmp.Diff(want, r.Edges); diff != "" {
		t.Errorf("edges mismatch (-want +got):\n%s", diff)
	}
}

func TestInspectCountsRepeatedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		p := diag.Inspect(ops.NewTryMapper(func(n int) (int, error) {
			if tries++; tries < 3 {
				return 0, errBoom
			}
			return n, nil
		}))
		f := flow.Of(1, 2).Then(p).OnError(flow.Retry(3, flow.Constant(time.Second)))
		if _, err := f.Collect(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		wantCounts(t, [4]int64{2, 2, 4, 2}, p.Stats())
		wantTimes(t, 4, 0, 0, 0, p.Stats())
	})
}

func TestInspectWorkers(t *testing.T) {
	for name, p := range map[string]*ops.AsyncMapper[int, string]{
		"in order":     ops.NewAsyncMapper(slow),
		"in any order": ops.NewAsyncMapper(slow).WithOrdered(false),
		"by key":       ops.NewAsyncMapperKeyed(func(n int) int { return n }, slow),
	} {
		bubble(t, name, func(t *testing.T) {
			p := diag.Inspect(p.WithWorkers(2))
			f := flow.Of(1, 2, 10, 4).Then(p).OnError(flow.Skip())
			if _, err := f.Collect(t.Context(), audit(t)); err != nil {
				t.Fatal(err)
			}
			wantCounts(t, [4]int64{4, 3, 4, 1}, p.Stats())
			wantTimes(t, 4, 17*ms, ms, 10*ms, p.Stats())
		})
	}
}

// A function that emits is timed without what lies below, also where it goes on afterwards.
func TestInspectFunctionThatEmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := diag.Inspect(ops.NewFlatMapper(func(n int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for range n {
					time.Sleep(ms)
					if !yield(n) {
						return
					}
				}
				time.Sleep(ms)
			}
		}))
		_, err := flow.Of(0, 2).Then(p).Tap(func(int) { time.Sleep(time.Hour) }).Collect(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, [4]int64{2, 2, 2, 0}, p.Stats())
		wantTimes(t, 2, 4*ms, ms, 3*ms, p.Stats())
	})
}

func TestInspectPanics(t *testing.T) {
	for name, policy := range map[string]flow.Policy{"stop": flow.Stop(), "skip": flow.Skip()} {
		bubble(t, name, func(t *testing.T) {
			p := diag.Inspect(ops.NewMapper(func(int) int { time.Sleep(ms); panic(errBoom) }))
			_, err := flow.Of(1).Then(p).OnError(policy).Collect(t.Context(), audit(t))
			if stopped := name == "stop"; errors.Is(err, errBoom) != stopped {
				t.Errorf("Collect() error = %v", err)
			}
			wantCounts(t, [4]int64{1, 0, 1, 1}, p.Stats())
			wantTimes(t, 1, ms, ms, ms, p.Stats())
		})
	}
}

// The panic of a stage below is not a failure of this one, nor is the end of the context.
func TestInspectIsNotBlamedForOthers(t *testing.T) {
	p := diag.Inspect(ops.NewMapper(func(n int) int { return n }))
	_, err := flow.Of(1).Then(p).Tap(func(int) { panic(errBoom) }).Collect(t.Context(), audit(t))
	if !errors.Is(err, errBoom) {
		t.Errorf("Collect() error = %v, want boom", err)
	}
	wantCounts(t, [4]int64{1, 1, 1, 0}, p.Stats())

	ctx, cancel := context.WithCancel(t.Context())
	c := diag.Inspect(ops.NewCall(func(ctx context.Context, n int) (int, error) {
		cancel()
		return n, ctx.Err()
	}))
	_, err = flow.Of(1).Then(c).Collect(ctx, audit(t))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Collect() error = %v, want it cancelled", err)
	}
	wantCounts(t, [4]int64{1, 0, 1, 0}, c.Stats())
}

func TestInspectWithoutFunction(t *testing.T) {
	p := diag.Inspect(ops.NewBatcher[int](ops.BatchConfig{MaxSize: 2}))
	got, err := flow.Of(1, 2, 3).Then(p).Collect(t.Context(), audit(t))
	if diff := cmp.Diff([][]int{{1, 2}, {3}}, got); diff != "" || err != nil {
		t.Errorf("Collect() error = %v, mismatch (-want +got):\n%s", err, diff)
	}
	wantCounts(t, [4]int64{3, 2, 0, 0}, p.Stats())
}

// The buffer offers to whoever receives over channels, which is no push.
func TestInspectDroppingBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		p := diag.Inspect(ops.NewDroppingBuffer[int](0))
		out := p.Process(t.Context(), in)
		in <- 1 // nobody receives
		synctest.Wait()
		time.AfterFunc(time.Second, func() { in <- 2; close(in) }) // somebody does
		got := collect(out)
		if diff := cmp.Diff([]int{2}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		wantCounts(t, [4]int64{2, 1, 0, 0}, p.Stats())
	})
}

// Of several functions in a sub-flow all calls count, and the items at its edges.
func TestInspectSubFlow(t *testing.T) {
	odd := func(n int) bool { return n%2 == 1 }
	pipe := func() ops.Processor[int, string] {
		return flow.Pipe(func(f flow.Flow[int]) flow.Flow[string] { return f.Filter(odd).Async(2).Call(slow) })
	}
	row := stage.Filter(odd).Then(stage.Call(slow))
	for name, build := range map[string]func() ops.Processor[int, string]{
		"pipe":           pipe,
		"stages in row":  func() ops.Processor[int, string] { return row },
		"a named pipe":   func() ops.Processor[int, string] { return stage.Of(pipe()).Named("p") },
		"twice wrapped":  func() ops.Processor[int, string] { return diag.Inspect(pipe()) },
		"wrapped inside": func() ops.Processor[int, string] { return stage.Filter(odd).Then(diag.Inspect(ops.NewCall(slow))) },
	} {
		bubble(t, name+" in a flow", func(t *testing.T) {
			p := diag.Inspect(build())
			got, err := flow.Of(1, 2, 3).Then(p).Collect(t.Context(), audit(t))
			if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" || err != nil {
				t.Errorf("Collect() error = %v, mismatch (-want +got):\n%s", err, diff)
			}
			wantCounts(t, [4]int64{3, 2, 5, 0}, p.Stats())
		})
		bubble(t, name+" over channels", func(t *testing.T) {
			p := diag.Inspect(build())
			if diff := cmp.Diff([]string{"1", "3"}, collect(p.Process(t.Context(), feed(1, 2, 3)))); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
			wantCounts(t, [4]int64{3, 2, 5, 0}, p.Stats())
		})
	}
}

// The failure of a sub-flow over channels ends it, inspected or not.
func TestInspectSubFlowFailsAsItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sup := new(hearing)
		pipe := flow.Pipe(func(f flow.Flow[int]) flow.Flow[string] { return f.Call(slow) })
		p := diag.Inspect(pipe)
		ctx, cancel := context.WithCancel(ops.WithSupervisor(t.Context(), sup))
		defer cancel()
		collect(p.Process(ctx, feed(1, 10, 3)))
		if e, ok := errors.AsType[*flow.StageError](sup.failed); !ok || sup.items != 0 {
			t.Errorf("the supervisor heard %v, want a StageError; %d items", e, sup.items)
		}
		wantCounts(t, [4]int64{2, 1, 2, 1}, p.Stats())
	})
}

// hearing is a Supervisor that counts.
type hearing struct {
	mu     sync.Mutex
	items  int
	failed error
}

func (h *hearing) ItemFailed(context.Context, *ops.ItemError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items++
}

func (h *hearing) Failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
}

// upper is a processor that only has Process, and reports the items that it cannot do.
func upper(ctx context.Context, in <-chan string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for s := range in {
			if s == "" {
				if sup, ok := ops.SupervisorFrom(ctx); ok {
					sup.ItemFailed(ctx, &ops.ItemError{Item: s, Err: errBoom})
				}
				continue
			}
			select {
			case out <- strings.ToUpper(s):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func TestInspectProcessorOverChannels(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		p := diag.Inspect[string, string](ops.ProcessorFunc[string, string](upper))
		got, err := flow.Of("a", "", "b").Then(p).OnError(flow.Skip()).Collect(t.Context(), audit(t))
		if diff := cmp.Diff([]string{"A", "B"}, got); diff != "" || err != nil {
			t.Errorf("Collect() error = %v, mismatch (-want +got):\n%s", err, diff)
		}
		wantCounts(t, [4]int64{3, 2, 0, 1}, p.Stats())
	})
	bubble(t, "over channels", func(t *testing.T) {
		sup := new(hearing)
		p := diag.Inspect[string, string](ops.ProcessorFunc[string, string](upper))
		got := collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed("a", "", "b")))
		if diff := cmp.Diff([]string{"A", "B"}, got); diff != "" || sup.items != 1 {
			t.Errorf("%d items failed, want 1; mismatch (-want +got):\n%s", sup.items, diff)
		}
		wantCounts(t, [4]int64{3, 2, 0, 1}, p.Stats())
	})
}

func TestInspectManyRunsAtOnce(t *testing.T) {
	p := diag.Inspect(ops.NewMapper(strconv.Itoa)).WithEvery(3)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := flow.Range(0, 100).Then(p).Count(t.Context(), audit(t)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { collect(p.Process(t.Context(), feed(slices.Repeat([]int{1}, 100)...))) })
		wg.Go(func() { _ = p.String() })
	}
	wg.Wait()
	wantCounts(t, [4]int64{1600, 1600, 1600, 0}, p.Stats())
	if n := p.Stats().Latency.Count; n != 16*34 {
		t.Errorf("%d calls were timed, want %d: the first and every third of each run", n, 16*34)
	}
}

func TestInspectOptionsGiveFiguresOfTheirOwn(t *testing.T) {
	p := diag.Inspect(ops.NewMapper(strconv.Itoa))
	named, untimed := p.WithName("text"), p.WithEvery(0)
	if _, err := flow.Of(1, 2).Then(untimed).Collect(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	got := []string{p.String(), named.String(), untimed.String()}
	want := []string{
		"mapper: 0 processed, 0 emitted, 0 calls, 0 errors",
		"text: 0 processed, 0 emitted, 0 calls, 0 errors",
		"mapper: 2 processed, 2 emitted, 2 calls, 0 errors",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("String() mismatch (-want +got):\n%s", diff)
	}
}

func TestInspectNames(t *testing.T) {
	for name, tt := range map[string]struct {
		p    ops.Processor[int, string]
		want string
	}{
		"its own":    {diag.Inspect(ops.NewMapper(strconv.Itoa)), "mapper"},
		"given":      {diag.Inspect(ops.NewMapper(strconv.Itoa)).WithName("text"), "text"},
		"of a stage": {diag.Inspect(stage.Map(strconv.Itoa).Named("text")), "text"},
		"to a pipe": {diag.Inspect(flow.Pipe(func(f flow.Flow[int]) flow.Flow[string] {
			return f.Map(strconv.Itoa)
		})).WithName("text"), "text/mapper"},
	} {
		var r flow.Report
		if _, err := flow.Of(1).Then(tt.p).Collect(t.Context(), flow.WithReport(&r)); err != nil {
			t.Fatal(err)
		}
		if got := r.Stages[1].Name; got != tt.want {
			t.Errorf("%s: the stage is named %q, want %q", name, got, tt.want)
		}
	}
	var r flow.Report
	p := diag.Inspect(ops.NewMapper(strconv.Itoa)).WithName("text")
	if _, err := flow.Of(1).Then(p).Named("mine").Collect(t.Context(), flow.WithReport(&r)); err != nil {
		t.Fatal(err)
	}
	if got := r.Stages[1].Name; got != "mine" {
		t.Errorf("the stage is named %q, want mine: Named comes last", got)
	}
}

func TestInspectMisuse(t *testing.T) {
	mapper := ops.NewMapper(strconv.Itoa)
	for name, tt := range map[string]struct {
		p    *diag.Inspector[int, string]
		want []ops.ConfigError
	}{
		"no processor": {diag.Inspect[int, string](nil), []ops.ConfigError{
			{Stage: "inspector", Field: "processor", Want: "must not be nil"},
		}},
		"a negative every": {diag.Inspect(mapper).WithEvery(-1), []ops.ConfigError{
			{Stage: "mapper", Field: "every", Value: -1, Want: "must not be negative"},
		}},
		"an empty name": {diag.Inspect(mapper).WithName(""), []ops.ConfigError{
			{Stage: "mapper", Field: "name", Want: "must not be empty"},
		}},
		"that of the one inside too": {diag.Inspect(ops.NewMapper[int, string](nil)).WithEvery(-2), []ops.ConfigError{
			{Stage: "mapper", Field: "function", Want: "must not be nil"},
			{Stage: "mapper", Field: "every", Value: -2, Want: "must not be negative"},
		}},
	} {
		_, err := flow.Of(1).Then(tt.p).Collect(t.Context())
		if diff := cmp.Diff(tt.want, configErrors(err)); diff != "" {
			t.Errorf("%s: errors of Run mismatch (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tt.want, configErrors(thrown(func() { tt.p.Process(t.Context(), make(chan int)) }))); diff != "" {
			t.Errorf("%s: panic of Process mismatch (-want +got):\n%s", name, diff)
		}
	}
}

func TestZeroInspectorIsAConfigError(t *testing.T) {
	var p diag.Inspector[int, int]
	_, err := flow.Of(1).Then(&p).Collect(t.Context())
	if len(configErrors(err)) != 1 || p.String() == "" {
		t.Errorf("Collect() error = %v, want a ConfigError; String() = %q", err, p.String())
	}
}

// configErrors gives what err joins, without the places.
func configErrors(err any) []ops.ConfigError {
	switch e := err.(type) {
	case *ops.ConfigError:
		c := *e
		c.At = ""
		return []ops.ConfigError{c}
	case interface{ Unwrap() []error }:
		var all []ops.ConfigError
		for _, err := range e.Unwrap() {
			all = append(all, configErrors(err)...)
		}
		return all
	}
	return nil
}

// thrown gives the value with which fn panics, nil if it does not.
func thrown(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

func TestInspectJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := diag.Inspect(ops.NewCall(slow))
		if _, err := flow.Of(20, 5).Then(p).OnError(flow.Skip()).Collect(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(p)
		want := `{"name":"call","processed":2,"emitted":1,"calls":2,"errors":1,"latency":` +
			`{"count":2,"sum":0.025,"mean":0.0125,"min":0.005,"p50":0.005111807,"p90":0.02,"p99":0.02,"max":0.02}}`
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("Marshal() error = %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
