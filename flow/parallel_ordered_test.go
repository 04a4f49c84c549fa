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

	"github.com/go-streamz/streamz/flow"
)

// stateless are pieces of stages that keep nothing.
func stateless() map[string]piece {
	all := make(map[string]piece)
	for _, name := range []string{"nothing", "map", "filter", "emit twice", "call"} {
		all[name] = pieces[name]
	}
	all["partition"] = piece{
		func(f flow.Flow[int]) flow.Flow[int] { return f.Partition(even, pieces["emit twice"].build, same) },
		func(vs []int) []int {
			return expand(vs, func(v int) []int {
				if even(v) {
					return []int{v, v}
				}
				return []int{v}
			})
		},
	}
	return all
}

// TestParallel_keepsTheOrder: the results are those of one piece, whatever copies take how long.
func TestParallel_keepsTheOrder(t *testing.T) {
	pieces := stateless()
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 4))
		first, second, workers := pick(r, pieces), pick(r, pieces), 1+r.IntN(6)
		items := make([]int, r.IntN(100))
		for i := range items {
			items[i] = r.IntN(100)
		}
		synctest.Test(t, func(t *testing.T) {
			opt, report := audited(t)
			got, err := flow.FromSlice(items).Parallel(workers, func(f flow.Flow[int]) flow.Flow[int] {
				return pieces[second].build(pieces[first].build(f)).Call(func(_ context.Context, v int) (int, error) {
					time.Sleep(time.Duration(v*v%3) * time.Second)
					return v, nil
				}).Named("last")
			}).Collect(t.Context(), opt)
			want := pieces[second].model(pieces[first].model(items))
			if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); err != nil || diff != "" {
				t.Errorf("seed %d, %s then %s, %v (-want +got):\n%s", seed, first, second, err, diff)
			}
			sum := int64(0)
			for i := range workers {
				sum += stageReport(t, report, fmt.Sprintf("parallel[%d]/last", i)).Out
			}
			if sum != int64(len(want)) {
				t.Errorf("seed %d: the copies gave %d results, want %d", seed, sum, len(want))
			}
		})
	}
}

// TestParallel_works at the same time.
func TestParallel_works(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := flow.Of(3, 1, 2, 3).Parallel(4, sleepy).Collect(t.Context(), audit(t))
		if took := time.Since(start); err != nil || !slices.Equal(got, []int{3, 1, 2, 3}) || took != 3*time.Second {
			t.Errorf("got %v and %v after %v", got, err, took)
		}
	})
}

func TestParallel_failures(t *testing.T) {
	for name, fail := range map[string]func(){"error": func() {}, "panic": boom} {
		t.Run(name, func(t *testing.T) {
			build := func(f flow.Flow[int]) flow.Flow[int] {
				return f.TryMap(func(v int) (int, error) {
					if v == 3 {
						fail()
						return 0, errBoom
					}
					return v, nil
				}).Named("bad").FlatMap(twice)
			}
			synctest.Test(t, func(t *testing.T) {
				_, err := flow.Range(0, 100).Parallel(1, build).Collect(t.Context(), audit(t))
				if e := stageError(t, err); e.Stage != "parallel[0]/bad" || !errors.Is(err, errBoom) {
					t.Errorf("got %v", err)
				}
				got, err := flow.Range(0, 6).Parallel(2, build).OnError(flow.Skip()).Collect(t.Context(), audit(t), quiet)
				if want := "[0 0 1 1 2 2 4 4 5 5]"; err != nil || fmt.Sprint(got) != want {
					t.Errorf("got %v and %v, want %s", got, err, want)
				}
				// In a Pipe with a policy, which is the default of the stages and not of what calls them.
				got, err = flow.Range(0, 6).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Parallel(2, build) })).
					OnError(flow.Retry(2, flow.Constant(time.Second)).Then(flow.Skip())).Collect(t.Context(), quiet)
				if err == nil {
					t.Errorf("got %v, want the misuse of Retry on a FlatMap", got)
				}
			})
		})
	}
}

// TestParallel_ends: early below, or with the context, in the middle of the results of an item.
func TestParallel_ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		many := func(f flow.Flow[int]) flow.Flow[int] {
			return f.FlatMap(func(v int) iter.Seq[int] { return slices.Values(make([]int, 10)) })
		}
		n, err := flow.Repeat(1).Parallel(3, many).Take(25).Count(t.Context(), audit(t))
		if n != 25 || err != nil {
			t.Errorf("got %d and %v", n, err)
		}
		if n, err = flow.Repeat(1).Parallel(4, same).Take(2).Count(t.Context(), audit(t)); n != 2 || err != nil {
			t.Errorf("got %d and %v of an empty piece", n, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		seen := 0
		err = flow.Repeat(1).Parallel(3, many).Tap(func(int) {
			if seen++; seen == 25 {
				cancel(errBoom)
			}
		}).Run(ctx, audit(t))
		if !errors.Is(err, errBoom) || seen != 25 {
			t.Errorf("got %v after %d", err, seen)
		}
	})
}

func TestParallel_ofWhatCannotBeOrdered(t *testing.T) {
	ok := flow.Of(1)
	for what, row := range map[string]struct {
		build limb
		want  string
	}{
		"scan":    {func(f flow.Flow[int]) flow.Flow[int] { return f.Scan(0, func(a, v int) int { return a + v }) }, `stages must keep nothing from one item to the next, unlike those of ParallelUnordered or ParallelKeyed, and "parallel/scan" may`},
		"take":    {func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).Take(1) }, `stages must keep nothing from one item to the next, unlike those of ParallelUnordered or ParallelKeyed, and "parallel/take" may`},
		"workers": {func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(2, called) }, `stages must run on one goroutine, unlike those of ParallelUnordered or ParallelKeyed, and "parallel/async-mapper" needs another, or a queue`},
		"groups":  {func(f flow.Flow[int]) flow.Flow[int] { return f.GroupBy(mod(2), same) }, `stages must keep nothing from one item to the next, unlike those of ParallelUnordered or ParallelKeyed, and "parallel/group-by" may`},
		"Async":   {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2) }, `stages must run on one goroutine, without an Async between them, unlike those of ParallelUnordered or ParallelKeyed`},
	} {
		t.Run(what, func(t *testing.T) {
			err := ok.Parallel(2, row.build).Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v\nwant %s", err, row.want)
			}
		})
	}
}

// TestParallel_barriers come behind the results of the items before them.
func TestParallel_barriers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, at := time.Now(), time.Duration(0)
		err := barriered(func(error) { at = time.Since(start) }).Parallel(3, sleepy).Run(t.Context(), audit(t))
		if err != nil || at != time.Second {
			t.Errorf("Run() = %v, the barrier arrived after %v, want 1s", err, at)
		}
	})
}

// TestSnapshot_severalEdges: what comes to a stage by several edges, or goes from one to several,
// is counted once.
func TestSnapshot_severalEdges(t *testing.T) {
	number := func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity) }
	for name, row := range map[string]struct {
		make func(a, b chan int) flow.Flow[int]
		want string
	}{
		"Branch": {
			func(a, b chan int) flow.Flow[int] { return flow.FromChan(a).Branch(number, number) },
			"chan 0, branch 4, branch[0]/mapper 4, branch[1]/mapper 4, discard 8",
		},
		"Merge": {
			func(a, b chan int) flow.Flow[int] {
				return number(flow.Merge(flow.FromChan(a), flow.FromChan(b)).Async(4)).Async(4)
			},
			"chan 0, chan#2 0, mapper 8, discard 8",
		},
		"Parallel": {
			func(a, b chan int) flow.Flow[int] {
				return number(flow.FromChan(a).Parallel(1, number).Async(4)).Async(4)
			},
			"chan 0, parallel 4, parallel[0]/mapper 4, mapper 4, discard 4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := make(chan int), make(chan int)
				r := row.make(a, b).Discard().Start(t.Context(), audit(t))
				for range 4 {
					a <- 1
					if name == "Merge" {
						b <- 1
					}
				}
				synctest.Wait()
				var got []string
				for _, s := range r.Snapshot().Stages {
					got = append(got, fmt.Sprint(s.Name, " ", s.In))
				}
				if got := strings.Join(got, ", "); got != row.want {
					t.Errorf("got %s\nwant %s", got, row.want)
				}
				close(a)
				close(b)
				if err := r.Wait(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
