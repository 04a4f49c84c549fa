// Package chaos runs random flows in which things go wrong at random.
//
// What a flow can be made of is in the registry, which is generated from the sources of
// packages ops, flow and diag: whatever is added there takes part by itself.
package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/flow"
)

var (
	first = flag.Uint64("chaos.seed", 1, "the first seed")
	count = flag.Uint64("chaos.n", 600, "how many seeds")
	drops = flag.String("chaos.drop", "", "nodes to leave out, by the numbers in front of them")
)

// TestChaos runs random flows with random faults in virtual time. Whatever happens, the
// run ends soon after its context has, nothing of it is left, its books balance, and its
// error is one that was asked for.
func TestChaos(t *testing.T) {
	p := newParts()
	p.learn(t)
	tell := progress()
	for i := range *count {
		seed := *first + i
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { p.tryout(t, seed, strings.Fields(*drops)) }) {
			return
		}
		tell(i + 1)
	}
}

// progress tells every few seconds how far a long run has come.
func progress() func(done uint64) {
	start, told := time.Now(), time.Now()
	return func(done uint64) {
		if *count > 1000 && time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%d of %d, %.0f a second\n", done, *count, float64(done)/time.Since(start).Seconds())
		}
	}
}

// tryout plays one game, and tells how to repeat it if that fails: as it is, or with fewer
// nodes if it still fails then.
func (p *parts) tryout(t *testing.T, seed uint64, drop []string) {
	g := p.plays(t, seed, drop)
	if len(g.broken) == 0 {
		return
	}
	if len(drop) == 0 {
		g = p.shrink(t, seed, g)
	}
	t.Errorf("%s\n%s\nwhat happened: %s\nrepeat with: make chaos SEED=%d N=1 DROP=%q",
		strings.Join(g.broken, "\n"), g, g.happenings(), seed, strings.Join(g.drop, " "))
}

// shrink leaves out one node after the other for which the game still fails in three tries.
func (p *parts) shrink(t *testing.T, seed uint64, g *game) *game {
	for _, n := range g.nodes {
		for range 3 {
			if less := p.plays(t, seed, append(slices.Clip(g.drop), n.path)); len(less.broken) > 0 && len(less.nodes) < len(g.nodes) {
				g = less
				break
			}
		}
	}
	return g
}

// plays plays the game of a seed. One in eight is played in calm, and in several ways.
func (p *parts) plays(t *testing.T, seed uint64, drop []string) *game {
	if seed%8 > 0 {
		return p.play(t, seed, &game{drop: drop})
	}
	g := p.play(t, seed, &game{drop: drop, calm: true})
	if len(g.broken) == 0 {
		p.playOtherwise(t, seed, g)
	}
	return g
}

// play builds and runs one game. What is wrong with it is in broken.
func (p *parts) play(t *testing.T, seed uint64, g *game) (same *game) {
	same, g.parts, g.picks = g, p, make(map[pick]int)
	g.idle = idle
	defer func() {
		if v := recover(); v != nil { // of a bubble in which something is left
			g.complain("%v", v)
		}
	}()
	synctest.Test(t, func(*testing.T) { g.play(seed) })
	return g
}

func (g *game) complain(format string, args ...any) {
	g.broken = append(g.broken, fmt.Sprintf(format, args...))
}

// Bounds of a run in virtual time: one that idles is cancelled, and has to end soon after.
const (
	idle = 3 * time.Hour
	soon = 5 * time.Minute
)

func (g *game) play(seed uint64) {
	defer func() {
		if v := recover(); v != nil {
			g.complain("panic while the flow was made: %v\n%s", v, debug.Stack())
		}
	}()
	ctx, end := context.WithCancelCause(context.Background())
	defer end(nil)
	g.cancel = func(err error) {
		g.endAt(time.Now())
		end(err)
	}
	g.release = make(chan struct{})
	top := &gamble{Rand: rand.New(rand.NewPCG(seed, 0)), game: g, node: &node{}}
	ctx, stop := top.deadline(ctx)
	defer stop()
	f := top.flow(top.IntN(7))
	run := top.finish(f)
	var r flow.Report
	opts := append(top.runOptions(), flow.WithReport(&r), quiet)
	if len(g.broken) > 0 {
		return
	}
	if g.calm {
		run = func(ctx context.Context, opts ...flow.Option) (err error) {
			g.got, err = f.Collect(ctx, append(g.way.options(), opts...)...)
			g.failed = err != nil
			return err
		}
	}
	g.wild.Store(!g.calm)
	done := make(chan error, 1)
	go func() { // a Goexit on this goroutine must end it only after the run
		err := errGoexit
		defer func() {
			if v := recover(); v != nil { // of a loop's body
				err, _ = v.(error)
			}
			done <- err
		}()
		err = run(ctx, opts...)
	}()
	err, ok := g.await(done)
	defer g.let()
	if !ok {
		g.complain("the run has not ended within %v of its end", soon)
		return
	}
	g.check(err, &r)
}

// let has all go on that the run left behind, until they have ended.
func (g *game) let() {
	close(g.release)
	if g.grace > 0 || g.leaks {
		time.Sleep(soon)
	}
}
