package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// link is a processor of ints with its reference.
type link struct {
	name      string
	p         ops.Processor[int, int]
	reference func(...int) []int
	free      bool // the same items come out whatever their order, and of one key in its order
}

// makers make the links at random: the file that tests a processor adds its own. A link's user
// function, if it has one, first calls before.
var makers []func(n int, before func()) link

// chained adds to makers.
func chained(all ...func(n int, before func()) link) struct{} {
	makers = append(makers, all...)
	return struct{}{}
}

// randomLink makes one whose user function, if it has one, first calls before.
func randomLink(r *rand.Rand, before func()) link {
	l := makers[r.IntN(len(makers))](r.IntN(12), before)
	if r.IntN(4) == 0 {
		l.p = bridged[int, int]{l.p}
		l.name += " over channels"
	}
	return l
}

// workers takes longer for some items than for those behind them.
func workers(n int, before func()) *ops.AsyncMapper[int, int] {
	return ops.NewAsyncMapper(func(ctx context.Context, v int) (int, error) {
		before()
		return double(v), clock.Sleep(ctx, clock.Real(), time.Duration(v%3)*ms)
	}).WithWorkers(n).WithBufferSize(n + 2)
}

func rebatch(config ops.BatchConfig) ops.Processor[int, int] {
	return flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return flow.Unbatch(f.Then(ops.NewBatcher[int](config)))
	})
}

// randomChain has up to six links, some of them with a boundary behind them. names
// say which.
func randomChain(r *rand.Rand, in []int, before func()) (f flow.Flow[int], want []int, names string) {
	f, want = flow.FromSlice(in), in
	var all []string
	for range 1 + r.IntN(6) {
		l := randomLink(r, before)
		f, want = f.Then(l.p), l.reference(want...)
		if n := r.IntN(8); n < 3 {
			f = f.Async(n + 1)
			l.name += " async"
		}
		all = append(all, l.name)
	}
	return f, want, strings.Join(all, ", ")
}

func TestRandomChains(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		f, want, names := randomChain(r, in, func() {})
		var report flow.Report
		got, err := f.Collect(t.Context(), flow.WithReport(&report))
		if diff := cmp.Diff(orNil(want), orNil(got)); diff != "" || err != nil {
			t.Errorf("%s of %v: error %v, mismatch (-want +got):\n%s", names, in, err, diff)
		}
		if !report.Balanced() {
			t.Errorf("%s of %v: the books do not balance:\n%v", names, in, report)
		}
	})
}

// Out of order the same comes out, in any order: of each key in its own.
func TestRandomChainsOutOfOrder(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		f, want := flow.FromSlice(in), in
		var names []string
		for range 1 + r.IntN(5) {
			l := randomLink(r, func() {})
			for !l.free {
				l = randomLink(r, func() {})
			}
			n := 1 + r.IntN(4)
			f, want = f.Then(l.p).Then(workers(n, func() {}).WithOrdered(false)), referenceMap(double)(l.reference(want...)...)
			names = append(names, l.name, fmt.Sprint("unordered by ", n))
		}
		var report flow.Report
		got, err := f.Collect(t.Context(), flow.WithReport(&report))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(orNil(want), orNil(got)); diff != "" || err != nil {
			t.Errorf("%s of %v: error %v, mismatch (-want +got):\n%s", names, in, err, diff)
		}
		if !report.Balanced() {
			t.Errorf("%s of %v: the books do not balance:\n%v", names, in, report)
		}
	})
}

func TestRandomChainsOfKeys(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		f := flow.FromSlice(in)
		key := func(n int) int { return n % 4 }
		for range 1 + r.IntN(3) {
			pace := time.Duration(r.IntN(50))
			workers := 1 + r.IntN(5)
			f = f.Then(ops.NewAsyncMapperKeyed(key, func(ctx context.Context, n int) (int, error) {
				return n, clock.Sleep(ctx, clock.Real(), pace*time.Duration(n%7))
			}).WithWorkers(workers).WithBufferSize(workers + r.IntN(9)))
		}
		got, err := f.Collect(t.Context())
		byKey := func(a, b int) int { return key(a) - key(b) }
		slices.SortStableFunc(in, byKey)
		slices.SortStableFunc(got, byKey)
		if diff := cmp.Diff(orNil(in), orNil(got)); diff != "" || err != nil {
			t.Errorf("error %v, mismatch by key (-want +got):\n%s", err, diff)
		}
	})
}

// Whatever ends a run, its books balance, nothing is left, and the cause is told.
func TestRandomChainsThatEndBadly(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		ctx, cancel := context.WithCancelCause(t.Context())
		calls, last, ending := 0, r.IntN(30), r.IntN(2)
		before := func() {
			if calls++; calls != last {
				return
			}
			if ending == 0 {
				cancel(errBoom)
				return
			}
			deliberatePanic()
		}
		f, _, names := randomChain(r, randomInts(r), serialized(before))
		if r.IntN(2) == 0 {
			f = f.Async(1)
		}
		var report flow.Report
		_, err := f.Collect(ctx, flow.WithReport(&report))
		if err != nil && !strings.Contains(err.Error(), errBoom.Error()) {
			t.Errorf("%s: error %v, want none or %v", names, err, errBoom)
		}
		if !report.Balanced() {
			t.Errorf("%s: the books do not balance:\n%v", names, report)
		}
		cancel(nil)
	})
}

// serialized keeps calls from several goroutines apart.
func serialized(fn func()) func() {
	turn := make(chan struct{}, 1)
	return func() {
		turn <- struct{}{}
		defer func() { <-turn }()
		fn()
	}
}
