// Streamzgen turns processors into stages.
//
// Without flags it reads the package in the current folder and writes one
// function for each //streamz:stage directive to zstages.go:
//
//	//go:generate go tool streamzgen
//
// A directive stands in the comment of a processor's constructor and gives the stage's
// name, and if they differ its parameters and how the processor is made of them:
//
//	//streamz:stage Geocode
//	func NewGeocoder(db *DB) *Geocoder
//
//	//streamz:stage GeocodeWithin(db *DB, d time.Duration) NewGeocoder(db).WithTimeout(d)
//
// With -root it writes the stages and methods of the streamz module itself.
// With -check it changes nothing and fails where a file is out of date.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-streamz/streamz/internal/gen"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 1 for problems and stale files, 2 for bad flags.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("streamzgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", "", "`folder` of the streamz module; without it, the package in the current folder is read")
	check := flags.Bool("check", false, "report files that are out of date and change nothing")
	strict := flags.Bool("rules", false, "with -root: fail if a processor lacks its contract, its stage or its example")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "streamzgen: unexpected argument %s\n", flags.Arg(0))
		return 2
	}
	if *root != "" && *strict {
		if err := rules(*root); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	lines, err := work(*root, *check)
	for _, line := range lines {
		fmt.Fprintln(stdout, line)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, err)
	case *check && len(lines) > 0:
		fmt.Fprintln(stderr, remedy(*root))
	default:
		return 0
	}
	return 1
}

func work(root string, check bool) ([]string, error) {
	switch {
	case root == "" && check:
		return gen.StalePackage(".")
	case root == "":
		return gen.WritePackage(".")
	case check:
		return gen.Stale(root)
	}
	return gen.Write(root)
}

// rules holds package ops to what generated code does not need and readers do.
func rules(root string) error {
	cfg, err := gen.Load(root)
	if err != nil {
		return err
	}
	return gen.Check(cfg)
}

func remedy(root string) string {
	if root == "" {
		return "run: go generate"
	}
	return "run: make generate"
}
