package main // a program has no exported surface

import (
	"context"
	"os"
	"syscall"
	"testing"
)

func TestRun_tells_by_which_signal_it_was_stopped(t *testing.T) {
	dir := folder(t)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		signal os.Signal
		code   int
		want   string
	}{
		{os.Interrupt, 130, "interrupt signal received"},
		{syscall.SIGTERM, 143, "terminated signal received"},
	} {
		ctx := untilSignal(os.Interrupt, syscall.SIGTERM)
		if err := self.Signal(test.signal); err != nil {
			t.Skip(err) // not on every system
		}
		<-ctx.Done()
		if err := context.Cause(ctx); err.Error() != test.want {
			t.Errorf("cause %q, want %q", err, test.want)
		}
		if code, _, stderr := runMain(ctx, dir, t.TempDir(), dir); code != test.code {
			t.Errorf("exit code %d, stderr %q, want %d", code, stderr, test.code)
		}
	}
}
