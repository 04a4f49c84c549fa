package diag_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func TestMetricsCollect(t *testing.T) {
	var m diag.Metrics
	m.Add("orders", 2)
	m.Add("orders", -1)
	m.Set("load", 1)
	m.Set("load", 0.5)
	m.Record("call", ms)
	m.Record("call", 3*ms)
	want := diag.Collected{
		Counters:  map[string]int64{"orders": 1},
		Gauges:    map[string]float64{"load": 0.5},
		Durations: map[string]diag.Latency{"call": {Count: 2, Sum: 4 * ms, Mean: 2 * ms, Min: ms, Max: 3 * ms}},
	}
	got := m.Collect()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(diag.Latency{}, "P50", "P90", "P99")); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	m.Add("orders", 1)
	if n := got.Counters["orders"]; n != 1 {
		t.Errorf("what was collected changed to %d afterwards", n)
	}
}

func TestMetricsHaveALimit(t *testing.T) {
	m := diag.NewMetrics().WithLimit(3)
	m.Set("gauge", 1)
	for i := range 5 {
		m.Add(strconv.Itoa(i), 1)
		m.Record(strconv.Itoa(i), ms)
	}
	m.Set("gauge", 2)
	c := m.Collect()
	want := diag.Collected{Counters: map[string]int64{"0": 1}, Gauges: map[string]float64{"gauge": 2}, Refused: 8}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreFields(diag.Collected{}, "Durations")); diff != "" || len(c.Durations) != 1 {
		t.Errorf("%d durations, want 1; Collect() mismatch (-want +got):\n%s", len(c.Durations), diff)
	}
	for n, want := range map[int]int{0: 0, -1: 0, 1: 1} {
		m := diag.NewMetrics().WithLimit(n)
		m.Add("a", 1)
		if got := len(m.Collect().Counters); got != want {
			t.Errorf("with a limit of %d there are %d series, want %d", n, got, want)
		}
	}
	all := diag.NewMetrics()
	for i := range 2000 {
		all.Set(strconv.Itoa(i), 1)
	}
	if got := len(all.Collect().Gauges); got != 1000 {
		t.Errorf("%d series, want the default limit of 1000", got)
	}
}

func TestMetricsOfInspectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := diag.NewMetrics().WithLimit(2)
		call := diag.Inspect(ops.NewCall(slow)).WithMetrics(m)
		named := diag.Inspect(ops.NewCall(slow)).WithMetrics(m).WithName("second")
		other := diag.Inspect(ops.NewCall(slow)).WithName("third").WithMetrics(m)
		same := diag.Inspect(ops.NewCall(slow)).WithMetrics(m)
		for _, p := range []*diag.Inspector[int, string]{call, named, other, same} {
			if err := flow.Of(5).Then(p).Run(t.Context(), audit(t)); err != nil {
				t.Fatal(err)
			}
		}
		five := diag.Latency{Count: 1, Sum: 5 * ms, Mean: 5 * ms, Min: 5 * ms, Max: 5 * ms, P50: 5 * ms, P90: 5 * ms, P99: 5 * ms}
		ten := five
		ten.Count, ten.Sum = 2, 10*ms
		ten.P50 = ten.Max // 5 ms is the greatest, and the middle of the bucket lies above it
		want := []diag.Stats{
			{Name: "call", Processed: 2, Emitted: 2, Calls: 2, Latency: ten},
			{Name: "second", Processed: 1, Emitted: 1, Calls: 1, Latency: five},
		}
		if diff := cmp.Diff(want, m.Collect().Processors); diff != "" {
			t.Errorf("stages mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[0], same.Stats()); diff != "" {
			t.Errorf("Stats() of two with one name mismatch (-want +got):\n%s", diff)
		}
		wantCounts(t, [4]int64{1, 1, 1, 0}, other.Stats()) // which found no room
	})
}

func TestMetricsNilIsMisuse(t *testing.T) {
	_, err := flow.Of(1).Then(diag.Inspect(ops.NewCall(slow)).WithMetrics(nil)).Collect(t.Context())
	want := []ops.ConfigError{{Stage: "call", Field: "metrics", Want: "must not be nil"}}
	if diff := cmp.Diff(want, configErrors(err)); diff != "" {
		t.Errorf("errors mismatch (-want +got):\n%s", diff)
	}
}

func TestMetricsJSON(t *testing.T) {
	m := diag.NewMetrics()
	m.Set("nan", math.NaN())
	m.Set("one", 1)
	m.Add("a\"b", 1)
	want := `{"counters":{"a\"b":1},"gauges":{"nan":null,"one":1},"refused":0}`
	if diff := cmp.Diff(want, m.String()); diff != "" {
		t.Errorf("String() mismatch (-want +got):\n%s", diff)
	}
	got, err := json.Marshal(m)
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("Marshal() error = %v, mismatch (-want +got):\n%s", err, diff)
	}
	if got := diag.NewMetrics().String(); got != `{"refused":0}` {
		t.Errorf("String() of an empty one = %s", got)
	}
}

func TestMetricsPrometheus(t *testing.T) {
	m := diag.NewMetrics()
	m.Add("orders\n\"a\\b\"\xff", 3)
	m.Set("load", math.Inf(1))
	m.Record("call", 20*time.Nanosecond)
	if err := flow.Of(1, 2).Then(diag.Inspect(ops.NewMapper(strconv.Itoa)).WithEvery(0).WithMetrics(m)).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Errorf("WriteTo() = %d, %v, want %d and no error", n, err, b.Len())
	}
	want := `# TYPE streamz_processor_processed_total counter
streamz_processor_processed_total{processor="mapper"} 2
# TYPE streamz_processor_emitted_total counter
streamz_processor_emitted_total{processor="mapper"} 2
# TYPE streamz_processor_calls_total counter
streamz_processor_calls_total{processor="mapper"} 2
# TYPE streamz_processor_errors_total counter
streamz_processor_errors_total{processor="mapper"} 0
# TYPE streamz_processor_call_seconds summary
streamz_processor_call_seconds{processor="mapper",quantile="0.5"} 0
streamz_processor_call_seconds{processor="mapper",quantile="0.9"} 0
streamz_processor_call_seconds{processor="mapper",quantile="0.99"} 0
streamz_processor_call_seconds_sum{processor="mapper"} 0
streamz_processor_call_seconds_count{processor="mapper"} 0
# TYPE streamz_counter_total counter
streamz_counter_total{name="orders\n\"a\\b\"�"} 3
# TYPE streamz_gauge gauge
streamz_gauge{name="load"} +Inf
# TYPE streamz_duration_seconds summary
streamz_duration_seconds{name="call",quantile="0.5"} 2e-08
streamz_duration_seconds{name="call",quantile="0.9"} 2e-08
streamz_duration_seconds{name="call",quantile="0.99"} 2e-08
streamz_duration_seconds_sum{name="call"} 2e-08
streamz_duration_seconds_count{name="call"} 1
# TYPE streamz_metrics_refused_total counter
streamz_metrics_refused_total 0
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("WriteTo() mismatch (-want +got):\n%s", diff)
	}
}

// failing is a writer without room.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errBoom }

func TestMetricsWriteFails(t *testing.T) {
	if n, err := diag.NewMetrics().WriteTo(failing{}); n != 0 || !errors.Is(err, errBoom) {
		t.Errorf("WriteTo() = %d, %v, want 0 and boom", n, err)
	}
}

func TestMetricsAtOnce(t *testing.T) {
	m := diag.NewMetrics()
	p := diag.Inspect(ops.NewMapper(strconv.Itoa)).WithMetrics(m)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 200 {
				m.Add("n", 1)
				m.Set(strconv.Itoa(i), float64(j))
				m.Record("d", time.Duration(j))
				_ = m.String()
			}
			if err := flow.Range(0, 100).Then(p).Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c := m.Collect()
	if c.Counters["n"] != 800 || c.Durations["d"].Count != 800 || c.Processors[0].Processed != 400 {
		t.Errorf("Collect() = %+v, want 800 additions, 800 durations, 400 items", c)
	}
}
