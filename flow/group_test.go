package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
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

func mod(n int) func(int) int { return func(v int) int { return v % n } }

func twice(v int) iter.Seq[int] { return slices.Values([]int{v, v}) }

// keyed gives what came of each key.
func keyed[R any](pairs []flow.Pair[int, R]) map[int][]R {
	lists := make(map[int][]R)
	for _, p := range pairs {
		lists[p.A] = append(lists[p.A], p.B)
	}
	return lists
}

// TestGroupBy_model: what comes of a key is what the piece makes of its items alone, wherever
// the groups stand.
func TestGroupBy_model(t *testing.T) {
	around := map[string]func(flow.Flow[int], limb) flow.Flow[flow.Pair[int, int]]{
		"alone": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			return f.GroupByKeyed(mod(7), n)
		},
		"behind a boundary": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			return f.Async(3).GroupByKeyed(mod(7), n).Async(2)
		},
		"in a branch": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			return f.Branch(func(f flow.Flow[int]) flow.Flow[flow.Pair[int, int]] { return f.GroupByKeyed(mod(7), n) })
		},
		"in groups": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			return f.GroupBy(mod(7), func(f flow.Flow[int]) flow.Flow[flow.Pair[int, int]] { return f.GroupByKeyed(mod(7), n) })
		},
		"of groups": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			return f.GroupByKeyed(mod(7), func(f flow.Flow[int]) flow.Flow[int] { return f.GroupBy(mod(7), n) })
		},
		"over channels": func(f flow.Flow[int], n limb) flow.Flow[flow.Pair[int, int]] {
			pipe := flow.Pipe(func(f flow.Flow[int]) flow.Flow[flow.Pair[int, int]] { return f.GroupByKeyed(mod(7), n) })
			return f.Then(ops.ProcessorFunc[int, flow.Pair[int, int]](pipe.Process))
		},
	}
	for place, build := range around {
		t.Run(place, func(t *testing.T) {
			for seed := range uint64(80) {
				r := rand.New(rand.NewPCG(seed, 3))
				first, second := pick(r, pieces), pick(r, pieces)
				items, want := make([]int, r.IntN(60)), make(map[int][]int)
				for i := range items {
					items[i] = r.IntN(100)
					want[items[i]%7] = append(want[items[i]%7], items[i])
				}
				for key, list := range want {
					if want[key] = pieces[second].model(pieces[first].model(list)); len(want[key]) == 0 {
						delete(want, key)
					}
				}
				synctest.Test(t, func(t *testing.T) {
					got, err := build(flow.FromSlice(items), func(f flow.Flow[int]) flow.Flow[int] {
						return pieces[second].build(pieces[first].build(f))
					}).Collect(t.Context(), audit(t))
					if err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					if diff := cmp.Diff(want, keyed(got)); diff != "" {
						t.Errorf("seed %d, %s then %s (-want +got):\n%s", seed, first, second, diff)
					}
				})
			}
		})
	}
}

// TestGroupBy_order: results of an item come at once, and what is left at the end by the first
// items of the keys.
func TestGroupBy_order(t *testing.T) {
	got, err := flow.Of(5, 3, 4, 8, 3, 5, 1).GroupByKeyed(mod(5), func(f flow.Flow[int]) flow.Flow[[]int] {
		return f.Batch(3, 0)
	}).Collect(t.Context(), audit(t))
	want := []flow.Pair[int, []int]{{A: 3, B: []int{3, 8, 3}}, {A: 0, B: []int{5, 5}}, {A: 4, B: []int{4}}, {A: 1, B: []int{1}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestGroupBy_isOneGoroutine: a hundred thousand keys need none, and have one row in the report.
func TestGroupBy_isOneGoroutine(t *testing.T) {
	opt, report := audited(t)
	n, err := flow.Range(0, 300_000).GroupBy(mod(100_000), func(f flow.Flow[int]) flow.Flow[int] {
		return f.Fold(0, func(sum, _ int) int { return sum + 1 })
	}).Filter(func(n int) bool { return n == 3 }).Count(t.Context(), opt)
	if err != nil || n != 100_000 || report.Goroutines.Started != 0 {
		t.Errorf("got %d counts, %v, %v", n, err, report.Goroutines)
	}
	if fold := stageReport(t, report, "group-by/fold"); fold.In != 300_000 || fold.Out != 100_000 || len(report.Stages) != 5 {
		t.Errorf("got %+v in\n%v", fold, report)
	}
}

// TestGroupBy_endOfOneKey: when a key has ended early the others go on, also after functions
// that emit, whose stages they share, and its later items are discarded.
func TestGroupBy_endOfOneKey(t *testing.T) {
	opt, report := audited(t)
	var book journal
	got, err := flow.Of(0, 1, 0, 0, 1, 2, 0, 1, 2).GroupByKeyed(mod(3), func(f flow.Flow[int]) flow.Flow[int] {
		return f.Gather(&gatherPart{part{name: "above", book: &book}}).FlatMap(twice).Take(3).
			Gather(&gatherPart{part{name: "below", book: &book}})
	}).Collect(t.Context(), opt)
	want := map[int][]int{0: {0, 0, 0}, 1: {1, 1, 1}, 2: {2, 2, 2}}
	if diff := cmp.Diff(want, keyed(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if s := stageReport(t, report, "group-by"); s.Passed != 6 || s.Filtered != 3 {
		t.Errorf("got %+v, want three items filtered", s)
	}
	const one = "above closed: " + "streamz: no more items are needed, below closed: <nil>"
	if got, want := book.String(), strings.Join([]string{one, one, one}, ", "); got != want {
		t.Errorf("got %s", got)
	}
}

// TestGroupBy_stopsBelow: an end below ends all.
func TestGroupBy_stopsBelow(t *testing.T) {
	opt, report := audited(t)
	got, err := flow.Range(0, 1_000_000).GroupBy(mod(3), func(f flow.Flow[int]) flow.Flow[[]int] { return f.Batch(2, 0) }).
		Take(2).Collect(t.Context(), opt)
	if err != nil || fmt.Sprint(got) != "[[0 3] [1 4]]" {
		t.Errorf("got %v and %v", got, err)
	}
	if b := stageReport(t, report, "group-by/batcher"); b.In != 5 || b.Held != 1 {
		t.Errorf("got %+v, want one item held", b)
	}
}

// TestGroupBy_timers: each key has timers of its own.
func TestGroupBy_timers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		err := flow.FromFunc(paced(0, 1, 2, 3, 9)).GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[[]int] {
			return f.Batch(10, 2500*time.Millisecond)
		}).ForEach(func(_ context.Context, b []int) error {
			got = append(got, fmt.Sprint(b, " at ", time.Since(start)))
			return nil
		}).Run(t.Context(), audit(t))
		want := []string{"[0 2] at 2.5s", "[1 3] at 3.5s", "[4] at 9s"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// TestGroupBy_timersBesideCalls: a function of the piece that blocks holds timers up for as long
// as the call, and no longer.
func TestGroupBy_timersBesideCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		err := flow.Range(0, 10).Async(16).GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[[]int] {
			return f.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[[]int] {
				return f.Call(func(_ context.Context, v int) (int, error) {
					time.Sleep(300 * time.Millisecond)
					return v, nil
				}).Batch(10, time.Second)
			})
		}, flow.EvictIdle(time.Hour)).ForEach(func(_ context.Context, b []int) error {
			got = append(got, fmt.Sprint(b, " at ", time.Since(start)))
			return nil
		}).Run(t.Context(), audit(t))
		want := []string{"[0 2 4] at 1.5s", "[1 3 5] at 1.8s", "[6 8] at 3s", "[7 9] at 3s"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// TestGroupBy_branchOfTimersAndCalls: what would be apart elsewhere is fused in the piece, also
// in a branch of it.
func TestGroupBy_branchOfTimersAndCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, report := audited(t)
		err := flow.Range(0, 4).GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] {
			return f.Branch(
				func(f flow.Flow[int]) flow.Flow[int] { return f.Delay(time.Second).Call(called) },
				func(f flow.Flow[int]) flow.Flow[int] { return f.FlatMap(twice).Delay(2 * time.Second) },
			).Call(called)
		}).ForEach(func(context.Context, int) error { return nil }).Run(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if n := stageReport(t, report, "for-each").In; n != 12 {
			t.Errorf("%d items came, want 12", n)
		}
	})
}

// TestGroupBy_timerEndsKey: a key that its timer has ended is ended alone.
func TestGroupBy_timerEndsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := flow.FromFunc(paced(0, 1, 2, 3, 4, 5, 6, 7)).GroupByKeyed(mod(2), func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Unbatch(f.Batch(10, 2500*time.Millisecond).Take(1))
		}).Collect(t.Context(), audit(t))
		if want := map[int][]int{0: {0, 2}, 1: {1, 3}}; err != nil || !cmp.Equal(want, keyed(got)) {
			t.Errorf("got %v and %v, want %v", keyed(got), err, want)
		}
	})
}

// TestGroupBy_evictIdle: a key that had no item for long ends, and begins anew.
func TestGroupBy_evictIdle(t *testing.T) {
	for name, sum := range map[string]func(flow.Flow[int]) flow.Flow[int]{
		"fused": func(f flow.Flow[int]) flow.Flow[int] { return f },
		"call":  func(f flow.Flow[int]) flow.Flow[int] { return f.Call(called) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				err := flow.FromFunc(paced(0, 1, 2, 8, 10, 11)).GroupByKeyed(mod(2), func(f flow.Flow[int]) flow.Flow[int] {
					return sum(f).Fold(0, func(sum, v int) int { return sum + v })
				}, flow.EvictIdle(3*time.Second)).ForEach(func(_ context.Context, p flow.Pair[int, int]) error {
					got = append(got, fmt.Sprint(p, " at ", time.Since(start)))
					return nil
				}).Run(t.Context(), audit(t))
				// The items are 0 to 5 at the seconds above; at 11 s the timer comes first.
				want := []string{"{1 1} at 4s", "{0 2} at 5s", "{1 3} at 11s", "{0 4} at 11s", "{1 5} at 11s"}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

func TestGroupBy_maximumOfKeys(t *testing.T) {
	items := []int{0, 1, 0, 2, 0, 3, 1}
	sum := func(f flow.Flow[int]) flow.Flow[int] { return f.Fold(0, func(n, _ int) int { return n + 1 }) }
	id := func(v int) int { return v }
	opt, report := audited(t)

	got, err := flow.FromSlice(items).GroupByKeyed(id, sum, flow.EvictOldest(2)).Collect(t.Context(), opt)
	if want := "[{1 1} {2 1} {0 3} {3 1} {1 1}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("EvictOldest: got %v and %v, want %s", got, err, want)
	}
	got, err = flow.FromSlice(items).GroupByKeyed(id, sum, flow.DropBeyond(2)).Collect(t.Context(), opt)
	if want := "[{0 3} {1 2}]"; err != nil || fmt.Sprint(got) != want || stageReport(t, report, "group-by").Dropped != 2 {
		t.Errorf("DropBeyond: got %v and %v, want %s, in\n%v", got, err, want, report)
	}
	_, err = flow.FromSlice(items).GroupByKeyed(id, sum, flow.MaxKeys(2)).Collect(t.Context(), opt)
	if e := stageError(t, err); e.Stage != "group-by" || !strings.Contains(err.Error(), "no room for another key beside the 2") {
		t.Errorf("MaxKeys: got %v", err)
	}
	got, err = flow.FromSlice(items).GroupByKeyed(id, sum, flow.MaxKeys(2)).OnError(flow.Skip()).Collect(t.Context(), opt)
	if want := "[{0 3} {1 2}]"; err != nil || fmt.Sprint(got) != want || stageReport(t, report, "group-by").Failed != 2 {
		t.Errorf("MaxKeys with Skip: got %v and %v, want %s, in\n%v", got, err, want, report)
	}
}

func TestGroupBy_misuse(t *testing.T) {
	ok := flow.Of(1)
	for what, row := range map[string]struct {
		job  flow.Job
		want string
	}{
		"workers": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(2, called).Named("slow") }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/slow" needs another, or a queue`},
		"Async": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2) }).Named("by").Discard(),
			`by: stages must run on one goroutine, without an Async between them, unlike those of ParallelKeyed`},
		"Async behind a stage": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).Async(2) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/mapper" needs another, or a queue`},
		"foreign": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/processor-func" needs another, or a queue`},
		"a source": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, ok) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/items" needs another, or a queue`},
		"a source in turn": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(ok, f) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/items" needs another, or a queue`},
		"a channel": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.TakeUntil(make(chan struct{})) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/take-until" needs another, or a queue`},
		"two clocks": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[[]int] {
			return f.Then(ops.NewDelay[int](time.Second, clock.NewFake())).Batch(2, time.Second)
		}).Discard(), `group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/delay" needs another, or a queue`},
		"a second call": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.Hedge(ops.NewCall(called), time.Second) }).Discard(),
			`group-by: stages must run on one goroutine, unlike those of ParallelKeyed, and "group-by/hedge" needs another, or a queue`},
		"in groups": {ok.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] {
			return f.GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2) })
		}).Discard(), `group-by/group-by: stages must run on one goroutine, without an Async between them, unlike those of ParallelKeyed`},
		"no key":    {ok.GroupBy[int](nil, same).Discard(), "group-by: key function must not be nil"},
		"no build":  {ok.GroupBy[int, int](mod(2), nil).Discard(), "pipe: function must not be nil"},
		"EvictIdle": {ok.GroupBy(mod(2), same, flow.EvictIdle(0)).Discard(), "group-by: EvictIdle must be positive, got 0s"},
		"MaxKeys":   {ok.GroupBy(mod(2), same, flow.MaxKeys(0)).Discard(), "group-by: MaxKeys must be between 1 and 1<<30, got 0"},
		"two":       {ok.GroupBy(mod(2), same, flow.MaxKeys(1), flow.DropBeyond(1)).Discard(), "group-by: DropBeyond cannot stand beside MaxKeys"},
		"zero":      {ok.GroupBy(mod(2), same, flow.GroupOption{}).Discard(), "group-by: option must be made by its function, as MaxKeys"},
	} {
		t.Run(what, func(t *testing.T) {
			err := row.job.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v\nwant %s", err, row.want)
			}
			if errs := configErrors(t, err); !strings.HasSuffix(errs[0].At, ".go:"+strings.Split(errs[0].At, ":")[1]) || !strings.Contains(errs[0].At, "group_test.go") {
				t.Errorf("it stands at %q", errs[0].At)
			}
		})
	}
}

// TestGroupBy_failures: what fails in a copy is a failure of the stage, and a policy that goes
// on goes on with all keys.
func TestGroupBy_failures(t *testing.T) {
	for name, fail := range map[string]func(){"error": nil, "panic": boom} {
		t.Run(name, func(t *testing.T) {
			bad := func(v int) (int, error) {
				if v == 3 && fail != nil {
					fail()
				}
				if v == 3 {
					return 0, errBoom
				}
				return v, nil
			}
			build := func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(bad).FlatMap(twice) }
			_, err := flow.Range(0, 6).GroupBy(mod(2), build).Collect(t.Context(), audit(t))
			if e := stageError(t, err); e.Stage != "group-by/try-mapper" || !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			got, err := flow.Range(0, 6).GroupBy(mod(2), build).OnError(flow.Skip()).Collect(t.Context(), audit(t))
			if want := "[0 0 1 1 2 2 4 4 5 5]"; err != nil || fmt.Sprint(got) != want {
				t.Errorf("got %v and %v, want %s", got, err, want)
			}
		})
	}
	_, err := flow.Range(0, 6).GroupBy(func(int) int { panic(errBoom) }, same).Collect(t.Context(), audit(t))
	if e := stageError(t, err); e.Stage != "group-by" {
		t.Errorf("got %v", err)
	}
}

// TestGroupBy_lifecycle: a gatherer is started and closed for each key.
func TestGroupBy_lifecycle(t *testing.T) {
	for _, method := range []string{"Start", "Push", "End", "Close"} {
		for _, stop := range []bool{false, true} {
			t.Run(fmt.Sprint(method, " ", stop), func(t *testing.T) {
				var book journal
				starts := 0
				g := &gatherPart{part{name: "it", book: &book}}
				g.hook = func(m string) error {
					if m == "Start" {
						starts++
					}
					if m == method && starts == 2 {
						if stop {
							return errBoom
						}
					}
					return nil
				}
				_, err := flow.Range(0, 6).GroupBy(mod(3), func(f flow.Flow[int]) flow.Flow[int] { return f.Gather(g) }).
					Collect(t.Context(), audit(t))
				closed := strings.Count(book.String(), "it closed: <nil>")
				switch {
				case !stop && (err != nil || starts != 3 || closed != 3):
					t.Errorf("got %v, %d starts, %s", err, starts, &book)
				case stop && !errors.Is(err, errBoom) && method != "End" && method != "Close":
					t.Errorf("got %v, %d starts, %s", err, starts, &book)
				}
			})
		}
	}
}

// TestGroupBy_cancelled: every copy is closed, once, with the cause.
func TestGroupBy_cancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var book journal
	g := &gatherPart{part{name: "it", book: &book}}
	err := flow.Range(0, 1000).Tap(func(v int) {
		if v == 5 {
			cancel(errBoom)
		}
	}).GroupBy(mod(3), func(f flow.Flow[int]) flow.Flow[int] { return f.Gather(g) }).Run(ctx, audit(t))
	if want := "it closed: boom, it closed: boom, it closed: boom"; !errors.Is(err, errBoom) || book.String() != want {
		t.Errorf("got %v and %s", err, &book)
	}
}

// TestGroupBy_signals: a barrier comes down when all keys have passed it on, and a flush makes
// all of them give what they hold.
func TestGroupBy_signals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		src := signals(func(_ context.Context, out flow.Emitter[int]) error {
			for i := range 6 {
				if err := out.Emit(i); err != nil {
					return err
				}
				if i%3 == 2 {
					if err := out.Barrier(func(err error) { log = append(log, fmt.Sprint("barrier ", err)) }); err != nil {
						return err
					}
				}
			}
			return nil
		})
		err := flow.FromSignals(src).GroupBy(mod(2), func(f flow.Flow[int]) flow.Flow[[]int] { return f.Batch(10, 0) }).
			ForEach(func(_ context.Context, b []int) error {
				log = append(log, fmt.Sprint(b))
				return nil
			}).Run(t.Context(), audit(t))
		want := []string{"[0 2]", "[1]", "barrier <nil>", "[4]", "[3 5]", "barrier <nil>"}
		if diff := cmp.Diff(want, log); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// TestGroupBy_barrierOfWindows: each key's window holds the barrier, and the last one lets it
// go; a key that ends early holds nothing.
func TestGroupBy_barrierOfWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []string
		src := signals(func(_ context.Context, out flow.Emitter[int]) error {
			for i := range 3 {
				if err := out.Emit(i); err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
			if err := out.Barrier(func(err error) { at = append(at, fmt.Sprint(err, " at ", time.Since(start))) }); err != nil {
				return err
			}
			time.Sleep(time.Minute)
			return nil
		})
		err := flow.FromSignals(src).Async(8).GroupBy(func(v int) int { return v }, func(f flow.Flow[int]) flow.Flow[int] {
			return f.SessionWindow(func(int) int { return 0 }, 5*time.Second).Map(func(flow.Window[int]) int { return 1 })
		}).Run(t.Context(), audit(t))
		if want := []string{"<nil> at 7s"}; err != nil || !slices.Equal(at, want) {
			t.Errorf("got %v and %v, want %v", at, err, want)
		}
	})
}

// TestGroupBy_live: the groups may be looked at while they work.
func TestGroupBy_live(t *testing.T) {
	r := flow.Range(0, 200_000).GroupBy(mod(1000), func(f flow.Flow[int]) flow.Flow[[]int] {
		return f.Map(identity).GroupBy(mod(7), same).Batch(10, time.Second)
	}, flow.EvictOldest(500)).Discard().Start(t.Context(), flow.WithClock(clock.NewFake()), audit(t))
	for range 100 {
		_ = r.Snapshot().String()
	}
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestGroupBy_barrierOfKeys: what holds a barrier for its items does so for those of its key
// alone.
func TestGroupBy_barrierOfKeys(t *testing.T) {
	for name, hold := range map[string]limb{
		"TumblingWindow": func(f flow.Flow[int]) flow.Flow[int] {
			return f.TumblingWindow(4 * time.Second).FlatMap(func(w flow.Window[int]) iter.Seq[int] { return slices.Values(w.Items) })
		},
		"SlidingWindow": func(f flow.Flow[int]) flow.Flow[int] {
			return f.SlidingWindow(4*time.Second, 4*time.Second).FlatMap(func(w flow.Window[int]) iter.Seq[int] { return slices.Values(w.Items) })
		},
		"TakeLast": func(f flow.Flow[int]) flow.Flow[int] { return f.TakeLast(1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log []string
				src := signals(func(_ context.Context, out flow.Emitter[int]) error {
					for _, v := range []int{10, 20, 11, 21} {
						if err := out.Emit(v); err != nil {
							return err
						}
					}
					if err := out.Barrier(func(err error) { log = append(log, fmt.Sprint("barrier ", err)) }); err != nil {
						return err
					}
					time.Sleep(5 * time.Second)
					return errors.Join(out.Emit(12), out.Emit(22), out.Emit(23))
				})
				err := flow.FromSignals(src).Async(8).GroupBy(func(v int) int { return v / 10 }, hold).
					ForEach(func(_ context.Context, v int) error {
						log = append(log, fmt.Sprint(v))
						return nil
					}).Run(t.Context(), audit(t))
				want := "10,11,20,21,barrier <nil>,12,22,23"
				if name == "TakeLast" { // whose items before the barrier are gone with the next
					want = "barrier <nil>,12,23"
				}
				if got := strings.Join(log, ","); err != nil || got != want {
					t.Errorf("got %s and %v, want %s", got, err, want)
				}
			})
		})
	}
}
