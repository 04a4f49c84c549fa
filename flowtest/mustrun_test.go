package flowtest_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/flowtest"
)

func TestMustRun(t *testing.T) {
	var line int
	unused := func() []string {
		return []string{fmt.Sprintf("flowtest: the flow of mustrun_test.go:%d was never run", line)}
	}
	none := func() []string { return nil }
	for name, tt := range map[string]struct {
		test func(fake testing.TB)
		want func() []string
	}{
		"never run": {func(fake testing.TB) {
			_, line = flowtest.MustRun(fake, flow.Of(1)), here()
		}, unused},
		"others made of it, never run": {func(fake testing.TB) {
			var f flow.Flow[int]
			f, line = flowtest.MustRun(fake, flow.Of(1)), here()
			_ = f.Async(1).Discard()
		}, unused},
		"run": {func(fake testing.TB) {
			got, err := flowtest.MustRun(fake, flow.Of(1, 2)).Collect(t.Context())
			if diff := cmp.Diff([]int{1, 2}, got); diff != "" || err != nil {
				t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
			}
		}, none},
		"another made of it run, twice": {func(fake testing.TB) {
			f := flowtest.MustRun(fake, flow.Of(1))
			if n, err := flow.Concat(f.Async(1), f.Skip(1)).Count(t.Context()); n != 1 || err != nil {
				t.Errorf("Count() = %d, %v, want 1", n, err)
			}
		}, none},
	} {
		t.Run(name, func(t *testing.T) {
			got := failuresOf(tt.test)
			if diff := cmp.Diff(tt.want(), got); diff != "" {
				t.Errorf("failures mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// here gives the line of its caller.
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

func TestMustRun_isNoStage(t *testing.T) {
	var report flow.Report
	f := flowtest.MustRun(t, flow.Of(1, 2).Skip(1))
	if err := f.Async(1).Take(1).Run(t.Context(), flow.WithReport(&report)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range report.Stages {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"items", "skip", "take", "discard"}, names); diff != "" || !report.Balanced() {
		t.Errorf("balanced: %t, stages mismatch (-want +got):\n%s", report.Balanced(), diff)
	}
	for name, f := range map[string]flow.Flow[int]{"a name": f.Named("x"), "a policy": f.OnError(flow.Skip())} {
		failed, ok := errors.AsType[*flow.ConfigError](f.Run(t.Context()))
		if !ok || failed.Field != "flow" {
			t.Errorf("with %s the error is %v, want a *ConfigError for the flow", name, failed)
		}
	}
}
