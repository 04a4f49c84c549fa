package ops_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("mapper", 1, ints(6), referenceMap(double), mapper(func() {}), mapper, randomInts))

var _ = misused(newMisuse("mapper without function", "mapper: function must not be nil", ops.NewMapper[int, int](nil)))

var _ = chained(func(n int, before func()) link { return link{"map", mapper(before), referenceMap(double), true} })

func TestMapper(t *testing.T) {
	type point struct{ X, Y int }
	bubble(t, "the type may change", func(t *testing.T) {
		check(t, []string{"1", "2", "3"}, ints(3), func() ops.Processor[int, string] { return ops.NewMapper(strconv.Itoa) })
	})
	bubble(t, "structs", func(t *testing.T) {
		swap := func(p point) point { return point{p.Y, p.X} }
		check(t, []point{{2, 1}, {4, 3}}, []point{{1, 2}, {3, 4}}, func() ops.Processor[point, point] { return ops.NewMapper(swap) })
	})
	bubble(t, "a chain over channels", func(t *testing.T) {
		p := ops.NewMapper(double)
		want := []int{8, 16, 24}
		got := collect(p.Process(t.Context(), p.Process(t.Context(), p.Process(t.Context(), feed(ints(3)...)))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "one call at a time on one goroutine", func(t *testing.T) {
		callers := make(map[string]int) // the race detector sees a second goroutine too
		p := ops.NewTap(func(int) { callers[goroutine()]++ })
		collect(p.Process(t.Context(), feed(ints(20)...)))
		if len(callers) != 1 {
			t.Errorf("called on %v, want one goroutine", callers)
		}
	})
}

func TestMapperRegressions(t *testing.T) {
	bubble(t, "mapper-idle-cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewMapper(double).Process(ctx, make(chan int))
		wantOpen(t, out)
		cancel()
		wantClosed(t, out)
	})
	bubble(t, "the output closes although a producer keeps offering", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, stop := make(chan int), make(chan struct{})
		go func() {
			for {
				select {
				case in <- 1:
				case <-stop:
					return
				}
			}
		}()
		out := ops.NewMapper(double).Process(ctx, in)
		for range 3 {
			wantNext(t, out)
		}
		cancel()
		wantClosed(t, out)
		close(stop)
	})
}
