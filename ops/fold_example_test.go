package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFold() {
	in := make(chan int, 3)
	in <- 10
	in <- -3
	in <- 5
	close(in)
	balance := ops.NewFold(100, func(sum, change int) int { return sum + change })
	for sum := range balance.Process(context.Background(), in) {
		fmt.Println(sum)
	}
	// Output: 112
}

// Each run counts into a map of its own.
func ExampleNewFoldFunc() {
	words := ops.NewFoldFunc(
		func() map[string]int { return map[string]int{} },
		func(counts map[string]int, word string) map[string]int {
			counts[word]++
			return counts
		},
	)
	for _, text := range [][]string{{"to", "be", "to"}, {"be"}} {
		in := make(chan string, len(text))
		for _, word := range text {
			in <- word
		}
		close(in)
		fmt.Println(<-words.Process(context.Background(), in))
	}
	// Output:
	// map[be:1 to:2]
	// map[be:1]
}
