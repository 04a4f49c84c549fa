package ops_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-streamz/streamz/ops"
)

// Whoever watches the price of one thing looks at another, and then closes the window.
func ExampleNewSwitchMap() {
	watched := make(chan string)
	prices := func(ctx context.Context, name string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			if yield(name+" costs 7", nil) && name != "pear" {
				<-ctx.Done() // nothing new until another is looked at
			}
		}
	}
	out := ops.NewSwitchMap(prices).Process(context.Background(), watched)
	for _, name := range []string{"apple", "pear"} {
		watched <- name
		fmt.Println(<-out)
	}
	close(watched)
	fmt.Println(len(collect(out)), "more")
	// Output:
	// apple costs 7
	// pear costs 7
	// 0 more
}

// What a sequence gave before it failed stays.
func ExampleSwitchMap_OnError() {
	digits := func(_ context.Context, s string) iter.Seq2[rune, error] {
		return func(yield func(rune, error) bool) {
			for _, r := range s {
				if r < '0' || r > '9' {
					yield(0, fmt.Errorf("%q is no digit", r))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	p := ops.NewSwitchMap(digits).OnError(func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, e.Err) })
	fmt.Println(string(collect(p.Process(context.Background(), feed("12x4")))))
	// Output:
	// 12x4 'x' is no digit
	// 12
}

func ExampleSwitchMap_WithName() {
	none := func(context.Context, int) iter.Seq2[int, error] { return nil }
	fmt.Println(ops.NewSwitchMap(none).WithName("search").Name())
	// Output: search
}
