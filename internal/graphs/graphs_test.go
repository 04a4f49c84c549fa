// Package graphs runs random graphs of all shapes of a flow in many ways, and holds what comes
// of them against a model.
//
// What a graph is made of is in tables: a kind of node is how it is built, what the model makes
// of it, and what else is to be known of it. The model is pure. It knows the items of a flow
// and what is promised of their order, see order.
package graphs

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	begin = flag.Uint64("graphs.seed", 1, "the first seed")
	count = flag.Uint64("graphs.n", 400, "how many seeds")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGraphs runs random graphs in several ways: each gives the items that the model does, in the
// order that is promised, its books balance, and nothing of it is left.
func TestGraphs(t *testing.T) {
	all := kinds()
	start, told := time.Now(), time.Now()
	for i := range *count {
		seed := *begin + i
		if f, ok := trial(t, seed, all); !ok {
			f = f.shrink(t)
			t.Fatalf("seed %d, %s:\n%v\n%s\nrepeat with: make graphs SEED=%d N=1", seed, f.w.name, f.g, strings.Join(f.broken, "\n"), seed)
		}
		if *count > 1000 && time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%d of %d, %.0f a second\n", i+1, *count, float64(i+1)/time.Since(start).Seconds())
		}
	}
}

// trial runs the graph of a seed as it was drawn and in some other ways, and gives the first
// failure.
func trial(t *testing.T, seed uint64, all []*kind) (failure, bool) {
	drawn, rnd := draw(seed, all), rand.New(rand.NewPCG(seed, 2))
	every := ways()
	for _, i := range append([]int{0}, rnd.Perm(len(every))[:3]...) {
		w, g := every[i], drawn
		if w.fits != nil && !w.fits(drawn) {
			continue
		}
		if w.change != nil {
			g = w.change(g, rnd)
		}
		if broken := run(t, g, w, seed); len(broken) > 0 {
			return failure{g, w, seed, broken}, false
		}
	}
	return failure{}, true
}
