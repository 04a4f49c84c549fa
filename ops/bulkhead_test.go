package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
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
	newSubject("bulkhead", 1, ints(6), referenceMap(double), bulkhead(func() {}), bulkhead, randomInts),
	newSubject("bulkhead", 3, ints(6), referenceMap(double), ops.NewBulkhead(asyncMapper(func() {}), 2), func(before func()) *ops.Bulkhead[int, int] {
		return ops.NewBulkhead(asyncMapper(before), 2)
	}, randomInts).with(2),
	newSubject("bulkhead", 1, ints(6), referenceFlatMap(twice), ops.NewBulkhead(ops.NewFlatMapper(twice), 8), nil, randomInts),
	newSubject("bulkhead", 1, ints(6), referenceFilter(even), ops.NewBulkhead(ops.NewFilter(even), 8), nil, randomInts),
)

var _ = misused(
	newMisuse("bulkhead of nothing", "bulkhead: processor must not be nil", ops.NewBulkhead[int, int](nil, 1)),
	newMisuse("bulkhead without places", "bulkhead: limit must be at least 1, got 0", ops.NewBulkhead(okayMapper, 0)),
	newMisuse("negative queue", "bulkhead: queue must not be negative, got -1", ops.NewBulkhead(okayMapper, 1).WithQueue(-1)),
	newMisuse("no wait", "bulkhead: largest wait must be positive, got 0s", ops.NewBulkhead(okayMapper, 1).WithMaxWait(0)),
	newMisuse("negative timeout of a bulkhead", "bulkhead: timeout must not be negative, got -1ms", ops.NewBulkhead(okayMapper, 1).WithTimeout(-ms)),
	newMisuse("nil FailWhen of a bulkhead", "bulkhead: FailWhen must not be nil", ops.NewBulkhead(okayMapper, 1).FailWhen(nil)),
	newMisuse("bulkhead with a nil handler", "bulkhead: OnError must not be nil", ops.NewBulkhead(okayMapper, 1).OnError(nil)),
	newMisuse("bulkhead with two clocks", "bulkhead: clock must be given once at most, got 2", ops.NewBulkhead(okayMapper, 1, nil, nil)),
)

var _ = chained(
	func(n int, before func()) link {
		p := ops.NewBulkhead(workers(n%4+1, before), n%2+1)
		return link{fmt.Sprint("bulkhead of workers ", n%4+1), p, referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewRetry(ops.NewBulkhead(workers(n%4+1, before), 1), 2)
		return link{fmt.Sprint("retry of a bulkhead of workers ", n%4+1), p, referenceMap(double), false}
	},
)

func bulkhead(before func()) *ops.Bulkhead[int, int] { return ops.NewBulkhead(tryMapper(before), 8) }

// crowd is a function that takes some time and notes how many call it at once.
type crowd struct {
	takes time.Duration
	mu    sync.Mutex
	now   int
	most  int
	calls []int // items, as their calls began
}

func (c *crowd) fn(ctx context.Context, n int) (int, error) {
	c.count(1, n)
	defer c.count(-1, n)
	return double(n), clock.Sleep(ctx, clock.Real(), c.takes)
}

func (c *crowd) count(by, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now += by; by > 0 {
		c.calls = append(c.calls, n)
	}
	c.most = max(c.most, c.now)
}

func (c *crowd) wantMost(t *testing.T, want int) {
	t.Helper()
	if c.most != want || c.now != 0 {
		t.Errorf("%d calls at once, %d left, want %d and none", c.most, c.now, want)
	}
}

func wantBulkhead(t *testing.T, b *ops.Bulkhead[int, int], want ops.BulkheadStats) {
	t.Helper()
	if got := b.Stats(); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

// TestBulkhead_workers: five workers share two places, and the order stays.
func TestBulkhead_workers(t *testing.T) {
	for name, wrapped := range map[string]func(ops.Processor[int, int]) ops.Processor[int, int]{
		"directly":   func(p ops.Processor[int, int]) ops.Processor[int, int] { return p },
		"in a retry": func(p ops.Processor[int, int]) ops.Processor[int, int] { return ops.NewRetry(p, 2) },
	} {
		bubble(t, name, func(t *testing.T) {
			start := time.Now()
			c := crowd{takes: 100 * ms}
			b := ops.NewBulkhead(ops.NewAsyncMapper(c.fn).WithWorkers(5), 2)
			got, _ := retryOver(t, wrapped(b), ints(7)...)
			if diff := cmp.Diff(retryOutcome{Out: referenceMap(double)(ints(7)...)}, got); diff != "" || time.Since(start) != 400*ms {
				t.Errorf("after %v, want 400ms, outcome mismatch (-want +got):\n%s", time.Since(start), diff)
			}
			c.wantMost(t, 2)
			wantBulkhead(t, b, ops.BulkheadStats{})
		})
	}
}

// TestBulkhead_shared: all runs of the value have the places together, copies have others.
func TestBulkhead_shared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 100 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 2)
		var all sync.WaitGroup
		run := func(b *ops.Bulkhead[int, int]) {
			all.Go(func() {
				var r flow.Report
				_, err := flow.FromSlice(ints(4)).Then(b).Collect(t.Context(), flow.WithReport(&r))
				if err != nil || !r.Balanced() {
					t.Errorf("Collect() error = %v:\n%v", err, r)
				}
			})
		}
		start := time.Now()
		run(b)
		run(b)
		all.Go(func() { collect(b.Process(t.Context(), feed(ints(4)...))) })
		time.Sleep(50 * ms)
		wantBulkhead(t, b, ops.BulkheadStats{InFlight: 2, Waiting: 1})
		all.Wait()
		c.wantMost(t, 2)
		// Two at a time, unless the last two are of one run.
		if took := time.Since(start); took != 600*ms && took != 700*ms {
			t.Errorf("twelve calls took %v, want 600ms or 700ms", took)
		}
		run(b)
		run(b.WithName("other"))
		run(b.WithName("third"))
		all.Wait()
		c.wantMost(t, 3)
	})
}

// callsAt makes a call for each item, a millisecond apart, and gives what came of them.
func callsAt(t *testing.T, b *ops.Bulkhead[int, int], items ...int) []string {
	t.Helper()
	start := time.Now()
	got := make([]string, len(items))
	var all sync.WaitGroup
	for i, n := range items {
		all.Go(func() {
			time.Sleep(time.Duration(i) * ms)
			out, err := b.Call(t.Context(), n)
			got[i] = fmt.Sprint(out, " ", err, " at ", time.Since(start))
		})
	}
	all.Wait()
	return got
}

// TestBulkhead_order: places go to those who have waited longest.
func TestBulkhead_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 100 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1)
		callsAt(t, b, 3, 1, 4, 2, 5)
		if diff := cmp.Diff([]int{3, 1, 4, 2, 5}, c.calls); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
		wantBulkhead(t, b, ops.BulkheadStats{})
	})
}

func TestBulkhead_queue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 100 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1).WithQueue(1)
		want := []string{"2 <nil> at 100ms", "4 <nil> at 200ms", "0 the bulkhead is full at 2ms"}
		if diff := cmp.Diff(want, callsAt(t, b, 1, 2, 3)); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
		wantBulkhead(t, b, ops.BulkheadStats{Rejected: 1})
		b = b.WithQueue(0)
		want = []string{"2 <nil> at 100ms", "0 the bulkhead is full at 1ms"}
		if diff := cmp.Diff(want, callsAt(t, b, 1, 2)); diff != "" {
			t.Errorf("calls without a queue mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestBulkhead_maxWait: a place that comes when the time is up comes too late.
func TestBulkhead_maxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 100 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1).WithMaxWait(99 * ms)
		want := []string{"2 <nil> at 100ms", "0 the bulkhead is full at 100ms", "6 <nil> at 200ms"}
		if diff := cmp.Diff(want, callsAt(t, b, 1, 2, 3)); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
		wantBulkhead(t, b, ops.BulkheadStats{Rejected: 1})
	})
}

// TestBulkhead_maxWaitInAStage: the same where workers wait, by the clock of the run.
func TestBulkhead_maxWaitInAStage(t *testing.T) {
	for wait, want := range map[time.Duration][]stamped[int]{
		99 * ms:  {{100 * ms, 7}},
		100 * ms: {{100 * ms, 7}},
		101 * ms: {{100 * ms, 7}, {200 * ms, 7}},
		201 * ms: {{100 * ms, 7}, {200 * ms, 7}, {300 * ms, 7}},
	} {
		bubble(t, fmt.Sprint(wait), func(t *testing.T) {
			checkScript(t, want, script[int]{{Items: ints(3)}, {After: 500 * ms}}, func() ops.Processor[int, int] {
				sevens := ops.NewAsyncMapper(func(ctx context.Context, _ int) (int, error) {
					return 7, clock.Sleep(ctx, clock.From(ctx), 100*ms)
				})
				return skipping[int, int]{ops.NewBulkhead(sevens.WithWorkers(3).WithOrdered(false), 1).WithMaxWait(wait)}
			})
		})
	}
}

// TestBulkhead_maxWaitOfOne: and where the stage itself waits for a call from elsewhere.
func TestBulkhead_maxWaitOfOne(t *testing.T) {
	for wait, want := range map[time.Duration][]int{99 * ms: {4}, 100 * ms: {4}, 101 * ms: {2, 4}} {
		bubble(t, fmt.Sprint(wait), func(t *testing.T) {
			c := crowd{takes: 100 * ms}
			b := ops.NewBulkhead(ops.NewCall(c.fn), 1).WithMaxWait(wait)
			var other sync.WaitGroup
			other.Go(func() { _, _ = b.Call(t.Context(), 0) })
			synctest.Wait()
			var r flow.Report
			got, err := flow.Of(1, 2).Then(b).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
			if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, items mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
			other.Wait()
			wantBulkhead(t, b, ops.BulkheadStats{Rejected: int64(2 - len(want))})
		})
	}
}

// TestBulkhead_cutOff: who waits when the context ends leaves no trace.
func TestBulkhead_cutOff(t *testing.T) {
	c := crowd{takes: time.Hour}
	workers := func(n int) ops.Processor[int, int] { return ops.NewAsyncMapper(c.fn).WithWorkers(n) }
	for name, tt := range map[string]struct {
		p    ops.Processor[int, int]
		held int64
	}{"one": {ops.NewCall(c.fn), 1}, "workers": {workers(3), 3}} {
		for _, wrapped := range []bool{false, true} {
			bubble(t, fmt.Sprint(name, ", in a retry: ", wrapped), func(t *testing.T) {
				b := ops.NewBulkhead(tt.p, 1)
				ctx, cancel := context.WithCancel(t.Context())
				var other sync.WaitGroup
				other.Go(func() { _, _ = b.Call(ctx, 0) })
				synctest.Wait()
				var p ops.Processor[int, int] = b
				if wrapped {
					p = ops.NewRetry(p, 3)
				}
				got, row := cutInCall(t, p, ints(int(tt.held))...)
				if len(got) != 0 || row.Held != tt.held {
					t.Errorf("got %v, want %d items held: %+v", got, tt.held, row)
				}
				wantBulkhead(t, b, ops.BulkheadStats{InFlight: 1})
				cancel()
				other.Wait()
				wantBulkhead(t, b, ops.BulkheadStats{})
			})
		}
	}
}

// TestBulkhead_endedAtOnce: a context that has ended takes no place, and one that ends
// together with the wait gives it on.
func TestBulkhead_endedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 100 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1)
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(errCause)
		if _, err := b.Call(ended, 1); err != errCause || len(c.calls) != 0 {
			t.Errorf("Call() = %v after %d calls, want %v and none", err, len(c.calls), errCause)
		}
		var all sync.WaitGroup
		all.Go(func() { _, _ = b.Call(t.Context(), 1) })
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		all.Go(func() {
			if _, err := b.Call(ctx, 2); err != errCause {
				t.Errorf("Call() = %v, want %v", err, errCause)
			}
		})
		synctest.Wait()
		all.Go(func() { _, _ = b.Call(t.Context(), 3) })
		time.AfterFunc(100*ms, func() { cancel(errCause) })
		all.Wait()
		if n := len(c.calls); n != 2 && n != 3 {
			t.Errorf("%d calls, want those of 1 and 3 and perhaps that of 2", n)
		}
		wantBulkhead(t, b, ops.BulkheadStats{})
	})
}

// TestBulkhead_unwound: a call that does not return gives its place back.
func TestBulkhead_unwound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ops.NewBulkhead(ops.NewTryMapper(func(n int) (int, error) {
			switch n {
			case 1:
				deliberatePanic()
			case 3:
				runtime.Goexit()
			}
			return n, nil
		}), 1)
		got, err := flow.Of(1, 2).Then(b).OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{2}, got); diff != "" || err != nil {
			t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
		}
		var exit sync.WaitGroup
		exit.Go(func() { _, _ = b.Call(t.Context(), 3) })
		exit.Wait()
		wantBulkhead(t, b, ops.BulkheadStats{})
	})
}

// TestBulkhead_policyTimeout: it ends a wait, which is a failure of the item.
func TestBulkhead_policyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: time.Hour}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = b.Call(ctx, 0) }()
		synctest.Wait()
		var r flow.Report
		got, err := flow.Of(1, 2).Then(b).OnError(flow.Retry(2, flow.Constant(ms)).Timeout(10*ms).Then(flow.Skip())).
			Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if len(got) != 0 || err != nil || r.Stages[1].Failed != 2 || r.Stages[1].Retried != 2 || !r.Balanced() {
			t.Errorf("Collect() = %v, %v, want two failures:\n%v", got, err, r)
		}
		wantBulkhead(t, b, ops.BulkheadStats{InFlight: 1})
	})
}

// TestBulkhead_deadlineInAWait: a deadline that ends a wait says so.
func TestBulkhead_deadlineInAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: time.Hour}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = b.Call(ctx, 0) }()
		synctest.Wait()
		err := flow.Of(7).Then(b).Run(ctx)
		late, ok := errors.AsType[*flow.DeadlineError](err)
		if !ok || len(late.Working) != 1 || late.Working[0].State != "waiting for time" {
			t.Errorf("Run() = %v, want the bulkhead in a wait", err)
		}
	})
}

// TestBulkhead_timeout: it begins with the call, not with the wait.
func TestBulkhead_timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{takes: 50 * ms}
		b := ops.NewBulkhead(ops.NewCall(c.fn), 1).WithTimeout(60 * ms)
		want := []string{"2 <nil> at 50ms", "4 <nil> at 100ms", "6 <nil> at 150ms"}
		if diff := cmp.Diff(want, callsAt(t, b, 1, 2, 3)); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
		if _, err := b.WithTimeout(40*ms).Call(t.Context(), 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Call() = %v, want a timeout", err)
		}
	})
}

// TestBulkhead_judges: a result can be a failure, and nothing can be none.
func TestBulkhead_judges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ops.NewBulkhead(okayMapper, 1).FailWhen(func(int) error { return errBoom })
		if _, err := b.Call(t.Context(), 1); err != errBoom {
			t.Errorf("Call() = %v, want %v", err, errBoom)
		}
		empty := ops.NewBulkhead[int, int](bridged[int, int]{ops.NewFilter(even)}, 1)
		if _, err := empty.Call(t.Context(), 1); !errors.Is(err, ops.ErrNoOutput) {
			t.Errorf("Call() = %v, want %v", err, ops.ErrNoOutput)
		}
		if _, err := empty.EmptyOK(true).Call(t.Context(), 1); err != ops.ErrFiltered {
			t.Errorf("Call() = %v, want %v", err, ops.ErrFiltered)
		}
	})
}

// TestBulkhead_model: calls at random times, of which some are cut off, against a list of those
// who wait. No two things happen at once.
func TestBulkhead_model(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		m := slotModel{limit: 1 + r.IntN(3), queue: r.IntN(4)}
		b := ops.NewBulkhead(ops.NewCall(func(ctx context.Context, n int) (int, error) {
			return n, clock.Sleep(ctx, clock.Real(), time.Duration(n))
		}), m.limit).WithQueue(m.queue)
		calls := make([]slotCall, 40)
		var at time.Duration
		for i := range calls {
			at += time.Duration(r.IntN(20))*ms + time.Microsecond
			calls[i] = slotCall{came: at, takes: time.Duration(2+2*r.IntN(50)) * ms, patience: time.Duration(1+2*r.IntN(80)) * ms}
		}
		var all sync.WaitGroup
		got := make([]string, len(calls))
		for i, c := range calls {
			all.Go(func() {
				time.Sleep(c.came)
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				_, err := b.Call(ctx, int(c.takes))
				got[i] = fmt.Sprint(err)
			})
		}
		all.Wait()
		if diff := cmp.Diff(m.play(calls), got); diff != "" {
			t.Errorf("results mismatch (-want +got):\n%s", diff)
		}
		wantBulkhead(t, b, ops.BulkheadStats{Rejected: m.rejected})
	})
}

type slotCall struct{ came, takes, patience time.Duration }

// slotModel plays calls one event after the other.
type slotModel struct {
	limit, queue int
	rejected     int64
	runs         map[int]time.Duration // until when
	waits        []int
	calls        []slotCall
	results      []string
}

func (m *slotModel) play(calls []slotCall) []string {
	m.runs, m.calls, m.results = make(map[int]time.Duration), calls, make([]string, len(calls))
	for i, c := range calls {
		m.until(c.came)
		switch {
		case len(m.runs) < m.limit:
			m.begin(i, c.came)
		case len(m.waits) < m.queue:
			m.waits = append(m.waits, i)
		default:
			m.results[i] = ops.ErrBulkheadFull.Error()
			m.rejected++
		}
	}
	m.until(time.Hour)
	return m.results
}

func (m *slotModel) begin(i int, at time.Duration) {
	c := m.calls[i]
	end, gone := at+c.takes, c.came+c.patience
	m.results[i] = "<nil>"
	if gone < end {
		m.results[i] = context.DeadlineExceeded.Error()
	}
	m.runs[i] = min(end, gone)
}

// until lets happen what happens before a time: the end of a call, or of the patience of one.
func (m *slotModel) until(end time.Duration) {
	for {
		next, at := -1, end
		for i, ends := range m.runs {
			if ends < at {
				next, at = i, ends
			}
		}
		for _, i := range m.waits {
			if gone := m.calls[i].came + m.calls[i].patience; gone < at {
				next, at = i, gone
			}
		}
		if next < 0 {
			return
		}
		if at := slices.Index(m.waits, next); at >= 0 {
			m.results[next] = context.DeadlineExceeded.Error()
			m.waits = slices.Delete(m.waits, at, at+1)
			continue
		}
		delete(m.runs, next)
		if len(m.waits) > 0 {
			m.begin(m.waits[0], at)
			m.waits = m.waits[1:]
		}
	}
}
