// Package plain does what filescan does with goroutines and channels of its own, in the same
// steps: one goroutine reads and parses lines, one makes batches, some process them, and one
// adds up the results in the order of the batches.
package plain

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// Run scans a tree, and writes the results to a folder.
func Run(ctx context.Context, tree fs.FS, folder string, o scan.Options) (scan.Summary, error) {
	results, err := scan.Open(folder)
	if err != nil {
		return scan.Summary{}, err
	}
	err = pipeline(ctx, tree, results, o)
	s, _, closed := results.Close(err)
	return s, errors.Join(err, closed)
}

// job is a batch, and where its results will be.
type job struct {
	batch   []scan.Record
	results chan []scan.Result // takes one
}

func pipeline(ctx context.Context, tree fs.FS, results *scan.Results, o scan.Options) error {
	g, inner := errgroup.WithContext(ctx)
	records := make(chan scan.Record, o.Queue)
	jobs := make(chan job)
	pending := make(chan job, o.Workers)
	g.Go(func() error {
		defer close(records)
		return read(inner, tree, records, results.Reject, o)
	})
	g.Go(func() error {
		defer close(jobs)
		defer close(pending)
		return batch(inner, records, jobs, pending, o)
	})
	for range o.Workers {
		g.Go(func() error { return work(inner, jobs) })
	}
	g.Go(func() error { return collect(inner, pending, results) })
	if err := g.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// read sends the records of all files.
func read(ctx context.Context, tree fs.FS, records chan<- scan.Record, reject func(scan.Letter) error, o scan.Options) error {
	reader := scan.NewReader(tree, nil)
	failed := 0
	return scan.Walk(ctx, tree, func(f *scan.File) error {
		if !f.Wanted() {
			return nil
		}
		for line := range reader.Lines(f) {
			record, err := scan.Parse(line)
			if err != nil {
				if failed++; failed > o.MaxErrors {
					return o.TooMany(err)
				}
				if err := reject(scan.NewLetter(err)); err != nil {
					return err
				}
				continue
			}
			select {
			case records <- record:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
}

// batch sends batches of records: when they are full, or when their time is up.
func batch(ctx context.Context, records <-chan scan.Record, jobs, pending chan<- job, o scan.Options) error {
	var items []scan.Record
	timer := time.NewTimer(o.Wait)
	timer.Stop()
	flush := func() error {
		timer.Stop()
		j := job{items, make(chan []scan.Result, 1)}
		items = nil
		for _, to := range []chan<- job{pending, jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	}
	for {
		select {
		case r, more := <-records:
			switch {
			case !more && len(items) > 0:
				return flush()
			case !more:
				return nil
			case len(items) == 0:
				items = make([]scan.Record, 0, o.Batch)
				timer.Reset(o.Wait)
			}
			if items = append(items, r); len(items) < o.Batch {
				continue
			}
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// work processes batches until there are no more.
func work(ctx context.Context, jobs <-chan job) error {
	for {
		select {
		case j, more := <-jobs:
			if !more {
				return nil
			}
			j.results <- scan.Process(j.batch)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// collect adds up the results in the order of the batches.
func collect(ctx context.Context, pending <-chan job, results *scan.Results) error {
	for {
		select {
		case j, more := <-pending:
			if !more {
				return nil
			}
			select {
			case found := <-j.results:
				for _, f := range found {
					if err := results.Add(f); err != nil {
						return err
					}
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
