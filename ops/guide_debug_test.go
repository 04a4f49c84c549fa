package ops_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/ops"
)

// The debug helpers of the troubleshooting guide, as its snippets in guide_test.go.

// guideLog keeps the lines of several goroutines by the words they begin with.
type guideLog struct {
	mu    sync.Mutex
	lines map[string][]string
}

func (l *guideLog) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = make(map[string][]string)
	}
	name := fmt.Sprint(args[0])
	l.lines[name] = append(l.lines[name], fmt.Sprintf(format, args...))
}

// Debug logger. It sends without a context: what it gives has to be read to the end, and what
// it is given has to be closed.
func guideDebugPipeline[T any](name string, ch <-chan T, logf func(string, ...any)) <-chan T {
	out := make(chan T)

	go func() {
		defer close(out)
		count := 0
		for item := range ch {
			count++
			logf("[%s] Item %d: %+v", name, count, item)
			out <- item
		}
		logf("[%s] Completed: %d items", name, count)
	}()

	return out
}

func TestGuideDebugPipeline(t *testing.T) {
	bubble(t, "before and after a filter", func(t *testing.T) {
		var log guideLog
		filter := ops.NewFilter(even)
		pipeline := guideDebugPipeline("after-filter",
			filter.Process(t.Context(),
				guideDebugPipeline("before-filter", feed(ints(4)...), log.printf)), log.printf)
		if diff := cmp.Diff([]int{2, 4}, collect(pipeline)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		settle()
		want := map[string][]string{
			"before-filter": {
				"[before-filter] Item 1: 1", "[before-filter] Item 2: 2",
				"[before-filter] Item 3: 3", "[before-filter] Item 4: 4",
				"[before-filter] Completed: 4 items",
			},
			"after-filter": {
				"[after-filter] Item 1: 2", "[after-filter] Item 2: 4",
				"[after-filter] Completed: 2 items",
			},
		}
		if diff := cmp.Diff(want, log.lines); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
}

// Metrics collector.
type guideMetrics struct {
	mu         sync.RWMutex
	counters   map[string]int64
	histograms map[string][]float64
	gauges     map[string]float64
}

func newGuideMetrics() *guideMetrics {
	return &guideMetrics{
		counters:   make(map[string]int64),
		histograms: make(map[string][]float64),
		gauges:     make(map[string]float64),
	}
}

func (m *guideMetrics) IncrementCounter(name string, delta int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counters[name] += delta
}

func (m *guideMetrics) RecordDuration(name string, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.histograms[name] = append(m.histograms[name], d.Seconds())
}

func (m *guideMetrics) SetGauge(name string, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gauges[name] = value
}

// Wrap processor with metrics. As the guide's inspector, it does not call the processor.
func guideWithMetrics[T any](name string, metrics *guideMetrics, _ ops.Processor[T, T]) ops.Processor[T, T] {
	return ops.NewMapper(func(item T) T {
		start := time.Now()
		defer func() {
			metrics.RecordDuration(name+".duration", time.Since(start))
			metrics.IncrementCounter(name+".processed", 1)
		}()
		return item
	})
}

func TestGuideWithMetrics(t *testing.T) {
	bubble(t, "streams at once are counted together", func(t *testing.T) {
		metrics := newGuideMetrics()
		p := guideWithMetrics[int]("orders", metrics, ops.NewMapper(double))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if diff := cmp.Diff(ints(3), collect(p.Process(t.Context(), feed(ints(3)...)))); diff != "" {
					t.Errorf("mismatch (-want +got):\n%s", diff)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[string]int64{"orders.processed": 30}, metrics.counters); diff != "" {
			t.Errorf("counters mismatch (-want +got):\n%s", diff)
		}
		if got := len(metrics.histograms["orders.duration"]); got != 30 || len(metrics.histograms) != 1 {
			t.Errorf("%d durations, want 30, and no others", got)
		}
	})
}

// Monitoring channel buffer usage. The guide's goroutine never ends: here it ends with ctx.
func guideMonitorChannel[T any](ctx context.Context, name string, ch chan T, logf func(string, ...any)) {
	ticker := time.NewTicker(time.Second)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				logf("Channel %s: %d/%d items",
					name, len(ch), cap(ch))
			case <-ctx.Done():
				return
			}
		}
	}()
}

func TestGuideMonitorChannel(t *testing.T) {
	bubble(t, "before a throttle", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		dataChan := make(chan int, 1000)
		for _, v := range ints(250) {
			dataChan <- v
		}
		close(dataChan)
		var log guideLog
		guideMonitorChannel(ctx, "data", dataChan, log.printf)
		time.Sleep(5 * ms) // the ticks come between two items
		if diff := cmp.Diff(ints(250), collect(ops.NewThrottle[int](100).Process(ctx, dataChan))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		cancel()
		settle()
		// In a second 100 have passed, and one waits in the throttle.
		want := map[string][]string{"data": {"Channel data: 149/1000 items", "Channel data: 49/1000 items"}}
		if diff := cmp.Diff(want, log.lines); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
}

// Error handling strategies: a processor of the reader's own, whose errors go to a channel.
func guideProcessWithErrors(ctx context.Context, input <-chan int, process func(int) (int, error), logf func(string, ...any)) (<-chan int, <-chan error) {
	output := make(chan int)
	errors := make(chan error, 1) // Buffer to prevent blocking

	go func() {
		defer close(output)
		defer close(errors)

		for data := range input {
			result, err := process(data)
			if err != nil {
				select {
				case errors <- err:
				default:
					// Error channel full, log and continue
					logf("Error processing: %v", err)
				}
				continue
			}

			select {
			case output <- result:
			case <-ctx.Done():
				return
			}
		}
	}()

	return output, errors
}

func TestGuideProcessWithErrors(t *testing.T) {
	bubble(t, "between two of ours", func(t *testing.T) {
		var log guideLog
		in := ops.NewTake[int](6).Process(t.Context(), feed(ints(9)...))
		output, failed := guideProcessWithErrors(t.Context(), in, oddFails, log.printf)
		got := collect(ops.NewMapper(double).Process(t.Context(), output))
		if diff := cmp.Diff([]int{8, 16, 24}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]error{errBoom}, collect(failed), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("errors mismatch (-want +got):\n%s", diff)
		}
		want := map[string][]string{"boom": {"Error processing: boom", "Error processing: boom"}}
		if diff := cmp.Diff(want, log.lines); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
}
