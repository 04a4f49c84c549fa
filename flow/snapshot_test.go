package flow_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// A snapshot may be taken at any moment, from before the first item to after the last.
func TestSnapshotAtAnyMoment(t *testing.T) {
	call := func(_ context.Context, n int) (int, error) { return n, nil }
	lower := ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		return ops.NewMapper(func(n int) int { return n - 1 }).Process(ctx, in)
	})
	numbers := flow.Range(0, 20)
	for name, f := range map[string]flow.Flow[int]{
		"fused":         numbers.Map(func(n int) int { return n }),
		"a queue":       numbers.Async(2),
		"workers":       numbers.AsyncMapUnordered(2, call),
		"two sources":   flow.Merge(flow.Range(0, 10), flow.Range(10, 20)),
		"in turn":       flow.Concat(flow.Range(0, 10), flow.Range(10, 20).Async(1)),
		"over channels": numbers.Then[int](lower),
		"a timer":       flow.Unbatch(numbers.Batch(3, time.Hour)),
		"a sub-flow": flow.Using(
			func(context.Context) (int, error) { return 20, nil },
			func(int, error) error { return nil },
			func(n int) flow.Flow[int] { return flow.Range(0, n).Async(2) }),
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				running := f.Discard().Start(t.Context(), audit(t))
				for ended := false; !ended; {
					select {
					case <-running.Done():
						ended = true
					default:
					}
					if s := running.Snapshot(); len(s.Stages) == 0 || !strings.Contains(s.String(), "discard") {
						t.Fatalf("no stages in\n%v", s)
					}
				}
				if s, _ := running.Snapshot().Stage("discard"); s.In != 20 {
					t.Fatalf("the last snapshot has %d items, want 20", s.In)
				}
			}
		})
	}
}
