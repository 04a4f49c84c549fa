// Bench measures streamz beside the alternatives: a loop written by hand, iter.Seq, raw
// channels and another library do the same work in the same run.
//
//	go run .                  all rows, about two minutes
//	go run . -rows 'batch'    rows whose name matches
//	go run . -smoke           every row once, results checked, times not meant to be read
//	go run . -svg bench.svg -json bench.json
//
// The contenders of a row take turns in short rounds, so that a busy machine slows all
// of them: read the ratios rather than the nanoseconds. A time never fails the program.
// A wrong result does, and so does an allocation an item in a stage that hands out no
// new slice.
//
// The rows are in table.go, stages.go, more_stages.go and process.go; a row is one entry. The same
// contenders are benchmarks of package testing: go test -bench . and benchstat.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
)

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // a Dedupe warns that it forgets keys, which is measured
	os.Exit(run(table(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program over some rows. Its result is the exit code: 0, 1 after a failure,
// or 2 if the command line is wrong.
func run(rows []row, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parseArgs has said why
	}
	if rows = s.pick(rows); len(rows) == 0 {
		fmt.Fprintf(stderr, "bench: no row matches %q\n", s.rows)
		return 2
	}
	fmt.Fprintln(stdout, headline())
	results, failures := measureAll(rows, s.plan, stderr)
	if s.plan.judge {
		failures = append(failures, writeTable(stdout, results))
	} else {
		fmt.Fprintf(stdout, "%d of %d rows have the right results; a smoke run measures nothing\n", len(results), len(rows))
	}
	failures = append(failures, save(s, results))
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	for _, err := range failures {
		fmt.Fprintln(stderr, "bench:", err)
	}
	if len(failures) > 0 {
		return 1
	}
	return 0
}

// measureAll tells of each row when it has finished, because a whole run takes minutes.
func measureAll(rows []row, p plan, progress io.Writer) (results []result, failures []error) {
	for i, r := range rows {
		res, err := p.measure(r)
		if err == nil {
			results = append(results, res)
			if p.judge {
				err = res.allocates()
			}
		}
		if err != nil {
			failures = append(failures, err)
		}
		fmt.Fprintf(progress, "%2d/%d %s: %s\n", i+1, len(rows), r.name, summary(res, err, p.judge))
	}
	return results, failures
}

func summary(r result, err error, judge bool) string {
	switch {
	case err != nil:
		return "failed: " + err.Error()
	case !judge:
		return "ok"
	}
	ours := r.first(ours)
	return fmt.Sprintf("%s, %s x twin", r.Unit.format(ours.Min), ratio(ours.Min, r.first(twin).Min))
}

// save writes the files that the command line asks for.
func save(s settings, results []result) error {
	var errs []error
	if s.json != "" {
		text, err := json.MarshalIndent(document{headline(), results}, "", "  ")
		errs = append(errs, err, os.WriteFile(s.json, append(text, '\n'), 0o644))
	}
	if s.svg != "" {
		errs = append(errs, os.WriteFile(s.svg, picture(headline(), results), 0o644))
	}
	if s.doc != "" {
		old, err := os.ReadFile(s.doc)
		if err == nil {
			old, err = renew(old, headline(), results)
		}
		if err == nil {
			err = os.WriteFile(s.doc, old, 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// document is what -json writes.
type document struct {
	Machine string   `json:"machine"`
	Rows    []result `json:"rows"`
}

// headline says where the numbers come from.
func headline() string {
	return fmt.Sprintf("%s/%s, %d CPUs, %s, ro %s, conc %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		runtime.Version(), version("github.com/samber/ro"), version("github.com/sourcegraph/conc"))
}

func version(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "of unknown version" // a test binary knows no dependencies
}
