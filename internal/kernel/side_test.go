package kernel_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// recorder is a sink that writes down what it gets, in a segment.
func recorder(seg *kernel.Segment, site kernel.Site, lines *[]string, pause time.Duration) (*kernel.Segment, kernel.Port[int]) {
	note := func(line string) error {
		*lines = append(*lines, line)
		time.Sleep(pause)
		return nil
	}
	spec := kernel.Spec[int, struct{}]{Name: "sink", Op: "Sink", Books: kernel.Absorbed, Blocks: true}
	spec.Start = func(s *kernel.Stage, _ kernel.Port[struct{}]) kernel.Port[int] {
		return kernel.Port[int]{
			Push:   func(v int) error { s.In++; return note(fmt.Sprint(v)) },
			Signal: func(sig kernel.Signal) error { _ = note(sig.Kind.String()); return s.Arrived(sig) },
		}
	}
	return kernel.Attach(seg, site, spec, kernel.Port[struct{}]{})
}

// besideLine runs a source into two recorders, one at the side.
func besideLine(
	t *testing.T, full kernel.Overflow, size int, pause time.Duration, wrap func(*kernel.Segment, kernel.Port[int]) (*kernel.Segment, kernel.Port[int]),
	source func(out kernel.Outlet[int]) error,
) (line, side []string) {
	run := newRun(t.Context(), clock.Real())
	seg, down := recorder(run.Last(), kernel.Site{}, &line, 0)
	seg, down = wrap(seg, down)
	w := kernel.Side[int]{Name: "also", Op: "Also", Size: size, Full: full}
	w.Wire = func(last *kernel.Segment, site kernel.Site) (*kernel.Segment, kernel.Port[int]) {
		return recorder(last, site, &side, pause)
	}
	seg, down = w.Join(seg, kernel.Site{}, down)
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error { return source(out) })
	execute(t, run, nil)
	return line, side
}

func unwrapped(seg *kernel.Segment, down kernel.Port[int]) (*kernel.Segment, kernel.Port[int]) {
	return seg, down
}

// TestSide_signals come to both ends, in order with the items.
func TestSide_signals(t *testing.T) {
	for full := kernel.Waits; full <= kernel.LosesOldest; full++ {
		synctest.Test(t, func(t *testing.T) {
			line, side := besideLine(t, full, 8, time.Millisecond, unwrapped, func(out kernel.Outlet[int]) error {
				_ = out.Emit(1)
				_ = out.Watermark(kernel.Signal{Kind: kernel.Flush})
				_ = out.Emit(2)
				_ = out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(1, 0)})
				_ = out.Barrier(nil)
				return out.Emit(3)
			})
			want := []string{"1", "flush", "2", "watermark", "barrier", "3", "end"}
			if diff := cmp.Diff([][]string{want, want}, [][]string{line, side}); diff != "" {
				t.Errorf("overflow %d mismatch (-want +got):\n%s", full, diff)
			}
		})
	}
}

// TestSide_endBehindManySignals: the end comes also where no room is for a further signal, and
// the line was dismissed while it waited for some.
func TestSide_endBehindManySignals(t *testing.T) {
	for full := kernel.Waits; full <= kernel.LosesOldest; full++ {
		synctest.Test(t, func(t *testing.T) {
			var heard []error
			start := time.Now()
			var ended time.Duration
			first := func(seg *kernel.Segment, down kernel.Port[int]) (*kernel.Segment, kernel.Port[int]) {
				// Takes one item, after a second.
				up, end := kernel.Boundary(seg, 4, kernel.Port[int]{
					Push: func(v int) error {
						time.Sleep(time.Second)
						_ = down.Push(v)
						_ = down.Signal(kernel.Signal{Kind: kernel.End})
						return kernel.ErrStop
					},
					Signal: down.Signal,
				})
				return up, end
			}
			line, side := besideLine(t, full, 8, time.Minute, first, func(out kernel.Outlet[int]) error {
				defer func() { ended = time.Since(start) }()
				for range 10 { // more than the side gets in a second
					if err := out.Emit(1); err != nil {
						return err
					}
					for range 20 {
						if err := out.Barrier(func(err error) { heard = append(heard, err) }); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if len(line) != 2 || side[len(side)-1] != "end" || len(heard) == 0 || ended != time.Second {
				t.Errorf("overflow %d: the line got %v, the side %v, barriers %v, the source ended after %v", full, line, side, heard, ended)
			}
			for _, err := range heard {
				if err != kernel.ErrStop {
					t.Errorf("overflow %d: a barrier that did not come down the line has %v", full, err)
				}
			}
		})
	}
}

// TestSide_books: both edges have their own numbers, also where one has ended.
func TestSide_books(t *testing.T) {
	for full := kernel.Waits; full <= kernel.LosesOldest; full++ {
		synctest.Test(t, func(t *testing.T) {
			run := newRun(t.Context(), clock.Real())
			seg, down := sink(run, func(int) error { return nil }, func(kernel.Signal) error { return nil })
			w := kernel.Side[int]{Name: "also", Op: "Also", Size: 2, Full: full}
			w.Wire = func(last *kernel.Segment, site kernel.Site) (*kernel.Segment, kernel.Port[int]) {
				return last, kernel.Port[int]{Push: func(int) error { return kernel.ErrStop }}
			}
			seg, down = w.Join(seg, kernel.Site{}, down)
			feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
				_ = out.Emit(1)
				time.Sleep(time.Second)
				return out.Emit(2)
			})
			execute(t, run, nil)
			for _, s := range run.Stages() {
				if c := s.Final(); s.Op() == "Also" && (c.In != 2 || c.Passed != 2 || c.Out != 3) {
					t.Errorf("overflow %d: books %+v", full, c)
				}
			}
		})
	}
}
