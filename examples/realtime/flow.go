package main

import (
	"io/fs"
	"time"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// The numbers of the pipeline.
const (
	memory  = 5 * time.Minute // for which an event is known
	lookups = 20              // at once
	batch   = 500             // events in a transaction
	latency = time.Second     // after which a smaller batch is written
)

// pipeline is the flow: what changes in the processes of a machine, with what the store knows
// of their programs, goes to the store. polls limits how often it looks, unless it is 0.
func pipeline(tree fs.FS, s *store, metrics *diag.Metrics, interval time.Duration, polls int) flow.Job {
	looks := flow.Poll(interval, processes(tree)).Named("look")
	if polls > 0 {
		looks = looks.Take(polls)
	}
	return flow.Unbatch(looks).
		Dedupe(event.key, memory).Named("news").
		Filter(event.user).Named("of users").
		AsyncMap(lookups, s.enrich).Named("enrich").OnError(flow.Retry(3, flow.Exponential(50*time.Millisecond))).
		Monitor(time.Second, gauges(metrics)).
		Batch(batch, latency).
		ForEach(s.publish).Named("publish").OnError(flow.Retry(3, flow.Exponential(50*time.Millisecond)))
}

// gauges keeps the newest report of a monitor.
func gauges(metrics *diag.Metrics) func(ops.StreamStats) {
	return func(stats ops.StreamStats) {
		metrics.Set("events.rate", stats.Rate)
		metrics.Set("events.total", float64(stats.Count))
	}
}
