package flow_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// TestPause_everySource looks that nothing comes while a run is paused, and something after.
func TestPause_everySource(t *testing.T) {
	for name, f := range unending() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				ctx, cancel := context.WithCancelCause(t.Context())
				running := each(f(), func(int) { n++ }).Start(ctx, audit(t), quiet)
				time.Sleep(2500 * time.Millisecond)
				running.Pause()
				if got := running.Phase(); got != flow.Paused {
					t.Errorf("phase %v", got)
				}
				time.Sleep(1500 * time.Millisecond) // what had been given arrives
				synctest.Wait()
				before := n
				time.Sleep(time.Hour)
				synctest.Wait()
				if n != before {
					t.Errorf("%d items while paused", n-before)
				}
				running.Resume()
				if got := running.Phase(); got != flow.Active {
					t.Errorf("phase %v", got)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if before > 0 && n == before && name != "Concat's last" {
					t.Errorf("no item after the pause")
				}
				running.Pause()
				cancel(errBoom)
				if err := running.Wait(); err != errBoom {
					t.Errorf("cancelled while paused: %v", err)
				}
			})
		})
	}
}

func TestPause_takesNothingFromAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 10)
		var got []int
		running := each(flow.FromChan(ch), func(v int) { got = append(got, v) }).Start(t.Context(), audit(t))
		synctest.Wait()
		running.Pause()
		for i := range 3 {
			ch <- i
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(got) > 0 || len(ch) < 2 {
			t.Errorf("got %v, %d are left in the channel", got, len(ch))
		}
		running.Resume()
		close(ch)
		if err := running.Wait(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{0, 1, 2}, got); diff != "" {
			t.Errorf("after the pause (-want +got):\n%s", diff)
		}
	})
}

// TestPause_andTheItemInHand ends runs whose channel gave an item while they were paused.
func TestPause_andTheItemInHand(t *testing.T) {
	ends := map[string]struct {
		end  func(r *flow.Running, cancel context.CancelCauseFunc) error
		got  int
		held int64
		want error
	}{
		"cancel": {func(r *flow.Running, cancel context.CancelCauseFunc) error { cancel(errBoom); return r.Wait() }, 0, 1, errBoom},
		"stop":   {func(r *flow.Running, _ context.CancelCauseFunc) error { r.Stop(errBoom); return r.Wait() }, 0, 1, errBoom},
		"drain":  {func(r *flow.Running, _ context.CancelCauseFunc) error { return r.Drain(context.Background()) }, 1, 0, nil},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				opt, r := audited(t)
				ch, n := make(chan int), 0
				running := each(flow.FromChan(ch), func(int) { n++ }).Start(ctx, opt)
				synctest.Wait()
				running.Pause()
				ch <- 1
				time.Sleep(time.Hour)
				if err := c.end(running, cancel); err != c.want {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if s := stageReport(t, r, "chan"); n != c.got || s.Held != c.held {
					t.Errorf("%d items delivered:\n%v", n, r)
				}
			})
		})
	}
}

func TestPause_timersGoOn(t *testing.T) {
	flows := map[string]func(ch chan int) flow.Flow[[]int]{
		"in the segment of the source": func(ch chan int) flow.Flow[[]int] { return flow.FromChan(ch).Batch(100, time.Minute) },
		"in another":                   func(ch chan int) flow.Flow[[]int] { return flow.FromChan(ch).Async(1).Batch(100, time.Minute) },
		"inside a Restart": func(ch chan int) flow.Flow[[]int] {
			return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[[]int] { return flow.FromChan(ch).Batch(100, time.Minute) })
		},
	}
	for name, f := range flows {
		for _, late := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ch := make(chan int)
					var got [][]int
					running := each(f(ch), func(b []int) { got = append(got, b) }).Start(t.Context(), audit(t))
					ch <- 1
					synctest.Wait()
					running.Pause()
					if late { // which the source holds
						ch <- 2
					}
					time.Sleep(61 * time.Second)
					synctest.Wait()
					if diff := cmp.Diff([][]int{{1}}, got); diff != "" {
						t.Errorf("while paused (-want +got):\n%s", diff)
					}
					running.Resume()
					if err := running.Drain(t.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestPause_earlyStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := counting().Async(1).Batch(100, 5*time.Second).Take(1).Discard().Start(t.Context(), audit(t))
		time.Sleep(1500 * time.Millisecond)
		running.Pause()
		if err := running.Wait(); err != nil { // the Take has its batch though the source is held up
			t.Error(err)
		}
	})
}

func TestPause_whatIsInsideGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := 0
		f := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
			return flow.Range(0, 5).Async(10).Call(func(_ context.Context, v int) (int, error) {
				time.Sleep(time.Second)
				return v, nil
			})
		})
		running := each(f, func(int) { got++ }).Start(t.Context(), audit(t))
		time.Sleep(1500 * time.Millisecond)
		running.Pause()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got != 5 {
			t.Errorf("%d of 5 that the source had given have arrived", got)
		}
		running.Resume()
		if err := running.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestPause_whileWaitingToRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, got := 0, 0
		f := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Minute), OnEnd: true}, func() flow.Flow[int] {
			begun++
			return flow.Range(0, 5)
		})
		running := each(f, func(int) { got++ }).Start(t.Context(), audit(t), quiet)
		synctest.Wait()
		running.Pause()
		time.Sleep(time.Hour)
		synctest.Wait()
		if begun != 2 || got != 5 {
			t.Errorf("%d beginnings, %d items while paused", begun, got)
		}
		running.Stop(nil)
		if err := running.Wait(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
