package ops_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// misuse is a processor that cannot run as it was configured.
type misuse struct {
	name    string
	process func(t *testing.T)
	run     func(t *testing.T) error
	want    string
}

func newMisuse[In, Out any](name, want string, p ops.Processor[In, Out]) misuse {
	return misuse{
		name: name, want: want,
		process: func(t *testing.T) { p.Process(t.Context(), make(chan In)) },
		run: func(t *testing.T) error {
			_, err := flow.Empty[In]().Then(p).Collect(t.Context())
			return err
		},
	}
}

// misuses are those of all processors: the file that tests a processor adds its own.
var misuses []misuse

// misused adds to misuses.
func misused(all ...misuse) struct{} {
	misuses = append(misuses, all...)
	return struct{}{}
}

func TestMisuse(t *testing.T) {
	for _, m := range misuses {
		t.Run(m.name, func(t *testing.T) {
			value := thrown(func() { m.process(t) })
			err, _ := value.(error)
			wantConfigError(t, "streamz: "+m.want, err)

			err = m.run(t)
			wantConfigError(t, place(t, err)+": "+m.want, err)
		})
	}
}

func wantConfigError(t *testing.T, want string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*ops.ConfigError](err); !ok {
		t.Errorf("got %v, want a ConfigError", err)
	}
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("text mismatch (-want +got):\n%s", diff)
	}
}

// place is where a flow says that the builder call stands.
func place(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*ops.ConfigError](err)
	if !ok || e.At == "" {
		t.Errorf("got %v, want a ConfigError with a place", err)
		return ""
	}
	return e.At
}

func TestMisusesAreAllTold(t *testing.T) {
	config := ops.BatchConfig{MaxSize: -1}
	p := ops.NewBatcher[int](config, nil, nil)
	value := thrown(func() { p.Process(t.Context(), make(chan int)) })
	err, _ := value.(error)
	want := "streamz: batcher: clock must be given once at most, got 2\nstreamz: batcher: size must not be negative, got -1"
	wantConfigError(t, want, err)
}

// The value keeps the misuse when an option makes a copy of it.
func TestMisuseSurvivesOptions(t *testing.T) {
	p := ops.NewTake[int](-1).WithDrain().WithName("page")
	if thrown(func() { p.Process(t.Context(), make(chan int)) }) == nil {
		t.Error("Process() did not panic")
	}
}
