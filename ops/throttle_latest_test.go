package ops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("throttle-latest", never, ints(4), referenceLast, ops.NewThrottleLatest[int](ms), nil, randomInts),
)

var _ = misused(
	newMisuse("throttle latest with a negative span", "throttle-latest: span must be positive, got -1ms", ops.NewThrottleLatest[int](-ms)),
	newMisuse("throttle latest with two clocks", "throttle-latest: clock must be given once at most, got 2", ops.NewThrottleLatest[int](1, clock.NewFake(), clock.NewFake())),
)

func referenceLast(in ...int) []int { return in[max(0, len(in)-1):] }

func throttlingLatest(span time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewThrottleLatest[int](span) }
}

// referenceNewest emits the newest item when it is due, which the first of those that come
// decides.
func referenceNewest(due func(now time.Duration) time.Duration, in script[int]) (out []stamped[int]) {
	var now, at time.Duration
	var held []int
	flush := func(at time.Duration) {
		if len(held) > 0 {
			out = append(out, stamped[int]{at, held[len(held)-1]})
		}
		held = nil
	}
	for _, step := range in {
		if now += step.After; at <= now {
			flush(at)
		}
		for _, v := range step.Items {
			if len(held) == 0 {
				at = due(now)
			}
			held = append(held, v)
		}
	}
	flush(now)
	return out
}

func TestThrottleLatest(t *testing.T) {
	tests := []struct {
		name string
		in   script[int]
		want []stamped[int]
	}{
		{
			"the last of each span", script[int]{{0, []int{1, 2}}, {5 * ms, []int{3}}, {7 * ms, []int{4, 5}}, {9 * ms, []int{6}}, {9 * ms, nil}},
			[]stamped[int]{{10 * ms, 3}, {22 * ms, 6}},
		},
		{
			"an item at the end of the span begins the next", script[int]{{3 * ms, []int{1}}, {10 * ms, []int{2, 3}}, {99 * ms, nil}},
			[]stamped[int]{{13 * ms, 1}, {23 * ms, 3}},
		},
		{
			"the end comes before that of the span", script[int]{{0, []int{1}}, {4 * ms, []int{2}}},
			[]stamped[int]{{4 * ms, 2}},
		},
		{
			"nothing while idle", script[int]{{0, []int{1}}, {95 * ms, []int{2}}, {95 * ms, nil}},
			[]stamped[int]{{10 * ms, 1}, {105 * ms, 2}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, throttlingLatest(10*ms)) })
	}
}

func TestThrottleLatestModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		span, in := time.Duration(1+r.IntN(30))*ms, randomScript(r)
		due := func(now time.Duration) time.Duration { return now + span }
		checkScript(t, referenceNewest(due, in), in, throttlingLatest(span))
	})
}
