package diag

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics collects counters, gauges and durations by name, and the figures of inspected
// processors, see [Inspector.WithMetrics]. It is safe for concurrent use; what it does takes a
// short lock and never blocks otherwise.
//
// It keeps at most 1,000 series, see [Metrics.WithLimit]: names made of what comes in, as of
// users or addresses, would else grow without end. What finds no room is counted, see
// [Collected.Refused], and dropped.
//
// It is an expvar.Var, and writes the text format of Prometheus. The zero Metrics is empty and
// ready to use. It must not be copied after first use.
type Metrics struct {
	limit int // 0 for the default

	mu        sync.Mutex
	stages    map[string]*meter
	counters  map[string]int64
	gauges    map[string]float64
	durations map[string]*Histogram

	refused atomic.Int64
}

const defaultLimit = 1000

// NewMetrics makes an empty one.
func NewMetrics() *Metrics { return new(Metrics) }

// WithLimit gives an empty one that keeps at most n series: with n below 1, none.
func (m *Metrics) WithLimit(n int) *Metrics {
	if n <= 0 {
		n = -1
	}
	return &Metrics{limit: n}
}

// Add adds to a counter, which begins at 0.
func (m *Metrics) Add(name string, delta int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if admit(m, &m.counters, name) {
		m.counters[name] += delta
	}
}

// Set sets a gauge.
func (m *Metrics) Set(name string, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if admit(m, &m.gauges, name) {
		m.gauges[name] = value
	}
}

// Record records a duration in the [Histogram] of a name.
func (m *Metrics) Record(name string, d time.Duration) {
	if h := m.histogram(name); h != nil {
		h.Record(d)
	}
}

func (m *Metrics) histogram(name string) *Histogram {
	m.mu.Lock()
	defer m.mu.Unlock()
	if admit(m, &m.durations, name) && m.durations[name] == nil {
		m.durations[name] = new(Histogram)
	}
	return m.durations[name]
}

// meter gives that of a name, which becomes own if it has none. Without room for it own is not
// collected.
func (m *Metrics) meter(name string, own *meter) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.stages[name]; known != nil {
		return known
	}
	if admit(m, &m.stages, name) {
		m.stages[name] = own
	}
	return own
}

// admit tells whether there is a series of the name, or room for it.
func admit[V any](m *Metrics, series *map[string]V, name string) bool {
	if _, known := (*series)[name]; known {
		return true
	}
	limit := m.limit
	if limit == 0 {
		limit = defaultLimit
	}
	if len(m.stages)+len(m.counters)+len(m.gauges)+len(m.durations) >= limit {
		m.refused.Add(1)
		return false
	}
	if *series == nil {
		*series = make(map[string]V)
	}
	return true
}

// Collected is what a [Metrics] has collected at one moment.
type Collected struct {
	Stages    []Stats // in the order of their names
	Counters  map[string]int64
	Gauges    map[string]float64
	Durations map[string]Latency
	Refused   int64 // additions, settings and records whose series found no room
}

// Collect gives what was collected so far. It may be called at any time.
func (m *Metrics) Collect() Collected {
	m.mu.Lock()
	stages, durations := maps.Clone(m.stages), maps.Clone(m.durations)
	c := Collected{
		Counters: maps.Clone(m.counters), Gauges: maps.Clone(m.gauges),
		Durations: make(map[string]Latency), Refused: m.refused.Load(),
	}
	m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(stages)) {
		c.Stages = append(c.Stages, stages[name].stats(name))
	}
	for name, h := range durations {
		c.Durations[name] = h.Latency()
	}
	return c
}

// String gives what was collected so far as JSON, as an expvar.Var does.
func (m *Metrics) String() string {
	text, err := json.Marshal(m.Collect())
	if err != nil {
		return "{}"
	}
	return string(text)
}

// MarshalJSON writes what was collected so far.
func (m *Metrics) MarshalJSON() ([]byte, error) { return json.Marshal(m.Collect()) }

// MarshalJSON writes a gauge that is no finite number as null.
func (c Collected) MarshalJSON() ([]byte, error) {
	gauges := make(map[string]*float64, len(c.Gauges))
	for name, v := range c.Gauges {
		if gauges[name] = nil; !math.IsNaN(v) && !math.IsInf(v, 0) {
			gauges[name] = &v
		}
	}
	return json.Marshal(struct {
		Stages    []Stats             `json:"stages,omitempty"`
		Counters  map[string]int64    `json:"counters,omitempty"`
		Gauges    map[string]*float64 `json:"gauges,omitempty"`
		Durations map[string]Latency  `json:"durations,omitempty"`
		Refused   int64               `json:"refused"`
	}{c.Stages, c.Counters, gauges, c.Durations, c.Refused})
}
