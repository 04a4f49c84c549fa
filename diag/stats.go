package diag

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Stats are the figures of a processor at one moment, over all its runs.
type Stats struct {
	Name      string  `json:"name"`
	Processed int64   `json:"processed"` // items taken
	Emitted   int64   `json:"emitted"`   // items given
	Calls     int64   `json:"calls"`     // of its functions, repeated ones included
	Errors    int64   `json:"errors"`    // calls that failed, by an error or a panic
	Latency   Latency `json:"latency"`   // of the calls that were timed
}

// String gives the figures in one line.
func (s Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d processed, %d emitted, %d calls, %d errors", s.Name, s.Processed, s.Emitted, s.Calls, s.Errors)
	if s.Latency.Count > 0 {
		fmt.Fprintf(&b, ", latency %v", s.Latency)
	}
	return b.String()
}

// meter counts what Stats tell. It is safe for concurrent use.
type meter struct {
	processed, emitted, calls, errors atomic.Int64

	latency Histogram
}

func (m *meter) called(took time.Duration, failed bool) {
	m.calls.Add(1)
	if failed {
		m.errors.Add(1)
	}
	if took >= 0 {
		m.latency.Record(took)
	}
}

func (m *meter) stats(name string) Stats {
	return Stats{
		Name:      name,
		Processed: m.processed.Load(),
		Emitted:   m.emitted.Load(),
		Calls:     m.calls.Load(),
		Errors:    m.errors.Load(),
		Latency:   m.latency.Latency(),
	}
}

// probe is a meter that hears of every n-th call how long it took.
type probe struct {
	*meter
	every int
}

var _ kernel.Probe = probe{}

func (p probe) Every() int { return p.every }

func (p probe) Called(_ *kernel.Stage, took time.Duration, failed bool) { p.called(took, failed) }

func (p probe) Failed(*kernel.Stage) { p.errors.Add(1) }
