package ops_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// What Conflate merges depends on who is quicker, so it is held to the contract as one of
// lists that are joined, between what makes a list of each item and what takes them apart.
var _ = conforms(
	named("Conflate", newSubject("conflate", never, ints(4), referenceMap(same), conflate(nil), nil, randomInts)),
)

var _ = misused(
	newMisuse("conflate without function", "conflate: function must not be nil", ops.NewConflate[int](nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"conflate", conflate(before), referenceMap(same), false}
})

// conflated is a Conflate of the lists of its items.
type conflated struct{ *ops.Conflate[[]int] }

func conflate(before func()) *conflated {
	return &conflated{ops.NewConflate(func(acc, next []int) []int {
		if before != nil {
			before()
		}
		return append(acc, next...)
	})}
}

func (c *conflated) WithName(name string) *conflated { return &conflated{c.Conflate.WithName(name)} }

func (c *conflated) Process(ctx context.Context, in <-chan int) <-chan int {
	if ctx == nil || in == nil {
		c.Conflate.Process(ctx, nil)
	}
	lists := ops.NewMapper(func(n int) []int { return []int{n} }).Process(ctx, in)
	return ops.NewUnbatcher[int]().Process(ctx, c.Conflate.Process(ctx, lists))
}

func concat(acc, next string) string { return acc + next }

func letters(times ...time.Duration) script[string] {
	in := make(script[string], len(times))
	for i, after := range times {
		in[i] = step[string]{after * ms, []string{string(rune('a' + i))}}
	}
	return in
}

// The reader is busy for a while with each item.
func TestConflateWithASlowReader(t *testing.T) {
	in := letters(0, 10, 10, 10, 75, 5, 200)
	want := []stamped[string]{{0, "a"}, {100 * ms, "bcd"}, {200 * ms, "ef"}, {310 * ms, "g"}}
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		var got []stamped[string]
		start := time.Now()
		err := in.source(virtualTime()).Conflate(concat).ForEach(func(_ context.Context, v string) error {
			got = append(got, stamped[string]{time.Since(start), v})
			time.Sleep(100 * ms)
			return nil
		}).Run(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		s, _ := r.Stage("conflate")
		if s.In != 7 || s.Passed != 7 || s.Out != 4 {
			t.Errorf("In %d, Passed %d, Out %d, want 7, 7 and 4", s.In, s.Passed, s.Out)
		}
	})
}

// Over channels one item waits for the receiver, and those behind it are merged.
func TestConflateWithoutAReader(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		in := make(chan string)
		out := ops.NewConflate(concat).Process(t.Context(), in)
		for _, v := range []string{"a", "b", "c"} {
			in <- v
			settle()
		}
		if got := wantNext(t, out); got != "a" {
			t.Errorf("got %q, want a", got)
		}
		settle()
		in <- "d"
		in <- "e"
		close(in)
		if diff := cmp.Diff([]string{"bc", "de"}, collect(out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// conflateModel is a Conflate over channels, as slow and simple as can be.
type conflateModel struct{ hand, waiting []int }

func (m *conflateModel) send(v int) {
	switch {
	case len(m.hand) == 0:
		m.hand = []int{v}
	default:
		m.waiting = append(m.waiting, v)
	}
}

func (m *conflateModel) receive() []int {
	got := m.hand
	m.hand, m.waiting = m.waiting, nil
	return got
}

func TestConflateModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		m := new(conflateModel)
		in := make(chan []int)
		out := ops.NewConflate(func(acc, next []int) []int { return append(acc, next...) }).Process(t.Context(), in)
		for v := range 60 {
			settle()
			if r.IntN(5) < 3 {
				in <- []int{v}
				m.send(v)
				continue
			}
			var got []int
			select {
			case got = <-out:
			default:
			}
			if diff := cmp.Diff(m.receive(), got); diff != "" {
				t.Fatalf("item before step %d mismatch (-want +got):\n%s", v, diff)
			}
		}
		settle()
		close(in)
		for got := range out {
			if diff := cmp.Diff(m.receive(), got); diff != "" {
				t.Errorf("rest mismatch (-want +got):\n%s", diff)
			}
		}
		if len(m.hand) > 0 {
			t.Errorf("the rest has no %v", m.hand)
		}
	})
}

// At full speed, on real processors, nothing is lost and nothing doubled.
func TestConflateLosesNothing(t *testing.T) {
	const items = 100_000
	sum, n := 0, 0
	var r flow.Report
	err := flow.Range(1, items+1).Conflate(plus).ForEach(func(_ context.Context, v int) error {
		if n++; n%64 == 0 {
			runtime.Gosched()
		}
		sum += v
		return nil
	}).Run(t.Context(), flow.WithReport(&r))
	if want := items * (items + 1) / 2; sum != want || err != nil || !r.Balanced() {
		t.Errorf("sum %d, error %v, want %d:\n%v", sum, err, want, r)
	}
}

// The second item to come while one waits makes merge fail: that item has failed, and the
// one that waits is as it was.
func TestConflateFailure(t *testing.T) {
	for name, fail := range map[string]func(){"panic": deliberatePanic, "goexit": runtime.Goexit} {
		bubble(t, name, func(t *testing.T) {
			in := letters(0, 10, 10, 10, 10)
			merge := func(acc, next string) string {
				if next == "d" {
					fail()
				}
				return acc + next
			}
			var r flow.Report
			var got []string
			err := in.source(virtualTime()).Conflate(merge).OnError(flow.Skip()).ForEach(func(_ context.Context, v string) error {
				got = append(got, v)
				time.Sleep(100 * ms)
				return nil
			}).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
			if name == "goexit" { // which no policy survives
				if err == nil || !r.Balanced() {
					t.Errorf("Run() = %v, want the failure\n%v", err, r)
				}
				return
			}
			if diff := cmp.Diff([]string{"a", "bce"}, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
			s, _ := r.Stage("conflate")
			if s.In != 5 || s.Passed != 4 || s.Failed != 1 || s.Out != 2 {
				t.Errorf("In %d, Passed %d, Failed %d, Out %d, want 5, 4, 1 and 2", s.In, s.Passed, s.Failed, s.Out)
			}
		})
	}
}

// A merge that takes long holds the consumer up, which sleeps meanwhile.
func TestConflateWhileMerging(t *testing.T) {
	bubble(t, "the consumer waits for what is made", func(t *testing.T) {
		in := letters(0, 10, 10)
		merge := func(acc, next string) string {
			time.Sleep(200 * ms)
			return acc + next
		}
		var got []stamped[string]
		start := time.Now()
		err := in.source(virtualTime()).Conflate(merge).ForEach(func(_ context.Context, v string) error {
			got = append(got, stamped[string]{time.Since(start), v})
			time.Sleep(100 * ms)
			return nil
		}).Run(t.Context())
		if diff := cmp.Diff([]stamped[string]{{0, "a"}, {220 * ms, "bc"}}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// One item is with the sink, and what was made of the others waits.
func TestConflateBooks(t *testing.T) {
	r := runStuck(t, ops.NewConflate(plus))
	s, _ := r.Stage("conflate")
	if s.In != 10 || s.Passed != 10 || s.Out != 2 {
		t.Errorf("In %d, Passed %d, Out %d, want 10, 10 and 2", s.In, s.Passed, s.Out)
	}
	if got := columnOf(t, r, "conflate").Queued; got != 1 {
		t.Errorf("%d are queued, want 1", got)
	}
}
