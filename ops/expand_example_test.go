package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// A display is fed at its own pace. While no reading comes it shows the last one.
func ExampleNewExpand() {
	type reading struct {
		Degrees int
		Stale   bool
	}
	readings := make(chan reading)
	out := ops.NewExpand(func(last reading) (reading, bool) {
		return reading{last.Degrees, true}, true
	}).Process(context.Background(), readings)
	readings <- reading{Degrees: 21}
	for range 3 {
		fmt.Println(<-out)
	}
	close(readings)
	// Output:
	// {21 false}
	// {21 true}
	// {21 true}
}

// What is made of an item may end: here after two.
func ExampleNewExpand_end() {
	type blink struct{ Name, Left string }
	names := make(chan blink)
	out := ops.NewExpand(func(last blink) (blink, bool) {
		if last.Left == "" {
			return blink{}, false
		}
		return blink{last.Name, last.Left[1:]}, true
	}).Process(context.Background(), names)
	for _, name := range []string{"a", "b"} {
		names <- blink{name, "!!"}
		for range 3 {
			fmt.Println(<-out)
		}
	}
	close(names)
	// Output:
	// {a !!}
	// {a !}
	// {a }
	// {b !!}
	// {b !}
	// {b }
}

func ExampleExpand_WithName() {
	fmt.Println(ops.NewExpand(func(last int) (int, bool) { return last, true }).WithName("hold").Name())
	// Output: hold
}
