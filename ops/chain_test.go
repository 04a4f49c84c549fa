package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// link is a processor of ints with its reference.
type link struct {
	name      string
	p         ops.Processor[int, int]
	reference func(...int) []int
}

// randomLink makes one whose user function, if it has one, first calls before.
func randomLink(r *rand.Rand, before func()) link {
	n := r.IntN(12)
	links := []link{
		{"map", mapper(before), referenceMap(double)},
		{"try-map", tryMapper(before), referenceMap(double)},
		{"call", call(before), referenceMap(double)},
		{"filter", filter(before), referenceFilter(even)},
		{"tap", tap(before), referenceMap(same)},
		{"scan", scan(before), referenceScan(0, plus)},
		{"flat-map", flatMapper(before), referenceFlatMap(twice)},
		{"gather", gatherer(before), referenceFlatMap(twice)},
		{fmt.Sprint("take ", n), ops.NewTake[int](n), referenceTake[int](n)},
		{fmt.Sprint("take and drain ", n), ops.NewTake[int](n).WithDrain(), referenceTake[int](n)},
		{fmt.Sprint("skip ", n), ops.NewSkip[int](n), referenceSkip[int](n)},
		{fmt.Sprint("until ", 8*n), ops.Gather(until(8 * n)), func(in ...int) []int { return referenceUntil(8*n, in...) }},
		{fmt.Sprint("largest ", n), ops.Gather(largest(n)), func(in ...int) []int { return referenceLargest(n, in...) }},
		{fmt.Sprint("buffer ", n), ops.NewBuffer[int](n), referenceMap(same)},
		{"dropping buffer", ops.NewDroppingBuffer[int](1 << 13), referenceMap(same)},
		{"sliding buffer", ops.NewSlidingBuffer[int](1 << 13), referenceMap(same)},
		{"throttle", ops.NewThrottle[int](1e9 / 3), referenceMap(same)},
		{"monitor", ops.NewMonitor[int](ms), referenceMap(same)},
		{fmt.Sprint("batch and unbatch ", n+1), rebatch(within(n+1, ms)), referenceMap(same)},
	}
	l := links[r.IntN(len(links))]
	if r.IntN(4) == 0 {
		l.p = bridged[int, int]{l.p}
		l.name += " over channels"
	}
	return l
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
