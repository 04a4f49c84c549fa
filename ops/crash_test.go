package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/go-streamz/streamz/ops"
)

// crashEnv names the program that the test binary runs in place of the tests.
const crashEnv = "OPS_CRASH_PROGRAM"

// crashPrograms are run in a process of their own, because they may end it.
func crashPrograms() map[string]func() {
	programs := map[string]func(){
		"panic in End": func() { runGatherer(&panicky{end: true}) },
		startPanics:    func() { runGatherer(&panicky{start: true}) },
		closePanics:    func() { runGatherer(&panicky{close: true}) },
		handlerPanics:  runPanickyHandler,
	}
	for i, s := range subjects {
		if s.callsUser() {
			programs[crashName(i, s)] = func() { s.crash(deliberatePanic) }
		}
	}
	return programs
}

// crashName is unique: some processors are several subjects.
func crashName(i int, s conformer) string { return fmt.Sprint(s.label(), " ", i) }

const (
	startPanics   = "panic in Start"
	closePanics   = "panic in Close"
	handlerPanics = "panic in an OnError handler with a supervisor"
)

func runPanickyHandler() {
	p := ops.NewTryMapper(oddFails).OnError(func(context.Context, *ops.ItemError) { deliberatePanic() })
	collect(p.Process(ops.WithSupervisor(context.Background(), new(listener)), feed(1)))
	for runtime.NumGoroutine() > 1 { // until the processor's has ended, one way or the other
		runtime.Gosched()
	}
}

func runGatherer(p *panicky) {
	collect(ops.Gather(p).Process(context.Background(), feed(1, 2)))
}

// panicky is a gatherer that panics in one of its methods.
type panicky struct{ start, end, close bool }

func (p *panicky) Start(context.Context) (ops.Pusher[int, int], error) {
	if p.start {
		deliberatePanic()
	}
	return p, nil
}

func (p *panicky) Push(_ context.Context, v int, emit func(int) error) error { return emit(v) }

func (p *panicky) End(context.Context, func(int) error) error {
	if p.end {
		deliberatePanic()
	}
	return nil
}

func (p *panicky) Close(error) error {
	if p.close {
		deliberatePanic()
	}
	return nil
}

// runProgram runs one of crashPrograms and gives its exit code and its stderr.
func runProgram(t *testing.T, name string) (code int, stderr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashEnv+"="+name)
	var buf bytes.Buffer
	cmd.Stderr = &buf
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), buf.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, buf.String()
}

// containsFunc tells whether a stack shows a function of this package.
func containsFunc(stack []byte, name string) bool {
	return bytes.Contains(stack, []byte("ops_test."+name+"("))
}

// Without a supervisor a panic ends the program, with the stack of the function that
// panicked.
func TestPanicWithoutSupervisorCrashes(t *testing.T) {
	names := []string{"panic in End"}
	for i, s := range subjects {
		if s.callsUser() {
			names = append(names, crashName(i, s))
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stderr := runProgram(t, name)
			if code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !containsFunc([]byte(stderr), "deliberatePanic") {
				t.Errorf("stderr does not show the function that panicked:\n%s", stderr)
			}
		})
	}
}
