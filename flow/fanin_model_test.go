package flow_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// atTime is an item at a time.
type atTime struct {
	ms, v int
}

// arriving gives items at their times, and ends with the last.
func arriving(items []atTime) flow.Flow[int] {
	return flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		start := time.Now()
		for _, i := range items {
			time.Sleep(time.Until(start.Add(time.Duration(i.ms) * time.Millisecond)))
			if err := emit(i.v); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrivals draws up to most items, of which no two come at once: those of input i of n come
// at i modulo n. Their values rise.
func arrivals(rnd *rand.Rand, i, n, most int) []atTime {
	var items []atTime
	ms, v := 0, 0
	for range rnd.IntN(most + 1) {
		ms += 1 + rnd.IntN(5)*rnd.IntN(3)
		v += rnd.IntN(3)
		items = append(items, atTime{ms*n + i, v})
	}
	return items
}

func itemsOf(items []atTime) []int {
	var values []int
	for _, i := range items {
		values = append(values, i.v)
	}
	return values
}

// laidOut puts a boundary behind a flow, or a processor that only knows channels, or nothing.
func laidOut(rnd *rand.Rand, f flow.Flow[int]) flow.Flow[int] {
	switch rnd.IntN(4) {
	case 0:
		return f.Async(1 + rnd.IntN(3))
	case 1:
		return f.Then(ops.ProcessorFunc[int, int](relay))
	}
	return f
}

// trial is one random case: inputs as they arrive, and as flows of several kinds.
type trial struct {
	*rand.Rand
	inputs [][]atTime
	flows  []flow.Flow[int]
}

// inputTrials runs test on random inputs, in virtual time.
func inputTrials(t *testing.T, count func(*rand.Rand) int, test func(t *testing.T, tr trial)) {
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			tr := trial{Rand: rand.New(rand.NewPCG(seed, 7))}
			n := count(tr.Rand)
			most := []int{3, 20, 700}[tr.IntN(3)]
			for i := range n {
				items := arrivals(tr.Rand, i, n, most)
				tr.inputs = append(tr.inputs, items)
				tr.flows = append(tr.flows, laidOut(tr.Rand, arriving(items)))
			}
			test(t, tr)
			if t.Failed() {
				t.Fatalf("seed %d, inputs %v", seed, tr.inputs)
			}
		})
	}
}

func twoInputs(*rand.Rand) int      { return 2 }
func someInputs(rnd *rand.Rand) int { return 1 + rnd.IntN(5) }

// wanted runs a flow, now and then with a sink that takes its time, and compares.
func wanted[T any](t *testing.T, tr trial, f flow.Flow[T], want []T, slow bool) {
	t.Helper()
	if slow && tr.IntN(3) == 0 {
		f = f.Call(func(_ context.Context, v T) (T, error) {
			time.Sleep(time.Duration(tr.IntN(9)) * time.Millisecond)
			return v, nil
		})
	}
	got, err := f.Collect(t.Context(), audit(t))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
}

func TestInterleave_model(t *testing.T) {
	inputTrials(t, someInputs, func(t *testing.T, tr trial) {
		n := 1 + tr.IntN(4)
		var want, rest = []int(nil), make([][]int, len(tr.inputs))
		for i := range rest {
			rest[i] = itemsOf(tr.inputs[i])
		}
		for left := true; left; {
			left = false
			for i := range rest {
				k := min(n, len(rest[i]))
				want, rest[i] = append(want, rest[i][:k]...), rest[i][k:]
				left = left || len(rest[i]) > 0
			}
		}
		wanted(t, tr, flow.Interleave(n, tr.flows...), want, true)
	})
}

func TestMergeSorted_model(t *testing.T) {
	inputTrials(t, someInputs, func(t *testing.T, tr trial) {
		var want []tagged
		flows := make([]flow.Flow[tagged], len(tr.flows))
		for i, f := range tr.flows {
			for _, v := range itemsOf(tr.inputs[i]) {
				want = append(want, tagged{i, v})
			}
			flows[i] = f.Map(func(v int) tagged { return tagged{i, v} })
		}
		byValue := func(a, b tagged) int { return a.n - b.n }
		slices.SortStableFunc(want, byValue)
		got, err := flow.MergeSorted(byValue, flows...).Collect(t.Context(), audit(t))
		if err != nil {
			t.Error(err)
		}
		if !slices.Equal(want, got) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestZip_model(t *testing.T) {
	inputTrials(t, twoInputs, func(t *testing.T, tr trial) {
		a, b := itemsOf(tr.inputs[0]), itemsOf(tr.inputs[1])
		var want []flow.Pair[int, int]
		for i := range min(len(a), len(b)) {
			want = append(want, flow.Pair[int, int]{A: a[i], B: b[i]})
		}
		wanted(t, tr, tr.flows[0].Zip(tr.flows[1]), want, true)
	})
}

func TestZipLongest_model(t *testing.T) {
	inputTrials(t, twoInputs, func(t *testing.T, tr trial) {
		a, b := itemsOf(tr.inputs[0]), itemsOf(tr.inputs[1])
		var want []flow.Pair[int, int]
		for i := range max(len(a), len(b)) {
			var p flow.Pair[int, int]
			if i < len(a) {
				p.A = a[i]
			}
			if i < len(b) {
				p.B = b[i]
			}
			want = append(want, p)
		}
		wanted(t, tr, tr.flows[0].ZipLongest(tr.flows[1]), want, true)
	})
}

// inTime gives the items of two inputs as they come.
func inTime(tr trial) []tagged {
	var all []tagged
	var when []int
	for i, items := range tr.inputs {
		for _, item := range items {
			at, _ := slices.BinarySearch(when, item.ms)
			when = slices.Insert(when, at, item.ms)
			all = slices.Insert(all, at, tagged{i, item.v})
		}
	}
	return all
}

func TestZipLatest_model(t *testing.T) {
	inputTrials(t, twoInputs, func(t *testing.T, tr trial) {
		var want []flow.Pair[int, int]
		var p flow.Pair[int, int]
		var has [2]bool
		if len(tr.inputs[0]) > 0 && len(tr.inputs[1]) > 0 {
			for _, v := range inTime(tr) {
				has[v.input] = true
				if v.input == 0 {
					p.A = v.n
				} else {
					p.B = v.n
				}
				if has[0] && has[1] {
					want = append(want, p)
				}
			}
		}
		wanted(t, tr, tr.flows[0].ZipLatest(tr.flows[1]), want, false)
	})
}

func TestWithLatestFrom_model(t *testing.T) {
	inputTrials(t, twoInputs, func(t *testing.T, tr trial) {
		var want []flow.Pair[int, int]
		newest, has := 0, false
		for _, v := range inTime(tr) {
			switch {
			case v.input == 1:
				newest, has = v.n, true
			case has:
				want = append(want, flow.Pair[int, int]{A: v.n, B: newest})
			}
		}
		wanted(t, tr, tr.flows[0].WithLatestFrom(tr.flows[1]), want, false)
	})
}

func TestRace_model(t *testing.T) {
	inputTrials(t, someInputs, func(t *testing.T, tr trial) {
		var want []int
		first := -1
		for _, items := range tr.inputs {
			if len(items) > 0 && (first < 0 || items[0].ms < first) {
				first, want = items[0].ms, itemsOf(items)
			}
		}
		wanted(t, tr, flow.Race(tr.flows...), want, true)
	})
}

func TestOrElse_model(t *testing.T) {
	inputTrials(t, twoInputs, func(t *testing.T, tr trial) {
		want := itemsOf(tr.inputs[0])
		if len(want) == 0 {
			want = itemsOf(tr.inputs[1])
		}
		wanted(t, tr, tr.flows[0].OrElse(tr.flows[1]), want, true)
	})
}

func TestMergePriority_model(t *testing.T) {
	inputTrials(t, someInputs, func(t *testing.T, tr trial) {
		flows, want := make([]flow.Flow[tagged], len(tr.flows)), make([][]int, len(tr.flows))
		for i, f := range tr.flows {
			want[i] = itemsOf(tr.inputs[i])
			flows[i] = f.Map(func(v int) tagged { return tagged{i, v} })
		}
		got := make([][]int, len(flows))
		err := each(flow.MergePriority(flows...), func(v tagged) { got[v.input] = append(got[v.input], v.n) }).Run(t.Context(), audit(t))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("items of the inputs mismatch (-want +got):\n%s", diff)
		}
	})
}
