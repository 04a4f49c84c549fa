package diag

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// WriteTo writes what was collected so far in the text format of Prometheus, whose content
// type is "text/plain; version=0.0.4". Names stand in labels, so that they can be of any form:
// streamz_stage_in_total{run="orders",stage="parse"}, streamz_counter_total{name="logins"}.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	var e exposition
	c := m.Collect()
	e.runs(c.Runs)
	e.stages(c.Runs)
	e.processors(c.Processors)
	e.named(c)
	n, err := w.Write(e.Bytes())
	return int64(n), err
}

// exposition is a text of families, each of which has its samples in one place.
type exposition struct{ bytes.Buffer }

func (e *exposition) runs(runs []RunStats) {
	for _, f := range []struct {
		name string
		get  func(RunStats) int64
	}{
		{"started", func(r RunStats) int64 { return r.Started }},
		{"ended", func(r RunStats) int64 { return r.Ended }},
		{"failed", func(r RunStats) int64 { return r.Failed }},
		{"restarts", func(r RunStats) int64 { return r.Restarts }},
		{"stalls", func(r RunStats) int64 { return r.Stalls }},
		{"missed_drains", func(r RunStats) int64 { return r.Missed }},
	} {
		name := "streamz_run_" + f.name + "_total"
		e.family(name, "counter", len(runs))
		for _, r := range runs {
			e.count(name, labels("run", r.Name), f.get(r))
		}
	}
	e.family("streamz_run_seconds", "summary", len(runs))
	for _, r := range runs {
		e.summary("streamz_run_seconds", labels("run", r.Name), r.Duration)
	}
	e.queues("streamz_queue_items", runs, func(q flow.Edge) int64 { return q.Queued })
	e.queues("streamz_queue_capacity", runs, func(q flow.Edge) int64 { return q.Capacity })
}

func (e *exposition) queues(name string, runs []RunStats, get func(flow.Edge) int64) {
	first := true
	for _, r := range runs {
		for _, q := range r.Queues {
			if first {
				e.family(name, "gauge", 1)
				first = false
			}
			e.count(name, labels("run", r.Name, "from", q.From, "to", q.To), get(q))
		}
	}
}

// stages leaves out what is held: items in work may yet become anything.
func (e *exposition) stages(runs []RunStats) {
	for _, f := range []struct {
		name string
		get  func(StageStats) int64
	}{
		{"in", func(s StageStats) int64 { return s.In }},
		{"passed", func(s StageStats) int64 { return s.Passed }},
		{"out", func(s StageStats) int64 { return s.Out }},
		{"filtered", func(s StageStats) int64 { return s.Filtered }},
		{"dropped", func(s StageStats) int64 { return s.Dropped }},
		{"dead_lettered", func(s StageStats) int64 { return s.DeadLettered }},
		{"failed", func(s StageStats) int64 { return s.Failed }},
		{"retried", func(s StageStats) int64 { return s.Retried }},
	} {
		name := "streamz_stage_" + f.name + "_total"
		e.family(name, "counter", len(runs))
		for _, r := range runs {
			for _, s := range r.Stages {
				e.count(name, labels("run", r.Name, "stage", s.Name), f.get(s))
			}
		}
	}
	e.family("streamz_stage_call_seconds", "summary", len(runs))
	for _, r := range runs {
		for _, s := range r.Stages {
			if s.Latency.Count > 0 {
				e.summary("streamz_stage_call_seconds", labels("run", r.Name, "stage", s.Name), s.Latency)
			}
		}
	}
}

func (e *exposition) processors(all []Stats) {
	for _, f := range []struct {
		name string
		get  func(Stats) int64
	}{
		{"processed", func(s Stats) int64 { return s.Processed }},
		{"emitted", func(s Stats) int64 { return s.Emitted }},
		{"calls", func(s Stats) int64 { return s.Calls }},
		{"errors", func(s Stats) int64 { return s.Errors }},
	} {
		name := "streamz_processor_" + f.name + "_total"
		e.family(name, "counter", len(all))
		for _, s := range all {
			e.count(name, labels("processor", s.Name), f.get(s))
		}
	}
	e.family("streamz_processor_call_seconds", "summary", len(all))
	for _, s := range all {
		e.summary("streamz_processor_call_seconds", labels("processor", s.Name), s.Latency)
	}
}

// named writes what has a name of the user's.
func (e *exposition) named(c Collected) {
	e.family("streamz_counter_total", "counter", len(c.Counters))
	for _, name := range slices.Sorted(maps.Keys(c.Counters)) {
		e.count("streamz_counter_total", labels("name", name), c.Counters[name])
	}
	e.family("streamz_gauge", "gauge", len(c.Gauges))
	for _, name := range slices.Sorted(maps.Keys(c.Gauges)) {
		e.sample("streamz_gauge", labels("name", name), c.Gauges[name])
	}
	e.family("streamz_duration_seconds", "summary", len(c.Durations))
	for _, name := range slices.Sorted(maps.Keys(c.Durations)) {
		e.summary("streamz_duration_seconds", labels("name", name), c.Durations[name])
	}
	e.family("streamz_metrics_refused_total", "counter", 1)
	e.count("streamz_metrics_refused_total", "", c.Refused)
}

// family begins one, unless it has no samples.
func (e *exposition) family(name, kind string, samples int) {
	if samples > 0 {
		e.WriteString("# TYPE " + name + " " + kind + "\n")
	}
}

func (e *exposition) count(name, labels string, n int64) { e.sample(name, labels, float64(n)) }

func (e *exposition) sample(name, labels string, v float64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	e.WriteString(name + labels + " " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}

func (e *exposition) summary(name, of string, l Latency) {
	for _, q := range []struct {
		share string
		d     time.Duration
	}{{"0.5", l.P50}, {"0.9", l.P90}, {"0.99", l.P99}} {
		e.sample(name, of+","+labels("quantile", q.share), q.d.Seconds())
	}
	e.sample(name+"_sum", of, l.Sum.Seconds())
	e.count(name+"_count", of, l.Count)
}

// labels gives pairs of a name and a value, with the values as the format wants them: valid
// UTF-8 with three characters escaped.
func labels(pairs ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(pairs[i] + `="` + escape.Replace(strings.ToValidUTF8(pairs[i+1], "\uFFFD")) + `"`)
	}
	return b.String()
}
