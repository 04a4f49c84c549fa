package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-streamz/streamz/examples/filescan/internal/plain"
	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// program is what both the flow and its plain twin are.
type program func(ctx context.Context, tree fs.FS, folder string, o scan.Options) (scan.Summary, error)

func flowProgram(ctx context.Context, tree fs.FS, folder string, o scan.Options) (scan.Summary, error) {
	out, err := runFlow(ctx, tree, folder, o, nil, slog.New(slog.DiscardHandler))
	return out.summary, err
}

// comparison times the flow and the plain program in turn, and prints the best of each and
// their ratio. Both write all their results, to folders in that of the results, which are
// removed: what lies there is not read.
func (s settings) comparison(ctx context.Context, stdout io.Writer) (err error) {
	folder, err := os.MkdirTemp(s.out, "compare")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	programs := []program{flowProgram, plain.Run}
	best := make([]time.Duration, len(programs))
	sums := make([]scan.Summary, len(programs))
	for range s.compare {
		for i, p := range programs {
			runtime.GC() // neither pays for what the other has left
			start := time.Now()
			if sums[i], err = p(ctx, s.tree, filepath.Join(folder, fmt.Sprint(i)), s.Options); err != nil {
				return err
			}
			if took := time.Since(start); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	if diffs := scan.Differences(sums[0], sums[1]); diffs != nil {
		return fmt.Errorf("the flow and the plain program differ: %s", diffs)
	}
	_, err = fmt.Fprintf(stdout, "\ncompared: flow %v, raw channels %v, ratio %.2f (best of %d each, in turn)\n",
		best[0].Round(time.Millisecond), best[1].Round(time.Millisecond), best[1].Seconds()/best[0].Seconds(), s.compare)
	return err
}
