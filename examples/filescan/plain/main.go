// Plain is filescan with raw goroutines and channels, to compare with: see run in
// internal/plain.
//
//	go run ./filescan/plain some/folder
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/go-streamz/streamz/examples/filescan/internal/plain"
	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/internal/source"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: plain folder [folder for the results]")
		os.Exit(2)
	}
	out := "filescan-out"
	if len(os.Args) == 3 {
		out = os.Args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], out); err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, out string) error {
	tree, err := source.Tree(dir, out)
	if err != nil {
		return err
	}
	start := time.Now()
	s, err := plain.Run(ctx, tree, out, scan.Defaults())
	_, printed := fmt.Printf("%d files, %d lines in %v, unreadable %d\n", s.Files, s.Lines, time.Since(start), s.Letters)
	return errors.Join(err, printed)
}
