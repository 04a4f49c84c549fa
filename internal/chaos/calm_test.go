package chaos

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// way is how a flow is laid out. In calm all of them have to give the same items.
type way int

const (
	asDrawn  way = iota
	fused        // no boundary that is not needed
	apart        // one behind every stage
	channels     // every processor over channels
	watched      // with all that watches over a run
	ways
)

func (w way) String() string {
	return [...]string{"as drawn", "fused", "with boundaries", "over channels", "watched"}[w]
}

// options are those of a run that is played so.
func (w way) options() []flow.Option {
	if w != watched {
		return nil
	}
	return []flow.Option{
		flow.WithGrace(2 * idle), flow.WithLeakCheck(), flow.WithWatchdog(idle), flow.WithObserver(flow.ObserverFunc(func(flow.Event) {})),
	}
}

// playOtherwise plays a game that went well in the other ways.
func (p *parts) playOtherwise(t *testing.T, seed uint64, g *game) {
	for w := fused; w < ways && !g.failed && !g.mixed.Load(); w++ {
		other := p.play(t, seed, &game{drop: g.drop, calm: true, way: w})
		g.broken = append(g.broken, other.broken...)
		if diff := cmp.Diff(g.got, other.got); diff != "" && !other.failed && !p.depends(t, g) {
			g.complain("the items are others %v (-as drawn +so):\n%s", w, diff)
		}
		if len(g.broken) > 0 {
			return
		}
	}
}

// depends tells whether the items of some node depend on when it gets its own, when they are
// taken, and how long functions take, as those of a stage that drops some under load, or on
// barriers and watermarks, which do not come over channels.
func (p *parts) depends(t *testing.T, g *game) bool {
	return slices.ContainsFunc(g.nodes, func(n *node) bool {
		if n.alone == nil {
			return false
		}
		if !slices.Equal(p.paced(t, n.alone, 0), p.barred(t, n.alone)) {
			return true
		}
		return p.dependsOnPace(t, n.alone) || p.dependsOnPace(t, func(g *game, f flow.Flow[int]) flow.Flow[int] {
			return n.alone(g, f.Map(func(n int) int { return n % 10 })) // as one that knows items again for some time
		})
	})
}

func (p *parts) dependsOnPace(t *testing.T, alone func(*game, flow.Flow[int]) flow.Flow[int]) bool {
	want := p.paced(t, alone, 0)
	for pace := range 8 {
		if !slices.Equal(want, p.paced(t, alone, pace+1)) {
			return true
		}
	}
	return false
}

// paced gives the items of a node alone, between two that keep it waiting.
func (p *parts) paced(t *testing.T, alone func(*game, flow.Flow[int]) flow.Flow[int], pace int) []int {
	early := false
	return p.fed(t, alone, pace, whole(&early).Tap(pause(pace, 9*time.Millisecond)))
}

// barred gives those of a node behind a source that sends a barrier after every third item.
func (p *parts) barred(t *testing.T, alone func(*game, flow.Flow[int]) flow.Flow[int]) []int {
	return p.fed(t, alone, 0, flow.FromSignals(bars{}))
}

// bars gives the items of whole, and barriers, and a watermark.
type bars struct{}

func (bars) Stream(_ context.Context, out flow.Emitter[int]) error {
	for i := range 200 {
		if err := out.Emit(500 + i); err != nil {
			return err
		}
		if i%3 == 0 {
			_ = out.Barrier(func(error) {})
		}
		if i == 5 { // whatever the times in the items are
			_ = out.Watermark(time.Unix(1<<40, 0))
		}
	}
	return nil
}

func (p *parts) fed(t *testing.T, alone func(*game, flow.Flow[int]) flow.Flow[int], pace int, source flow.Flow[int]) (items []int) {
	synctest.Test(t, func(t *testing.T) {
		g := &game{parts: p, picks: make(map[pick]int), calm: true, way: fused, pace: pace, cancel: func(error) {}}
		f := alone(g, source)
		items, _ = f.Take(300).Tap(pause(pace/2, time.Second)).Collect(limited(t))
	})
	return items
}

// pause waits a while for some items.
func pause(pace int, d time.Duration) func(int) {
	return func(n int) { time.Sleep(time.Duration(pace*n%7) * d) }
}
