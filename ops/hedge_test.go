package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("hedge", 1, ints(6), referenceMap(double), hedge(func() {}), hedge, randomInts),
	newSubject("hedge", 3, ints(6), referenceMap(double), ops.NewHedge(asyncMapper(func() {}), time.Hour), func(before func()) *ops.Hedge[int, int] {
		return ops.NewHedge(asyncMapper(before), time.Hour)
	}, randomInts).with(2),
	newSubject("hedge", 1, ints(6), referenceFlatMap(twice), ops.NewHedge(ops.NewFlatMapper(twice), time.Hour), nil, randomInts),
	newSubject("hedge", 1, ints(6), referenceFilter(even), ops.NewHedge(ops.NewFilter(even), time.Hour), nil, randomInts),
)

var _ = misused(
	newMisuse("hedge of nothing", "hedge: processor must not be nil", ops.NewHedge[int, int](nil, ms)),
	newMisuse("hedge at once", "hedge: time before a further call must be positive, got 0s", ops.NewHedge(okayMapper, 0)),
	newMisuse("no further calls", "hedge: most further calls must be between 1 and 100, got 0", ops.NewHedge(okayMapper, ms).WithMaxHedges(0)),
	newMisuse("too many calls", "hedge: most further calls must be between 1 and 100, got 101", ops.NewHedge(okayMapper, ms).WithMaxHedges(101)),
	newMisuse("negative timeout of a hedge", "hedge: timeout must not be negative, got -1ms", ops.NewHedge(okayMapper, ms).WithTimeout(-ms)),
	newMisuse("nil FailWhen of a hedge", "hedge: FailWhen must not be nil", ops.NewHedge(okayMapper, ms).FailWhen(nil)),
	newMisuse("hedge with a nil handler", "hedge: OnError must not be nil", ops.NewHedge(okayMapper, ms).OnError(nil)),
	newMisuse("hedge with two clocks", "hedge: clock must be given once at most, got 2", ops.NewHedge(okayMapper, ms, nil, nil)),
)

var _ = chained(
	func(_ int, before func()) link { return link{"hedge", hedge(before), referenceMap(double), false} },
	func(n int, before func()) link {
		p := ops.NewRetry(ops.NewHedge(workers(n%3+1, before), time.Hour), 2)
		return link{fmt.Sprint("retry of a hedge of workers ", n%3+1), p, referenceMap(double), false}
	},
)

func hedge(before func()) *ops.Hedge[int, int] { return ops.NewHedge(tryMapper(before), time.Hour) }

// racers are calls of which each takes its time and gives its number, or its error.
type racers struct {
	runs []racer
	mu   sync.Mutex
	n    int
	left int // calls in flight
}

type racer struct {
	takes time.Duration
	err   error
	do    func() // instead of an end
}

// fn makes the next call.
func (r *racers) fn(ctx context.Context, _ int) (int, error) {
	r.mu.Lock()
	n := r.n
	r.n++
	r.left++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left--
	}()
	run := r.runs[n]
	if err := clock.Sleep(ctx, clock.From(ctx), run.takes); err != nil {
		return 0, err
	}
	if run.do != nil {
		run.do()
	}
	return n + 1, run.err
}

func failsAs(n int) error { return fmt.Errorf("call %d: %w", n, errBoom) }

// TestHedge_races: one item, whose calls take their time.
func TestHedge_races(t *testing.T) {
	for name, tt := range map[string]struct {
		runs []racer
		most int
		want []stamped[int]
		errs string
		took time.Duration
		hs   ops.HedgeStats
	}{
		"quick":                         {runs: []racer{{takes: 99 * ms}}, want: []stamped[int]{{99 * ms, 1}}},
		"slow, and the other is quick":  {runs: []racer{{takes: time.Second}, {takes: 20 * ms}}, want: []stamped[int]{{120 * ms, 2}}, hs: ops.HedgeStats{Hedged: 1, Won: 1}},
		"slow, and the other is slower": {runs: []racer{{takes: 150 * ms}, {takes: time.Second}}, want: []stamped[int]{{150 * ms, 1}}, hs: ops.HedgeStats{Hedged: 1}},
		"fails early":                   {runs: []racer{{takes: 99 * ms, err: failsAs(1)}}, errs: "call 1: boom", took: 99 * ms},
		"fails when the other is due":   {runs: []racer{{takes: 100 * ms, err: failsAs(1)}, {takes: 20 * ms}}, want: []stamped[int]{{120 * ms, 2}}, hs: ops.HedgeStats{Hedged: 1, Won: 1}},
		"fails late":                    {runs: []racer{{takes: 110 * ms, err: failsAs(1)}, {takes: 20 * ms}}, want: []stamped[int]{{120 * ms, 2}}, hs: ops.HedgeStats{Hedged: 1, Won: 1}},
		"the other fails":               {runs: []racer{{takes: 150 * ms}, {takes: 20 * ms, err: failsAs(2)}}, want: []stamped[int]{{150 * ms, 1}}, hs: ops.HedgeStats{Hedged: 1}},
		"both fail":                     {runs: []racer{{takes: 110 * ms, err: failsAs(1)}, {takes: 20 * ms, err: failsAs(2)}}, errs: "call 1: boom\ncall 2: boom", took: 120 * ms, hs: ops.HedgeStats{Hedged: 1}},
		"both fail, the other first":    {runs: []racer{{takes: 150 * ms, err: failsAs(1)}, {takes: 20 * ms, err: failsAs(2)}}, errs: "call 1: boom\ncall 2: boom", took: 150 * ms, hs: ops.HedgeStats{Hedged: 1}},
		"three":                         {most: 2, runs: []racer{{takes: time.Second}, {takes: time.Second}, {takes: 20 * ms}}, want: []stamped[int]{{220 * ms, 3}}, hs: ops.HedgeStats{Hedged: 2, Won: 1}},
		"three, of which two fail":      {most: 2, runs: []racer{{takes: 150 * ms, err: failsAs(1)}, {takes: 150 * ms, err: failsAs(2)}, {takes: 100 * ms}}, want: []stamped[int]{{300 * ms, 3}}, hs: ops.HedgeStats{Hedged: 2, Won: 1}},
		"the other is filtered":         {runs: []racer{{takes: time.Second}, {takes: 20 * ms, err: ops.ErrFiltered}}, took: 120 * ms, hs: ops.HedgeStats{Hedged: 1, Won: 1}},
	} {
		for kind, wrapped := range map[string]func(*ops.Call[int, int]) ops.Processor[int, int]{
			"a Caller":      func(p *ops.Call[int, int]) ops.Processor[int, int] { return p },
			"over channels": func(p *ops.Call[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
			"workers": func(p *ops.Call[int, int]) ops.Processor[int, int] {
				return ops.NewAsyncMapper(p.Call).WithWorkers(2)
			},
			"a retry": func(p *ops.Call[int, int]) ops.Processor[int, int] { return ops.NewRetry(p, 1) },
		} {
			if kind == "over channels" && tt.runs[len(tt.runs)-1].err == ops.ErrFiltered {
				continue // a bare Call takes that for a failure
			}
			bubble(t, name+", "+kind, func(t *testing.T) {
				for _, around := range []bool{false, true} {
					r := racers{runs: tt.runs}
					h := ops.NewHedge(wrapped(ops.NewCall(r.fn)), 100*ms)
					if tt.most > 0 {
						h = h.WithMaxHedges(tt.most)
					}
					var p ops.Processor[int, int] = h
					if around {
						p = ops.NewFallback(p, noFallback)
					}
					start := time.Now()
					var row flow.Report
					var got []stamped[int]
					err := flow.Of(7).Then(p).ForEach(func(_ context.Context, n int) error {
						got = append(got, stamped[int]{time.Since(start), n})
						return nil
					}).Run(t.Context(), flow.WithReport(&row))
					if diff := cmp.Diff(tt.want, got); diff != "" || !row.Balanced() || r.left != 0 || h.Stats() != tt.hs {
						t.Errorf("around: %t, %d calls left, stats %+v, want %+v, items mismatch (-want +got):\n%s\n%v", around, r.left, h.Stats(), tt.hs, diff, row)
					}
					wantHedgeError(t, err, tt.errs)
					if took := time.Since(start); len(tt.want) == 0 && took != tt.took {
						t.Errorf("it took %v, want %v", took, tt.took)
					}
				}
			})
		}
	}
}

func wantHedgeError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
		return
	}
	failed, ok := errors.AsType[*flow.StageError](err)
	if !ok {
		t.Fatalf("Run() = %v, want a StageError", err)
	}
	text := strings.ReplaceAll(failed.Err.Error(), "call: ", "") // the name, over channels
	if !strings.HasPrefix(text, want) || failed.Attempt != 1 || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want %s", err, want)
	}
}

// TestHedge_thrown: what a call throws is a failure of the item, and the others are ended.
func TestHedge_thrown(t *testing.T) {
	for name, runs := range map[string][]racer{
		"the first":                         {{takes: 150 * ms, do: deliberatePanic}, {takes: time.Hour}},
		"the first, alone":                  {{takes: 50 * ms, do: deliberatePanic}},
		"the other":                         {{takes: time.Hour}, {takes: 50 * ms, do: deliberatePanic}},
		"the other, after the first failed": {{takes: 110 * ms, err: errBoom}, {takes: 50 * ms, do: deliberatePanic}},
	} {
		for kind, wrapped := range map[string]func(*ops.Call[int, int]) ops.Processor[int, int]{
			"a Caller":      func(p *ops.Call[int, int]) ops.Processor[int, int] { return p },
			"over channels": func(p *ops.Call[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
		} {
			bubble(t, name+", "+kind, func(t *testing.T) {
				start := time.Now()
				r := racers{runs: append(runs, racer{})}
				if len(runs) == 1 {
					r.runs = append(r.runs, racer{})
				}
				var row flow.Report
				h := ops.NewHedge(wrapped(ops.NewCall(r.fn)), 100*ms)
				got, err := flow.Of(7, 8).Then(h).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&row), flow.WithLogger(discard))
				if diff := cmp.Diff([]int{len(runs) + 1}, got); diff != "" || err != nil || !row.Balanced() || r.left != 0 || time.Since(start) > time.Second {
					t.Errorf("error %v after %v, items mismatch (-want +got):\n%s\n%v", err, time.Since(start), diff, row)
				}
				r.n = 0
				_, err = flow.Of(7).Then(h).Collect(t.Context())
				if e, ok := errors.AsType[*ops.PanicError](err); !ok || e.Value != error(errBoom) || !containsFunc(e.Stack, "deliberatePanic") {
					t.Errorf("Collect() = %v, want the panic with its stack", err)
				}
			})
		}
	}
}

// TestHedge_goexit: it is a failure of the stage, and nothing is left.
func TestHedge_goexit(t *testing.T) {
	for name, runs := range map[string][]racer{
		"the first": {{takes: 150 * ms, do: runtime.Goexit}, {takes: time.Hour}},
		"the other": {{takes: time.Hour}, {takes: 50 * ms, do: runtime.Goexit}},
	} {
		bubble(t, name, func(t *testing.T) {
			r := racers{runs: runs}
			var row flow.Report
			_, err := flow.Of(7).Async(1).Then(ops.NewHedge(ops.NewCall(r.fn), 100*ms)).Async(1).Collect(t.Context(), flow.WithReport(&row))
			if failed, ok := errors.AsType[*flow.StageError](err); !ok || failed.Stage != "hedge" || !row.Balanced() || r.left != 0 {
				t.Errorf("Collect() = %v, want a failure of the hedge:\n%v", err, row)
			}
		})
	}
}

// TestHedge_cutOff: all calls are ended with the run, and waited for.
func TestHedge_cutOff(t *testing.T) {
	for name, runs := range map[string][]racer{
		"in both":                    {{takes: time.Hour}, {takes: time.Hour}},
		"in the other":               {{takes: 60 * ms, err: errBoom}, {takes: time.Hour}},
		"when the other is to begin": {{takes: time.Hour}},
	} {
		bubble(t, name, func(t *testing.T) {
			r := racers{runs: runs}
			after := 50 * ms
			if len(runs) == 1 {
				after = 200 * ms
			}
			h := ops.NewHedge(ops.NewCall(r.fn), after)
			if got, row := cutInCall(t, h, 7); len(got) != 0 || row.Held != 1 || r.left != 0 || r.n != len(runs) {
				t.Errorf("got %v, %d calls, %d left, want the item held: %+v", got, r.n, r.left, row)
			}
		})
	}
}

// TestHedge_earlyStop: a Take below ends it as well, and what follows a hedged item is quick again.
func TestHedge_earlyStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := racers{runs: []racer{{takes: time.Hour}, {}, {takes: ms}, {takes: time.Hour}, {takes: ms}, {takes: time.Hour}}}
		got, err := flow.Repeat(7).Then(ops.NewHedge(ops.NewCall(r.fn), 100*ms)).Take(3).Collect(t.Context())
		if diff := cmp.Diff([]int{2, 3, 5}, got); diff != "" || err != nil || time.Since(start) != 202*ms {
			t.Errorf("error %v after %v, want 202ms, items mismatch (-want +got):\n%s", err, time.Since(start), diff)
		}
	})
}

// TestHedge_breakerInside: a call that lost is no failure of what it called, a late one is.
func TestHedge_breakerInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := racers{runs: []racer{{takes: time.Hour}, {takes: ms}, {takes: time.Hour}, {takes: time.Hour}}}
		b := ops.NewCircuitBreaker(ops.NewCall(r.fn))
		retry := ops.NewRetry(ops.NewHedge(b, 100*ms), 1).WithTimeout(time.Second)
		if n, err := retry.Call(t.Context(), 7); n != 2 || err != nil || b.Stats().Requests != 1 {
			t.Errorf("Call() = %d, %v, breaker %+v, want one request", n, err, b.Stats())
		}
		_, err := retry.Call(t.Context(), 7)
		if !errors.Is(err, context.DeadlineExceeded) || b.Stats().Failures != 2 {
			t.Errorf("Call() = %v, breaker %+v, want a timeout and two failures", err, b.Stats())
		}
	})
}

// TestHedge_timeout: it limits each call.
func TestHedge_timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := racers{runs: []racer{{takes: time.Hour}, {takes: 130 * ms}}}
		n, err := ops.NewHedge(ops.NewCall(r.fn), 100*ms).WithTimeout(150*ms).Call(t.Context(), 7)
		if n != 2 || err != nil || time.Since(start) != 230*ms {
			t.Errorf("Call() = %d, %v after %v, want the second after 230ms", n, err, time.Since(start))
		}
	})
}

// TestHedge_policyTimeout: it ends all calls, and the policy decides.
func TestHedge_policyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := racers{runs: []racer{{takes: time.Hour}, {takes: time.Hour}, {takes: ms}}}
		got, err := flow.Of(7).Then(ops.NewHedge(ops.NewCall(r.fn), 100*ms)).OnError(flow.Retry(2, flow.Constant(ms)).Timeout(200*ms)).
			Collect(t.Context(), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{3}, got); diff != "" || err != nil {
			t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestHedge_judges: a result can be a failure, and nothing can be none.
func TestHedge_judges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := racers{runs: []racer{{takes: 150 * ms}, {takes: 100 * ms}}}
		h := ops.NewHedge(ops.NewCall(r.fn), 100*ms).FailWhen(func(n int) error {
			if n == 1 {
				return errBoom
			}
			return nil
		})
		if n, err := h.Call(t.Context(), 7); n != 2 || err != nil {
			t.Errorf("Call() = %d, %v, want the second", n, err)
		}
		empty := ops.NewHedge[int, int](bridged[int, int]{ops.NewFilter(even)}, time.Hour)
		if _, err := empty.Call(t.Context(), 1); !errors.Is(err, ops.ErrNoOutput) {
			t.Errorf("Call() = %v, want %v", err, ops.ErrNoOutput)
		}
		if _, err := empty.EmptyOK(true).Call(t.Context(), 1); err != ops.ErrFiltered {
			t.Errorf("Call() = %v, want %v", err, ops.ErrFiltered)
		}
	})
}

// TestHedge_model: random times and failures, in all ways, against what has to come when. The
// call is that of a worker, so that the script goes on beside it.
func TestHedge_model(t *testing.T) {
	trials(t, 30, func(t *testing.T, r *rand.Rand) {
		runs := make([]racer, 2)
		for i := range runs {
			runs[i].takes = time.Duration(1+2*r.IntN(100)+i) * ms // never two ends at once
			if r.IntN(3) == 0 {
				runs[i].err = errBoom
			}
		}
		const after = 100 * ms
		var want []stamped[int]
		a, b := runs[0].takes, after+runs[1].takes
		switch hedged := a >= after; {
		case runs[0].err == nil && !(hedged && runs[1].err == nil && b < a):
			want = []stamped[int]{{a, 1}}
		case hedged && runs[1].err == nil:
			want = []stamped[int]{{b, 2}}
		}
		checkScript(t, want, script[int]{{Items: []int{7}}, {After: 500 * ms}}, func() ops.Processor[int, int] {
			calls := racers{runs: runs}
			return skipping[int, int]{ops.NewHedge(ops.NewAsyncMapper(calls.fn).WithWorkers(1), after)}
		})
	})
}
