package flow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// sleepy is a piece in which each item takes so many seconds.
func sleepy(f flow.Flow[int]) flow.Flow[int] {
	return f.Call(func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Duration(v) * time.Second)
		return v, nil
	})
}

// TestParallelUnordered_sharesTheWork: nobody is idle while an item waits, but for the two that
// may wait in front of each.
func TestParallelUnordered_sharesTheWork(t *testing.T) {
	tests := map[string]struct {
		workers int
		items   []int
		want    []int
		took    time.Duration
	}{
		"one":            {1, []int{3, 1, 2}, []int{3, 1, 2}, 6 * time.Second},
		"as many":        {3, []int{3, 1, 2}, []int{1, 2, 3}, 3 * time.Second},
		"behind a long":  {2, []int{9, 1, 1, 1, 1, 1}, []int{1, 1, 1, 1, 1, 9}, 11 * time.Second},
		"with nothing":   {2, nil, nil, 0},
		"more than work": {7, []int{2}, []int{2}, 2 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got, err := flow.FromSlice(tt.items).ParallelUnordered(tt.workers, sleepy).Collect(t.Context(), audit(t))
				if name == "behind a long" {
					slices.Sort(got)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
				}
				if took := time.Since(start); took > tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

// TestParallel_model: nothing is lost or doubled, whatever the copies are made of, and of one key
// nothing is overtaken.
func TestParallel_model(t *testing.T) {
	for way, apart := range apart {
		for _, workers := range []int{1, 2, 5} {
			synctest.Test(t, func(t *testing.T) {
				build := apart(func(f flow.Flow[int]) flow.Flow[int] {
					return f.Filter(func(v int) bool { return v%7 != 0 }).Map(identity)
				})
				var want []int
				for v := range 500 {
					if v%7 != 0 {
						want = append(want, v)
					}
				}
				keyed, err := flow.Range(0, 500).ParallelKeyed(workers, func(v int) int { return v % 11 }, build).Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				last := make(map[int]int)
				for _, v := range keyed {
					if way != "workers" && v < last[v%11] {
						t.Errorf("%s: %d came after %d", way, v, last[v%11])
					}
					last[v%11] = v
				}
				any, err := flow.Range(0, 500).ParallelUnordered(workers, build).Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				for how, got := range map[string][]int{"keyed": keyed, "unordered": any} {
					slices.Sort(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s %s mismatch (-want +got):\n%s", way, how, diff)
					}
				}
			})
		}
	}
}

// TestBalance_ends: one that ends takes nothing any more, and its items go to the others.
func TestBalance_ends(t *testing.T) {
	few := func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) }
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		want int
	}{
		"all":   {flow.Repeat(7).Balance(few, few, few), 6},
		"below": {flow.Repeat(7).Balance(same, few).Take(5), 5},
		"none":  {flow.Range(0, 5).Balance(same, same), 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if n, err := tt.f.Count(t.Context(), audit(t)); int(n) != tt.want || err != nil {
					t.Errorf("Count() = %d, %v, want %d", n, err, tt.want)
				}
			})
		})
	}
}

func TestParallel_failure(t *testing.T) {
	bad := func(f flow.Flow[int]) flow.Flow[int] {
		return f.TryMap(func(v int) (int, error) {
			if v == 3 {
				return 0, errPlanted
			}
			return v, nil
		}).Named("bad")
	}
	key := func(v int) int {
		if v == 5 {
			panic(errPlanted)
		}
		return 1
	}
	err := flow.Range(0, 9).ParallelUnordered(1, bad).Named("mine").Run(t.Context(), audit(t))
	if got := stageError(t, err); got.Stage != "mine[0]/bad" || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the failure of mine[0]/bad", err)
	}
	opt, r := audited(t)
	n, err := flow.Range(0, 9).ParallelKeyed(3, key, bad).OnError(flow.Skip()).Count(t.Context(), opt, quiet)
	if n != 7 || err != nil {
		t.Errorf("Count() = %d, %v, want 7", n, err)
	}
	if s := stageReport(t, r, "parallel"); s.In != 9 || s.Failed != 1 || s.Passed != 8 {
		t.Errorf("books %+v", s)
	}
}

// TestParallel_barrier comes through all copies.
func TestParallel_barrier(t *testing.T) {
	for name, shape := range map[string]func(flow.Flow[int]) flow.Flow[int]{
		"unordered": func(f flow.Flow[int]) flow.Flow[int] { return f.ParallelUnordered(3, sleepy) },
		"keyed":     func(f flow.Flow[int]) flow.Flow[int] { return f.ParallelKeyed(3, identity, sleepy) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, at := time.Now(), time.Duration(0)
				err := shape(barriered(func(error) { at = time.Since(start) })).Run(t.Context(), audit(t))
				if err != nil || at != time.Second {
					t.Errorf("Run() = %v, the barrier arrived after %v, want 1s", err, at)
				}
			})
		})
	}
}

func TestParallel_misuse(t *testing.T) {
	all := flow.Of(1)
	for want, f := range map[string]flow.Flow[int]{
		"pieces must be given":                        all.Balance[int](),
		"workers must be between 1 and 1<<20, got 0":  all.ParallelUnordered(0, same),
		"workers must be between 1 and 1<<20, got -1": all.ParallelKeyed(-1, identity, same),
		"key function must not be nil":                all.ParallelKeyed[int](1, nil, same),
		"function must not be nil":                    all.ParallelUnordered[int](1, nil),
	} {
		t.Run(want, func(t *testing.T) {
			err := f.Run(t.Context())
			if _, ok := errors.AsType[*flow.ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
				t.Errorf("Run() = %v, want a ConfigError that says %q", err, want)
			}
		})
	}
}
