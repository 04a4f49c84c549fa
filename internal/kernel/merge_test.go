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

// TestMerge_watermarks: what goes down is the earliest of those that still run, when it
// rises. A step is what an input does at its second.
func TestMerge_watermarks(t *testing.T) {
	type step struct {
		input, mark int // mark 0 is the end, a negative one that of an idle stream
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{"none before all have one", []step{{0, 5}, {0, 7}, {1, 3}, {0, 0}, {1, 0}}, []string{"watermark 3"}},
		{"the earliest rises", []step{{0, 5}, {1, 3}, {1, 4}, {1, 9}, {0, 6}, {1, 0}, {0, 0}}, []string{"watermark 3", "watermark 4", "watermark 5", "watermark 6"}},
		{"it does not fall", []step{{0, 5}, {1, 5}, {1, 4}, {0, 5}, {1, 0}, {0, 0}}, []string{"watermark 5"}},
		{"who has ended holds nothing back", []step{{0, 5}, {1, 3}, {1, 0}, {0, 0}}, []string{"watermark 3", "watermark 5"}},
		{"who ends without one, too", []step{{0, 5}, {1, 0}, {0, 6}, {0, 0}}, []string{"watermark 5", "watermark 6"}},
		{"who is last counts no more", []step{{0, 5}, {1, 3}, {0, 0}, {1, 0}}, []string{"watermark 3"}},
		{"who is idle holds nothing back", []step{{0, 5}, {1, -3}, {0, 6}, {1, 0}, {0, 0}}, []string{"watermark 5", "watermark 6"}},
		{"and does again when it is idle no more", []step{{0, 5}, {1, -3}, {1, 7}, {0, 9}, {1, 0}, {0, 0}}, []string{"watermark 5", "watermark 7", "watermark 9"}},
		{"all are idle together, at the latest of theirs", []step{{0, -5}, {1, -3}, {1, 4}, {0, 0}, {1, 0}}, []string{"idle 5", "watermark 5"}},
		{"who is left is idle", []step{{0, -5}, {1, 7}, {1, 0}, {0, 0}}, []string{"watermark 7", "idle 7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				run := newRun(t.Context(), clock.Real())
				seg, down := sink(run, func(int) error { return nil }, func(sig kernel.Signal) error {
					line := sig.Kind.String()
					if sig.Idle > 0 {
						line = "idle"
					}
					if sig.Kind == kernel.Watermark {
						line += fmt.Sprint(" ", sig.Time.Unix())
					}
					got = append(got, line)
					return nil
				})
				input := func(i int) func(*kernel.Segment, kernel.Port[int]) {
					return func(seg *kernel.Segment, down kernel.Port[int]) {
						feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
							for _, s := range c.steps {
								time.Sleep(time.Second)
								switch {
								case s.input != i:
								case s.mark == 0:
									return nil
								default:
									sig := kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(int64(max(s.mark, -s.mark)), 0)}
									if s.mark < 0 {
										sig.Idle = 1
									}
									if err := out.Watermark(sig); err != nil {
										return err
									}
								}
							}
							return nil
						})
					}
				}
				kernel.Merge(seg, down, []func(*kernel.Segment, kernel.Port[int]){input(0), input(1)})
				execute(t, run, nil)
				if diff := cmp.Diff(append(c.want, "end"), got); diff != "" {
					t.Errorf("signals mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}
