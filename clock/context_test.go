package clock_test

import (
	"context"
	"testing"

	"github.com/go-streamz/streamz/clock"
)

func TestFrom(t *testing.T) {
	outer, inner := clock.NewFake(), clock.NewFake()
	bare := context.Background()
	carrying := clock.With(bare, outer)
	tests := map[string]struct {
		ctx  context.Context
		want clock.Clock
	}{
		"nothing carried is the real clock": {bare, clock.Real()},
		"the clock carried":                 {carrying, outer},
		"the innermost clock wins":          {clock.With(carrying, inner), inner},
		"nil stands for the real clock":     {clock.With(carrying, nil), clock.Real()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := clock.From(tt.ctx); tt.want != got {
				t.Errorf("From(): want %T %[1]p, got %T %[2]p", tt.want, got)
			}
		})
	}
}
