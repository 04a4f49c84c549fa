// Filescan reads a tree of source code line by line, by default that of the Go toolchain,
// and writes what it finds to a folder: a table with every import, function, type and
// marker as "TODO:", a summary with the longest files and functions and who imports what,
// and a letter for each file that could not be read. It is one flow, see pipeline in
// flow.go.
//
//	go run ./filescan --verify
//	go run ./filescan -out /tmp/scan -max-errors 0 some/folder
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/filescan/internal/sequential"
	"github.com/go-streamz/streamz/examples/internal/command"
	"github.com/go-streamz/streamz/examples/internal/progress"
	"github.com/go-streamz/streamz/examples/internal/source"
)

func main() {
	os.Exit(run(untilSignal(os.Interrupt, syscall.SIGTERM), os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes of the program, beside 0.
const (
	failed      = 1
	usage       = 2
	interrupted = 130
	terminated  = 143
)

// settings are what the command line says.
type settings struct {
	scan.Options
	dir     string
	tree    fs.FS // of dir
	out     string
	top     int
	verify  bool
	compare int
	quiet   bool
}

// run is the program. Its result is the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return usage // command.Parse has said why
	}
	err = s.scan(ctx, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		fmt.Fprintln(stderr, "filescan: stopped:", err)
		if by, ok := errors.AsType[stopped](err); ok {
			return by.exitCode()
		}
		return interrupted
	}
	fmt.Fprintln(stderr, "filescan:", err)
	return failed
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	s := settings{Options: scan.Defaults()}
	set := flag.NewFlagSet("filescan", flag.ContinueOnError)
	set.StringVar(&s.out, "out", "filescan-out", "the folder for the results")
	set.IntVar(&s.Workers, "workers", s.Workers, "how many batches to process at once")
	set.IntVar(&s.Batch, "batch", s.Batch, "the lines of a batch")
	set.DurationVar(&s.Wait, "wait", s.Wait, "how long a batch may wait for its last line")
	set.IntVar(&s.MaxErrors, "max-errors", s.MaxErrors, "how many files may be unreadable; one more stops the run")
	set.IntVar(&s.top, "top", 5, "how many rows to print of each list")
	set.BoolVar(&s.verify, "verify", false, "scan again with a sequential program, and compare every field")
	set.IntVar(&s.compare, "compare", 0, "time the flow and the same program with raw channels so many times, in turn")
	set.BoolVar(&s.quiet, "quiet", false, "show no progress: no bar, which needs a terminal, and not which check is being made")
	dir, err := command.Parse(set, args, stderr, s.check)
	s.dir = dir
	return s, err
}

// check says what is wrong with the values of the flags.
func (s *settings) check() error {
	var wait error
	if s.Wait < 0 {
		wait = fmt.Errorf("-wait must not be negative, got %v", s.Wait)
	}
	return errors.Join(wait,
		command.AtLeast(1, "workers", s.Workers),
		command.AtLeast(1, "batch", s.Batch),
		command.AtLeast(0, "max-errors", s.MaxErrors),
		command.AtLeast(0, "top", s.top),
		command.AtLeast(0, "compare", s.compare),
	)
}

// scan scans, and prints what there is to say of it.
func (s settings) scan(ctx context.Context, stdout, stderr io.Writer) error {
	dir, err := source.Folder(ctx, s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	if s.tree, err = source.Tree(dir, s.out); err != nil {
		return fmt.Errorf("scanning %s: %w", dir, err)
	}
	p := progress.New(stderr, "filescan", s.quiet, func() int64 { return scan.Bytes(ctx, s.tree) })
	out, err := runFlow(ctx, s.tree, s.out, s.Options, p.Add, slog.New(slog.NewTextHandler(stderr, nil)))
	p.End()
	if err != nil {
		printSaved(stderr, out)
		return fmt.Errorf("scanning %s: %w", dir, err) // paths of the tree begin there
	}
	if err := s.print(stdout, out); err != nil {
		return err
	}
	return s.checks(ctx, stdout, stderr)
}

// print prints what was found, and how.
func (s settings) print(stdout io.Writer, out outcome) error {
	var text bytes.Buffer
	printSummary(&text, s.dir, out.summary, s.top)
	printStages(&text, out.books)
	printSaved(&text, out)
	_, err := text.WriteTo(stdout)
	return err
}

// checks does what is asked for beside the scan. It may take long, and says what it is at.
func (s settings) checks(ctx context.Context, stdout, stderr io.Writer) error {
	if s.quiet {
		stderr = io.Discard
	}
	if s.verify {
		fmt.Fprintln(stderr, "checking with a sequential program ...")
		if err := s.verifyWith(ctx, stdout); err != nil {
			return fmt.Errorf("verifying %s: %w", s.dir, err)
		}
	}
	if s.compare > 0 {
		fmt.Fprintln(stderr, "comparing with raw channels ...")
		return s.comparison(ctx, stdout)
	}
	return nil
}

// verifyWith compares the results with those of the sequential program. How long that one
// takes is not told: it does other work, and is no measure.
func (s settings) verifyWith(ctx context.Context, stdout io.Writer) error {
	diffs, err := sequential.Verify(ctx, s.tree, s.out)
	if err != nil {
		return fmt.Errorf("the sequential program: %w", err)
	}
	if diffs != nil {
		return fmt.Errorf("the results and the sequential program differ:\n%s", strings.Join(diffs, "\n"))
	}
	_, err = fmt.Fprintln(stdout, "\nverified: a sequential program finds the same")
	return err
}
