package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
)

// settings are what the command line says.
type settings struct {
	rows      *regexp.Regexp
	json, svg string
	doc       string
	plan      plan
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	s := settings{plan: full()}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	pattern := fs.String("rows", "", "measure the rows whose name matches this `regexp`")
	smoke := fs.Bool("smoke", false, "run every row once, on few items, and judge no numbers")
	fs.IntVar(&s.plan.rounds, "rounds", s.plan.rounds, "measure each contender in `N` rounds")
	fs.StringVar(&s.json, "json", "", "write the results to `FILE`")
	fs.StringVar(&s.svg, "svg", "", "draw the ratios into `FILE`")
	fs.StringVar(&s.doc, "doc", "", "renew the table in the Markdown `FILE`")
	err := fs.Parse(args)
	if err != nil {
		return s, err
	}
	if *smoke {
		s.plan = short()
	}
	s.rows, err = regexp.Compile(*pattern)
	switch {
	case err != nil:
	case s.plan.rounds < 1:
		err = fmt.Errorf("rounds must be at least 1, got %d", s.plan.rounds)
	case fs.NArg() > 0:
		err = errors.New("arguments are not expected: " + fs.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
	}
	return s, err
}

// pick gives the rows that were asked for.
func (s settings) pick(rows []row) []row {
	var picked []row
	for _, r := range rows {
		if s.rows.MatchString(r.name) {
			picked = append(picked, r)
		}
	}
	return picked
}
