package ops_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// The snippets of the troubleshooting guide that are marked right and need only the
// processors that exist, with ops in the place of streamz. What they print or hand to
// free names goes to a parameter instead. Every bubble proves that no goroutine is
// left.

// Always close input channels.
func guideCloseInput(ctx context.Context, show func(int)) {
	input := make(chan int)
	mapper := ops.NewMapper(func(n int) int { return n * 2 })

	output := mapper.Process(ctx, input)

	go func() {
		defer close(input) // Always close when done
		for i := range 10 {
			input <- i
		}
	}()

	for result := range output {
		show(result)
	}
}

func TestGuideCloseInput(t *testing.T) {
	bubble(t, "gives all results in order", func(t *testing.T) {
		var got []int
		guideCloseInput(t.Context(), func(n int) { got = append(got, n) })
		if diff := cmp.Diff([]int{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// Reuse processors or ensure cleanup: created once at package level.
var guideBatcher = ops.NewBatcher[int](ops.BatchConfig{
	MaxSize:    10,
	MaxLatency: time.Second,
}, ops.RealClock)

func guideHandleRequest(ctx context.Context, data []int) []int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()

	input := make(chan int)
	output := guideBatcher.Process(ctx, input)

	go func() {
		defer close(input)
		for _, v := range data {
			select {
			case input <- v:
			case <-ctx.Done():
				return
			}
		}
	}()

	var results []int
	for batch := range output {
		results = append(results, batch...)
	}
	return results
}

func TestGuideHandleRequest(t *testing.T) {
	bubble(t, "requests at once get their own results", func(t *testing.T) {
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				want := ints(3 * n)
				if diff := cmp.Diff(want, orEmpty(guideHandleRequest(t.Context(), want))); diff != "" {
					t.Errorf("mismatch (-want +got):\n%s", diff)
				}
			})
		}
		wg.Wait()
	})
	bubble(t, "a cancelled request ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := guideHandleRequest(ctx, ints(100)); len(got) > 0 {
			t.Errorf("results %v, want none", got)
		}
	})
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Use Batcher with proper configuration.
func guideProcessBatches(ctx context.Context, items <-chan int, processBatch func([]int)) {
	batcher := ops.NewBatcher[int](ops.BatchConfig{
		MaxSize:    1000,
		MaxLatency: 5 * time.Second, // Force emit after 5 seconds
	}, ops.RealClock)

	batches := batcher.Process(ctx, items)
	for batch := range batches {
		processBatch(batch)
	}
}

func TestGuideProcessBatches(t *testing.T) {
	bubble(t, "a stalled input does not hold its items back", func(t *testing.T) {
		in := script[int]{{0, ints(1002)}, {6 * time.Second, []int{1003}}}
		start := time.Now()
		var got []string
		guideProcessBatches(t.Context(), in.send(t.Context(), virtualTime()), func(batch []int) {
			got = append(got, fmt.Sprint(time.Since(start), " ", len(batch), " from ", batch[0]))
		})
		want := []string{"0s 1000 from 1", "5s 2 from 1001", "6s 1 from 1003"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// Use proper synchronization. The guide declares the mapper of option 1 and does not
// use it, which does not compile, and never ends the goroutine of option 2: here the
// one is in the stream too, and the other ends with ctx.
type guideCounter struct {
	count atomic.Int64 // Thread-safe
}

func (c *guideCounter) Process(ctx context.Context, items <-chan string, updateComplexState func(string)) <-chan string {
	// Option 1: Use atomic operations
	mapper := ops.NewMapper(func(item string) string {
		c.count.Add(1)
		return item
	})

	// Option 2: Use channels for synchronization
	countChan := make(chan int64)
	go func() {
		var count int64
		for delta := range countChan {
			count += delta
			c.count.Store(count)
		}
	}()
	context.AfterFunc(ctx, func() { close(countChan) })

	// Option 3: Use mutex for complex operations
	var mu sync.Mutex
	processor := ops.NewTap(func(item string) {
		mu.Lock()
		defer mu.Unlock()
		updateComplexState(item)
	})

	return processor.Process(ctx, mapper.Process(ctx, items))
}

func TestGuideCounter(t *testing.T) {
	bubble(t, "streams at once are counted together", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var counter guideCounter
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				var state []string
				got := collect(counter.Process(ctx, feed("a", "b", "c"), func(item string) { state = append(state, item) }))
				if !slices.Equal(got, []string{"a", "b", "c"}) || !slices.Equal(got, state) {
					t.Errorf("output %v, state %v, want a, b, c in both", got, state)
				}
			})
		}
		wg.Wait()
		if want, got := int64(30), counter.count.Load(); got != want {
			t.Errorf("counted %d, want %d", got, want)
		}
	})
}

// Match types correctly.
func guideWorkingPipeline(ctx context.Context, numbers <-chan int) <-chan int {
	batcher := ops.NewBatcher[int](ops.BatchConfig{
		MaxSize:    10,
		MaxLatency: time.Second,
	}, ops.RealClock)

	batchProcessor := ops.NewMapper(func(batch []int) []int {
		result := make([]int, len(batch))
		for i, n := range batch {
			result[i] = n * 2
		}
		return result
	})

	unbatcher := ops.NewUnbatcher[int]()

	batches := batcher.Process(ctx, numbers)
	processed := batchProcessor.Process(ctx, batches)
	return unbatcher.Process(ctx, processed)
}

func TestGuideWorkingPipeline(t *testing.T) {
	bubble(t, "gives all results in order", func(t *testing.T) {
		want := referenceMap(double)(ints(25)...)
		if diff := cmp.Diff(want, collect(guideWorkingPipeline(t.Context(), feed(ints(25)...)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "ends with its context although nobody reads", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, ints(1000))
		out := guideWorkingPipeline(ctx, in)
		settle()
		cancel()
		wantClosed(t, out)
	})
}

// Always respect context cancellation: a processor of the reader's own.
func guideProperProcessor(ctx context.Context, input <-chan int, expensiveOperation func(context.Context, int) (int, error)) <-chan int {
	output := make(chan int)

	go func() {
		defer close(output)
		for {
			select {
			case <-ctx.Done():
				return // Stop immediately on cancellation
			case data, ok := <-input:
				if !ok {
					return // Input closed
				}

				result, err := expensiveOperation(ctx, data)
				if err != nil {
					if ctx.Err() != nil {
						return // Context cancelled during operation
					}
					continue
				}

				select {
				case output <- result:
				case <-ctx.Done():
					return
				}
			}
		}
	}()

	return output
}

func TestGuideProperProcessor(t *testing.T) {
	odd := func(_ context.Context, n int) (int, error) { return oddFails(n) }
	p := ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		return guideProperProcessor(ctx, in, odd)
	})
	bubble(t, "is a processor like ours", func(t *testing.T) {
		check(t, []int{4, 8}, ints(5), func() ops.Processor[int, int] { return p })
	})
	bubble(t, "ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := p.Process(ctx, make(chan int))
		settle()
		cancel()
		wantClosed(t, out)
	})
}

// Use proper timing and throttling: a source for any processor.
func guidePollForData(ctx context.Context, checkForData func() *int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()

		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if data := checkForData(); data != nil {
					select {
					case out <- *data:
					case <-ctx.Done():
						return
					}
				}
			}
		}
	}()
	return out
}

func TestGuidePollForData(t *testing.T) {
	bubble(t, "until there is enough", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n, start := 0, time.Now()
		everySecond := func() *int {
			if n++; n%2 == 0 {
				return nil
			}
			return new(n)
		}
		got := collect(ops.NewTake[int](3).Process(ctx, guidePollForData(ctx, everySecond)))
		if diff := cmp.Diff([]int{1, 3, 5}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, got := 500*ms, time.Since(start); got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}

// Only sender should close channel. The guide's loop declares v and does not use it,
// which does not compile.
func guideCorrect() (received int) {
	ch := make(chan int)
	done := make(chan struct{})

	go func() {
		defer close(ch)
		for i := range 100 {
			select {
			case ch <- i:
			case <-done:
				return // Stop sending on signal
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()

	count := 0
	for range ch {
		count++
		if count == 10 {
			close(done) // Signal to stop
			return count
		}
	}
	return count
}

func TestGuideOnlySenderClosesItsChannel(t *testing.T) {
	bubble(t, "stops after ten", func(t *testing.T) {
		if want, got := 10, guideCorrect(); got != want {
			t.Errorf("received %d, want %d", got, want)
		}
		synctest.Sleep(10 * ms) // the sender's last pause
	})
}

// Tracing data flow.
func guideTraceStage[T any](stage string, logf func(string, ...any)) ops.Processor[T, T] {
	return ops.NewTap(func(item T) {
		logf("[%s] Processing: %+v", stage, item)
	}).WithName(stage)
}

func guideBuildTracedPipeline(ctx context.Context, input <-chan int, logf func(string, ...any)) <-chan int {
	stage1 := guideTraceStage[int]("validation", logf)
	stage2 := guideTraceStage[int]("enrichment", logf)
	stage3 := guideTraceStage[int]("storage", logf)

	validated := stage1.Process(ctx, input)
	enriched := stage2.Process(ctx, validated)
	return stage3.Process(ctx, enriched)
}

func TestGuideTracedPipeline(t *testing.T) {
	bubble(t, "each stage sees each item", func(t *testing.T) {
		var log []string
		logf := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		if diff := cmp.Diff([]int{7}, collect(guideBuildTracedPipeline(t.Context(), feed(7), logf))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		want := []string{"[validation] Processing: 7", "[enrichment] Processing: 7", "[storage] Processing: 7"}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
}

// Proper context usage. The guide does not use the last channel, which does not
// compile.
func guideBuildPipeline(ctx context.Context, input <-chan int, predicate func(int) bool, config ops.BatchConfig) (got [][]int) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	filter := ops.NewFilter(predicate)
	batcher := ops.NewBatcher[int](config, ops.RealClock)

	filtered := filter.Process(ctx, input)
	batched := batcher.Process(ctx, filtered)
	return collect(batched)
}

func TestGuideContextUsage(t *testing.T) {
	bubble(t, "completes", func(t *testing.T) {
		got := guideBuildPipeline(t.Context(), feed(ints(6)...), even, sized(2))
		if diff := cmp.Diff([][]int{{2, 4}, {6}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "ends at its timeout", func(t *testing.T) {
		start := time.Now()
		got := guideBuildPipeline(t.Context(), filled(ints(6)...), even, sized(2))
		if diff := cmp.Diff([][]int{{2, 4}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, got := 30*time.Second, time.Since(start); got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}

// Pipeline inspector, a generic method as the guide has it.
type guideInspector struct {
	name      string
	processed atomic.Int64
	errors    atomic.Int64
	latency   atomic.Int64 // nanoseconds
}

func (pi *guideInspector) Wrap[T any](_ ops.Processor[T, T]) ops.Processor[T, T] {
	return ops.NewMapper(func(item T) T {
		start := time.Now()
		defer func() {
			pi.processed.Add(1)
			pi.latency.Store(int64(time.Since(start)))
		}()

		return item
	}).WithName(fmt.Sprintf("%s-inspector", pi.name))
}

func (pi *guideInspector) Stats() string {
	return fmt.Sprintf("[%s] Processed: %d, Errors: %d, Latency: %dms",
		pi.name,
		pi.processed.Load(),
		pi.errors.Load(),
		pi.latency.Load()/1e6,
	)
}

func TestGuideInspector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inspector := &guideInspector{name: "orders"}
		p := inspector.Wrap(ops.Processor[int, int](ops.NewTake[int](9)))
		if diff := cmp.Diff(ints(3), collect(p.Process(t.Context(), feed(ints(3)...)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		want := []string{"orders-inspector", "[orders] Processed: 3, Errors: 0, Latency: 0ms"}
		if diff := cmp.Diff(want, []string{p.Name(), inspector.Stats()}); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// Testing strategies: collect with a timeout.
func TestGuidePipelineWithTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()

		input := make(chan int)
		output := ops.NewMapper(double).Process(ctx, input)

		go func() {
			defer close(input)
			for i := range 100 {
				select {
				case input <- i:
				case <-ctx.Done():
					return
				}
			}
		}()

		var results []int
		for {
			select {
			case result, ok := <-output:
				if !ok {
					if len(results) != 100 {
						t.Errorf("Expected 100 results, got %d", len(results))
					}
					return
				}
				results = append(results, result)
			case <-ctx.Done():
				t.Fatal("Test timeout")
			}
		}
	})
}
