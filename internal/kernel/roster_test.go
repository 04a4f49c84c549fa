package kernel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// scaling lets a test change the number of workers.
type scaling struct {
	kernel.Scale
	*kernel.Roster
}

func newScaling(begin, most int) *scaling {
	s := &scaling{}
	s.Scale = kernel.Scale{Least: 1, Most: most, Start: func(r *kernel.Roster, _ int) {
		r.Set(begin, "")
		s.Roster = r
	}}
	return s
}

var scalable = map[string]kernel.Order{"ordered": kernel.Ordered, "unordered": kernel.Unordered}

// TestRoster_random changes the number of workers all the time, and what comes out is what
// always does.
func TestRoster_random(t *testing.T) {
	for name, order := range scalable {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(150) {
				synctest.Test(t, func(t *testing.T) { randomRoster(t, order, seed) })
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func randomRoster(t *testing.T, order kernel.Order, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	w := &witness{order: order, fails: func(v int) bool { return v%7 == 3 }}
	produce, change := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	most := 1 + r.IntN(8)
	s := newScaling(1+r.IntN(most), most)
	c := crew{policy: skipAll, scale: &s.Scale, push: w.push, signal: w.signal}
	c.Count, c.Order, c.Window = 1, order, most+r.IntN(20)
	service, slow := r.Uint64(), r.IntN(2)
	c.Call = func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Duration((uint64(v)*service>>7)%4) * time.Millisecond)
		if w.fails(v) {
			return 0, errOdd
		}
		return v, nil
	}
	c.source = w.source(r.IntN(200), produce, func() {
		if slow == 1 {
			pause(produce)
		}
	})
	run, over := c.wire(t.Context()), make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(change.IntN(4)) * time.Millisecond):
				s.Set(1+change.IntN(most), "chance")
			}
		}
	}()
	execute(t, run, nil)
	close(over)
	w.verify(t)
}

// TestRoster_underRealScheduling does the same at full speed on real processors.
func TestRoster_underRealScheduling(t *testing.T) {
	for name, order := range scalable {
		t.Run(name, func(t *testing.T) {
			for _, window := range []int{4, 64, 1024} {
				w := &witness{order: order, fails: func(v int) bool { return v%97 == 3 }}
				s := newScaling(2, 4)
				c := crew{policy: skipAll, scale: &s.Scale, push: w.push, signal: w.signal}
				c.Count, c.Window, c.Order = 1, window, order
				c.Call = func(_ context.Context, v int) (int, error) {
					if v%16 == 0 {
						s.Set(1+v/16%4, "in turn")
					}
					if w.fails(v) {
						return 0, errOdd
					}
					return v, nil
				}
				c.source = w.source(3000, rand.New(rand.NewPCG(1, uint64(window))), func() {})
				execute(t, c.wire(t.Context()), nil)
				w.verify(t)
			}
		})
	}
}

// TestRoster_wantsSoMany: a change counts from the next item of a worker on, and at the end of
// a call for one too many.
func TestRoster_wantsSoMany(t *testing.T) {
	for name, order := range scalable {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				running := new(atomic.Int64)
				s := newScaling(2, 6)
				c := crew{scale: &s.Scale, push: drop, source: count(1_000_000, new(atomic.Int64))}
				c.Count, c.Order = 3, order
				c.Call = func(context.Context, int) (int, error) {
					running.Add(1)
					defer running.Add(-1)
					time.Sleep(time.Second)
					return 0, nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				run, done := c.wire(ctx), make(chan struct{})
				go func() {
					defer close(done)
					execute(t, run, context.Canceled)
				}()
				look := func(what string, want int64) {
					synctest.Wait()
					if got := running.Load(); got != want {
						t.Errorf("%s: %d calls at once, want %d", what, got, want)
					}
				}
				time.Sleep(10*time.Second + time.Second/2)
				look("at first", 2)
				s.Set(6, "")
				look("right after more", 6)
				s.Set(1, "")
				look("right after fewer", 6)
				time.Sleep(time.Second)
				look("when the calls are over", 1)
				s.Set(4, "")
				look("more again", 4)
				time.Sleep(20 * time.Second)
				look("later", 4)
				cancel()
				<-done
			})
		})
	}
}

// TestRoster_wakesWhoIsWanted: items that come one at a time, with pauses, do not get stuck with
// workers that wait and are no longer wanted.
func TestRoster_wakesWhoIsWanted(t *testing.T) {
	for name, order := range scalable {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScaling(8, 8)
				calls, late := new(atomic.Int64), new(atomic.Int64)
				sent := new(atomic.Int64) // when the item was
				c := crew{scale: &s.Scale, push: drop}
				c.Count, c.Order = 8, order
				c.Call = func(context.Context, int) (int, error) {
					if time.Now().UnixNano() != sent.Load() {
						late.Add(1)
					}
					calls.Add(1)
					time.Sleep(time.Second)
					return 0, nil
				}
				c.source = func(_ context.Context, out kernel.Outlet[int]) error {
					for i := range 40 {
						sent.Store(time.Now().UnixNano())
						s.Set(1+(40-i)%8, "")
						if err := out.Emit(i); err != nil {
							return err
						}
						time.Sleep(time.Minute)
					}
					return nil
				}
				execute(t, c.wire(t.Context()), nil)
				if calls.Load() != 40 || late.Load() > 0 {
					t.Errorf("%d calls, %d of them late, want 40 at once", calls.Load(), late.Load())
				}
			})
		})
	}
}

// TestRoster_endsInEveryState: workers that are not wanted end with the others, whatever ends
// the run.
func TestRoster_endsInEveryState(t *testing.T) {
	for name, order := range scalable {
		for _, wanted := range []int{1, 2, 5} {
			for _, how := range []string{"end", "cancelled", "stopped below", "source fails", "call panics", "cancelled when all is done"} {
				t.Run(fmt.Sprintf("%s, %d wanted, %s", name, wanted, how), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { endRoster(t, order, wanted, how) })
				})
			}
		}
	}
}

func endRoster(t *testing.T, order kernel.Order, wanted int, how string) {
	s := newScaling(5, 5)
	came := 0
	c := crew{scale: &s.Scale}
	c.Count, c.Order = 1, order
	c.push = func(int) error {
		if came++; came == 10 && how == "stopped below" {
			return kernel.ErrStop
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.signal = func(sig kernel.Signal) error {
		if sig.Kind == kernel.End && how == "cancelled when all is done" {
			cancel()
		}
		return nil
	}
	c.Call = func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Millisecond)
		switch {
		case v == 3:
			s.Set(wanted, "")
		case v == 20 && how == "cancelled":
			cancel()
		case v == 20 && how == "call panics":
			panic(errOdd)
		}
		return v, nil
	}
	c.source = func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range 30 {
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		if how == "source fails" {
			return errOdd
		}
		return nil
	}
	run := c.wire(ctx)
	err := run.Execute()
	if where := run.Imbalance(); where != "" {
		t.Errorf("the books of %s do not balance", where)
	}
	if fails := !slices.Contains([]string{"end", "stopped below", "cancelled when all is done"}, how); fails != (err != nil) {
		t.Errorf("Execute() = %v", err)
	}
	if how == "end" && came != 30 {
		t.Errorf("%d items came, want 30", came)
	}
}

// TestRoster_raisedAtTheEnd: who is wanted again when no item follows helps with those that are
// left.
func TestRoster_raisedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScaling(1, 10)
		start := time.Now()
		c := crew{scale: &s.Scale, push: drop, source: count(40, new(atomic.Int64)),
			Count: 1,
			Call: func(context.Context, int) (int, error) {
				time.Sleep(time.Second)
				return 0, nil
			}}
		run := c.wire(t.Context())
		time.AfterFunc(10*time.Second, func() { s.Set(10, "") })
		execute(t, run, nil)
		if took := time.Since(start); took > 14*time.Second {
			t.Errorf("40 calls took %v, want 10 s for the first ten and 3 or 4 s for the others", took)
		}
	})
}

// TestRoster_changes keeps the latest ones.
func TestRoster_changes(t *testing.T) {
	s := newScaling(1, 20)
	c := crew{scale: &s.Scale, push: drop, source: count(0, new(atomic.Int64))}
	c.Count, c.Call = 1, echo
	run := c.wire(t.Context())
	for n := range 20 {
		s.Set(n+1, fmt.Sprint("to ", n+1))
		s.Set(n+1, "again")
	}
	wanted, past := s.Look()
	if wanted != 20 || len(past) != 8 || past[0].From != 12 || past[0].To != 13 || past[7].Why != "to 20" {
		t.Errorf("%d workers after %+v", wanted, past)
	}
	run.Abort()
}
