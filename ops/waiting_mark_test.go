package ops_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// TestWatermarksThatGoBack: of watermarks that wait for the same items the latest stays.
func TestWatermarksThatGoBack(t *testing.T) {
	src := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
		_ = out.Emit(1)
		_ = out.Watermark(time.Unix(5, 0))
		_ = out.Watermark(time.Unix(3, 0))
		return nil
	}))
	for name, f := range map[string]flow.Flow[int]{
		"Batch":          flow.Unbatch(src.Batch(10, 0)),
		"TakeLast":       src.TakeLast(1),
		"TumblingWindow": src.TumblingWindow(time.Hour).Map(func(w flow.Window[int]) int { return w.Items[0] }),
		"SlidingWindow":  src.SlidingWindow(time.Hour, time.Hour).Map(func(w flow.Window[int]) int { return w.Items[0] }),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				err := f.Then(marked(&got)).Run(t.Context())
				if diff := cmp.Diff([]string{"1", "mark 5"}, got); diff != "" || err != nil {
					t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}
