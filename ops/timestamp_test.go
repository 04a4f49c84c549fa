package ops_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// noon is the only time that a clock knows which nobody advances.
var noon = time.Date(2001, time.February, 3, 12, 0, 0, 0, time.UTC)

var _ = conforms(newSubject("timestamp", 1, ints(6), referenceNoon, ops.NewTimestamp[int](clock.NewFakeAt(noon)), nil, randomInts))

var _ = misused(newMisuse("timestamp with two clocks", "timestamp: clock must be given once at most, got 2", ops.NewTimestamp[int](nil, nil)))

var _ = chained(func(int, func()) link {
	item := func(v ops.Timestamped[int]) int { return v.Item }
	return link{"timestamp", flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Timestamp().Map(item) }), referenceMap(same), false}
})

func referenceNoon(in ...int) (out []ops.Timestamped[int]) {
	for _, n := range in {
		out = append(out, ops.Timestamped[int]{Time: noon, Item: n})
	}
	return out
}

// checkTimes runs a Timestamp in every way: an item comes out when it came in, and says so.
func checkTimes(t *testing.T, in script[int]) {
	t.Helper()
	want, _ := in.moments()
	for _, way := range ways[int, ops.Timestamped[int]]() {
		var started time.Time
		var got []stamped[int]
		for _, v := range way.run(t, ops.NewTimestamp[int](), in) {
			if started.IsZero() {
				started = v.Item.Time.Add(-v.At)
			}
			got = append(got, stamped[int]{v.Item.Time.Sub(started), v.Item.Item})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, of %v: mismatch (-want +got):\n%s", way.name, in, diff)
		}
	}
}

func TestTimestamp(t *testing.T) {
	bubble(t, "the time at which an item came", func(t *testing.T) {
		checkTimes(t, script[int]{{3 * ms, []int{1, 2}}, {10 * ms, []int{3}}, {time.Hour, []int{4}}})
	})
	bubble(t, "that of the run's clock", func(t *testing.T) {
		ctx := clock.With(t.Context(), clock.NewFakeAt(noon))
		got, err := flow.Of(1, 2).Timestamp().Collect(ctx)
		if diff := cmp.Diff(referenceNoon(1, 2), got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

func TestTimestampModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) { checkTimes(t, randomScript(r)) })
}

// The time goes on while functions of the flow take theirs, above it and below.
func TestTimestampAmongFunctionsThatTakeTime(t *testing.T) {
	slowly := func(ctx context.Context, n int) (int, error) { return n, clock.Sleep(ctx, clock.Real(), 10*ms) }
	since := func(begun time.Time) func(ops.Timestamped[int]) time.Duration {
		return func(v ops.Timestamped[int]) time.Duration { return v.Time.Sub(begun) }
	}
	bubble(t, "above", func(t *testing.T) {
		got, err := flow.Of(1, 2, 3).Call(slowly).Timestamp().Map(since(time.Now())).Collect(t.Context())
		if diff := cmp.Diff([]time.Duration{10 * ms, 20 * ms, 30 * ms}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "below", func(t *testing.T) {
		begun, store := time.Now(), func(ctx context.Context, _ ops.Timestamped[int]) error {
			return clock.Sleep(ctx, clock.Real(), 10*ms)
		}
		var got []time.Duration
		note := func(v ops.Timestamped[int]) { got = append(got, since(begun)(v)) }
		err := flow.Of(1, 2, 3, 4).Timestamp().Tap(note).ForEach(store).Run(t.Context())
		// One item is in the sink and one in the queue before it, when the third has to wait.
		if diff := cmp.Diff([]time.Duration{0, 0, 0, 10 * ms}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
