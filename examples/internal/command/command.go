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
	const usage = " [folder]\nThe folder is that of the Go toolchain's source if none is given."
	err = parse(set, args, stderr, usage, func() error { return errors.Join(check(), oneFolder(set.Args())) })
	if err != nil {
		return "", err
	}
	return set.Arg(0), nil
}

// ParseFlags is Parse for a program that takes flags alone.
func ParseFlags(set *flag.FlagSet, args []string, stderr io.Writer, check func() error) error {
	return parse(set, args, stderr, "", func() error { return errors.Join(check(), nothing(set.Args())) })
}

// Exit gives the exit code of a program: 2 if parsed, of which Parse has told, is an error, or 0 if
// that only asks for help; else 1 after a failure of do, which is told to stderr, or 0.
func Exit(program string, stderr io.Writer, parsed error, do func() error) int {
	switch {
	case errors.Is(parsed, flag.ErrHelp):
		return 0
	case parsed != nil:
		return 2
	}
	if err := do(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return 1
	}
	return 0
}

func parse(set *flag.FlagSet, args []string, stderr io.Writer, usage string, check func() error) error {
	set.SetOutput(io.Discard) // of what Parse says itself
	set.Usage = func() {}
	err := set.Parse(args)
	if err == nil {
		err = check()
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "%s: %v\n", set.Name(), err)
	}
	fmt.Fprintf(stderr, "usage: %s [flags]%s\n", set.Name(), usage)
	set.SetOutput(stderr)
	set.PrintDefaults()
	return err
}

func nothing(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there are flags only, got %q", args)
	}
	return nil
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
