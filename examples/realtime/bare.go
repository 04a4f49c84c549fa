package main

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/ops"
)

// bare does the same over channels, each processor with its own goroutine. The source, the
// error of any stage and the end of all are this function's own affair.
func bare(ctx context.Context, tree fs.FS, s *store, metrics *diag.Metrics, interval time.Duration, polls int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := func(_ context.Context, e *ops.ItemError) { cancel(fmt.Errorf("%s: %w", e.Processor, e.Err)) }

	events := make(chan event)
	go func() {
		defer close(events)
		if err := look(ctx, processes(tree), interval, polls, events); err != nil {
			cancel(err)
		}
	}()

	news := ops.NewDedupe(event.key).WithTTL(memory).Process(ctx, events)
	users := ops.NewFilter(event.user).Process(ctx, news)
	known := ops.NewAsyncMapper(s.enrich).WithWorkers(lookups).OnError(failed).Process(ctx, users)
	counted := ops.NewMonitor[enriched](time.Second).OnStats(gauges(metrics)).Process(ctx, known)
	batches := ops.NewBatcher[enriched](ops.BatchConfig{MaxSize: batch, MaxLatency: latency}).Process(ctx, counted)
	for b := range batches {
		if err := s.publish(ctx, b); err != nil {
			cancel(err)
		}
	}
	for range known { // closed when the last lookup has returned
	}
	for range events {
	}
	return context.Cause(ctx)
}

// look sends the processes, again and again.
func look(ctx context.Context, read func(context.Context) ([]event, error), interval time.Duration, polls int, events chan<- event) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for n := 1; ; n++ {
		all, err := read(ctx)
		if err != nil {
			return err
		}
		for _, e := range all {
			select {
			case events <- e:
			case <-ctx.Done():
				return nil // whoever ended it has said why
			}
		}
		if n == polls {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
