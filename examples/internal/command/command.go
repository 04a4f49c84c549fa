// Package command is what the command lines of the examples have in common.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// Parse parses args, which are flags and at most one folder behind them. It then asks check
// whether the values are possible. What is wrong is told to stderr, a line for each mistake,
// with the usage below it; of [flag.ErrHelp] there is only the usage to tell.
func Parse(set *flag.FlagSet, args []string, stderr io.Writer, check func() error) (folder string, err error) {
	set.SetOutput(io.Discard) // of what Parse says itself
	set.Usage = func() {}
	if err = set.Parse(args); err == nil {
		err = errors.Join(check(), oneFolder(set.Args()))
	}
	if err == nil {
		return set.Arg(0), nil
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "%s: %v\n", set.Name(), err)
	}
	fmt.Fprintf(stderr, "usage: %s [flags] [folder]\nThe folder is that of the Go toolchain's source if none is given.\n", set.Name())
	set.SetOutput(stderr)
	set.PrintDefaults()
	return "", err
}

func oneFolder(args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("at most one folder, behind the flags, got %q", args)
	}
	return nil
}

// AtLeast checks the value of a flag.
func AtLeast(least int, name string, got int) error {
	if got < least {
		return fmt.Errorf("-%s must be at least %d, got %d", name, least, got)
	}
	return nil
}
