package flow // to see what Workers remember

import (
	"context"
	"testing"
)

// TestWorkers_forgetRuns that are over, or were only planned.
func TestWorkers_forgetRuns(t *testing.T) {
	w := NewWorkers(1, 4)
	job := Of(1, 2, 3).AsyncForEach(2, func(_ context.Context, _ int) error {
		if len(w.used) != 1 {
			t.Errorf("%d stages are known while one runs", len(w.used))
		}
		return nil
	}).Scaled(Manual(w))
	if _, err := job.Plan(); err != nil || len(w.used) != 0 {
		t.Errorf("Plan() = %v, and %d stages are known after it", err, len(w.used))
	}
	if err := job.Run(t.Context()); err != nil || len(w.used) != 0 {
		t.Errorf("Run() = %v, and %d stages are known after it", err, len(w.used))
	}
}
