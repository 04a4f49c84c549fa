package flow_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// timing is a Sampler that keeps what it hears of one stage.
type timing struct {
	every int
	stage string
	calls []call
}

type call struct {
	Took   time.Duration
	Failed bool
}

func (o *timing) Every() int { return o.every }

func (o *timing) Observe(e flow.Event) {
	if e, ok := e.(flow.CallTimed); ok && e.Stage.Name == o.stage {
		o.calls = append(o.calls, call{e.Took, e.Failed})
	}
}

// Each Sampler hears of the calls that it asked for, whatever others have asked for.
func TestSampler_hearsItsOwnShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, third, none := &timing{every: 1, stage: "call"}, &timing{every: 3, stage: "call"}, &timing{stage: "call"}
		work := func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			switch n {
			case 1:
				return 0, errBoom
			case 3:
				boom()
			}
			return n, nil
		}
		err := flow.Range(0, 5).Call(work).OnError(flow.Skip()).
			Tap(func(int) { time.Sleep(time.Hour) }). // below the stage
			Run(t.Context(), audit(t), flow.WithObserver(third), flow.WithObserver(all), flow.WithObserver(none))
		if err != nil {
			t.Fatal(err)
		}
		want := []call{{0, false}, {time.Second, true}, {2 * time.Second, false}, {3 * time.Second, true}, {4 * time.Second, false}}
		if diff := cmp.Diff(want, all.calls); diff != "" {
			t.Errorf("every call: mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]call{want[0], want[3]}, third.calls); diff != "" {
			t.Errorf("every third: mismatch (-want +got):\n%s", diff)
		}
		if len(none.calls) > 0 {
			t.Errorf("none: got %v", none.calls)
		}
	})
}

// What a policy does about a failure, and the wait for another worker that settles one, is
// not the time of the call.
func TestSampler_leavesThePolicyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &timing{every: 1, stage: "async-mapper"}
		fails := func(context.Context, int) (int, error) { time.Sleep(time.Second); return 0, errBoom }
		letter := flow.DeadLetter(func(context.Context, flow.Letter[any]) error { time.Sleep(time.Hour); return nil })
		err := flow.Range(0, 2).AsyncMap(2, fails).OnError(letter).Run(t.Context(), audit(t), flow.WithObserver(seen))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]call{{time.Second, true}, {time.Second, true}}, seen.calls); diff != "" {
			t.Errorf("calls mismatch (-want +got):\n%s", diff)
		}
	})
}
