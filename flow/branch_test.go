package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// limb is a piece of a flow of numbers.
type limb = func(flow.Flow[int]) flow.Flow[int]

func same(f flow.Flow[int]) flow.Flow[int] { return f }

func even(v int) bool { return v%2 == 0 }

// piece is a branch, and what it makes of items one by one.
type piece struct {
	build limb
	model func(vs []int) []int
}

// pieces are branches that can be fused.
var pieces = map[string]piece{
	"nothing": {same, func(vs []int) []int { return vs }},
	"map": {
		func(f flow.Flow[int]) flow.Flow[int] { return f.Map(func(v int) int { return -v }) },
		func(vs []int) []int { return expand(vs, func(v int) []int { return []int{-v} }) },
	},
	"filter": {
		func(f flow.Flow[int]) flow.Flow[int] { return f.Filter(even) },
		func(vs []int) []int { return slices.DeleteFunc(slices.Clone(vs), func(v int) bool { return !even(v) }) },
	},
	"take": {
		func(f flow.Flow[int]) flow.Flow[int] { return f.Take(3) },
		func(vs []int) []int { return vs[:min(3, len(vs))] },
	},
	"emit twice": {
		func(f flow.Flow[int]) flow.Flow[int] { return f.FlatMap(twice) },
		func(vs []int) []int { return expand(vs, func(v int) []int { return []int{v, v} }) },
	},
	"batch": {
		func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(4, 0)) },
		func(vs []int) []int { return vs },
	},
	"branch": {
		func(f flow.Flow[int]) flow.Flow[int] {
			return f.Branch(same, limb(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) }))
		},
		func(vs []int) []int { return slices.Concat(vs[:min(1, len(vs))], vs) },
	},
	"call": {
		func(f flow.Flow[int]) flow.Flow[int] {
			return f.Call(func(_ context.Context, v int) (int, error) { return v + 1, nil })
		},
		func(vs []int) []int { return expand(vs, func(v int) []int { return []int{v + 1} }) },
	},
}

func expand(vs []int, fn func(int) []int) (all []int) {
	for _, v := range vs {
		all = append(all, fn(v)...)
	}
	return all
}

// apart are ways to keep a branch from being fused.
var apart = map[string]func(limb) limb{
	"fused":  func(n limb) limb { return n },
	"behind": func(n limb) limb { return func(f flow.Flow[int]) flow.Flow[int] { return n(f).Async(2) } },
	"before": func(n limb) limb {
		return func(f flow.Flow[int]) flow.Flow[int] { return n(f.Map(identity).Async(1)) }
	},
	"workers": func(n limb) limb {
		return func(f flow.Flow[int]) flow.Flow[int] { return n(f).AsyncMap(2, called) }
	},
	"timed": func(n limb) limb {
		return func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(n(f).Batch(2, time.Second)) }
	},
	"foreign": func(n limb) limb {
		return func(f flow.Flow[int]) flow.Flow[int] { return n(f).Then(ops.ProcessorFunc[int, int](relay)) }
	},
}

func called(_ context.Context, v int) (int, error) { return v, nil }

// fanOut is a fan-out, and which of its branches an item takes.
type fanOut struct {
	make  func(f flow.Flow[int], branches []limb) flow.Flow[int]
	takes func(v, branch, branches int) bool
}

var fanOuts = map[string]fanOut{
	"Branch": {
		func(f flow.Flow[int], branches []limb) flow.Flow[int] { return f.Branch(branches...) },
		func(int, int, int) bool { return true },
	},
	"Partition": {
		func(f flow.Flow[int], branches []limb) flow.Flow[int] {
			return f.Partition(even, branches[0], branches[len(branches)-1])
		},
		func(v, branch, branches int) bool {
			if even(v) {
				return branch == 0
			}
			return branch == branches-1
		},
	},
	"Route": {
		func(f flow.Flow[int], branches []limb) flow.Flow[int] {
			var cases []flow.RouteCase[int, int, int]
			for i, build := range branches {
				cases = append(cases, flow.Case(i, build))
			}
			return f.Route(func(v int) int { return v % 5 }, cases...)
		},
		func(v, branch, _ int) bool { return v%5 == branch },
	},
	"Route with default": {
		func(f flow.Flow[int], branches []limb) flow.Flow[int] {
			cases := []flow.RouteCase[int, int, int]{flow.Default[int](branches[0])}
			for i, build := range branches[1:] {
				cases = append(cases, flow.Case(i+1, build))
			}
			return f.Route(func(v int) int { return v % 3 }, cases...)
		},
		func(v, branch, branches int) bool {
			if m := v % 3; m == 0 || m >= branches {
				return branch == 0
			}
			return v%3 == branch
		},
	},
}

// TestFanOut_model holds random fanOuts against what their branches make of slices: the items
// of each in order, and where all are fused those of one item in the order of the branches.
func TestFanOut_model(t *testing.T) {
	for name, s := range fanOuts {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, 1))
				n := 1 + r.IntN(4)
				if name == "Partition" {
					n = 2
				}
				items := make([]int, r.IntN(40))
				for i := range items {
					items[i] = r.IntN(100)
				}
				var branches []limb
				var text, want []string
				fused := true
				for i := range n {
					kind, way := pick(r, pieces), pick(r, apart)
					fused = fused && way == "fused"
					text = append(text, kind+" "+way)
					build := apart[way](pieces[kind].build)
					branches = append(branches, func(f flow.Flow[int]) flow.Flow[int] {
						return build(f).Map(func(v int) int { return 1000*v + i })
					})
					var taken []int
					for _, v := range items {
						if s.takes(v, i, n) {
							taken = append(taken, v)
						}
					}
					want = append(want, fmt.Sprint(pieces[kind].model(taken)))
				}
				synctest.Test(t, func(t *testing.T) {
					opt, report := audited(t)
					got, err := s.make(flow.FromSlice(items), branches).Collect(t.Context(), opt)
					if err != nil {
						t.Fatalf("seed %d, %v: %v", seed, text, err)
					}
					lists := make([][]int, n)
					for _, v := range got {
						i := (v%1000 + 1000) % 1000
						lists[i] = append(lists[i], (v-i)/1000)
					}
					for i, list := range lists {
						if fmt.Sprint(list) != want[i] {
							t.Errorf("seed %d, %v: branch %d gave %v, want %v", seed, text, i, list, want[i])
						}
					}
					if fused != (report.Goroutines.Started == 0) {
						t.Errorf("seed %d, %v: %v", seed, text, report.Goroutines)
					}
				})
			}
		})
	}
}

// pick gives one key of a map, the same for the same random limb.
func pick[V any](r *rand.Rand, m map[string]V) string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys[r.IntN(len(keys))]
}

func TestBranch_fusedInOrder(t *testing.T) {
	opt, r := audited(t)
	got, err := flow.Range(0, 3).Branch(
		limb(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(func(v int) int { return 10 * v }) }),
		same,
		limb(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) }),
	).Collect(t.Context(), opt)
	if diff := cmp.Diff([]int{0, 0, 0, 10, 1, 20, 2}, got); diff != "" || err != nil {
		t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
	}
	want := []string{"range", "branch", "branch[0]/mapper", "branch[2]/take", "collect"}
	if diff := cmp.Diff(want, stageNames(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
	if s := stageReport(t, r, "branch"); s.In != 3 || s.Passed != 3 || s.Out != 3+3+1 || len(r.Edges) != 6 {
		t.Errorf("books %+v, %d edges", s, len(r.Edges))
	}
}

func TestUnzip(t *testing.T) {
	pairs := flow.Of(flow.Pair[int, string]{A: 1, B: "a"}, flow.Pair[int, string]{A: 2, B: "b"})
	got, err := flow.Unzip(pairs,
		func(f flow.Flow[int]) flow.Flow[string] { return f.Map(func(v int) string { return fmt.Sprint(v) }) },
		func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) },
	).Collect(t.Context(), audit(t))
	if diff := cmp.Diff([]string{"1", "A", "2", "B"}, got); diff != "" || err != nil {
		t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
	}
}

// TestFanOut_ends looks at early ends inside and below, of endless sources.
func TestFanOut_ends(t *testing.T) {
	for way, apart := range apart {
		nothing := apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Filter(func(int) bool { return false }) })
		for name, f := range map[string]flow.Flow[int]{
			"below":                     flow.Repeat(7).Branch(nothing, apart(same)).Take(3),
			"of all":                    flow.Repeat(7).Branch(apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) }), apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) })),
			"of all, one by one":        flow.Repeat(7).Branch(apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Skip(9).Take(3) }), apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(0) })),
			"in one":                    flow.Of(7, 7).Branch(apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) }), apart(same)),
			"of a Partition":            flow.Repeat(7).Partition(even, nothing, apart(same)).Take(3),
			"of a Route without a case": flow.Concat(flow.Of(1, 2), flow.Of(7, 7, 7)).Route(identity, flow.Case(7, apart(same))),
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got, err := f.Collect(t.Context(), audit(t))
					if diff := cmp.Diff([]int{7, 7, 7}, got); diff != "" || err != nil {
						t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
					}
				})
			})
		}
	}
}

// TestFanOut_failures names the stage in the branch, and keeps a policy of the whole to what it
// is for.
func TestFanOut_failures(t *testing.T) {
	faults := map[string]func(int) (int, error){
		"an error": func(v int) (int, error) { return 0, errPlanted },
		"a panic":  func(v int) (int, error) { panic(errPlanted) },
	}
	for kind, fault := range faults {
		for way, apart := range apart {
			bad := apart(func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fault).Named("bad") })
			t.Run(kind+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					err := flow.Range(0, 9).Branch(apart(same), bad).Run(t.Context(), audit(t))
					if got := stageError(t, err); got.Stage != "branch[1]/bad" || !errors.Is(err, errPlanted) {
						t.Errorf("Run() = %v, want %v of branch[1]/bad", err, errPlanted)
					}
					err = flow.Range(0, 9).Partition(even, apart(same), bad).Run(t.Context(), audit(t))
					if got := stageError(t, err); got.Stage != "partition/no/bad" {
						t.Errorf("Run() = %v, want the failure of partition/no/bad", err)
					}
					opt, r := audited(t)
					got, err := flow.Range(0, 9).Branch(apart(same), bad).Named("mine").OnError(flow.Skip()).Collect(t.Context(), opt, quiet)
					if len(got) != 9 || err != nil {
						t.Errorf("Collect() = %v, %v", got, err)
					}
					if s := stageReport(t, r, "mine[1]/bad"); s.Failed != 9 {
						t.Errorf("books %+v", s)
					}
				})
			})
		}
	}
}

// TestPartition_policyIsThePredicates: a panic of it is a failure of the Partition's item, one
// in a branch is not.
func TestPartition_policyIsThePredicates(t *testing.T) {
	picky := func(v int) bool {
		if v == 4 {
			panic(errPlanted)
		}
		return even(v)
	}
	for way, apart := range apart {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				stop := apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) })
				got, err := flow.Range(0, 9).Partition(picky, apart(same), stop).OnError(flow.Skip()).Collect(t.Context(), opt, quiet)
				slices.Sort(got)
				if diff := cmp.Diff([]int{0, 1, 2, 6, 8}, got); diff != "" || err != nil {
					t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
				}
				if s := stageReport(t, r, "partition"); s.In != 9 || s.Failed != 1 {
					t.Errorf("books %+v", s)
				}
				boom := apart(func(f flow.Flow[int]) flow.Flow[int] {
					return f.Map(func(int) int { panic(errPlanted) }).Named("bad").OnError(flow.Stop())
				})
				err = flow.Range(0, 9).Partition(even, boom, same).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
				if got := stageError(t, err); got.Stage != "partition/yes/bad" {
					t.Errorf("Run() = %v, want the failure of partition/yes/bad", err)
				}
			})
		})
	}
}

// TestFanOut_barriers arrive once, when they have come through all branches.
func TestFanOut_barriers(t *testing.T) {
	for way, apart := range apart {
		if way == "foreign" { // which no barrier passes
			continue
		}
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []error
				var got []int
				held := apart(func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(100, 0)) })
				ended := apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(0) })
				err := barriered(func(err error) { heard = append(heard, err, fmt.Errorf("after %d", len(got))) }).
					Branch(apart(same), held, ended).
					ForEach(func(_ context.Context, v int) error { got = append(got, v); return nil }).Run(t.Context(), audit(t))
				if err != nil || len(heard) != 2 || heard[0] != nil || heard[1].Error() != "after 2" || len(got) < 2 {
					t.Errorf("Run() = %v; heard %v; got %v", err, heard, got)
				}
			})
		})
	}
}

func TestFanOut_misuse(t *testing.T) {
	all := flow.Of(1)
	twice := func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, f) }
	for want, f := range map[string]flow.Flow[int]{
		"branches must be given":                      all.Branch[int](),
		"function must not be nil":                    all.Branch(same, nil),
		"parameter must be used once":                 all.Branch(twice),
		"predicate must not be nil":                   all.Partition(nil, same, same),
		"key function must not be nil":                all.Route[int](nil, flow.Case(1, same)),
		"cases must be given":                         all.Route[int, int](identity),
		"case must have a key of its own, got 1":      all.Route(identity, flow.Case(1, same), flow.Case(1, same)),
		"default must be given once":                  all.Route(identity, flow.Default[int](same), flow.Default[int](same)),
		"first function must not be nil":              flow.Unzip[int, int](flow.Of(flow.Pair[int, int]{}), nil, same),
		"the stage calls no function that could fail": all.Branch(limb(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1).OnError(flow.Skip()) })),
	} {
		t.Run(want, func(t *testing.T) {
			err := f.Run(t.Context())
			if _, ok := errors.AsType[*flow.ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
				t.Errorf("Run() = %v, want a ConfigError that says %q", err, want)
			}
		})
	}
}

// TestBranch_endsByItself: an end of one branch that no item brings about, but its timer or its
// channel, is that of this branch, and not of the others.
func TestBranch_endsByItself(t *testing.T) {
	timer := func(f flow.Flow[int]) flow.Flow[int] {
		return flow.Unbatch(f.Batch(100, 1500*time.Millisecond).Take(1)).Map(func(int) int { return -1 })
	}
	for name, build := range map[string]func(late chan struct{}) limb{
		"timer": func(chan struct{}) limb { return timer },
		"timer, in a branch of a branch": func(chan struct{}) limb {
			return func(f flow.Flow[int]) flow.Flow[int] { return f.Branch(timer) }
		},
		"channel": func(late chan struct{}) limb {
			return func(f flow.Flow[int]) flow.Flow[int] { return f.TakeUntil(late).Map(func(int) int { return -1 }) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				late := make(chan struct{})
				time.AfterFunc(1500*time.Millisecond, func() { close(late) })
				got, err := flow.FromFunc(paced(0, 1, 2, 3, 4)).Branch(build(late), same).Collect(t.Context(), audit(t))
				own := slices.DeleteFunc(slices.Clone(got), func(v int) bool { return v < 0 })
				if err != nil || len(got)-len(own) != 2 || !slices.Equal(own, []int{0, 1, 2, 3, 4}) {
					t.Errorf("got %v and %v, want 2 items of the branch that ends, and all of the other", got, err)
				}
			})
		})
	}
}

// TestBranch_stageWithGoroutines: what a stage in a fused branch has started ends with the run.
func TestBranch_stageWithGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := flow.Range(0, 5).Branch(same, func(f flow.Flow[int]) flow.Flow[int] {
			return f.Hedge(ops.NewCall(func(_ context.Context, v int) (int, error) {
				time.Sleep(2 * time.Second)
				return v, nil
			}), time.Second)
		}).Count(t.Context(), audit(t))
		if n != 10 || err != nil {
			t.Errorf("Count() = %d, %v, want 10", n, err)
		}
	})
}

// TestFanOut_barrierOfASourceInside: a source in one piece sends barriers of its own, which
// come from no other piece, between those of the source above.
func TestFanOut_barrierOfASourceInside(t *testing.T) {
	send := func(book *journal, name string, items, every int, pace time.Duration) flow.Flow[int] {
		return flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
			for i := range items {
				time.Sleep(pace)
				if err := out.Emit(i); err != nil {
					return err
				}
				if i%every > 0 {
					continue
				}
				if err := out.Barrier(func(err error) { book.note("%s%d %v", name, i, err) }); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	plain := func(f flow.Flow[int]) flow.Flow[int] { return f }
	t.Run("it takes the place of no other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var book journal
			beside := func(f flow.Flow[int]) flow.Flow[int] {
				return flow.Merge(f.Delay(time.Second), send(&book, "inside", 1, 1, 0))
			}
			err := each(send(&book, "above", 1, 1, time.Second).Branch(beside, plain), func(n int) { book.note("item %d", n) }).Run(t.Context(), audit(t))
			if err != nil {
				t.Error(err)
			}
			all := book.all()
			if last := all[len(all)-1]; last != "above0 <nil>" || len(all) != 5 {
				t.Errorf("got %v, want three items and two barriers, that from above last", all)
			}
		})
	})
	t.Run("none waits for the end of others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var book journal
			beside := func(f flow.Flow[int]) flow.Flow[int] {
				return flow.Merge(f, send(&book, "inside", 5, 1, 0))
			}
			n, err := send(&book, "above", 5000, 1000, time.Millisecond).Branch(beside, plain).Count(t.Context(), audit(t))
			if n != 10_005 || err != nil {
				t.Errorf("%d items, %v", n, err)
			}
			if all := book.all(); len(all) != 10 {
				t.Errorf("got the barriers %v, want 5 of each", all)
			}
		})
	})
}

// TestBranch_endsBelowAtTheEnd: what a branch gives at its end may be the last item that is
// needed below. Then those behind it give none any more, also if it is of branches itself.
func TestBranch_endsBelowAtTheEnd(t *testing.T) {
	held := func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(9, 0)) }
	both := func(f flow.Flow[int]) flow.Flow[int] { return held(f.Branch(same, same)) }
	for name, f := range map[string]flow.Flow[int]{
		"branches": flow.Of(1).Branch(both, held),
		"keys":     flow.Of(1, 2).GroupBy(func(n int) int { return n }, both),
		"barrier":  barriered(func(error) {}).Branch(both, held),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := f.Take(1).Collect(t.Context(), audit(t))
				if err != nil || !slices.Equal(got, []int{1}) {
					t.Errorf("got %v and %v, want one item", got, err)
				}
			})
		})
	}
}
