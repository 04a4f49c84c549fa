package ops_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("fold", never, ints(6), referenceFold(0, plus), fold(func() {}), fold, randomInts).gathering())

var _ = misused(
	newMisuse("fold without function", "fold: function must not be nil", ops.NewFold[int](0, nil)),
	newMisuse("fold without initial state", "fold: newState must not be nil", ops.NewFoldFunc(nil, plus)),
	newMisuse("fold into a map of all runs",
		"fold: initial must be a value and no reference, which runs would share, got map[int]int", ops.NewFold(map[int]int{}, count)),
	newMisuse("fold into a pointer of all runs",
		"fold: initial must be a value and no reference, which runs would share, got *int", ops.NewFold(new(int), func(p *int, _ int) *int { return p })),
	newMisuse("fold into a slice of all runs",
		"fold: initial must be a value and no reference, which runs would share, got []int",
		ops.NewFold(make([]int, 0, 1), func(all []int, n int) []int { return append(all, n) })),
	newMisuse("fold into a channel of all runs",
		"fold: initial must be a value and no reference, which runs would share, got chan int",
		ops.NewFold(make(chan int), func(c chan int, _ int) chan int { return c })),
	newMisuse("fold into an interface with a map in it",
		"fold: initial must be a value and no reference, which runs would share, got map[int]int",
		ops.NewFold(any(map[int]int{}), func(a any, _ int) any { return a })),
)

var _ = chained(func(n int, before func()) link { return link{"fold", fold(before), referenceFold(0, plus), false} })

func fold(before func()) *ops.Fold[int, int] {
	return ops.NewFold(0, func(sum, n int) int {
		before()
		return sum + n
	})
}

func count(counts map[int]int, n int) map[int]int {
	counts[n]++
	return counts
}

func referenceFold[T, A any](initial A, fn func(A, T) A) func(...T) []A {
	return func(in ...T) []A {
		acc := initial
		for _, v := range in {
			acc = fn(acc, v)
		}
		return []A{acc}
	}
}

func TestFold(t *testing.T) {
	bubble(t, "one value at the end", func(t *testing.T) {
		in := script[int]{{0, ints(3)}, {5 * ms, ints(2)}, {5 * ms, nil}}
		checkScript(t, []stamped[int]{{10 * ms, 19}}, in, func() ops.Processor[int, int] { return ops.NewFold(10, plus) })
	})
	bubble(t, "the initial one of an empty input", func(t *testing.T) {
		check(t, []int{10}, nil, func() ops.Processor[int, int] { return ops.NewFold(10, plus) })
	})
	bubble(t, "another type", func(t *testing.T) {
		join := func(s string, r rune) string { return s + string(r) }
		check(t, []string{">ab"}, []rune("ab"), func() ops.Processor[rune, string] { return ops.NewFold(">", join) })
	})
	bubble(t, "nil is no reference", func(t *testing.T) {
		collect := func(all []int, n int) []int { return append(all, n) }
		check(t, [][]int{ints(3)}, ints(3), func() ops.Processor[int, []int] { return ops.NewFold(nil, collect) })
		check(t, [][]int{ints(3)}, ints(3), func() ops.Processor[int, []int] { return ops.NewFold([]int{}, collect) })
	})
}

func TestFoldModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, initial := randomScript(r), r.IntN(100)
		sum := initial
		items, end := in.moments()
		for _, v := range items {
			sum += v.Item
		}
		checkScript(t, []stamped[int]{{end, sum}}, in, func() ops.Processor[int, int] { return ops.NewFold(initial, plus) })
	})
}

// Each run has a state of its own, where the initial one is made for it.
func TestFoldFunc(t *testing.T) {
	bubble(t, "runs share nothing", func(t *testing.T) {
		p := ops.NewFoldFunc(func() map[int]int { return map[int]int{} }, count)
		check(t, []map[int]int{{1: 1, 2: 1}}, ints(2), func() ops.Processor[int, map[int]int] { return p })
		got := collect(p.Process(t.Context(), feed(7)))
		if want := (map[int]int{7: 1}); len(got) != 1 || !maps.Equal(want, got[0]) {
			t.Errorf("a further run gave %v, want %v", got, want)
		}
	})
	bubble(t, "the state is made when a run begins", func(t *testing.T) {
		made := 0
		p := ops.NewFoldFunc(func() int { made++; return made }, plus)
		if made != 0 {
			t.Errorf("the state was made %d times before there was a run", made)
		}
		for want := range 3 {
			if got := collect(p.Process(t.Context(), feed[int]())); !cmp.Equal([]int{want + 1}, got) {
				t.Errorf("got %v, want %v", got, want+1)
			}
		}
	})
	bubble(t, "a state that panics ends the run", func(t *testing.T) {
		p := ops.NewFoldFunc(func() int { deliberatePanic(); return 0 }, plus)
		sup := new(listener)
		if got := collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(1))); len(got) > 0 {
			t.Errorf("got %v, want nothing", got)
		}
		if failures := sup.failures(); len(failures) != 1 {
			t.Errorf("Failed() was told %v, want one error", failures)
		}
	})
}

func TestFoldKeepsItsAccumulatorAfterAPanic(t *testing.T) {
	p := ops.NewFold(0, func(sum, n int) int {
		if n == 2 {
			panic(errBoom)
		}
		return sum + n
	})
	var r flow.Report
	got, err := flow.FromSlice(ints(3)).Then(p).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
	if diff := cmp.Diff([]int{4}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
}

func TestFoldCancel(t *testing.T) {
	bubble(t, "holds what it has folded", func(t *testing.T) {
		got, row := cutOff(t, ops.NewFold(0, plus), ints(5)...)
		want := flow.StageReport{Name: "fold", Op: "Fold", In: 5, Held: 5}
		if diff := cmp.Diff(want, row); diff != "" || len(got) > 0 {
			t.Errorf("got %v, books mismatch (-want +got):\n%s", got, diff)
		}
	})
}

func TestFoldLetsABarrierPass(t *testing.T) {
	src := &barriers{items: ints(3)}
	var r flow.Report
	got, err := flow.FromSignals(src).Then(ops.NewFold(0, plus)).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff([]int{6}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	if diff := cmp.Diff(make([]error, 3), src.done); diff != "" {
		t.Errorf("what the barriers are done with mismatch (-want +got):\n%s", diff)
	}
}
