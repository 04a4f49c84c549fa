// Plain is filescan with raw goroutines and channels, to compare with: see run in
// internal/plain.
//
//	go run ./filescan/plain some/folder
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/go-streamz/streamz/examples/filescan/internal/plain"
	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
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
	start := time.Now()
	s, err := plain.Run(ctx, os.DirFS(os.Args[1]), out, scan.Defaults())
	fmt.Printf("%d files, %d lines in %v, unreadable %d\n", s.Files, s.Lines, time.Since(start), s.Letters)
	if err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}
