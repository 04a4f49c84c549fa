package diag_test

import (
	"testing"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// BenchmarkInspect is what an inspected Map costs, beside the Map alone.
func BenchmarkInspect(b *testing.B) {
	mapper := ops.NewMapper(func(n int) int { return n + 1 })
	for name, p := range map[string]ops.Processor[int, int]{
		"not":             mapper,
		"untimed":         diag.Inspect(mapper).WithEvery(0),
		"every hundredth": diag.Inspect(mapper).WithEvery(100),
		"every call":      diag.Inspect(mapper),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			if _, err := flow.Range(0, b.N).Then(p).Count(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkHistogram(b *testing.B) {
	var h diag.Histogram
	for i := 0; b.Loop(); i++ {
		h.Record(1000)
	}
}
