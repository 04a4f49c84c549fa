// Fanout hashes and compresses every file of a tree, by default that of the source of the Go
// toolchain, several at once. It writes the sums as sha256sum does, and a compressed copy of
// each file:
//
//	go run ./fanout -out /tmp/sums some/folder
//	cd some/folder && sha256sum --check /tmp/sums/SHA256SUMS
//
// It is one flow, see pipeline in flow.go. With -bare the same is done over channels, see
// bare.go: that is what a flow saves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/internal/command"
	"github.com/go-streamz/streamz/examples/internal/progress"
	"github.com/go-streamz/streamz/examples/internal/source"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// The exit codes of the program, beside 0.
const (
	failed      = 1
	usage       = 2
	interrupted = 130
)

// settings are what the command line says.
type settings struct {
	dir            string
	out            string
	workers        int
	mostUnreadable int
	bare           bool
	verify         bool
	quiet          bool
}

// errInterrupted is the end of a run that a signal stopped.
var errInterrupted = errors.New("interrupted: the list is not complete")

// run is the program. Its result is the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return usage // command.Parse has said why
	}
	err = s.digest(ctx, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(stderr, "fanout:", err)
		return interrupted
	}
	fmt.Fprintln(stderr, "fanout:", err)
	return failed
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	set := flag.NewFlagSet("fanout", flag.ContinueOnError)
	set.StringVar(&s.out, "out", "fanout-out", "the folder for the results")
	set.IntVar(&s.workers, "workers", runtime.GOMAXPROCS(0), "how many files to work on at once")
	set.IntVar(&s.mostUnreadable, "max-errors", 100, "how many files may be unreadable; one more stops the run")
	set.BoolVar(&s.bare, "bare", false, "do it over channels, without a flow; a file that cannot be read stops that")
	set.BoolVar(&s.verify, "verify", false, "read the results back, and compare them with the files and with the program sha256sum")
	set.BoolVar(&s.quiet, "quiet", false, "show no progress")
	dir, err := command.Parse(set, args, stderr, func() error {
		return errors.Join(command.AtLeast(1, "workers", s.workers), command.AtLeast(0, "max-errors", s.mostUnreadable))
	})
	s.dir = dir
	return s, err
}

// digest does what is asked for, and prints what came of it.
func (s settings) digest(ctx context.Context, stdout, stderr io.Writer) error {
	dir, err := source.Folder(ctx, s.dir)
	if err != nil {
		return err
	}
	tree, err := source.Tree(dir, s.out)
	if err != nil {
		return err
	}
	bar := progress.New(stderr, "fanout", s.quiet, func() int64 { return source.Bytes(ctx, tree, all) })
	j, into := job{tree: tree, out: s.out, read: bar}, &list{dir: s.out}
	err = s.runEither(ctx, j, into, slog.New(slog.NewTextHandler(stderr, nil)))
	bar.End()
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err) // paths of the tree begin there
	}
	if err := into.print(stdout); err != nil {
		return err
	}
	if s.verify {
		return verify(ctx, j, dir, into, stdout)
	}
	return nil
}

func (s settings) runEither(ctx context.Context, j job, into *list, log *slog.Logger) error {
	if s.bare {
		return runBare(ctx, j, s.workers, into)
	}
	return runFlow(ctx, j, s, into, log)
}

// finishing is how long the files in work may take after a signal.
const finishing = 10 * time.Second

// runFlow runs the flow until its end, or until a signal: then the files in work are finished.
func runFlow(ctx context.Context, j job, s settings, into *list, log *slog.Logger) error {
	var books flow.Report
	err := flow.RunUntilSignal(ctx, pipeline(j, s.workers, s.mostUnreadable, into), finishing,
		flow.WithName("fanout"), flow.WithReport(&books), flow.WithLogger(log))
	if err == nil && books.Drain != nil {
		return errInterrupted
	}
	return err
}

// runBare walks the tree into a channel for bare.
func runBare(ctx context.Context, j job, workers int, into *list) (err error) {
	defer func() { err = errors.Join(err, into.Close(err)) }()
	if err := into.Open(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	names := make(chan string)
	group.Go(func() error {
		defer close(names)
		return walk(ctx, j.tree, names)
	})
	group.Go(func() error { return bare(ctx, j, workers, names, into) })
	return group.Wait()
}

// all takes every file.
func all(string) bool { return true }

// walk sends the names of all files.
func walk(ctx context.Context, tree fs.FS, names chan<- string) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		select {
		case names <- name:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}
