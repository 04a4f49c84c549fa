package flow_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// signalChild is set in the process that is sent the signals.
const signalChild = "STREAMZ_SIGNAL_CHILD"

// TestRunUntilSignal_process sends signals to a process of its own.
func TestRunUntilSignal_process(t *testing.T) {
	if how := os.Getenv(signalChild); how != "" {
		signalledMain(how)
	}
	for how, want := range map[string]string{
		"drains": "batch of 3, <nil>",
		"deaf":   "killed",
	} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunUntilSignal_process$")
			cmd.Env = append(os.Environ(), signalChild+"="+how)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var said []string
			lines := bufio.NewScanner(out)
			for lines.Scan() {
				switch line := lines.Text(); line {
				case "ready", "stuck", "told": // each of them asks for a signal
					if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
						t.Error(err)
					}
				default:
					said = append(said, line)
				}
			}
			err = cmd.Wait()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM {
				said = append(said, "killed")
			}
			if got := strings.Join(said, ", "); got != want {
				t.Errorf("it said %q, want %q: %v", got, want, err)
			}
		})
	}
}

// signalledMain is the program that is sent the signals.
func signalledMain(how string) {
	src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		for i := range 3 {
			if err := emit(i); err != nil {
				return err
			}
		}
		fmt.Println("ready")
		<-ctx.Done()
		return ctx.Err()
	})
	job := src.Batch(100, time.Hour).ForEach(func(ctx context.Context, b []int) error {
		if how == "deaf" {
			fmt.Println("stuck") // the second signal
			<-ctx.Done()
			for range 100 { // as many as it takes for signals to be let go
				fmt.Println("told")
				time.Sleep(100 * time.Millisecond)
			}
		}
		fmt.Printf("batch of %d\n", len(b))
		return nil
	})
	fmt.Println(flow.RunUntilSignal(context.Background(), job, 0, quiet))
	os.Exit(0)
}
