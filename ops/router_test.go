package ops_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// oneRoute is a Router of one route, and joinedRoute one whose routes are merged: each is held
// to the contract as a processor.
type (
	oneRoute[T any]    struct{ *ops.Router[T] }
	joinedRoute[T any] struct{ *ops.Router[T] }
)

func (r oneRoute[T]) WithName(name string) oneRoute[T] { return oneRoute[T]{r.Router.WithName(name)} }

func (r oneRoute[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return r.Router.Process(ctx, in).Routes[r.Names()[0]]
}

func (r joinedRoute[T]) WithName(name string) joinedRoute[T] {
	return joinedRoute[T]{r.Router.WithName(name)}
}

func (r joinedRoute[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return r.ProcessToSingle(ctx, in)
}

// One item is in hand on each of two goroutines, or three, and one waits in front of the
// route, and behind it if it is merged.
var _ = conforms(
	named("Router", newSubject("router", 3, ints(6), referenceMap(double), oneRoute[int]{router()}, separateRoute, randomInts).with(1)),
	named("Router", newSubject("router", 5, ints(6), referenceMap(double), joinedRoute[int]{router()}, mergedRoute, randomInts).with(1)),
)

func router() *ops.Router[int] { return routerOf(func() {}) }

func routerOf(before func()) *ops.Router[int] {
	return ops.NewRouter[int]().AddRoute("all", func(int) bool {
		before()
		return true
	}, ops.NewMapper(double))
}

func separateRoute(before func()) oneRoute[int] { return oneRoute[int]{routerOf(before)} }

func mergedRoute(before func()) joinedRoute[int] { return joinedRoute[int]{routerOf(before)} }

// readAll reads all outputs at once.
func readAll[K comparable](outs map[K]<-chan int) map[K][]int {
	var mu sync.Mutex
	got := make(map[K][]int)
	var readers sync.WaitGroup
	for name, out := range outs {
		readers.Go(func() {
			items := collect(out)
			mu.Lock()
			defer mu.Unlock()
			got[name] = items
		})
	}
	readers.Wait()
	return got
}

func routed(t *testing.T, r *ops.Router[int], items ...int) map[string][]int {
	t.Helper()
	in, _ := offer(t.Context(), items)
	return readAll(r.Process(t.Context(), in).Routes)
}

func TestRouterPinned(t *testing.T) {
	odd := func(v int) bool { return !even(v) }
	upTo := func(n int) []int { return ints(n) }
	tests := map[string]struct {
		r     *ops.Router[int]
		items []int
		want  map[string][]int
	}{
		"evens and odds": {
			ops.NewRouter[int]().AddRoute("evens", even, pass()).AddRoute("odds", odd, pass()), upTo(10),
			map[string][]int{"evens": {2, 4, 6, 8, 10}, "odds": {1, 3, 5, 7, 9}},
		},
		"0 goes to the default": {
			ops.NewRouter[int]().AddRoute("positive", func(v int) bool { return v > 0 }, pass()).WithDefault(pass()), []int{1, 0, 2},
			map[string][]int{"positive": {1, 2}, "default": {0}},
		},
		"all matches": {
			multiples().AllMatches(), []int{2, 4, 9, 15, 25},
			map[string][]int{"2": {2, 4}, "3": {9, 15}, "5": {15, 25}},
		},
		"first match gives 15 to the multiples of 3": {
			multiples().AllMatches().FirstMatch(), []int{2, 4, 9, 15, 25},
			map[string][]int{"2": {2, 4}, "3": {9, 15}, "5": {25}},
		},
		"no match and no default": {multiples(), []int{1, 7, 11}, map[string][]int{"2": nil, "3": nil, "5": nil}},
		"all matches and the default": {
			multiples().AllMatches().WithDefault(pass()), []int{30, 7},
			map[string][]int{"2": {30}, "3": {30}, "5": {30}, "default": {7}},
		},
		"no items":           {multiples(), nil, map[string][]int{"2": nil, "3": nil, "5": nil}},
		"only a default":     {ops.NewRouter[int]().WithDefault(ops.NewMapper(double)), []int{1, 2}, map[string][]int{"default": {2, 4}}},
		"a route of default": {ops.NewRouter[int]().AddRoute("default", even, pass()), []int{1, 2}, map[string][]int{"default": {2}}},
		"a builder": {
			ops.NewRouterBuilder[int]().Route("evens").When(even).To(pass()).Default(ops.NewMapper(double)).Build(), []int{1, 2},
			map[string][]int{"evens": {2}, "default": {2}},
		},
		"a zero builder": {ops.RouterBuilder[int]{}.Route("evens").When(even).To(pass()).Build(), []int{1, 2}, map[string][]int{"evens": {2}}},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, routed(t, tt.r, tt.items...)); diff != "" {
				t.Errorf("items mismatch (-want +got):\n%s", diff)
			}
		})
	}
	bubble(t, "cancel with slow processors", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		slow := ops.NewCall(func(ctx context.Context, v int) (int, error) {
			select {
			case <-time.After(time.Hour):
			case <-ctx.Done():
			}
			return v, ctx.Err()
		})
		outs := ops.NewRouter[int]().AddRoute("evens", even, slow).WithDefault(slow).Process(ctx, filled(ints(9)...)).Routes
		synctest.Wait()
		cancel()
		for _, out := range outs {
			wantClosed(t, out)
		}
	})
}

// multiples has a route for those of 2, 3 and 5.
func multiples() *ops.Router[int] {
	r := ops.NewRouter[int]()
	for _, n := range []int{2, 3, 5} {
		r = r.AddRoute(fmt.Sprint(n), multipleOf(n), pass())
	}
	return r
}

func TestRouterModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		m, all, in := randomSwitch(r), r.IntN(2) == 0, randomInts(r)
		p, want := ops.NewRouter[int]().WithBufferSize(r.IntN(3)), make(map[string][]int)
		for i, n := range m.of {
			name := fmt.Sprint(i)
			want[name], p = nil, p.AddRoute(name, multipleOf(n), pass())
		}
		if m.rest {
			want["default"], p = nil, p.WithDefault(pass())
		}
		if all {
			p = p.AllMatches()
		}
		for _, v := range in {
			for _, name := range m.names(v, all) {
				want[name] = append(want[name], v)
			}
		}
		if diff := cmp.Diff(want, routed(t, p, in...)); diff != "" {
			t.Errorf("%+v, all %t, of %v: mismatch (-want +got):\n%s", m, all, in, diff)
		}
		var got, merged []int
		for _, items := range want {
			got = append(got, items...)
		}
		merged = collect(p.ProcessToSingle(t.Context(), feed(in...)))
		slices.Sort(got)
		slices.Sort(merged)
		if diff := cmp.Diff(got, merged); diff != "" {
			t.Errorf("%+v, all %t, of %v: merged, sorted, mismatch (-want +got):\n%s", m, all, in, diff)
		}
	})
}

// names are the routes of an item.
func (m switchModel) names(v int, all bool) (names []string) {
	for i, n := range m.of {
		if v%n == 0 && (all || len(names) == 0) {
			names = append(names, fmt.Sprint(i))
		}
	}
	if len(names) == 0 && m.rest {
		return []string{"default"}
	}
	return names
}

func TestRouterNames(t *testing.T) {
	r := ops.NewRouter[int]().WithDefault(pass()).AddRoute("b", even, pass()).AddRoute("a", even, pass())
	if diff := cmp.Diff([]string{"b", "a", "default"}, r.Names()); diff != "" {
		t.Errorf("Names() mismatch (-want +got):\n%s", diff)
	}
	out := r.Process(t.Context(), feed[int]())
	if diff := cmp.Diff([]string{"a", "b", "default"}, slices.Sorted(maps.Keys(out.Routes))); diff != "" {
		t.Errorf("names of the outputs mismatch (-want +got):\n%s", diff)
	}
}

func TestRouterUnmatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var missed []int
		r := multiples().AllMatches().OnUnmatched(func(v int) { missed = append(missed, v) })
		routed(t, r, ints(10)...)
		if diff := cmp.Diff([]int{1, 7}, missed); diff != "" {
			t.Errorf("OnUnmatched() was told other items (-want +got):\n%s", diff)
		}
		want := ops.RouterStats{Matches: map[string]int64{"2": 5, "3": 3, "5": 2}, Unmatched: 2}
		if diff := cmp.Diff(want, r.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ops.RouterStats{Matches: map[string]int64{"2": 0, "3": 0, "5": 0}}, r.FirstMatch().Stats()); diff != "" {
			t.Errorf("Stats() of a copy mismatch (-want +got):\n%s", diff)
		}
		if got := new(ops.Router[int]).Stats(); got.Unmatched != 0 {
			t.Errorf("Stats() of the zero Router = %v", got)
		}
	})
}

func TestRouterRegressions(t *testing.T) {
	t.Run("router-duplicate-name", func(t *testing.T) {
		r := ops.NewRouter[int]().AddRoute("a", even, pass()).AddRoute("a", multipleOf(3), pass())
		for _, process := range []func(){
			func() { r.Process(t.Context(), make(chan int)) }, func() { r.ProcessToSingle(t.Context(), make(chan int)) },
		} {
			err, _ := thrown(process).(error)
			wantConfigError(t, "streamz: router: route must have a name of its own, got a", err)
		}
	})
	bubble(t, "router-early-end", func(t *testing.T) {
		r := ops.NewRouter[int]().AddRoute("few", even, ops.NewTake[int](2)).WithDefault(pass())
		got := routed(t, r, ints(100)...)
		want := map[string][]int{"few": {2, 4}, "default": slices.DeleteFunc(ints(100), even)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("items mismatch (-want +got):\n%s", diff)
		}
		if s := r.Stats(); s.Late == 0 || s.Matches["few"]+s.Late != 50 {
			t.Errorf("Stats() = %+v, want 50 even items, most of them late", s)
		}
	})
}

// A route that has ended closes its output at once, and the others do not notice.
func TestRouterClosesEachOutputByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		outs := ops.NewRouter[int]().AddRoute("one", even, ops.NewTake[int](1)).WithDefault(pass()).Process(t.Context(), in).Routes
		in <- 2
		wantNext(t, outs["one"])
		wantClosed(t, outs["one"])
		in <- 1
		wantNext(t, outs["default"])
		in <- 4
		in <- 3
		wantNext(t, outs["default"])
		wantOpen(t, outs["default"])
		close(in)
		wantClosed(t, outs["default"])
	})
	bubble(t, "all of them, and reads no more", func(t *testing.T) {
		in := make(chan int)
		out := oneRoute[int]{ops.NewRouter[int]().AddRoute("one", even, ops.NewTake[int](1))}.Process(t.Context(), in)
		in <- 2
		wantNext(t, out)
		wantClosed(t, out) // and the bubble sees that nothing is left
	})
}

// An output that is not read holds up the others when its buffer is full, and not before.
// TestRouterEndsWithAllThatItStarted: whoever has seen all outputs close may count on that.
func TestRouterEndsWithAllThatItStarted(t *testing.T) {
	bubble(t, "a source inside a route", func(t *testing.T) {
		left := true
		slow := flow.FromSeq(func(yield func(int) bool) {
			yield(1)
			time.Sleep(time.Minute)
			left = false
		})
		route := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, slow).Take(1) })
		out := ops.NewRouter[int]().WithDefault(route).Process(t.Context(), make(chan int))
		collect(out.Routes["default"])
		if left {
			t.Error("the last output was closed while a source still ran")
		}
	})
}

func TestRouterIsHeldUpByAFullRoute(t *testing.T) {
	for _, size := range []int{0, 1, 4} {
		bubble(t, fmt.Sprint("buffers of ", size), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, taken := offer(ctx, slices.Repeat([]int{2, 1}, 50))
			r := ops.NewRouter[int]().AddRoute("evens", even, pass()).WithDefault(pass()).WithBufferSize(size)
			outs := r.Process(ctx, in).Routes
			for range size + 2 {
				wantNext(t, outs["default"])
			}
			wantOpen(t, outs["default"])
			if got := int(taken.Load()); got != 2*(size+2)+1 {
				t.Errorf("%d items were taken, want %d", got, 2*(size+2)+1)
			}
			cancel()
			collect(outs["evens"])
		})
	}
}

// The failure of one route ends all, and no output is closed before it was told.
func TestRouterFailsBeforeItCloses(t *testing.T) {
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			var outs map[string]<-chan int
			sup := &listener{}
			sup.onFailed = func(error) {
				for name, out := range outs {
					select {
					case _, ok := <-out:
						if !ok {
							t.Errorf("output %s was closed before the failure was told", name)
						}
					default:
					}
				}
			}
			bad := ops.NewMapper(func(int) int { panic(errBoom) })
			in := make(chan int)
			outs = ops.NewRouter[int]().AddRoute("bad", even, bad).AddRoute("good", multipleOf(3), pass()).WithDefault(pass()).
				Process(ops.WithSupervisor(t.Context(), sup), in).Routes
			in <- 2
			synctest.Wait()
			for _, out := range outs {
				wantClosed(t, out)
			}
			e, ok := errors.AsType[*ops.PanicError](errors.Join(sup.failures()...))
			if !ok || e.Processor != "router/bad/mapper" {
				t.Errorf("Failed() was told %v, want the panic of router/bad/mapper", sup.failures())
			}
		})
	}
}

func TestRouterMisuse(t *testing.T) {
	for want, p := range map[string]*ops.Router[int]{
		"streamz: router: route must be given, or a default":                            ops.NewRouter[int](),
		"streamz: router: name of a route must not be empty":                            ops.NewRouter[int]().AddRoute("", even, pass()),
		`streamz: router: predicate of route "a" must not be nil`:                       ops.NewRouter[int]().AddRoute("a", nil, pass()),
		`streamz: router: processor of route "a" must not be nil`:                       ops.NewRouter[int]().AddRoute("a", even, nil),
		"streamz: router: processor of the default must not be nil":                     ops.NewRouter[int]().WithDefault(nil),
		"streamz: router: route must have another name beside a default, got default":   ops.NewRouter[int]().WithDefault(pass()).AddRoute("default", even, pass()),
		"streamz: mine: buffer size must be between 0 and 1<<30 - 1, got -1":            router().WithBufferSize(-1).WithName("mine"),
		"streamz: router: OnUnmatched must not be nil":                                  router().OnUnmatched(nil),
		`streamz: built: predicate of route "a" must not be nil`:                        ops.NewRouterBuilder[int]().Route("a").To(pass()).Build().WithName("built"),
		"streamz: processor: processor must be made by its constructor and have a name": new(ops.Router[int]),
	} {
		for _, process := range []func(){
			func() { p.Process(t.Context(), make(chan int)) }, func() { p.ProcessToSingle(t.Context(), make(chan int)) },
		} {
			err, _ := thrown(process).(error)
			wantConfigError(t, want, err)
		}
	}
}
