package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// One item is in hand on each of three goroutines, and two wait on each side of the case.
var _ = conforms(
	newSubject("switch", 7, ints(6), referenceMap(double), oneCase(func() {}), oneCase, randomInts).with(1),
)

var _ = misused(
	newMisuse("switch without cases", "switch: case must be given, or a default", ops.NewSwitch[int]()),
	newMisuse("switch without a predicate", `switch: predicate of case "a" must not be nil`, ops.NewSwitch[int]().Case("a", nil, pass())),
	newMisuse("switch without a processor", `switch: processor of case "a" must not be nil`, ops.NewSwitch[int]().Case("a", even, nil)),
	newMisuse("switch with a nil pointer", `switch: processor of case "case-0" must not be nil`,
		ops.NewSwitch[int]().Case("", even, (*ops.Mapper[int, int])(nil))),
	newMisuse("switch with a nil default", "switch: processor of the default must not be nil", ops.NewSwitch(ops.Otherwise[int](nil))),
	newMisuse("switch with a case twice", "switch: case must have a name of its own, got a",
		ops.NewSwitch(ops.When("a", even, pass())).Case("a", even, pass())),
	newMisuse("switch with a case of a name that is taken by a number", "switch: case must have a name of its own, got case-1",
		ops.NewSwitch(ops.When("case-1", even, pass()), ops.When("", even, pass()))),
	newMisuse("switch with a reserved name", `switch: case must not be called "_default" or "_none", got _none`,
		ops.NewSwitch[int]().Case("_none", even, pass())),
	newMisuse("switch of a negative buffer", "switch: buffer size must be between 0 and 1<<30 - 1, got -1",
		ops.NewSwitch(ops.Otherwise(pass())).WithBufferSize(-1)),
	newMisuse("switch with a nil handler", "switch: OnUnmatched must not be nil", ops.NewSwitch(ops.Otherwise(pass())).OnUnmatched(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"switch", oneCase(before).WithBufferSize(n), referenceMap(double), true}
})

func pass() ops.Processor[int, int] { return ops.NewMapper(same) }

// oneCase has one case, so that it keeps the order.
func oneCase(before func()) *ops.Switch[int] {
	return ops.NewSwitch(ops.When("all", func(int) bool {
		before()
		return true
	}, ops.NewMapper(double)))
}

func multipleOf(n int) func(int) bool { return func(v int) bool { return v%n == 0 } }

// switchModel is a Switch whose i-th case takes the multiples of its number and adds to what
// it gives by which case it went.
type switchModel struct {
	of   []int // multiples
	rest bool
}

const tagging = 1000

func (m switchModel) route(v int) int {
	i := slices.IndexFunc(m.of, func(n int) bool { return v%n == 0 })
	if i < 0 && m.rest {
		i = len(m.of)
	}
	return i
}

func (m switchModel) reference(in ...int) (out []int) {
	for _, v := range in {
		if i := m.route(v); i >= 0 {
			out = append(out, v+tagging*i)
		}
	}
	return out
}

func (m switchModel) build(part func(tag int) ops.Processor[int, int]) *ops.Switch[int] {
	s := ops.NewSwitch[int]()
	for i, n := range m.of {
		s = s.Case("", multipleOf(n), part(tagging*i))
	}
	if m.rest {
		s = s.Default(part(tagging * len(m.of)))
	}
	return s
}

func randomSwitch(r *rand.Rand) switchModel {
	m := switchModel{rest: r.IntN(2) == 0}
	for range 1 + r.IntN(4) {
		m.of = append(m.of, 1+r.IntN(6))
	}
	return m
}

// byRoute puts the items of each case together, in the order in which they came.
func byRoute(items []int) []int {
	slices.SortStableFunc(items, func(a, b int) int { return a/tagging - b/tagging })
	return items
}

func TestSwitchModel(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		m, size, in := randomSwitch(r), r.IntN(4), randomInts(r)
		part := func(tag int) ops.Processor[int, int] {
			l := ops.NewMapper(func(v int) int { return v + tag })
			switch r.IntN(4) {
			case 0:
				return bridged[int, int]{l}
			case 1:
				return flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2).Then(l).Async(1) })
			case 2:
				return flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Then(l).Batch(3, time.Second)) })
			}
			return l
		}
		p := m.build(part).WithBufferSize(size)
		for _, way := range ways[int, int]() {
			var got []int
			for _, s := range way.run(t, p, script[int]{{Items: in}}) {
				got = append(got, s.Item)
			}
			if diff := cmp.Diff(orNil(byRoute(m.reference(in...))), orNil(byRoute(got))); diff != "" {
				t.Errorf("%s, %+v of %v: items by case mismatch (-want +got):\n%s", way.name, m, in, diff)
			}
		}
	})
}

// Items that come one after the other go out in this order, whatever case is theirs.
func TestSwitchInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, v int) (int, error) {
			time.Sleep(25 * ms)
			return -v, nil
		}
		build := func() ops.Processor[int, int] {
			return ops.NewSwitch(ops.When("slow", multipleOf(3), ops.NewCall(slow)), ops.Otherwise(ops.NewMapper(double)))
		}
		in := script[int]{{10 * ms, []int{1}}, {10 * ms, []int{3}}, {10 * ms, []int{5}}, {20 * ms, []int{7}}}
		start := []stamped[int]{{10 * ms, 2}, {30 * ms, 10}, {45 * ms, -3}, {50 * ms, 14}}
		for _, way := range ways[int, int]() {
			if way.name == "over channels on the fake clock" || way.name == "fused on the fake clock" || way.name == "over channels in a flow on the fake clock" {
				continue // the call sleeps by the clock of the bubble
			}
			if diff := cmp.Diff(start, way.run(t, build(), in)); diff != "" {
				t.Errorf("%s: mismatch (-want +got):\n%s", way.name, diff)
			}
		}
	})
}

func TestSwitchPinned(t *testing.T) {
	bubble(t, "multiples of 3 and the default", func(t *testing.T) {
		s := ops.NewSwitch[int]().Case("threes", multipleOf(3), pass()).Default(pass())
		if got := len(collect(s.Process(t.Context(), feed(ints(10)...)))); got != 10 {
			t.Errorf("%d items came out, want 10", got)
		}
		want := ops.SwitchStats{CaseMatches: map[string]int64{"threes": 3, "_default": 7}, TotalItems: 10}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		if got := s.Stats().MatchRate("threes"); got != 0.3 {
			t.Errorf("MatchRate() = %v, want 0.3", got)
		}
	})
	bubble(t, "without a default", func(t *testing.T) {
		var missed []int
		s := ops.NewSwitch[int]().Case("threes", multipleOf(3), pass()).OnUnmatched(func(v int) { missed = append(missed, v) })
		got := collect(s.Process(t.Context(), feed(ints(10)...)))
		if diff := cmp.Diff([]int{3, 6, 9}, got); diff != "" {
			t.Errorf("items mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{1, 2, 4, 5, 7, 8, 10}, missed); diff != "" {
			t.Errorf("OnUnmatched() was told other items (-want +got):\n%s", diff)
		}
		want := ops.SwitchStats{CaseMatches: map[string]int64{"threes": 3, "_none": 7}, TotalItems: 10}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "an item that matches two cases goes to the first", func(t *testing.T) {
		s := ops.NewSwitch[int]().Case("small", func(v int) bool { return v <= 5 }, pass()).Case("", func(v int) bool { return v > 3 }, pass())
		collect(s.Process(t.Context(), feed(ints(7)...)))
		want := map[string]int64{"small": 5, "case-1": 2, "_none": 0}
		if diff := cmp.Diff(want, s.Stats().CaseMatches); diff != "" {
			t.Errorf("CaseMatches mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "ten runs at once", func(t *testing.T) {
		s := ops.NewSwitch[int]().Case("even", even, pass()).Default(pass())
		var runs sync.WaitGroup
		for range 10 {
			runs.Go(func() { collect(s.Process(t.Context(), feed(ints(100)...))) })
		}
		runs.Wait()
		want := ops.SwitchStats{CaseMatches: map[string]int64{"even": 500, "_default": 500}, TotalItems: 1000}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "three slow cases run at the same time", func(t *testing.T) {
		var running, most atomic.Int64
		slow := ops.NewCall(func(_ context.Context, v int) (int, error) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return v, nil
		})
		is := func(n int) func(int) bool { return func(v int) bool { return v%3 == n } }
		s := ops.NewSwitch(ops.When("0", is(0), slow), ops.When("1", is(1), slow), ops.When("2", is(2), slow))
		start := time.Now()
		if got := len(collect(s.Process(t.Context(), feed(ints(9)...)))); got != 9 {
			t.Errorf("%d items came out, want 9", got)
		}
		if took := time.Since(start); took != 3*time.Second || most.Load() != 3 {
			t.Errorf("it took %v with %d calls at once, want 3s with 3", took, most.Load())
		}
	})
}

func TestSwitchCountsForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ops.NewSwitch(ops.When("even", even, pass()))
		collect(s.Process(t.Context(), feed(ints(4)...)))
		empty := ops.SwitchStats{CaseMatches: map[string]int64{"even": 0, "_none": 0}}
		for name, other := range map[string]*ops.Switch[int]{
			"WithName": s.WithName("x"), "WithBufferSize": s.WithBufferSize(2), "OnUnmatched": s.OnUnmatched(func(int) {}),
		} {
			if diff := cmp.Diff(empty, other.Stats()); diff != "" {
				t.Errorf("Stats() of a copy by %s mismatch (-want +got):\n%s", name, diff)
			}
		}
		if got := s.Stats().TotalItems; got != 4 {
			t.Errorf("%d items after the copies were made, want 4", got)
		}
		if got := new(ops.Switch[int]).Stats(); got.TotalItems != 0 || got.MatchRate("x") != 0 {
			t.Errorf("Stats() of the zero Switch = %v", got)
		}
	})
}

// A case that ends early discards what follows for it, and the others go on.
func TestSwitchRegressions(t *testing.T) {
	bubble(t, "switch-early-end", func(t *testing.T) {
		for name, first := range map[string]ops.Processor[int, int]{
			"take": ops.NewTake[int](2), "one over channels": bridged[int, int]{ops.NewTake[int](2)},
			"one that is gone at once": ops.NewTake[int](0),
		} {
			s := ops.NewSwitch[int]().Case("even", even, first).Default(pass())
			in, _ := offer(t.Context(), ints(100))
			got := collect(s.Process(t.Context(), in))
			odd := slices.DeleteFunc(slices.Clone(got), even)
			if want := slices.DeleteFunc(ints(100), even); !slices.Equal(want, odd) {
				t.Errorf("%s: the other case gave %v, want %v", name, odd, want)
			}
			if n := len(got) - len(odd); n > 2 {
				t.Errorf("%s: %d even items, want 2 at most", name, n)
			}
			stats := s.Stats()
			if stats.Late == 0 || stats.CaseMatches["even"]+stats.Late != 50 || stats.TotalItems != 100 {
				t.Errorf("%s: Stats() = %+v, want 50 even items, most of them late", name, stats)
			}
		}
	})
	bubble(t, "switch-idle-cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := oneCase(func() {}).Process(ctx, make(chan int))
		wantOpen(t, out)
		cancel()
		wantClosed(t, out)
	})
}

// When all cases have ended nothing more can come, so the Switch has ended: it reads no more.
func TestSwitchEndsWithItsCases(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewSwitch(ops.When("even", even, ops.NewTake[int](1)), ops.Otherwise[int](ops.NewTake[int](1))).Process(t.Context(), in)
		in <- 1
		in <- 2
		if got := len(collect(out)); got != 2 {
			t.Errorf("%d items, want 2", got)
		}
	})
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Repeat(2).Switch(ops.When("even", even, ops.NewTake[int](3))).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{2, 2, 2}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, balanced %t, mismatch (-want +got):\n%s", err, r.Balanced(), diff)
		}
	})
}

// A failure in a case is that of its stage, and told once.
func TestSwitchFailureInACase(t *testing.T) {
	fails := func(int) (int, error) { return 0, errBoom }
	bubble(t, "is told to the supervisor", func(t *testing.T) {
		sup := new(listener)
		s := ops.NewSwitch(ops.When("bad", even, ops.NewTryMapper(fails)), ops.Otherwise(pass()))
		got := collect(s.Process(ops.WithSupervisor(t.Context(), sup), feed(ints(3)...)))
		if diff := cmp.Diff([]int{1, 3}, got); diff != "" {
			t.Errorf("items mismatch (-want +got):\n%s", diff)
		}
		items := sup.itemErrors()
		if len(items) != 1 || items[0].Processor != "switch/bad/try-mapper" || !errors.Is(&items[0], errBoom) {
			t.Errorf("ItemFailed() was told %v, want the one of switch/bad/try-mapper", items)
		}
	})
	bubble(t, "is told to the handler of its processor alone", func(t *testing.T) {
		sup, told := new(listener), 0
		bad := ops.NewTryMapper(fails).OnError(func(context.Context, *ops.ItemError) { told++ })
		collect(ops.NewSwitch(ops.Otherwise(bad)).Process(ops.WithSupervisor(t.Context(), sup), feed(ints(3)...)))
		if n := len(sup.itemErrors()); told != 3 || n != 0 {
			t.Errorf("the handler was told %d failures and the supervisor %d, want 3 and 0", told, n)
		}
	})
	bubble(t, "ends a flow", func(t *testing.T) {
		_, err := flow.Of(1, 2).Switch(ops.When("bad", even, ops.NewTryMapper(fails))).Named("way").Collect(t.Context())
		e, ok := errors.AsType[*flow.StageError](err)
		if !ok || e.Stage != "way/bad/try-mapper" || !errors.Is(err, errBoom) {
			t.Errorf("Collect() = %v, want the failure of way/bad/try-mapper", err)
		}
	})
	bubble(t, "is skipped by the policy of the Switch", func(t *testing.T) {
		got, err := flow.Of(1, 2, 3).Switch(ops.When("bad", even, ops.NewTryMapper(fails)), ops.Otherwise(pass())).
			OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{1, 3}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "of a predicate is skipped by the policy of the Switch", func(t *testing.T) {
		bad := func(v int) bool {
			if v == 2 {
				deliberatePanic()
			}
			return true
		}
		var r flow.Report
		got, err := flow.Of(1, 2, 3).Switch(ops.When("all", bad, pass())).
			OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 3}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, balanced %t, mismatch (-want +got):\n%s", err, r.Balanced(), diff)
		}
	})
}

// Whatever the input of a case is at work on, a barrier comes behind all items before it and
// in front of all behind it.
func TestSwitchBarrier(t *testing.T) {
	for _, size := range []int{0, 1, 40} {
		bubble(t, fmt.Sprint("buffers of ", size), func(t *testing.T) {
			slow := ops.NewCall(func(_ context.Context, v int) (int, error) {
				time.Sleep(time.Second)
				return v, nil
			})
			var seen, wrong int
			s := ops.NewSwitch(ops.When("slow", multipleOf(3), slow), ops.Otherwise(pass())).WithBufferSize(size)
			arrived := make(map[int]int)
			err := flow.FromSignals(&barriered{items: 20, every: 5, done: func(at int, err error) {
				if arrived[at] = seen; err != nil {
					wrong++
				}
			}}).Then(s).ForEach(func(context.Context, int) error {
				seen++
				return nil
			}).Run(t.Context())
			if err != nil || wrong > 0 {
				t.Errorf("Run() = %v, %d barriers failed", err, wrong)
			}
			if diff := cmp.Diff(map[int]int{5: 5, 10: 10, 15: 15, 20: 20}, arrived); diff != "" {
				t.Errorf("items before each barrier mismatch (-want +got):\n%s", diff)
			}
		})
	}
	bubble(t, "does not pass a case over channels", func(t *testing.T) {
		told := make(map[int]error)
		s := ops.NewSwitch[int](ops.When[int]("foreign", even, bridged[int, int]{pass()}), ops.Otherwise(pass()))
		n, err := flow.FromSignals(&barriered{items: 20, every: 10, done: func(at int, err error) { told[at] = err }}).Then(s).Count(t.Context())
		if n != 20 || err != nil || len(told) != 2 || told[10] == nil {
			t.Errorf("%d items, error %v, barriers %v, want 20 items and 2 barriers that failed", n, err, told)
		}
	})
}

// A watermark comes when it has come through all cases.
func TestSwitchWatermark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := ops.NewCall(func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		})
		w := new(witness)
		src := &barriered{items: 8, every: 2, done: func(int, error) {}}
		if err := flow.FromSignals(src).Switch(ops.When("slow", multipleOf(3), slow), ops.Otherwise(pass())).Then(w).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		items, last := 0, 0
		for _, line := range w.diary {
			if _, err := fmt.Sscanf(line, "watermark %d", &last); err != nil {
				items++
			} else if items < last {
				t.Errorf("watermark %d came after %d items", last, items)
			}
		}
		if items != 8 || last != 8 {
			t.Errorf("%d items, last watermark %d, want 8 and 8: %q", items, last, w.diary)
		}
	})
}

// barriered is a source of numbers with a watermark and a barrier behind every few of them.
type barriered struct {
	items, every int
	done         func(at int, err error)
}

func (m *barriered) Stream(_ context.Context, out flow.Emitter[int]) error {
	for i := 1; i <= m.items; i++ {
		if err := out.Emit(i); err != nil {
			return err
		}
		if i%m.every > 0 {
			continue
		}
		if err := out.Watermark(time.Unix(int64(i), 0)); err != nil {
			return err
		}
		if err := out.Barrier(func(err error) { m.done(i, err) }); err != nil {
			return err
		}
	}
	return nil
}

// A slow case holds up the others when its buffer is full, and not before.
func TestSwitchIsHeldUpByAFullCase(t *testing.T) {
	for _, size := range []int{0, 1, 5} {
		bubble(t, fmt.Sprint("buffers of ", size), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			stuck := ops.NewCall(func(ctx context.Context, v int) (int, error) {
				<-ctx.Done()
				return v, ctx.Err()
			})
			in, taken := offer(ctx, slices.Repeat([]int{2, 1}, 50))
			s := ops.NewSwitch(ops.When("stuck", even, stuck), ops.Otherwise(pass())).WithBufferSize(size)
			out := s.Process(ctx, in)
			for range size + 2 {
				wantNext(t, out)
			}
			wantOpen(t, out)
			// One is in work, size + 1 wait, and one is in hand; the others went by.
			if got := int(taken.Load()); got != 2*(size+2)+1 {
				t.Errorf("%d items were taken, want %d", got, 2*(size+2)+1)
			}
			cancel()
			collect(out)
		})
	}
}

// What a case cannot be is told as well, in a flow with the path of its stage.
func TestSwitchOfACaseThatCannotRun(t *testing.T) {
	s := ops.NewSwitch(ops.Otherwise[int](ops.NewTake[int](-1)))
	err, _ := thrown(func() { s.Process(t.Context(), make(chan int)) }).(error)
	wantConfigError(t, "streamz: take: count must not be negative, got -1", err)
	_, err = flow.Of(1).Then(s).Collect(t.Context())
	wantConfigError(t, place(t, err)+": switch/_default/take: count must not be negative, got -1", err)
}

func TestSwitchMisusesAreAllTold(t *testing.T) {
	s := ops.NewSwitch(ops.When("a", even, nil), ops.Otherwise[int](nil)).WithBufferSize(-1).WithName("mine")
	err, _ := thrown(func() { s.Process(t.Context(), make(chan int)) }).(error)
	if got := len(leaves(err)); got != 3 {
		t.Errorf("Process() panics with %v, want 3 errors", err)
	}
}
