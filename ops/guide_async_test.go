package ops_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// The snippets of the troubleshooting guide with workers, queues and several streams,
// as those of guide_test.go: with ops in the place of streamz and parameters in the
// place of free names. A comment says what else differs.

// Use appropriate buffering strategies. The producer's select has a default, so it never
// rests unless generateEvent does.
func guideCreatePipeline(ctx context.Context, generateEvent func() int, incrementDropped func()) <-chan int {
	// Use dropping buffer for real-time systems
	events := make(chan int, 100)

	// Create dropping buffer to prevent memory growth
	buffer := ops.NewDroppingBuffer[int](1000)

	// Fast producer
	go func() {
		defer close(events)
		for {
			select {
			case events <- generateEvent():
			case <-ctx.Done():
				return
			default:
				// Drop event if buffer is full
				incrementDropped()
			}
		}
	}()

	// Apply buffer before slow processor
	buffered := buffer.Process(ctx, events)

	processor := ops.NewAsyncMapper(func(ctx context.Context, e int) (int, error) {
		time.Sleep(100 * time.Millisecond)
		return e, nil
	}).WithWorkers(10) // Increase workers for better throughput

	return processor.Process(ctx, buffered)
}

// An event comes each millisecond, of which the workers do one in ten. Without loss the
// last of 1500 results would be 13.5 s old.
func TestGuideCreatePipeline(t *testing.T) {
	bubble(t, "loses events instead of falling behind", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start, event := time.Now(), 0
		var full atomic.Int64
		out := guideCreatePipeline(ctx, func() int {
			time.Sleep(ms)
			event++
			return event
		}, func() { full.Add(1) })

		var got []int
		for len(got) < 1500 {
			got = append(got, <-out)
			last := got[len(got)-1]
			if age := time.Since(start) - time.Duration(last)*ms; age > 11*time.Second {
				t.Fatalf("event %d is %v old, want at most the 10.5s in which the buffers are worked off", last, age)
			}
		}
		if diff := cmp.Diff(ints(1000), got[:1000]); diff != "" {
			t.Errorf("events before the buffer was full mismatch (-want +got):\n%s", diff)
		}
		if last := got[1499]; !slices.IsSorted(got) || last == 1500 {
			t.Errorf("the last event is %d, want losses and the order kept", last)
		}
		if n := full.Load(); n > 0 {
			t.Errorf("the channel in front of the DroppingBuffer was full %d times, want never", n)
		}
		cancel()
		collect(out)
		time.Sleep(time.Second) // the producer may yet fill its channel
	})
}

// Use AsyncMapper for concurrent processing. The client is a parameter.
func guideFastPipeline(ctx context.Context, urls <-chan string, client *http.Client) <-chan string {
	mapper := ops.NewAsyncMapper(func(ctx context.Context, url string) (string, error) {
		// Concurrent processing with timeout
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()

		httpReq, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
		resp, err := client.Do(httpReq)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()

		body, _ := io.ReadAll(resp.Body)
		return string(body), nil
	}).WithWorkers(20) // Process 20 requests concurrently

	return mapper.Process(ctx, urls)
}

// slowServer answers with the path after so long as the path says.
func slowServer(t *testing.T) *http.Client {
	return httptest.NewTestServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		wait, _, _ := strings.Cut(name, "-")
		d, _ := time.ParseDuration(wait)
		select {
		case <-time.After(d):
			fmt.Fprint(w, name)
		case <-r.Context().Done():
		}
	})).Client()
}

func TestGuideFastPipeline(t *testing.T) {
	bubble(t, "twenty at once, results in order", func(t *testing.T) {
		var urls, want []string
		for i := range 40 {
			want = append(want, fmt.Sprintf("%dms-%d", 1000-i, i))
			urls = append(urls, "http://example.com/"+want[i])
		}
		start := time.Now()
		got := collect(guideFastPipeline(t.Context(), feed(urls...), slowServer(t)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took < 1900*ms || took > 2*time.Second {
			t.Errorf("it took %v, want the time of two requests", took)
		}
	})
	bubble(t, "a request that takes too long is reported", func(t *testing.T) {
		sup, start := new(listener), time.Now()
		in := feed("http://example.com/1h", "http://example.com/1s")
		got := collect(guideFastPipeline(ops.WithSupervisor(t.Context(), sup), in, slowServer(t)))
		if diff := cmp.Diff([]string{"1s"}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, took := 5*time.Second, time.Since(start); took != want {
			t.Errorf("it took %v, want %v", took, want)
		}
		failed := sup.itemErrors()
		if len(failed) != 1 || failed[0].Item != "http://example.com/1h" || !errors.Is(&failed[0], context.DeadlineExceeded) {
			t.Errorf("failed items %v, want the first with %v", failed, context.DeadlineExceeded)
		}
	})
}

// Implement proper backpressure. The guide declares all options and uses the first, which
// does not compile: here the caller chooses. A slow consumer does block the producer when the queue of option 1 is full, which is what the
// producer's timeout is for.
func guidePressureControl(ctx context.Context, option, n int, generateData func(int) int, process func(int), incrementDropped func()) {
	// Option 1: Use buffering
	buffer := ops.NewBuffer[int](1000)

	// Option 2: Use dropping buffer for real-time
	dropper := ops.NewDroppingBuffer[int](1000)

	// Option 3: Use sliding buffer to keep latest
	slider := ops.NewSlidingBuffer[int](1000)

	// Option 4: Use sampling to reduce load
	sampler := ops.NewSample[int](0.1) // Process 10% of data

	data := make(chan int, 100) // Small buffer

	// Producer with backpressure awareness
	go func() {
		defer close(data)
		for i := range n {
			select {
			case data <- generateData(i):
				// Sent successfully
			case <-time.After(10 * time.Millisecond):
				// Timeout - consumer is too slow
				incrementDropped()
			case <-ctx.Done():
				return
			}
		}
	}()

	// Apply backpressure handling
	options := []ops.Processor[int, int]{buffer, dropper, slider, sampler}
	buffered := options[option-1].Process(ctx, data)

	for d := range buffered {
		time.Sleep(100 * time.Millisecond)
		process(d)
	}
}

// The data come each millisecond and are used up each 100.
func TestGuidePressureControl(t *testing.T) {
	run := func(ctx context.Context, option int) (got []int, timeouts int64) {
		var dropped atomic.Int64
		generate := func(i int) int {
			time.Sleep(ms)
			return i
		}
		guidePressureControl(ctx, option, 3000, generate, func(v int) { got = append(got, v) }, func() { dropped.Add(1) })
		return got, dropped.Load()
	}
	first := func(n int) []int { return append([]int{0}, ints(n-1)...) }
	increases := func(v []int) bool { return slices.IsSorted(v) && len(slices.Compact(slices.Clone(v))) == len(v) }

	bubble(t, "a buffer makes the producer wait", func(t *testing.T) {
		got, timeouts := run(t.Context(), 1)
		if len(got)+int(timeouts) != 3000 || timeouts == 0 || !slices.IsSorted(got) {
			t.Errorf("%d processed and %d timeouts, want 3000 together and the order kept", len(got), timeouts)
		}
		if diff := cmp.Diff(first(1100), got[:1100]); diff != "" {
			t.Errorf("what came before all was full mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "a dropping buffer keeps the first", func(t *testing.T) {
		got, timeouts := run(t.Context(), 2)
		if timeouts > 0 || len(got) > 1100 || !slices.IsSorted(got) {
			t.Errorf("%d processed and %d timeouts, want about 1000, none, and the order kept", len(got), timeouts)
		}
		if diff := cmp.Diff(first(1000), got[:1000]); diff != "" {
			t.Errorf("what came before it was full mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "a sliding buffer keeps the latest", func(t *testing.T) {
		got, timeouts := run(t.Context(), 3)
		if timeouts > 0 || len(got) > 1100 || !slices.IsSorted(got) {
			t.Errorf("%d processed and %d timeouts, want about 1000, none, and the order kept", len(got), timeouts)
		}
		if diff := cmp.Diff(first(3000)[2000:], got[len(got)-1000:]); diff != "" {
			t.Errorf("the latest mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "sampling leaves most of them out", func(t *testing.T) {
		got, timeouts := run(t.Context(), 4)
		sent := 3000 - int(timeouts)
		if n := len(got); timeouts == 0 || n < sent/20 || n > sent/5 || !increases(got) {
			t.Errorf("%d processed and %d timeouts, want a tenth of the %d sent, and the order kept", n, timeouts, sent)
		}
	})
	bubble(t, "option 4 ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1050*ms)
		defer cancel()
		if got, _ := run(ctx, 4); len(got) == 0 || len(got) > 11 || !increases(got) {
			t.Errorf("processed %v, want at most 11 in order", got)
		}
		time.Sleep(time.Second) // the producer may yet fill its channel
	})
	for option := 1; option <= 3; option++ {
		bubble(t, fmt.Sprintf("option %d ends with its context", option), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 1050*ms)
			defer cancel()
			if got, _ := run(ctx, option); !slices.Equal(got, first(len(got))) || len(got) != 10 && len(got) != 11 {
				t.Errorf("processed %v, want the first 10, or 11 with the one in hand", got)
			}
			time.Sleep(time.Second) // the producer may yet fill its channel
		})
	}
}

// Shared state without synchronization, which is marked wrong: with the counter that is
// safe it is right. The guide gives back the input, which is used up by then.
func (c *guideCounter) ProcessEach(ctx context.Context, items <-chan int, processItem func(stream, item int)) {
	fanout := ops.NewFanOut[int](3)
	streams := fanout.Process(ctx, items)

	var wg sync.WaitGroup
	for i, stream := range streams {
		wg.Go(func() {
			for item := range stream {
				c.count.Add(1)
				processItem(i, item)
			}
		})
	}
	wg.Wait()
}

func TestGuideCounterOfEach(t *testing.T) {
	bubble(t, "each stream has each item in order", func(t *testing.T) {
		var counter guideCounter
		var got [3][]int
		counter.ProcessEach(t.Context(), feed(ints(10)...), func(stream, item int) {
			got[stream] = append(got[stream], item)
		})
		if diff := cmp.Diff([3][]int{ints(10), ints(10), ints(10)}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, got := int64(30), counter.count.Load(); got != want {
			t.Errorf("counted %d, want %d", got, want)
		}
	})
	bubble(t, "ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var counter guideCounter
		counter.ProcessEach(ctx, filled(1, 2), func(_, _ int) {})
		if want, got := int64(6), counter.count.Load(); got != want {
			t.Errorf("counted %d, want %d", got, want)
		}
	})
}

// Context deadline exceeded. The guide returns on an error while the processor waits for a
// receiver, and would return nil at the deadline, when the results end as they do at the
// end of the items: here the context ends with the function, and its error is returned.
func guideHandleDeadline(ctx context.Context, items <-chan int, callService func(context.Context, int) (int, error), processResult func(int) error, logf func(string, ...any)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	// Add monitoring for deadline
	deadline, ok := ctx.Deadline()
	if ok {
		remaining := time.Until(deadline)
		logf("Processing with deadline in %v", remaining)
	}

	processor := ops.NewAsyncMapper(func(ctx context.Context, item int) (int, error) {
		// Check context before expensive operations
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}

		// Use context for external calls
		return callService(ctx, item)
	}).WithWorkers(10)

	results := processor.Process(ctx, items)

	for result := range results {
		if err := processResult(result); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("context cancelled: %w", ctx.Err())
			}
			return fmt.Errorf("processing failed: %w", err)
		}
	}

	return ctx.Err()
}

// takes is a service that needs so long for an answer.
func takes(d time.Duration) func(context.Context, int) (int, error) {
	return func(ctx context.Context, n int) (int, error) {
		select {
		case <-time.After(d):
			return 2 * n, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func TestGuideHandleDeadline(t *testing.T) {
	run := func(t *testing.T, call time.Duration, process func(int) error) (log string, took time.Duration, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		sup := new(listener)
		var calls atomic.Int64
		service := func(ctx context.Context, n int) (int, error) {
			calls.Add(1)
			return takes(call)(ctx, n)
		}
		err = guideHandleDeadline(ops.WithSupervisor(ctx, sup), feed(ints(100)...), service, process,
			func(format string, args ...any) { log += fmt.Sprintf(format, args...) })
		took = time.Since(start)
		settle()
		made := calls.Load()
		time.Sleep(2 * call)
		if later := calls.Load() - made; later > 0 {
			t.Errorf("%d calls began after the return", later)
		}
		if failed := sup.itemErrors(); len(failed) > 0 {
			t.Errorf("failed items %v, want none: the end of the context is no failure", failed)
		}
		return log, took, err
	}
	bubble(t, "in time", func(t *testing.T) {
		var got []int
		log, took, err := run(t, 50*ms, func(n int) error {
			got = append(got, n)
			return nil
		})
		if diff := cmp.Diff(referenceMap(double)(ints(100)...), got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if err != nil || took != 500*ms || log != "Processing with deadline in 1s" {
			t.Errorf("error %v after %v with log %q, want none after 500ms", err, took, log)
		}
	})
	bubble(t, "too slow", func(t *testing.T) {
		_, took, err := run(t, time.Minute, func(int) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("error %v after %v, want the deadline after 1s", err, took)
		}
	})
	bubble(t, "a result that cannot be processed", func(t *testing.T) {
		_, took, err := run(t, 50*ms, func(int) error { return errBoom })
		if err == nil || err.Error() != "processing failed: boom" || took != 50*ms {
			t.Errorf("error %v after %v, want that of the first result after 50ms", err, took)
		}
	})
	bubble(t, "a result that fails because of the deadline", func(t *testing.T) {
		_, _, err := run(t, 50*ms, func(int) error {
			time.Sleep(time.Second)
			return errBoom
		})
		if err == nil || err.Error() != "context cancelled: context deadline exceeded" {
			t.Errorf("error %v, want that of the context", err)
		}
	})
}

// HTTP server with streaming responses.
func guideStreamingHandler(getDataSource func(context.Context) <-chan int, formatSSE func(int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()

		// Setup streaming response
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Connection", "keep-alive")

		flusher, ok := w.(http.Flusher)
		if !ok {
			http.Error(w, "Streaming unsupported", http.StatusInternalServerError)
			return
		}

		// Create pipeline
		source := getDataSource(ctx)

		// Add buffering to handle backpressure
		buffer := ops.NewBuffer[int](100)
		buffered := buffer.Process(ctx, source)

		// Process events
		processor := ops.NewAsyncMapper(func(ctx context.Context, e int) (string, error) {
			return formatSSE(e), nil
		}).WithWorkers(5)

		formatted := processor.Process(ctx, buffered)

		// Stream to client
		for {
			select {
			case event, ok := <-formatted:
				if !ok {
					return // Stream ended
				}

				fmt.Fprintf(w, "%s\n\n", event)
				flusher.Flush()

			case <-ctx.Done():
				// Client disconnected
				return
			}
		}
	}
}

func formatEvent(n int) string { return fmt.Sprint("data: ", n) }

func TestGuideStreamingHandler(t *testing.T) {
	bubble(t, "a stream that ends", func(t *testing.T) {
		source := func(ctx context.Context) <-chan int {
			in, _ := offer(ctx, ints(300))
			return in
		}
		server := httptest.NewTestServer(t, guideStreamingHandler(source, formatEvent))
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		want := strings.Join(referenceMap(formatEvent)(ints(300)...), "\n\n") + "\n\n"
		if diff := cmp.Diff(want, string(body)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, got := "text/event-stream", resp.Header.Get("Content-Type"); got != want {
			t.Errorf("Content-Type %q, want %q", got, want)
		}
	})
	bubble(t, "a client that disconnects ends the source", func(t *testing.T) {
		ended := make(chan struct{})
		source := func(ctx context.Context) <-chan int {
			context.AfterFunc(ctx, func() { close(ended) })
			n := 0
			return guidePollForData(ctx, func() *int {
				n++
				return new(n)
			})
		}
		server := httptest.NewTestServer(t, guideStreamingHandler(source, formatEvent))
		start := time.Now()
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		events := bufio.NewScanner(resp.Body)
		for n := range 3 {
			events.Scan()
			if want, got := formatEvent(n+1), events.Text(); got != want {
				t.Errorf("event %q, want %q", got, want)
			}
			events.Scan() // the empty line
		}
		if want, took := 300*ms, time.Since(start); took != want {
			t.Errorf("three events took %v, want %v: each comes at once", took, want)
		}
		resp.Body.Close()
		<-ended
	})
	bubble(t, "a writer that cannot flush", func(t *testing.T) {
		w := httptest.NewRecorder()
		guideStreamingHandler(nil, nil)(struct{ http.ResponseWriter }{w}, httptest.NewRequest("GET", "/", nil))
		if want, got := http.StatusInternalServerError, w.Code; got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	})
}

// File processing pipeline. The parser's function can fail, so it is for a TryMapper. The
// guide returns early while all that is behind the results waits for a receiver: here the
// context ends with the function.
type guideFileJob struct {
	parseRecord  func(string) (int, error)
	processBatch func(context.Context, []int) ([]string, error)
	saveResult   func(string) error
	logf         func(string, ...any)
}

func (job guideFileJob) processLargeFile(ctx context.Context, filename string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	file, err := os.Open(filename)
	if err != nil {
		return err
	}
	defer file.Close()

	// Create line reader
	lines := make(chan string, 100)

	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()

	// Parse lines to records
	parser := ops.NewTryMapper(func(line string) (int, error) {
		return job.parseRecord(line)
	})

	// Batch for efficient processing
	batcher := ops.NewBatcher[int](ops.BatchConfig{
		MaxSize:    1000,
		MaxLatency: time.Second,
	}, ops.RealClock)

	// Process batches in parallel
	processor := ops.NewAsyncMapper(func(ctx context.Context, batch []int) ([]string, error) {
		return job.processBatch(ctx, batch)
	}).WithWorkers(runtime.NumCPU())

	// Build pipeline
	records := parser.Process(ctx, lines)
	batches := batcher.Process(ctx, records)
	results := processor.Process(ctx, batches)

	// Unbatch and save results
	unbatcher := ops.NewUnbatcher[string]()
	individual := unbatcher.Process(ctx, results)

	// Save with error handling
	errorCount := 0
	successCount := 0

	for result := range individual {
		if err := job.saveResult(result); err != nil {
			errorCount++
			if errorCount > 100 {
				return fmt.Errorf("too many errors: %d", errorCount)
			}
		} else {
			successCount++
		}

		if (successCount+errorCount)%10000 == 0 {
			job.logf("Progress: %d processed, %d errors",
				successCount, errorCount)
		}
	}

	job.logf("Completed: %d successful, %d errors",
		successCount, errorCount)
	return nil
}

// numberLines writes the lines 1 to n, with one in between that is no number.
func numberLines(t *testing.T, n int) (filename string) {
	lines := slices.Insert(referenceMap(strconv.Itoa)(ints(n)...), n/2, "x")
	filename = filepath.Join(t.TempDir(), "numbers")
	if err := os.WriteFile(filename, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return filename
}

func TestGuideProcessLargeFile(t *testing.T) {
	type outcome struct{ saved, log, failed []string }
	run := func(t *testing.T, filename string, save func(string) error) (got outcome, err error) {
		sup := new(listener)
		err = guideFileJob{
			parseRecord: strconv.Atoi,
			processBatch: func(_ context.Context, batch []int) ([]string, error) {
				time.Sleep(time.Second - time.Duration(batch[0])*time.Microsecond) // later ones overtake
				return referenceMap(strconv.Itoa)(batch...), nil
			},
			saveResult: func(result string) error {
				got.saved = append(got.saved, result)
				return save(result)
			},
			logf: func(format string, args ...any) { got.log = append(got.log, fmt.Sprintf(format, args...)) },
		}.processLargeFile(ops.WithSupervisor(t.Context(), sup), filename)
		for _, e := range sup.itemErrors() {
			got.failed = append(got.failed, fmt.Sprint(e.Processor, " ", e.Item))
		}
		return got, err
	}
	file := numberLines(t, 12000)
	bubble(t, "saves all in order and reports the bad line", func(t *testing.T) {
		got, err := run(t, file, func(string) error { return nil })
		want := outcome{
			saved:  referenceMap(strconv.Itoa)(ints(12000)...),
			log:    []string{"Progress: 10000 processed, 0 errors", "Completed: 12000 successful, 0 errors"},
			failed: []string{"try-mapper x"},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "gives up after too many errors", func(t *testing.T) {
		got, err := run(t, file, func(string) error { return errBoom })
		if err == nil || err.Error() != "too many errors: 101" || len(got.saved) != 101 || len(got.log) > 0 {
			t.Errorf("error %v after %d results with log %q, want that of too many after 101", err, len(got.saved), got.log)
		}
		time.Sleep(time.Second) // the batches in work
	})
	bubble(t, "no file", func(t *testing.T) {
		if _, err := run(t, file+"s", nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want %v", err, fs.ErrNotExist)
		}
	})
}

// Fan-out/fan-in pattern. Each of the five streams has all of the jobs.
func guideFanOutFanIn(ctx context.Context, jobs <-chan int, processJob func(context.Context, int) (int, error)) <-chan int {
	// Fan-out to multiple workers
	fanout := ops.NewFanOut[int](5)
	workers := fanout.Process(ctx, jobs)

	// Process each stream independently
	results := make([]<-chan int, len(workers))
	for i, worker := range workers {
		processor := ops.NewAsyncMapper(func(ctx context.Context, job int) (int, error) {
			return processJob(ctx, job)
		}).WithWorkers(3)

		results[i] = processor.Process(ctx, worker)
	}

	// Fan-in results
	fanin := ops.NewFanIn[int]()
	return fanin.Process(ctx, results...)
}

func TestGuideFanOutFanIn(t *testing.T) {
	bubble(t, "each job five times, in order within each stream", func(t *testing.T) {
		start := time.Now()
		counts := make([]int, 31) // that of 0 is ahead of all
		counts[0] = 5
		for result := range guideFanOutFanIn(t.Context(), feed(ints(30)...), takes(time.Second)) {
			job := result / 2
			if counts[job]++; counts[job] > counts[job-1] {
				t.Fatalf("result %d of job %d came before that of the job ahead of it", counts[job], job)
			}
		}
		if diff := cmp.Diff(slices.Repeat([]int{5}, 31), counts); diff != "" {
			t.Errorf("results of each job mismatch (-want +got):\n%s", diff)
		}
		if want, took := 10*time.Second, time.Since(start); took != want {
			t.Errorf("it took %v, want %v: three jobs at once in each stream", took, want)
		}
	})
	bubble(t, "ends with its context although nobody reads", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, ints(1000))
		out := guideFanOutFanIn(ctx, in, takes(0))
		time.Sleep(time.Second)
		cancel()
		wantClosed(t, out)
	})
}

// Rate-limited API consumption.
type guideResponse struct {
	Request int
	Error   error
}

func guideConsumeAPI(ctx context.Context, requests <-chan int, callAPI func(context.Context, int) (guideResponse, error), logf func(string, ...any)) (<-chan guideResponse, <-chan error) {
	// Rate limit to 100 requests per second
	throttle := ops.NewThrottle[int](100)

	// Add circuit breaker for protection
	breaker := ops.NewCircuitBreaker(
		ops.NewAsyncMapper(func(ctx context.Context, req int) (guideResponse, error) {
			return callAPI(ctx, req)
		}).WithWorkers(10),
		ops.RealClock,
	).
		FailureThreshold(0.5).
		MinRequests(10).
		RecoveryTimeout(30 * time.Second)

	// Add retry for transient failures
	retry := ops.NewRetry(breaker, 3).
		WithBackoff(time.Second, 2.0).
		WithMaxDelay(30 * time.Second)

	// Build pipeline
	limited := throttle.Process(ctx, requests)
	responses := retry.Process(ctx, limited)

	// Split successes and errors
	successChan := make(chan guideResponse)
	errorChan := make(chan error, 10)

	go func() {
		defer close(successChan)
		defer close(errorChan)

		for resp := range responses {
			if resp.Error != nil {
				select {
				case errorChan <- resp.Error:
				default:
					logf("Error channel full: %v", resp.Error)
				}
			} else {
				select {
				case successChan <- resp:
				case <-ctx.Done():
					return
				}
			}
		}
	}()

	return successChan, errorChan
}

func TestGuideConsumeAPI(t *testing.T) {
	// Each twentieth request is refused.
	call := func(_ context.Context, n int) (resp guideResponse, err error) {
		resp.Request = n
		if n%20 == 0 {
			resp.Error = fmt.Errorf("refused %d", n)
		}
		return resp, nil
	}
	bubble(t, "one request each 10 ms, errors apart", func(t *testing.T) {
		var log, refused []string
		logf := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		start := time.Now()
		successes, failures := guideConsumeAPI(t.Context(), feed(ints(300)...), call, logf)
		next := 1
		for resp := range successes {
			if resp.Request != next {
				t.Fatalf("response %d, want %d", resp.Request, next)
			}
			if want, at := time.Duration(next-1)*10*ms, time.Since(start); at != want {
				t.Errorf("response %d came after %v, want %v", next, at, want)
			}
			if next++; next%20 == 0 {
				next++
			}
		}
		for err := range failures {
			refused = append(refused, err.Error())
		}
		if want := 301; next != want {
			t.Errorf("the responses end before %d, want %d", next, want)
		}
		var want []string
		for n := 20; n <= 300; n += 20 {
			want = append(want, fmt.Sprint("refused ", n))
		}
		for i, text := range want[10:] {
			want[10+i] = "Error channel full: " + text
		}
		if diff := cmp.Diff(want, append(refused, log...)); diff != "" {
			t.Errorf("errors mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "a request that fails once is made again", func(t *testing.T) {
		var failed sync.Map
		flaky := func(_ context.Context, n int) (guideResponse, error) {
			if _, again := failed.LoadOrStore(n, true); n%7 == 0 && !again {
				return guideResponse{}, errBoom
			}
			return guideResponse{Request: n}, nil
		}
		start := time.Now()
		sup := new(listener)
		successes, failures := guideConsumeAPI(ops.WithSupervisor(t.Context(), sup), feed(ints(30)...), flaky, t.Logf)
		var got []int
		for resp := range successes {
			got = append(got, resp.Request)
		}
		if diff := cmp.Diff(ints(30), got); diff != "" || len(sup.itemErrors()) > 0 {
			t.Errorf("failed items %v, responses mismatch (-want +got):\n%s", sup.itemErrors(), diff)
		}
		if took := time.Since(start); took > 1300*ms {
			t.Errorf("it took %v, want at most that of the last request and one wait", took)
		}
		<-failures
	})
	bubble(t, "what is down is left in peace", func(t *testing.T) {
		var calls atomic.Int64
		down := func(context.Context, int) (guideResponse, error) {
			calls.Add(1)
			return guideResponse{}, errBoom
		}
		sup := new(listener)
		successes, _ := guideConsumeAPI(ops.WithSupervisor(t.Context(), sup), feed(ints(200)...), down, t.Logf)
		for resp := range successes {
			t.Errorf("got %v, want no response", resp)
		}
		if n := calls.Load(); n < 10 || n > 20 {
			t.Errorf("%d calls, want those until the breaker was open", n)
		}
		refused := 0
		for _, e := range sup.itemErrors() {
			if errors.Is(&e, ops.ErrCircuitOpen) {
				refused++
			}
		}
		if all := len(sup.itemErrors()); all != 200 || refused < 180 {
			t.Errorf("%d items failed and %d of them were refused, want 200 and nearly all", all, refused)
		}
	})
	bubble(t, "ends with its context although nobody reads", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, ints(1000))
		successes, failures := guideConsumeAPI(ctx, in, call, t.Logf)
		time.Sleep(time.Second)
		cancel()
		wantClosed(t, successes)
		wantClosed(t, failures)
	})
}
