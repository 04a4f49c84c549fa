package main

import (
	"context"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// progress shows how much of a tree was read. The nil progress shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress begins a bar on w, if that is a terminal and may be written to.
func newProgress(ctx context.Context, tree fs.FS, w io.Writer, quiet bool) *progress {
	file, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return barOn(w, scan.Bytes(ctx, tree))
}

// barOn begins a bar for so many bytes.
func barOn(w io.Writer, total int64) *progress {
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("filescan"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// read is told of bytes that were read. That the bar cannot be drawn is no reason to stop.
func (p *progress) read(bytes int) {
	if p != nil {
		_ = p.bar.Add(bytes)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
