package flowtest

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// MustRun gives the flow, and fails the test with the file:line of the call if it has ended
// and neither this flow nor any that was made of it has been run.
//
// It is no stage: names and policies are given to the flow before it.
func MustRun[T any](t testing.TB, f flow.Flow[T]) flow.Flow[T] {
	t.Helper()
	w := &witness[T]{}
	at := "an unknown line"
	if _, file, line, ok := runtime.Caller(1); ok {
		at = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	t.Cleanup(func() {
		t.Helper()
		if !w.ran.Load() {
			t.Errorf("flowtest: the flow of %s was never run", at)
		}
	})
	return f.Then(w)
}

// witness sees that it is wired into a run, and leaves nothing of itself there.
type witness[T any] struct{ ran atomic.Bool }

// Name is "must-run".
func (w *witness[T]) Name() string { return "must-run" }

// Process is not called: flows ask Kernel.
func (w *witness[T]) Process(_ context.Context, in <-chan T) <-chan T {
	w.ran.Store(true)
	return in
}

// Kernel describes the witness to flows.
func (w *witness[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: w, Name: w.Name(), Op: "MustRun", Connect: w.connect}
}

func (w *witness[T]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
	w.ran.Store(true)
	if site.Name != "" || site.Policy != nil {
		seg.Run().Misused(site, w.Name(), &ops.ConfigError{Field: "flow", Want: "is no stage here: it can have no name and no policy"})
	}
	return seg, down
}
