package main

import (
	"encoding/json"
	"runtime/metrics"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// watched are the numbers of this process that clients are told.
var watched = map[string]string{
	"goroutines": "/sched/goroutines:goroutines",
	"heap":       "/memory/classes/heap/objects:bytes",
	"allocs":     "/gc/heap/allocs:objects",
	"gcs":        "/gc/cycles/total:gc-cycles",
}

// metricEvents are the numbers, every interval.
func metricEvents(interval time.Duration) flow.Flow[event] {
	return flow.Tick(interval).Named("tick").
		TryMap(func(time.Time) (event, error) {
			data, err := json.Marshal(readMetrics())
			return event{Name: "metrics", Data: string(data)}, err
		}).Named("metrics")
}

func readMetrics() map[string]uint64 {
	values := make(map[string]uint64, len(watched))
	for name, key := range watched {
		sample := []metrics.Sample{{Name: key}}
		if metrics.Read(sample); sample[0].Value.Kind() == metrics.KindUint64 {
			values[name] = sample[0].Value.Uint64()
		}
	}
	return values
}
