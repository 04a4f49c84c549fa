package diag

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteTo writes what was collected so far in the text format of Prometheus, whose content
// type is "text/plain; version=0.0.4". Names stand in labels, so that they can be of any form:
// streamz_stage_processed_total{stage="parse"}, streamz_counter_total{name="orders"}.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(m.Collect().exposition())
	return int64(n), err
}

// exposition is a text of families, each of which has its samples in one place.
type exposition struct{ bytes.Buffer }

func (c Collected) exposition() []byte {
	var e exposition
	for _, f := range []struct {
		name string
		get  func(Stats) int64
	}{
		{"processed", func(s Stats) int64 { return s.Processed }},
		{"emitted", func(s Stats) int64 { return s.Emitted }},
		{"calls", func(s Stats) int64 { return s.Calls }},
		{"errors", func(s Stats) int64 { return s.Errors }},
	} {
		name := "streamz_stage_" + f.name + "_total"
		e.family(name, "counter", len(c.Stages))
		for _, s := range c.Stages {
			e.sample(name, labels("stage", s.Name), float64(f.get(s)))
		}
	}
	e.family("streamz_stage_latency_seconds", "summary", len(c.Stages))
	for _, s := range c.Stages {
		e.summary("streamz_stage_latency_seconds", labels("stage", s.Name), s.Latency)
	}
	e.named(c)
	return e.Bytes()
}

// named writes what has a name of the user's.
func (e *exposition) named(c Collected) {
	e.family("streamz_counter_total", "counter", len(c.Counters))
	for _, name := range slices.Sorted(maps.Keys(c.Counters)) {
		e.sample("streamz_counter_total", labels("name", name), float64(c.Counters[name]))
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
	e.sample("streamz_metrics_refused_total", "", float64(c.Refused))
}

// family begins one, unless it has no samples.
func (e *exposition) family(name, kind string, samples int) {
	if samples > 0 {
		e.WriteString("# TYPE " + name + " " + kind + "\n")
	}
}

func (e *exposition) sample(name, labels string, v float64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	e.WriteString(name + labels + " " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}

func (e *exposition) summary(name, labels string, l Latency) {
	for _, q := range []struct {
		share string
		d     time.Duration
	}{{"0.5", l.P50}, {"0.9", l.P90}, {"0.99", l.P99}} {
		e.sample(name, labels+`,quantile="`+q.share+`"`, q.d.Seconds())
	}
	e.sample(name+"_sum", labels, l.Sum.Seconds())
	e.sample(name+"_count", labels, float64(l.Count))
}

// labels gives one, with its value as the format wants it: valid UTF-8 with three characters
// escaped.
func labels(name, value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
