package diag_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
)

// leave starts a goroutine that ends with ctx, and says when it runs.
func leave(ctx context.Context, running chan<- struct{}) {
	go func() {
		running <- struct{}{}
		<-ctx.Done()
	}()
}

func TestGoroutinesOf(t *testing.T) {
	for name, tt := range map[string]struct {
		opts         []flow.Option
		own, started string // the stages that the labels know
	}{
		"by segment": {nil, "", ""},
		"by stage":   {[]flow.Option{flow.WithLeakCheck()}, "waits", "spawns"},
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			spawned := make(chan struct{}, 2)
			job := flow.Of(1, 2).Async(1).
				Tap(func(int) { leave(ctx, spawned) }).Named("spawns").
				ForEach(func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }).Named("waits")
			running := job.Start(t.Context(), append(tt.opts, audit(t))...)
			<-spawned
			synctest.Wait()
			all, err := diag.GoroutinesOf(running)
			if err != nil {
				t.Fatal(err)
			}
			var got []diag.Goroutines
			for _, g := range all {
				if !strings.Contains(g.String(), "diag/goroutines_test.go") && !strings.Contains(g.String(), "kernel/") {
					t.Errorf("%v: want the place of the goroutine\n%s", g, g.Stack)
				}
				g.Stack = ""
				got = append(got, g)
			}
			want := []diag.Goroutines{
				{Segment: "spawns", Stage: tt.own, Count: 1},
				{Segment: "spawns", Stage: tt.started, Count: 1, Started: true},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("GoroutinesOf() mismatch (-want +got):\n%s", diff)
			}
			running.Stop(nil)
			cancel()
			_ = running.Wait()
			synctest.Wait()
			if left, err := diag.GoroutinesOf(running.View); len(left) != 0 || err != nil {
				t.Errorf("after the end: %v, %v, want none", left, err)
			}
		})
	}
}
