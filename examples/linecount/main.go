// Linecount walks a tree of Go code, by default that of the Go toolchain, and tells what
// is in it: lines, bytes, imports, and markers as "TODO:", by package. It is one flow,
// see count in count.go.
//
//	go run ./linecount --verify
//	go run ./linecount -top 5 some/folder
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
	"os/signal"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/internal/command"
	"github.com/go-streamz/streamz/examples/internal/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line says.
type settings struct {
	dir      string
	top      int
	packages bool
	skip     bool
	verify   bool
}

// run is the program. Its result is the exit code: 0, 1 after a failure, or 2 if the
// command line is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // command.Parse has said why
	}
	var out bytes.Buffer // nothing but a whole result is printed
	if err = report(ctx, s, &out, stderr); err == nil {
		_, err = out.WriteTo(stdout)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Cause(ctx)):
		err = fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	fmt.Fprintln(stderr, "linecount:", err)
	return 1
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	set := flag.NewFlagSet("linecount", flag.ContinueOnError)
	set.IntVar(&s.top, "top", 12, "how many packages to show, the largest first")
	set.BoolVar(&s.packages, "packages", false, "count only what the go command takes for packages, as testdata is not")
	set.BoolVar(&s.skip, "skip", false, "skip files that cannot be read, instead of stopping")
	set.BoolVar(&s.verify, "verify", false, "count again without the library, and compare")
	dir, err := command.Parse(set, args, stderr, func() error { return command.AtLeast(0, "top", s.top) })
	s.dir = dir
	return s, err
}

// report counts, and writes what it has counted.
func report(ctx context.Context, s settings, out, log io.Writer) error {
	dir, err := source.Folder(ctx, s.dir)
	if err != nil {
		return err
	}
	tree := os.DirFS(dir)
	result, books, err := countFlow(ctx, tree, s, log)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err) // the paths in err begin there
	}
	printTotals(out, dir, result, s.top)
	if n := failed(books); n > 0 {
		fmt.Fprintf(out, "\nunreadable files skipped: %d; their lines before the error are counted\n", n)
	}
	if s.verify {
		took, err := verify(ctx, tree, s, result)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		fmt.Fprintf(out, "\nverified: a plain sequential program counts the same; it took %v, the flow before it %v\n",
			took.Round(time.Millisecond), books.Duration.Round(time.Millisecond))
	}
	fmt.Fprintf(out, "\n%v", books)
	return nil
}

// take tells whether to count a file.
func (s settings) take(file string) bool { return !s.packages || goCommandTakes(file) }

// unreadable says what to do about a file that cannot be read.
func (s settings) unreadable() flow.Policy {
	if s.skip {
		return flow.Skip()
	}
	return flow.Stop()
}

// countFlow runs the flow.
func countFlow(ctx context.Context, tree fs.FS, s settings, log io.Writer) (totals, flow.Report, error) {
	var books flow.Report
	result := make(totals)
	err := count(tree, s.take, s.unreadable(), &sums{packages: result}).Run(ctx,
		flow.WithName("linecount"),
		flow.WithReport(&books),
		flow.WithLogger(slog.New(slog.NewTextHandler(log, nil))),
	)
	return result, books, err
}

// failed counts the files that were skipped: each failed with one line.
func failed(books flow.Report) int64 {
	read, _ := books.Stage("read")
	return read.Failed
}

// verify counts with the plain program. That it counts something else is an error.
func verify(ctx context.Context, tree fs.FS, s settings, result totals) (time.Duration, error) {
	start := time.Now()
	plain, err := plainCount(ctx, tree, s.take, s.skip)
	took := time.Since(start)
	if err != nil {
		return took, fmt.Errorf("the plain program: %w", err)
	}
	if diff := differences(result, plain); diff != nil {
		return took, fmt.Errorf("the flow and the plain program differ:\n%s", strings.Join(diff, "\n"))
	}
	return took, nil
}
