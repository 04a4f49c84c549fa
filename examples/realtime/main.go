// Realtime watches the processes of a machine, by /proc, and writes what changes to an SQLite
// database, in which it also looks up what it knows of their programs:
//
//	go run ./realtime -polls 5
//
// It is one flow, see pipeline in flow.go: without what it has seen in the last five minutes,
// without the threads of the kernel, with twenty lookups at once, with a rate and a total
// measured, and with a transaction for every 500 events or for what a second brings. With
// -bare the same is done over channels, see bare.go.
//
// A first interrupt lets what has been seen be written, a second one does not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/internal/command"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// settings are what the command line says.
type settings struct {
	proc     string
	file     string
	interval time.Duration
	polls    int
	top      int
	bare     bool
}

// run is the program. Its result is the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	return command.Exit("realtime", stderr, err, func() error { return s.watch(ctx, stdout, stderr) })
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	set := flag.NewFlagSet("realtime", flag.ContinueOnError)
	set.StringVar(&s.proc, "proc", "/proc", "the folder that tells of the processes")
	set.StringVar(&s.file, "db", "realtime.db", "the file of the database; it is made if there is none")
	set.DurationVar(&s.interval, "interval", time.Second, "how often to look")
	set.IntVar(&s.polls, "polls", 0, "how often to look in all, 0 for until it is interrupted")
	set.IntVar(&s.top, "top", 10, "how many programs to print in the end")
	set.BoolVar(&s.bare, "bare", false, "do it over channels, without a flow")
	err := command.ParseFlags(set, args, stderr, func() error {
		var interval error
		if s.interval <= 0 {
			interval = fmt.Errorf("-interval must be positive, got %v", s.interval)
		}
		return errors.Join(interval, command.AtLeast(0, "polls", s.polls), command.AtLeast(0, "top", s.top))
	})
	return s, err
}

// watch runs either of the two, and prints what is in the store then.
func (s settings) watch(ctx context.Context, stdout, stderr io.Writer) (err error) {
	db, err := openStore(ctx, s.file)
	if err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	defer func() { err = errors.Join(err, db.close()) }()
	before, err := db.samples(ctx)
	if err != nil {
		return err
	}
	metrics := diag.NewMetrics()
	if s.bare {
		err = s.watchBare(ctx, db, metrics)
	} else {
		err = s.watchFlow(ctx, db, metrics, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		return err
	}
	return s.print(ctx, db, metrics, before, stdout)
}

// finishing is how long the writing of what has been seen may take after a signal.
const finishing = 10 * time.Second

func (s settings) watchFlow(ctx context.Context, db *store, metrics *diag.Metrics, log *slog.Logger) error {
	job := pipeline(os.DirFS(s.proc), db, metrics, s.interval, s.polls)
	return flow.RunUntilSignal(ctx, job, finishing, flow.WithName("realtime"), flow.WithLogger(log))
}

// watchBare is interrupted where it is: channels know no drain.
func (s settings) watchBare(ctx context.Context, db *store, metrics *diag.Metrics) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return bare(ctx, os.DirFS(s.proc), db, metrics, s.interval, s.polls)
}

// print prints what was written, and the biggest programs of all runs.
func (s settings) print(ctx context.Context, db *store, metrics *diag.Metrics, before int64, stdout io.Writer) error {
	after, err := db.samples(ctx)
	if err != nil {
		return err
	}
	top, err := db.biggest(ctx, s.top)
	if err != nil {
		return err
	}
	total := metrics.Collect().Gauges["events.total"]
	if written := after - before; float64(written) != total {
		return fmt.Errorf("%d events were written, and %.0f counted", written, total)
	}
	fmt.Fprintf(stdout, "%.0f events written to %s, which has %d\n\n", total, s.file, after)
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "MB\tEVENTS\t  PROGRAM")
	for _, p := range top {
		fmt.Fprintf(table, "%d\t%d\t  %s\n", p.Biggest>>20, p.Samples, p.Name)
	}
	return table.Flush()
}
