package ops_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// Further snippets of the troubleshooting guide, as those of guide_test.go.

// Use proper error handling patterns.
type guideItemResult struct {
	Item   string
	Result int
	Error  error
}

func guideProcessPipeline(ctx context.Context, items <-chan string, processItem func(string) (int, error)) <-chan guideItemResult {
	mapper := ops.NewMapper(func(item string) guideItemResult {
		result, err := processItem(item)
		return guideItemResult{
			Item:   item,
			Result: result,
			Error:  err,
		}
	})

	// Process with DLQ for errors
	output := mapper.Process(ctx, items)

	// Split errors to DLQ
	dlq := ops.NewDLQ[guideItemResult](func(ir guideItemResult) bool {
		return ir.Error != nil
	})

	return dlq.Process(ctx, output)
}

func TestGuideProcessPipeline(t *testing.T) {
	bubble(t, "gives what succeeds, in order", func(t *testing.T) {
		got := collect(guideProcessPipeline(t.Context(), feed("1", "x", "3"), strconv.Atoi))
		want := []guideItemResult{{Item: "1", Result: 1}, {Item: "3", Result: 3}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "ends with its context although nobody reads", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := guideProcessPipeline(ctx, filled("x", "1", "2", "3"), strconv.Atoi)
		settle()
		cancel()
		wantClosed(t, out)
	})
}

// Real-time data transformation. The source, the enrichment, the metrics and the publication
// are parameters.
type guideEvent struct {
	ID     string
	IsTest bool
}

func guideRealtimePipeline(
	ctx context.Context, events <-chan guideEvent, enrichEvent func(context.Context, guideEvent) (string, error),
	metrics *guideMetrics, publishEvent func(string) error, logf func(string, ...any),
) {
	// Deduplicate events within 5 minute window
	dedupe := ops.NewDedupe(func(e guideEvent) string {
		return e.ID
	}).WithTTL(5 * time.Minute)

	// Filter out test events
	filter := ops.NewFilter(func(e guideEvent) bool {
		return !e.IsTest
	})

	// Enrich with additional data
	enricher := ops.NewAsyncMapper(func(ctx context.Context, e guideEvent) (string, error) {
		return enrichEvent(ctx, e)
	}).WithWorkers(20)

	// Add monitoring
	monitor := ops.NewMonitor[string](time.Second).
		OnStats(func(stats ops.StreamStats) {
			metrics.SetGauge("events.rate", stats.Rate)
			metrics.SetGauge("events.total", float64(stats.Count))
		})

	// Build pipeline
	deduped := dedupe.Process(ctx, events)
	filtered := filter.Process(ctx, deduped)
	enriched := enricher.Process(ctx, filtered)
	monitored := monitor.Process(ctx, enriched)

	// Process results
	for event := range monitored {
		if err := publishEvent(event); err != nil {
			logf("Failed to publish: %v", err)
		}
	}
}

// An event comes twice, at once and after four and six minutes; each tenth is a test.
func TestGuideRealtimePipeline(t *testing.T) {
	bubble(t, "each event once in five minutes", func(t *testing.T) {
		var all []guideEvent
		for i := range 40 {
			all = append(all, guideEvent{ID: fmt.Sprint(i), IsTest: i%10 == 0})
		}
		in := script[guideEvent]{{0, slices.Concat(all, all)}, {4 * time.Minute, all}, {2 * time.Minute, all[:3]}}
		enrich := func(ctx context.Context, e guideEvent) (string, error) {
			time.Sleep(time.Duration(len(e.ID)) * ms) // the later ones take longer
			return "event " + e.ID, ctx.Err()
		}
		var published, log []string
		publish := func(text string) error {
			published = append(published, text)
			if text == "event 7" {
				return errBoom
			}
			return nil
		}
		logf := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		metrics := newGuideMetrics()
		guideRealtimePipeline(t.Context(), in.send(t.Context(), virtualTime()), enrich, metrics, publish, logf)
		var want []string
		for _, e := range slices.Concat(all, all[:3]) {
			if !e.IsTest {
				want = append(want, "event "+e.ID)
			}
		}
		if diff := cmp.Diff(want, published); diff != "" {
			t.Errorf("published mismatch (-want +got):\n%s", diff)
		}
		if got := metrics.gauges["events.total"]; got != float64(len(want)) {
			t.Errorf("events.total = %v, want %d", got, len(want))
		}
		if diff := cmp.Diff([]string{"Failed to publish: boom"}, log); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "ends with its context while the source is idle", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		enrich := func(_ context.Context, e guideEvent) (string, error) { return e.ID, nil }
		var published []string
		publish := func(text string) error { published = append(published, text); return nil }
		guideRealtimePipeline(ctx, filled(guideEvent{ID: "a"}, guideEvent{ID: "a"}), enrich, newGuideMetrics(), publish, t.Logf)
		if diff := cmp.Diff([]string{"a"}, published); diff != "" {
			t.Errorf("published mismatch (-want +got):\n%s", diff)
		}
	})
}

// Option 4 of proper backpressure: a tenth of the data.
func TestGuideSampling(t *testing.T) {
	bubble(t, "some of them, in order", func(t *testing.T) {
		sampler := ops.NewSample[int](0.1)
		got := collect(sampler.Process(t.Context(), feed(ints(10_000)...)))
		if n := len(got); n < 800 || n > 1200 || !slices.IsSorted(got) {
			t.Errorf("%d items, sorted %t, want some 1,000 in order", n, slices.IsSorted(got))
		}
	})
}
