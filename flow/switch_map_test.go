package flow_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/go-streamz/streamz/flow"
)

// TestSwitchMap_afterTheEnd has a producer that finds a full queue and its run ended.
func TestSwitchMap_afterTheEnd(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancelCause(t.Context())
		var r flow.Report
		err := flow.Repeat(1).SwitchMap(func(ctx context.Context, v int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				cancel(errPlanted)
				<-ctx.Done()
			}
		}).Run(ctx, flow.WithReport(&r))
		if !errors.Is(err, errPlanted) || !r.Balanced() {
			t.Fatalf("Run() = %v:\n%v", err, r)
		}
	}
}
