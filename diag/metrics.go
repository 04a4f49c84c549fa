package diag

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// Metrics collects counters, gauges and durations by name, the figures of inspected
// processors, see [Inspector.WithMetrics], and those of whole runs: it is an observer for
// flow.WithObserver. It is safe for concurrent use; what it does takes a short lock and never
// blocks otherwise.
//
// It keeps at most 1,000 series, see [Metrics.WithLimit], of which each stage of a run takes
// one: names made of what comes in, as of users or addresses, would else grow without end. What
// finds no room is counted, see [Collected.Refused], and dropped.
//
// It is an expvar.Var, and writes the text format of Prometheus. The zero Metrics is empty and
// ready to use. It must not be copied after first use.
type Metrics struct {
	limit int // 0 for the default
	every int

	mu        sync.Mutex
	inspected map[string]*meter
	counters  map[string]int64
	gauges    map[string]float64
	durations map[string]*Histogram
	runs      map[string]*runFigures // by the name of the run
	staged    int                    // stages of all of them
	live      map[*flow.View]*runFigures

	refused atomic.Int64
}

const defaultLimit = 1000

// NewMetrics makes an empty one.
func NewMetrics() *Metrics { return new(Metrics) }

// WithLimit gives an empty one with the same settings but for the limit: it keeps at most n
// series, none with n below 1.
func (m *Metrics) WithLimit(n int) *Metrics {
	if n <= 0 {
		n = -1
	}
	return &Metrics{limit: n, every: m.every}
}

// WithEvery gives an empty one with the same settings, which takes the time of every n-th
// call of the stages of a run that it observes. With n below 1, as without it, it takes none.
func (m *Metrics) WithEvery(n int) *Metrics { return &Metrics{limit: m.limit, every: n} }

// Every is what [Metrics.WithEvery] has set.
func (m *Metrics) Every() int { return m.every }

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
	if known := m.inspected[name]; known != nil {
		return known
	}
	if admit(m, &m.inspected, name) {
		m.inspected[name] = own
	}
	return own
}

// admit tells whether there is a series of the name, or room for it.
func admit[V any](m *Metrics, series *map[string]V, name string) bool {
	if _, known := (*series)[name]; known {
		return true
	}
	if !m.room() {
		return false
	}
	if *series == nil {
		*series = make(map[string]V)
	}
	return true
}

// room tells whether one series more may be kept.
func (m *Metrics) room() bool {
	limit := cmp.Or(m.limit, defaultLimit)
	if len(m.inspected)+len(m.counters)+len(m.gauges)+len(m.durations)+len(m.runs)+m.staged >= limit {
		m.refused.Add(1)
		return false
	}
	return true
}

// Collected is what a [Metrics] has collected at one moment.
type Collected struct {
	Runs       []RunStats // in the order of their names
	Processors []Stats    // those that are inspected, in the order of their names
	Counters   map[string]int64
	Gauges     map[string]float64
	Durations  map[string]Latency
	Refused    int64 // additions, settings and records whose series found no room
}

// Collect gives what was collected so far. It may be called at any time.
func (m *Metrics) Collect() Collected {
	c := Collected{Runs: m.collectRuns(), Durations: make(map[string]Latency)}
	m.mu.Lock()
	inspected, durations := maps.Clone(m.inspected), maps.Clone(m.durations)
	c.Counters, c.Gauges = maps.Clone(m.counters), maps.Clone(m.gauges)
	m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(inspected)) {
		c.Processors = append(c.Processors, inspected[name].stats(name))
	}
	for name, h := range durations {
		c.Durations[name] = h.Latency()
	}
	c.Refused = m.refused.Load()
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
		Runs       []RunStats          `json:"runs,omitempty"`
		Processors []Stats             `json:"processors,omitempty"`
		Counters   map[string]int64    `json:"counters,omitempty"`
		Gauges     map[string]*float64 `json:"gauges,omitempty"`
		Durations  map[string]Latency  `json:"durations,omitempty"`
		Refused    int64               `json:"refused"`
	}{c.Runs, c.Processors, c.Counters, gauges, c.Durations, c.Refused})
}
