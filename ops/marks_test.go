package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// signals is a source of items and signals.
type signals func(out flow.Emitter[int]) error

func (s signals) Stream(_ context.Context, out flow.Emitter[int]) error { return s(out) }

// marked is a processor that writes down the items and the watermarks that come to it.
func marked(log *[]string) ops.Processor[int, int] { return &marking{log} }

type marking struct{ log *[]string }

func (m *marking) Name() string { return "marking" }

func (m *marking) Process(context.Context, <-chan int) <-chan int { panic("it is fused") }

func (m *marking) Kernel() kernel.Spec[int, int] {
	return kernel.Spec[int, int]{Self: m, Name: m.Name(), Op: "Then", Books: kernel.Mapped, Start: m.start}
}

func (m *marking) start(_ *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
	return kernel.Port[int]{
		Push: func(v int) error {
			*m.log = append(*m.log, fmt.Sprint(v))
			return down.Push(v)
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.Watermark {
				*m.log = append(*m.log, fmt.Sprint("mark ", sig.Time.Unix()))
			}
			return down.Signal(sig)
		},
	}
}
