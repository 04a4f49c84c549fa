package ops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("throttle-first", 1, ints(4), referenceTake[int](1), ops.NewThrottleFirst[int](time.Hour), nil, randomInts),
)

var _ = misused(
	newMisuse("throttle first without span", "throttle-first: span must be positive, got 0s", ops.NewThrottleFirst[int](0)),
	newMisuse("throttle first with two clocks", "throttle-first: clock must be given once at most, got 2", ops.NewThrottleFirst[int](1, clock.NewFake(), clock.NewFake())),
)

func throttlingFirst(span time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewThrottleFirst[int](span) }
}

func referenceThrottleFirst(span time.Duration, in script[int]) (out []stamped[int]) {
	var now time.Duration
	for _, step := range in {
		now += step.After
		for _, v := range step.Items {
			if len(out) == 0 || now-out[len(out)-1].At >= span {
				out = append(out, stamped[int]{now, v})
			}
		}
	}
	return out
}

func TestThrottleFirst(t *testing.T) {
	tests := []struct {
		name string
		in   script[int]
		want []stamped[int]
	}{
		{
			"the first of each span", script[int]{{0, []int{1, 2}}, {5 * ms, []int{3}}, {7 * ms, []int{4, 5}}, {9 * ms, []int{6}}},
			[]stamped[int]{{0, 1}, {12 * ms, 4}},
		},
		{
			"an item at the end of the span begins the next", script[int]{{3 * ms, []int{1}}, {10 * ms, []int{2, 3}}, {10 * ms, []int{4}}},
			[]stamped[int]{{3 * ms, 1}, {13 * ms, 2}, {23 * ms, 4}},
		},
		{
			"dropped items do not lengthen the span", script[int]{{0, []int{1}}, {9 * ms, []int{2}}, {9 * ms, []int{3}}},
			[]stamped[int]{{0, 1}, {18 * ms, 3}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, throttlingFirst(10*ms)) })
	}
}

func TestThrottleFirstModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		span, in := time.Duration(1+r.IntN(30))*ms, randomScript(r)
		checkScript(t, referenceThrottleFirst(span, in), in, throttlingFirst(span))
	})
}

// The receiver gets no two items within a span, however late it takes one.
func TestThrottleFirstWithASlowReader(t *testing.T) {
	bubble(t, "the span begins with the delivery", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewThrottleFirst[int](10*ms).Process(t.Context(), in)
		in <- 1
		time.Sleep(time.Second)
		<-out
		settle()
		in <- 2
		wantOpen(t, out)
		time.Sleep(10 * ms)
		in <- 3
		if got := wantNext(t, out); got != 3 {
			t.Errorf("got %d, want 3", got)
		}
		close(in)
		collect(out)
	})
}

func TestThrottleFirstBooks(t *testing.T) {
	bubble(t, "what is not passed is dropped", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Range(0, 10).ThrottleFirst(time.Second).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{0}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		if diff := cmp.Diff(column{In: 10, Passed: 1, Dropped: 9}, columnOf(t, r, "throttle-first")); diff != "" {
			t.Errorf("books mismatch (-want +got):\n%s", diff)
		}
	})
}
