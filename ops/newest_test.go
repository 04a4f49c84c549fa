package ops_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// holders are the processors that hold the newest item, here for a minute.
func holders() map[string]ops.Processor[int, int] {
	return map[string]ops.Processor[int, int]{
		"throttle-latest": ops.NewThrottleLatest[int](time.Minute),
		"sample-every":    ops.NewSampleEvery[int](time.Minute),
		"debounce":        ops.NewDebounce[int](time.Minute),
	}
}

// What is held when the context ends is counted as held, and not sent.
func TestHoldersCancel(t *testing.T) {
	for name, p := range holders() {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
				_ = script[int]{{0, ints(3)}}.play(ctx, virtualTime(), emit)
				settle()
				cancel(errCause)
				return ctx.Err()
			})
			var r flow.Report
			got, err := src.Then(p).Collect(ctx, flow.WithReport(&r))
			if len(got) > 0 || err != errCause || !r.Balanced() {
				t.Errorf("%v, error %v, want nothing and %v\n%v", got, err, errCause, r)
			}
			if diff := cmp.Diff(column{In: 3, Dropped: 2, Held: 1}, columnOf(t, r, name)); diff != "" {
				t.Errorf("books mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// signalling plays what it stands for, and lets all settle after each step.
type signalling func(ctx context.Context, out flow.Emitter[int]) []func() error

func (s signalling) Stream(ctx context.Context, out flow.Emitter[int]) error {
	for _, step := range s(ctx, out) {
		if err := step(); err != nil {
			return err
		}
		synctest.Wait()
	}
	return nil
}

// hearing passes everything on and notes it.
type hearing struct{ notes []string }

func (h *hearing) Name() string { return "hearing" }

func (h *hearing) Process(ctx context.Context, in <-chan int) <-chan int {
	return ops.Drive(ctx, in, h.Kernel())
}

func (h *hearing) Kernel() kernel.Spec[int, int] {
	note := func(format string, args ...any) { h.notes = append(h.notes, fmt.Sprintf(format, args...)) }
	return kernel.Spec[int, int]{
		Self: h, Name: "hearing", Op: "Hearing", Books: kernel.Mapped,
		Start: func(_ *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
			return kernel.Port[int]{
				Push: func(v int) error {
					note("item %d", v)
					return down.Push(v)
				},
				Signal: func(sig kernel.Signal) error {
					if sig.Kind == kernel.Watermark {
						note("watermark %d", sig.Time.Unix())
					} else {
						note("%v", sig.Kind)
					}
					return down.Signal(sig)
				},
			}
		},
	}
}

// A watermark waits for the item before it, be that emitted or dropped; a barrier does not
// let it wait.
func TestHoldersSignals(t *testing.T) {
	for name, p := range holders() {
		bubble(t, name, func(t *testing.T) {
			heard, done := new(hearing), 0
			src := signalling(func(ctx context.Context, out flow.Emitter[int]) []func() error {
				item := func(v int) func() error {
					return func() error { heard.notes = append(heard.notes, "send"); return out.Emit(v) }
				}
				mark := func(n int64) func() error { return func() error { return out.Watermark(time.Unix(n, 0)) } }
				barrier := func() error { return out.Barrier(func(error) { done++ }) }
				wait := func() error { time.Sleep(time.Minute); return nil }
				return []func() error{
					mark(0), item(1), mark(1), mark(2), item(2), mark(3), wait, item(3), mark(4), barrier, mark(5), item(4), mark(6),
				}
			})
			var r flow.Report
			err := flow.FromSignals(src).Then(p).Then(heard).Run(t.Context(), flow.WithReport(&r))
			want := []string{
				"watermark 0", "send", "send", "watermark 2", "item 2", "watermark 3",
				"send", "item 3", "watermark 4", "barrier", "watermark 5", "send", "item 4", "watermark 6", "end",
			}
			if diff := cmp.Diff(want, heard.notes); diff != "" || err != nil || done != 1 || !r.Balanced() {
				t.Errorf("error %v, %d barriers are done, mismatch (-want +got):\n%s\n%v", err, done, diff, r)
			}
		})
	}
}
