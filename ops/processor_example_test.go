package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

// Whatever takes a Processor works with all of them.
func ExampleProcessor() {
	run := func(p ops.Processor[int, int]) {
		in := make(chan int, 3)
		for n := range 3 {
			in <- n
		}
		close(in)
		for n := range p.Process(context.Background(), in) {
			fmt.Println(p.Name(), n)
		}
	}
	run(ops.NewMapper(func(n int) int { return n * n }))
	run(ops.NewSkip[int](1))
	// Output:
	// mapper 0
	// mapper 1
	// mapper 4
	// skip 1
	// skip 2
}

func ExampleProcessorFunc() {
	negate := ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		out := make(chan int)
		go func() {
			defer close(out)
			for {
				select {
				case n, ok := <-in:
					if !ok {
						return
					}
					select {
					case out <- -n:
					case <-ctx.Done():
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}()
		return out
	})
	in := make(chan int, 2)
	in <- 1
	in <- 2
	close(in)
	for n := range negate.Process(context.Background(), in) {
		fmt.Println(negate.Name(), n)
	}
	// Output:
	// processor-func -1
	// processor-func -2
}

// alarm ends a program's streams when one of them fails.
type alarm struct{ cancel context.CancelCauseFunc }

func (a alarm) ItemFailed(_ context.Context, e *ops.ItemError) { fmt.Println("item failed:", e) }

func (a alarm) Failed(err error) { a.cancel(err) }

func ExampleWithSupervisor() {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ctx = ops.WithSupervisor(ctx, alarm{cancel})

	in := make(chan string, 3)
	in <- "one"
	in <- "2"
	in <- "0"
	close(in)
	numbers := ops.NewTryMapper(strconv.Atoi).WithName("parse").Process(ctx, in)
	shares := ops.NewMapper(func(n int) int { return 100 / n }).WithName("share").Process(ctx, numbers)
	for share := range shares {
		fmt.Println(share)
	}
	fmt.Println(context.Cause(ctx))
	// Output:
	// item failed: parse: strconv.Atoi: parsing "one": invalid syntax
	// 50
	// share: panic: runtime error: integer divide by zero
}

func ExamplePanicError() {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	in := make(chan int, 1)
	in <- 1
	close(in)
	broken := ops.NewTap(func(int) { panic(errors.New("no such table")) })
	for range broken.Process(ops.WithSupervisor(ctx, alarm{cancel}), in) {
		continue
	}
	if e, ok := errors.AsType[*ops.PanicError](context.Cause(ctx)); ok {
		fmt.Println(e.Processor, "panicked with", e.Value, "and the stack is known:", len(e.Stack) > 0)
	}
	// Output: tap panicked with no such table and the stack is known: true
}

// A processor of your own reports what ends it.
func ExampleSupervisorFrom() {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if sup, ok := ops.SupervisorFrom(ops.WithSupervisor(ctx, alarm{cancel})); ok {
		sup.Failed(errors.New("connection lost"))
	}
	fmt.Println(context.Cause(ctx))
	// Output: connection lost
}

func ExampleConfigError() {
	defer func() {
		err, _ := recover().(error)
		if e, ok := errors.AsType[*ops.ConfigError](err); ok {
			fmt.Println(e.Stage, e.Field, e.Value)
			fmt.Println(e)
		}
	}()
	ops.NewTake[int](-1).Process(context.Background(), make(chan int))
	// Output:
	// take count -1
	// streamz: take: count must not be negative, got -1
}

// A context can carry the clock for all processors that run with it.
func ExampleClock() {
	var c ops.Clock = clock.NewFake()
	ctx := clock.With(context.Background(), c)
	fmt.Println(clock.From(ctx).Now().Year())
	// Output: 2000
}
