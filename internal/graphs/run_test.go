package graphs

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

// soon is longer than any run takes. One that takes longer hangs.
const soon = 5 * 365 * 24 * time.Hour

// run runs a graph and tells what is wrong.
func run(t *testing.T, g *node, w way, seed uint64) (broken []string) {
	defer func() {
		if v := recover(); v != nil { // of a bubble in which something is left, or of the build
			broken = append(broken, fmt.Sprint(v))
		}
	}()
	synctest.Test(t, func(t *testing.T) { broken = play(g, w, rand.New(rand.NewPCG(seed, 1))) })
	return broken
}

func play(g *node, w way, rnd *rand.Rand) []string {
	l := &layout{seed: rnd.Uint64(), slow: w.slow}
	if w.signals {
		l.signals = &signals{barriers: !g.any(holds), sides: &l.sides}
	}
	f, want := g.flow(l, flows{}), g.order(l, order{})
	count := len(want.items())
	if w.early {
		count = rnd.IntN(count + 1)
		f = f.Take(count)
	}
	if w.signals {
		f = f.Then(&witness{l.signals})
	}
	var r flow.Report
	got, err := collect(f, w, &r)
	broken := want.check(got, w.early)
	if len(got) != count {
		broken = append(broken, fmt.Sprintf("%d items came, want %d", len(got), count))
	}
	if err != nil {
		broken = append(broken, fmt.Sprint("error: ", err))
	}
	if !r.Balanced() {
		broken = append(broken, "the books do not balance")
	}
	if w.signals {
		broken = append(broken, l.signals.check(g)...)
	}
	broken = append(broken, l.sides.check(g, w.promise())...)
	if len(broken) > 0 {
		broken = append(broken, fmt.Sprintf("want %v\ngot %v\n%v", want, got, r))
	}
	return broken
}

var quiet = flow.WithLogger(slog.New(slog.DiscardHandler))

// collect gives the items of a flow, and moves its clock on if that is a fake one.
func collect(f flows, w way, r *flow.Report) ([]item, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), soon, fmt.Errorf("the run hangs"))
	defer cancel()
	if !w.fake {
		return f.Collect(ctx, flow.WithReport(r), quiet)
	}
	c := newStepping()
	done := make(chan struct{})
	var got []item
	var err error
	go func() {
		defer close(done)
		got, err = f.Collect(clock.With(ctx, c), flow.WithReport(r), flow.WithClock(c), quiet)
	}()
	for idle := time.Millisecond; ; idle *= 2 {
		synctest.Wait()
		select {
		case <-done:
			return got, err
		default:
		}
		if c.step() {
			idle = time.Millisecond
		} else {
			time.Sleep(idle)
		}
	}
}

// using is a flow that lives on something to be opened.
func using(f flows) flows {
	return flow.Using(func(context.Context) (int, error) { return 0, nil }, func(int, error) error { return nil }, func(int) flows { return f })
}
