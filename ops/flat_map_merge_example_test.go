package ops_test

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/go-streamz/streamz/ops"
)

// Two pages are read at once, and what is on them counted.
func ExampleNewFlatMapMerge() {
	pages := map[string]string{"/a": "one two", "/b": "three", "/c": "four five six"}
	words := func(ctx context.Context, path string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for word := range strings.FieldsSeq(pages[path]) {
				if !yield(word, ctx.Err()) {
					return
				}
			}
		}
	}
	n := 0
	for range ops.NewFlatMapMerge(2, words).Process(context.Background(), feed("/a", "/b", "/c")) {
		n++
	}
	fmt.Println(n)
	// Output: 6
}

// What a sequence gave before it failed stays.
func ExampleFlatMapMerge_OnError() {
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
	p := ops.NewFlatMapMerge(1, digits).OnError(func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, e.Err) })
	fmt.Println(string(collect(p.Process(context.Background(), feed("12x4")))))
	// Output:
	// 12x4 'x' is no digit
	// 12
}

func ExampleFlatMapMerge_WithName() {
	none := func(context.Context, int) iter.Seq2[int, error] { return nil }
	fmt.Println(ops.NewFlatMapMerge(1, none).WithName("crawl").Name())
	// Output: crawl
}
