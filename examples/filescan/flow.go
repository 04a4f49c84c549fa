package main

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// pipeline is the flow: from the files of a tree to the results. Until it is run nothing
// is read.
func pipeline(tree fs.FS, o scan.Options, read func(bytes int), into *saver) flow.Job {
	walk := func(ctx context.Context, emit func(*scan.File) error) error { return scan.Walk(ctx, tree, emit) }
	batches := flow.FromFunc(walk).Named("walk").
		Filter((*scan.File).Wanted).Named("choose").
		FlatMap(scan.NewReader(tree, read).Lines).Named("lines").
		TryMap(scan.Parse).Named("parse").OnError(into.letters(o.MaxErrors)).
		Async(o.Queue).
		Batch(o.Batch, o.Wait).Named("batch").
		AsyncMap(o.Workers, process).Named("process")
	return flow.Unbatch(batches).Named("unbatch").
		To(into).Named("save")
}

func process(_ context.Context, batch []scan.Record) ([]scan.Result, error) {
	return scan.Process(batch), nil
}

// saver is the sink, and writes the dead letters.
type saver struct {
	*scan.Results
	summary scan.Summary
	saved   scan.Saved
}

// letters is the policy for lines that cannot be read.
func (s *saver) letters(most int) flow.Policy {
	return flow.Budget(most).Then(flow.DeadLetters(func(_ context.Context, l flow.Letter[scan.Line]) error {
		return s.Reject(scan.NewLetter(l.Err))
	}))
}

// Put adds a result.
func (s *saver) Put(_ context.Context, found scan.Result) error { return s.Add(found) }

// Close saves what there is.
func (s *saver) Close(cause error) (err error) {
	s.summary, s.saved, err = s.Results.Close(cause)
	return err
}

// outcome is what a run leaves beside its files.
type outcome struct {
	summary scan.Summary
	saved   scan.Saved
	books   flow.Report
}

// runFlow scans a tree, and writes the results to a folder. read is told how many bytes
// were read, and may be nil.
func runFlow(ctx context.Context, tree fs.FS, folder string, o scan.Options, read func(bytes int), log *slog.Logger) (outcome, error) {
	results, err := scan.Open(folder)
	if err != nil {
		return outcome{}, err
	}
	into := &saver{Results: results}
	var books flow.Report
	err = pipeline(tree, o, read, into).Run(ctx, flow.WithName("filescan"), flow.WithReport(&books), flow.WithLogger(log))
	return outcome{into.summary, into.saved, books}, err
}
