package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func TestBudget_everywhere(t *testing.T) {
	fails := map[int]int{2: always, 3: always, 7: always}
	everywhere(t, func(t *testing.T, s subject) {
		got, r, err := s.run(t, flow.Range(0, 10), failingFor(fails), flow.Budget(3))
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(2, 3, 7), Passed: 7, Failed: 3}, got, r)

		letters := 0
		write := func(context.Context, flow.Letter[any]) error { letters++; return nil }
		_, r, err = s.run(t, flow.Range(0, 10), failingFor(fails), flow.Budget(2).Then(flow.DeadLetter(write)))
		failed := stageError(t, err)
		if failed.Stage != "subject" || failed.Item != 7 && !s.workers || failed.Attempt != 1 || !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v of item %v", err, failed.Item)
		}
		wantText(t, err, " items failed, the budget is 2; the last: ")
		if sum, ok := errors.AsType[*flow.BudgetError](err); !ok || sum.Failed != 3 || s.bridged != (sum.Seen == 0) {
			t.Errorf("Run() = %v, %+v", err, sum)
		}
		if letters != 2 || r.DeadLettered != 2 || r.Failed != 1 {
			t.Errorf("%d letters, books %+v", letters, r)
		}
	})
}

func TestBudget_ofNothing(t *testing.T) {
	fails := func(int) (int, error) { return 0, errPlanted }
	err := flow.Of(1).TryMap(fails).OnError(flow.Budget(0)).Run(t.Context(), audit(t), quiet)
	wantText(t, err, "1 of 1 items failed, the budget is 0; the last: planted")
}

// TestBudget_ofItemsNotOfCalls: what a Retry saves costs nothing.
func TestBudget_ofItemsNotOfCalls(t *testing.T) {
	fails := map[int]int{0: 2, 1: 2, 2: 2, 3: always}
	for name, p := range map[string]flow.Policy{
		"in front": flow.Budget(1).Then(flow.Retry(3, flow.Constant(time.Second)).Then(flow.Skip())),
		"behind":   flow.Retry(3, flow.Constant(time.Second)).Then(flow.Budget(1)),
	} {
		t.Run(name, func(t *testing.T) {
			for subject, s := range subjects() {
				if s.panics || s.emits || s.bridged || s.workers && name == "in front" {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					got, r, err := s.run(t, flow.Range(0, 10), failingFor(fails), p)
					if err != nil {
						t.Fatalf("%s: %v", subject, err)
					}
					s.check(t, settled{Got: without(3), Passed: 9, Failed: 1, Retried: 8}, got, r)
				})
			}
		})
	}
}

// TestBudget_isOfOneStage has three stages with room for one failure each.
func TestBudget_isOfOneStage(t *testing.T) {
	fail := func(at int) func(int) (int, error) {
		return func(v int) (int, error) {
			if v == at {
				return 0, errPlanted
			}
			return v, nil
		}
	}
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return f.TryMap(fail(1)).TryMap(fail(2)).TryMap(fail(3))
	})
	got, err := flow.Range(0, 5).Then(p).OnError(flow.Budget(1)).Collect(t.Context(), audit(t), quiet)
	if err != nil || !cmp.Equal([]int{0, 4}, got) {
		t.Errorf("Collect() = %v, %v", got, err)
	}
}

// TestBudget_isOfOneRun has runs of one job, one after the other and at once.
func TestBudget_isOfOneRun(t *testing.T) {
	for name, p := range map[string]flow.Policy{"Budget": flow.Budget(2), "BudgetShare": flow.BudgetShare(0.2, 10)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := flow.Range(0, 10).Call(func(_ context.Context, v int) (int, error) {
					time.Sleep(time.Second)
					if v < 2 {
						return 0, errPlanted
					}
					return v, nil
				}).OnError(p).Discard()
				var group sync.WaitGroup
				for range 3 {
					group.Go(func() {
						for range 2 {
							if err := job.Run(t.Context(), audit(t), quiet); err != nil {
								t.Error(err)
							}
						}
					})
				}
				group.Wait()
			})
		})
	}
}

// referenceShare gives how many items of a stream a BudgetShare lets the stage see: all, or
// up to the failure that is too many. most is how many of a window may fail.
func referenceShare(failed []bool, most, window int) int {
	for i := range failed {
		n := 0
		for _, bad := range failed[max(0, i+1-window) : i+1] {
			if bad {
				n++
			}
		}
		if failed[i] && n > most {
			return i + 1
		}
	}
	return len(failed)
}

func TestBudgetShare_isAsTheReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ended := 0
	for range 400 {
		percent, window := r.IntN(101), 1+r.IntN(30)
		bad := max(0, min(1, float64(percent)/100+0.2*r.Float64()-0.1))
		failed := make([]bool, r.IntN(120))
		for i := range failed {
			failed[i] = r.Float64() < bad
		}
		seen := 0
		opt, rep := audited(t)
		err := flow.FromSlice(failed).TryMap(func(bad bool) (int, error) {
			if seen++; bad {
				return 0, errPlanted
			}
			return 0, nil
		}).OnError(flow.BudgetShare(float64(percent)/100, window)).Run(t.Context(), opt, quiet)
		want := referenceShare(failed, percent*window/100, window)
		if seen != want {
			t.Fatalf("%d%% of %d of %v: %d items seen, want %d", percent, window, failed, seen, want)
		}
		if s := stageReport(t, rep, "try-mapper"); s.In < int64(want) {
			t.Errorf("books %+v", s)
		}
		if err != nil {
			ended++
			wantText(t, err, fmt.Sprintf("more than %d%% of the last %d items failed", percent, window))
			wantText(t, err, fmt.Sprintf(" of %d in all", want))
		}
	}
	if ended < 50 || ended > 350 {
		t.Errorf("%d of 400 runs ended early, that tests nothing", ended)
	}
}

// TestBudgetShare_countsNotRepeatedCalls but items, so that a share stays one.
func TestBudgetShare_countsNotRepeatedCalls(t *testing.T) {
	// Two of the last four items fail for good; if calls counted it would be less.
	c := failingFor(map[int]int{0: 3, 1: 3, 2: 3, 4: always, 5: always, 6: always})
	opt, r := audited(t)
	err := flow.Range(0, 10).TryMap(func(v int) (int, error) { return v, c.call(t.Context(), v) }).
		OnError(flow.Retry(4, flow.Constant(0)).Then(flow.BudgetShare(0.5, 4))).Run(t.Context(), opt, quiet)
	if got := stageError(t, err).Item; got != 6 {
		t.Errorf("Run() = %v of item %v, want item 6", err, got)
	}
	if s := stageReport(t, r, "try-mapper"); s.Failed != 3 || s.Retried != 18 {
		t.Errorf("books %+v", s)
	}
}

// TestBudgetShare_everywhere has a fiftieth of the items fail, and then more in a row.
func TestBudgetShare_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		if s.bridged {
			err := s.misused(t, flow.BudgetShare(0.1, 10))
			wantText(t, err, "OnError must not have a BudgetShare")
			return
		}
		if s.panics && s.workers {
			t.Skip("a key function runs ahead of the workers")
		}
		// Workers do not finish in order, and one may do many items while another does few.
		window, more, most := 10, 2, int64(13)
		if s.workers {
			window, more, most = 100, 500, 200
		}
		fails := map[int]int{}
		for i := 5; i < 1000; i += 50 {
			fails[i] = always
		}
		_, r, err := s.run(t, flow.Range(0, 1000), failingFor(fails), flow.BudgetShare(0.1, window))
		if err != nil || r.Failed != 20 || r.In != 1000 {
			t.Errorf("Run() = %v, books %+v", err, r)
		}
		for i := range more {
			fails[500+i] = always
		}
		_, r, err = s.run(t, flow.Range(0, 1000), failingFor(fails), flow.BudgetShare(0.1, window))
		if failed := stageError(t, err); failed.Stage != "subject" || r.Failed > most {
			t.Errorf("Run() = %v, books %+v", err, r)
		}
	})
}

// TestBudgetError_sumsUp a stream in which many items fail in different ways.
func TestBudgetError_sumsUp(t *testing.T) {
	errLast := errors.New("the last")
	fails := func(v int) (int, error) {
		switch {
		case v == 998:
			return 0, errLast
		case v%2 == 1:
			return 0, fmt.Errorf("item %d: %w", v, errPlanted)
		case v%10 == 0:
			panic(fmt.Errorf("item %d: %w", v, errBoom))
		case v%100 == 4:
			return 0, fmt.Errorf("of its own: %d", v)
		}
		return v, nil
	}
	for name, f := range map[string]flow.Flow[int]{
		"Budget":                   flow.Range(0, 1000).TryMap(fails).OnError(flow.Budget(609)),
		"Budget behind a Retry":    flow.Range(0, 1000).TryMap(fails).OnError(flow.Retry(2, flow.Constant(0)).Then(flow.Budget(609))),
		"BudgetShare":              flow.Range(0, 1000).TryMap(fails).OnError(flow.BudgetShare(0.609, 1000)),
		"one that others follow":   flow.Range(0, 1000).TryMap(fails).OnError(flow.Budget(609).Then(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return flow.Skip() }))),
		"the outer one of the two": flow.Range(0, 1000).TryMap(fails).OnError(flow.Budget(609).Then(flow.Budget(900))),
	} {
		t.Run(name, func(t *testing.T) {
			err := f.Run(t.Context(), audit(t), quiet)
			failed := stageError(t, err)
			sum, ok := failed.Err.(*flow.BudgetError)
			if !ok || failed.Item != 998 {
				t.Fatalf("Run() = %v of item %v, want a *BudgetError of item 998", err, failed.Item)
			}
			if sum.Failed != 610 || sum.Seen != 999 || sum.Limit != 609 || sum.Last != errLast || !errors.Is(sum.First, errBoom) {
				t.Errorf("%+v", sum)
			}
			for _, target := range []error{errBoom, errLast} {
				if !errors.Is(err, target) {
					t.Errorf("errors.Is does not reach %v through %v", target, err)
				}
			}
			kinds := []flow.ErrorKind{{"planted", 499}, {"boom", 100}}
			for _, v := range []int{4, 104, 204, 304, 404, 504} {
				kinds = append(kinds, flow.ErrorKind{Text: fmt.Sprint("of its own: ", v), Count: 1})
			}
			if diff := cmp.Diff(kinds, sum.Kinds); diff != "" || sum.Others != 5 {
				t.Errorf("%d others, kinds mismatch (-want +got):\n%s", sum.Others, diff)
			}
			wantText(t, err, "; the last: the last; the first: try-mapper: panic: item 0: boom; 499 times: planted; 100 times: boom")
		})
	}
}

// TestBudgetError_keepsNoLongTexts: what is remembered of the failures is bounded.
func TestBudgetError_keepsNoLongTexts(t *testing.T) {
	err := flow.Of(1, 2).TryMap(func(int) (int, error) { return 0, errors.New(strings.Repeat("\u00e9", 1000)) }).
		OnError(flow.Budget(1)).Run(t.Context(), audit(t), quiet)
	sum, ok := errors.AsType[*flow.BudgetError](err)
	if !ok || len(sum.Kinds) != 1 || len(sum.Kinds[0].Text) > 210 || !utf8.ValidString(sum.Kinds[0].Text) || sum.Kinds[0].Count != 2 {
		t.Errorf("Run() = %v", err)
	}
}
