package flow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var errWrite = errors.New("disk full")

func TestDeadLetter_everywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		var letters []flow.Letter[int]
		p := flow.DeadLetters(func(_ context.Context, l flow.Letter[int]) error {
			letters = append(letters, l)
			return nil
		})
		c := failingFor(map[int]int{3: always})
		got, r, err := s.run(t, flow.Range(0, 10), c, p)
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, settled{Got: without(3), Passed: 9, DeadLettered: 1}, got, r)
		want := []flow.Letter[int]{{Item: 3, Stage: "subject", Attempts: 1, Time: time.Now()}}
		if diff := cmp.Diff(want, letters, cmpopts.IgnoreFields(flow.Letter[int]{}, "Err")); diff != "" {
			t.Fatalf("letters mismatch (-want +got):\n%s", diff)
		}
		_, panicked := errors.AsType[*flow.PanicError](letters[0].Err)
		if _, wrapped := errors.AsType[*flow.StageError](letters[0].Err); wrapped || panicked != s.panics || !errors.Is(letters[0].Err, errPlanted) {
			t.Errorf("the letter's error is %v, want the cause alone", letters[0].Err)
		}
	})
}

func TestDeadLetter_ofAnyItem(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		var items []any
		p := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
			items = append(items, l.Item)
			return nil
		})
		if _, _, err := s.run(t, flow.Range(0, 10), failingFor(map[int]int{3: always, 7: always}), p); err != nil {
			t.Fatal(err)
		}
		if s.workers && cmp.Equal([]any{7, 3}, items) {
			return // in the order of time
		}
		if diff := cmp.Diff([]any{3, 7}, items); diff != "" {
			t.Errorf("letters mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestDeadLetter_ofItemsThatAreInterfaces(t *testing.T) {
	var got []error
	fails := func(error) (int, error) { return 0, errPlanted }
	err := flow.Of(errBoom, nil).TryMap(fails).OnError(flow.DeadLetters(func(_ context.Context, l flow.Letter[error]) error {
		got = append(got, l.Item)
		return nil
	})).Run(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0] != errBoom || got[1] != nil {
		t.Errorf("letters of %v, want %v and nil", got, errBoom)
	}
}

func TestDeadLetters_ofAnotherType(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		err := s.misused(t, flow.DeadLetters(func(context.Context, flow.Letter[string]) error { return nil }))
		wantText(t, err, "OnError must not have DeadLetters of string: the stage takes int")
	})
}

// TestDeadLetters_ofAnItemFromInside a processor that is not fused may be of another type
// than the ones it takes. It must not become a letter without an item.
func TestDeadLetters_ofAnItemFromInside(t *testing.T) {
	lengths := ops.ProcessorFunc[string, int](func(ctx context.Context, in <-chan string) <-chan int {
		numbers := ops.NewMapper(func(s string) int { return len(s) }).Process(ctx, in)
		return ops.NewTryMapper(func(int) (int, error) { return 0, errPlanted }).Process(ctx, numbers)
	})
	called := false
	err := flow.Of("four").Then(lengths).OnError(flow.DeadLetters(func(context.Context, flow.Letter[string]) error {
		called = true
		return nil
	})).Run(t.Context(), audit(t))
	if called || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, letter written: %v", err, called)
	}
	wantText(t, err, "it is for items of type string, got an item of type int")

	var items []any
	err = flow.Of("four").Then(lengths).OnError(flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
		items = append(items, l.Item)
		return nil
	})).Run(t.Context(), audit(t))
	if err != nil || !cmp.Equal([]any{4}, items) {
		t.Errorf("letters of %v, %v, want 4", items, err)
	}
}

// TestDeadLetter_thatCannotBeWritten ends the run with both errors.
func TestDeadLetter_thatCannotBeWritten(t *testing.T) {
	fails := map[string]func() error{
		"an error": func() error { return errWrite },
		"a panic":  func() error { panic(errWrite) },
	}
	for name, fail := range fails {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s subject) {
				p := flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return fail() })
				_, r, err := s.run(t, flow.Range(0, 10), failingFor(map[int]int{3: always}), p)
				if !errors.Is(err, errPlanted) || !errors.Is(err, errWrite) {
					t.Errorf("Run() = %v, want both errors", err)
				}
				if failed := stageError(t, err); failed.Stage != "subject" || failed.Item != 3 || !errors.Is(failed, errPlanted) {
					t.Errorf("the first error is %v of item %v, want the item's", failed, failed.Item)
				}
				if r.Failed != 1 || r.DeadLettered != 0 {
					t.Errorf("books %+v, want the item failed", r)
				}
			})
		})
	}
}

// TestDeadLetter_whenTheRunEndsMeanwhile has the writing end by its context. That is no
// failure, and the item is still in the books.
func TestDeadLetter_whenTheRunEndsMeanwhile(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject) {
		errEnd := errors.New("the end")
		ctx, cancel := context.WithCancelCause(t.Context())
		p := flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error {
			cancel(errEnd)
			<-ctx.Done()
			return fmt.Errorf("writing: %w", ctx.Err())
		})
		_, r, err := s.runFor(ctx, t, flow.Range(0, 1), failingFor(map[int]int{0: always}), p)
		if err != errEnd {
			t.Errorf("Run() = %v, want %v", err, errEnd)
		}
		if !s.bridged && (r.Held != 1 || r.Failed != 0) {
			t.Errorf("books %+v, want the item held", r)
		}
	})
}

func TestDeadLetter_whenItemsAreNoLongerNeededMeanwhile(t *testing.T) {
	for name, c := range waiting() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told int
				opt, r := audited(t)
				p := flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error {
					told++
					<-ctx.Done()
					return ctx.Err()
				})
				got, err := c(flow.Range(0, 2)).Named("subject").OnError(p).Async(1).Call(aSecondLater).Take(1).Collect(t.Context(), opt)
				if err != nil || !cmp.Equal([]int{0}, got) {
					t.Errorf("Collect() = %v, %v", got, err)
				}
				if s := stageReport(t, r, "subject"); told != 1 || s.Held != 1 || s.Failed != 0 {
					t.Errorf("books %+v after %d letters, want the item held", s, told)
				}
			})
		})
	}
}

// TestDeadLetter_thatFailsAfterAnEarlyStop is lost all the same, and told.
func TestDeadLetter_thatFailsAfterAnEarlyStop(t *testing.T) {
	for name, c := range waiting() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error {
					<-ctx.Done()
					return errWrite
				})
				err := c(flow.Range(0, 2)).OnError(p).Async(1).Call(aSecondLater).Take(1).Run(t.Context(), audit(t))
				if !errors.Is(err, errWrite) {
					t.Errorf("Run() = %v, want %v", err, errWrite)
				}
			})
		})
	}
}

func TestDeadLetter_hasTheTimeOfTheRun(t *testing.T) {
	c := clock.NewFake()
	want := c.Now()
	var got time.Time
	err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).
		OnError(flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error { got = l.Time; return nil })).
		Run(t.Context(), audit(t), flow.WithClock(c))
	if err != nil || !got.Equal(want) {
		t.Errorf("the letter's time is %v, want %v (%v)", got, want, err)
	}
}

// TestDeadLetter_keepsWhatWasEmitted of an item before it failed.
func TestDeadLetter_keepsWhatWasEmitted(t *testing.T) {
	opt, r := audited(t)
	half := ops.NewGatherer(nil, func(_ *struct{}, v int, emit func(int) error) error {
		if err := emit(v); err != nil || v != 2 {
			return err
		}
		return errPlanted
	}, nil)
	got, err := flow.Of(1, 2, 3).Gather(half).OnError(flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return nil })).
		Collect(t.Context(), opt)
	if err != nil || !cmp.Equal([]int{1, 2, 3}, got) {
		t.Errorf("Collect() = %v, %v", got, err)
	}
	if s := stageReport(t, r, "gatherer"); s.Out != 3 || s.Passed != 2 || s.DeadLettered != 1 {
		t.Errorf("books %+v", s)
	}
}

// TestDeadLetter_isWrittenOneAtATime by the workers of a stage.
func TestDeadLetter_isWrittenOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, n := false, 0
		p := flow.DeadLetter(func(context.Context, flow.Letter[any]) error {
			if busy {
				t.Error("two letters are written at once")
			}
			busy = true
			time.Sleep(time.Second)
			busy = false
			n++
			return nil
		})
		err := flow.Range(0, 20).AsyncMap(8, func(context.Context, int) (int, error) { return 0, errPlanted }).OnError(p).
			Run(t.Context(), audit(t))
		if err != nil || n != 20 {
			t.Errorf("%d letters, %v, want 20", n, err)
		}
	})
}

// TestDeadLetter_keptWhileOthersWait: a letter that was cut off is held by its worker, also
// if at that moment an item that waits for a worker is held.
func TestDeadLetter_keptWhileOthersWait(t *testing.T) {
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		opt, r := audited(t)
		err := flow.Range(0, 1000).AsyncMap(2, func(context.Context, int) (int, error) { return 0, errPlanted }).
			OnError(flow.DeadLetter(func(ctx context.Context, l flow.Letter[any]) error {
				if l.Item == 500 {
					cancel()
					return ctx.Err()
				}
				return nil
			})).Run(ctx, opt)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run() = %v, want the cancellation\n%v", err, r)
		}
	}
}
