package diag

import (
	"encoding/json"
	"fmt"
	"time"
)

// Latency are the figures of a [Histogram] at one moment. With a Count of 0 all are 0.
type Latency struct {
	Count         int64 // durations recorded
	Sum           time.Duration
	Mean          time.Duration
	Min, Max      time.Duration
	P50, P90, P99 time.Duration // not exceeded by so many in a hundred, see [Histogram]
}

// String gives the figures in one line.
func (l Latency) String() string {
	if l.Count == 0 {
		return "none"
	}
	return fmt.Sprintf("mean %v, min %v, p50 %v, p90 %v, p99 %v, max %v",
		brief(l.Mean), brief(l.Min), brief(l.P50), brief(l.P90), brief(l.P99), brief(l.Max))
}

// brief rounds to three digits, so that figures can be compared at a glance.
func brief(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// MarshalJSON writes the durations in seconds.
func (l Latency) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Count int64   `json:"count"`
		Sum   float64 `json:"sum"`
		Mean  float64 `json:"mean"`
		Min   float64 `json:"min"`
		P50   float64 `json:"p50"`
		P90   float64 `json:"p90"`
		P99   float64 `json:"p99"`
		Max   float64 `json:"max"`
	}{
		l.Count, l.Sum.Seconds(), l.Mean.Seconds(), l.Min.Seconds(),
		l.P50.Seconds(), l.P90.Seconds(), l.P99.Seconds(), l.Max.Seconds(),
	})
}
