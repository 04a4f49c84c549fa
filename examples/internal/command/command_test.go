package command_test

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/internal/command"
)

const usage = `usage: prog [flags] [folder]
The folder is that of the Go toolchain's source if none is given.
  -rows int
    	how many rows (default 5)
`

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		folder string
		stderr string
	}{
		"nothing":      {nil, "", ""},
		"folder":       {[]string{"-rows", "0", "a"}, "a", ""},
		"help":         {[]string{"-h"}, "", usage},
		"unknown flag": {[]string{"-x"}, "", "prog: flag provided but not defined: -x\n" + usage},
		"no number":    {[]string{"-rows", "x"}, "", "prog: invalid value \"x\" for flag -rows: parse error\n" + usage},
		"wrong value":  {[]string{"-rows", "-1", "a"}, "", "prog: -rows must be at least 0, got -1\n" + usage},
		"two folders":  {[]string{"a", "-rows"}, "", "prog: at most one folder, behind the flags, got [\"a\" \"-rows\"]\n" + usage},
		"two mistakes": {[]string{"-rows", "-1", "a", "b"}, "", "prog: -rows must be at least 0, got -1\nat most one folder, behind the flags, got [\"a\" \"b\"]\n" + usage},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			set := flag.NewFlagSet("prog", flag.ContinueOnError)
			rows := set.Int("rows", 5, "how many rows")
			folder, err := command.Parse(set, test.args, &stderr, func() error { return command.AtLeast(0, "rows", *rows) })
			if folder != test.folder || (err == nil) != (test.stderr == "") || errors.Is(err, flag.ErrHelp) != (name == "help") {
				t.Errorf("folder %q, error %v", folder, err)
			}
			if diff := cmp.Diff(test.stderr, stderr.String()); diff != "" {
				t.Errorf("stderr mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseFlags(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		stderr string
	}{
		"flags":  {[]string{"-rows", "7"}, ""},
		"help":   {[]string{"-h"}, "usage: prog [flags]\n"},
		"folder": {[]string{"a"}, "prog: there are flags only, got [\"a\"]\nusage: prog [flags]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			set := flag.NewFlagSet("prog", flag.ContinueOnError)
			rows := set.Int("rows", 5, "how many rows")
			err := command.ParseFlags(set, test.args, &stderr, func() error { return command.AtLeast(0, "rows", *rows) })
			text, _, _ := strings.Cut(stderr.String(), "  -rows")
			if diff := cmp.Diff(test.stderr, text); diff != "" || (err == nil) != (test.stderr == "") {
				t.Errorf("error %v, stderr mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestExit(t *testing.T) {
	boom := errors.New("boom")
	for name, test := range map[string]struct {
		parsed, failure error
		code            int
		stderr          string
	}{
		"success":            {nil, nil, 0, ""},
		"a failure":          {nil, boom, 1, "prog: boom\n"},
		"help":               {flag.ErrHelp, boom, 0, ""},
		"a bad command line": {boom, boom, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			code := command.Exit("prog", &stderr, test.parsed, func() error { return test.failure })
			if code != test.code || stderr.String() != test.stderr {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", code, test.code, stderr.String(), test.stderr)
			}
		})
	}
}
