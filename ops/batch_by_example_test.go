package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// The lines of a log that is in order, by day.
func ExampleNewBatchBy() {
	in := make(chan string, 3)
	for _, line := range []string{"Mon start", "Mon stop", "Tue start"} {
		in <- line
	}
	close(in)
	byDay := ops.NewBatchBy(func(line string) string { return line[:3] })
	for lines := range byDay.Process(context.Background(), in) {
		fmt.Printf("%q\n", lines)
	}
	// Output:
	// ["Mon start" "Mon stop"]
	// ["Tue start"]
}

func ExampleBatchBy_WithMaxSize() {
	in := make(chan int, 5)
	for n := range 5 {
		in <- n
	}
	close(in)
	small := ops.NewBatchBy(func(n int) bool { return n < 3 }).WithMaxSize(2)
	for batch := range small.Process(context.Background(), in) {
		fmt.Println(batch)
	}
	// Output:
	// [0 1]
	// [2]
	// [3 4]
}
