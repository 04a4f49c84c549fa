// An internal test, because a step of Advance is over before anybody outside
// can look: the order of equal deadlines and the time between two of them show
// only to a caller of step, and the calls that wait only in the Fake itself.

package clock

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

type firing struct {
	At    time.Duration
	Alarm int
}

// firings walks f step by step and lists what fires when, by the clock.
func firings(f *Fake, d time.Duration, channels []<-chan time.Time) []firing {
	var got []firing
	start := f.Now()
	for end := f.extend(d); f.step(end); {
		for i, c := range channels {
			select {
			case <-c:
				got = append(got, firing{f.Now().Sub(start), i})
			default:
			}
		}
	}
	return got
}

func TestFakeStep_firesEqualDeadlinesInOrderOfArming(t *testing.T) {
	f := NewFake()
	first, ticker := f.NewTimer(4*time.Second), f.NewTicker(2*time.Second)
	second, third := f.NewTimer(4*time.Second), f.NewTimer(4*time.Second)
	first.Reset(4 * time.Second)

	want := []firing{{2 * time.Second, 1}, {4 * time.Second, 1}, {4 * time.Second, 2}, {4 * time.Second, 3}, {4 * time.Second, 0}}
	got := firings(f, 5*time.Second, []<-chan time.Time{first.C(), ticker.C(), second.C(), third.C()})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("firings() mismatch (-want +got):\n%s", diff)
	}
}

func TestFakeStep_honoursTimerArmedOnTheWay(t *testing.T) {
	f := NewFake()
	f.NewTimer(time.Second)
	end := f.extend(5 * time.Second)
	f.step(end)
	late := f.NewTimer(2 * time.Second)
	for f.step(end) {
	}
	if want, got := 3*time.Second, (<-late.C()).Sub(NewFake().Now()); want != got {
		t.Errorf("timer armed at 1s for 2s: want %v, got %v", want, got)
	}
}

func TestFakeStep_sortsManyTimers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := NewFake()
	var want []firing
	var channels []<-chan time.Time
	for i := range 300 {
		d := time.Duration(1+r.IntN(40)) * time.Second
		channels = append(channels, f.NewTimer(d).C())
		want = append(want, firing{d, i})
	}
	slices.SortStableFunc(want, func(a, b firing) int { return cmp.Compare(a.At, b.At) })
	got := firings(f, time.Minute, channels)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("firings() mismatch (-want +got):\n%s", diff)
	}
}

func TestFakeStep_neverMovesBack(t *testing.T) {
	f := NewFake()
	near, far := f.extend(time.Second), f.extend(time.Second)
	f.step(far)
	f.step(near)
	if want, got := far, f.Now(); want != got {
		t.Errorf("Now() after overlapping advances: want %v, got %v", want, got)
	}
}

func TestFakeBlockUntil_forgetsCallsThatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake()
		ctx, cancel := context.WithCancel(t.Context())
		for n := range 3 {
			go f.BlockUntil(ctx, n)
		}
		synctest.Wait()
		f.NewTimer(time.Second)
		cancel()
		synctest.Wait()
		if want, got := 0, len(f.watch); want != got {
			t.Errorf("calls watched: want %d, got %d", want, got)
		}
	})
}
