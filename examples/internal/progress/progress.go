// Package progress shows how much of a long piece of work is done.
package progress

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar shows how many bytes of a total are done with. The nil Bar shows nothing. Its methods
// may be called by several goroutines at once.
type Bar struct{ bar *progressbar.ProgressBar }

// New begins a bar on w, if that is a terminal and quiet is not asked for. Only then is
// total called.
func New(w io.Writer, title string, quiet bool, total func() int64) *Bar {
	file, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return On(w, title, total())
}

// On begins a bar for so many bytes, whatever w is.
func On(w io.Writer, title string, total int64) *Bar {
	return &Bar{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(title),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// Add tells of bytes that are done with. That the bar cannot be drawn is no reason to stop.
func (b *Bar) Add(bytes int) {
	if b != nil {
		_ = b.bar.Add(bytes)
	}
}

// End takes the bar away.
func (b *Bar) End() {
	if b != nil {
		_ = b.bar.Clear()
	}
}
