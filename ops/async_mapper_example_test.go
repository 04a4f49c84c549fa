package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/ops"
)

// fetch stands for a request that takes a while.
func fetch(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", errors.New("no path")
	}
	return "content of " + path, ctx.Err()
}

// pages is a closed channel with the paths.
func pages(paths ...string) <-chan string {
	in := make(chan string, len(paths))
	for _, path := range paths {
		in <- path
	}
	close(in)
	return in
}

func ExampleNewAsyncMapper() {
	for page := range ops.NewAsyncMapper(fetch).Process(context.Background(), pages("/a", "/b", "/c")) {
		fmt.Println(page)
	}
	// Output:
	// content of /a
	// content of /b
	// content of /c
}

// Calls run side by side: each of these waits for the other.
func ExampleAsyncMapper_WithWorkers() {
	met := make(chan struct{})
	meet := func(ctx context.Context, path string) (string, error) {
		select {
		case met <- struct{}{}:
		case <-met:
		}
		return path, nil
	}
	for path := range ops.NewAsyncMapper(meet).WithWorkers(2).Process(context.Background(), pages("/a", "/b")) {
		fmt.Println(path)
	}
	// Output:
	// /a
	// /b
}

// The first call waits for the second, whose result comes first then.
func ExampleAsyncMapper_WithOrdered() {
	done := make(chan struct{})
	p := ops.NewAsyncMapper(func(ctx context.Context, path string) (string, error) {
		if path == "/slow" {
			<-done
		}
		return path, nil
	}).WithWorkers(2).WithOrdered(false)
	for path := range p.Process(context.Background(), pages("/slow", "/fast")) {
		fmt.Println(path)
		if path == "/fast" {
			close(done)
		}
	}
	// Output:
	// /fast
	// /slow
}

// With a buffer of 2 no third item is read before the first result is taken.
func ExampleAsyncMapper_WithBufferSize() {
	in := make(chan string)
	out := ops.NewAsyncMapper(fetch).WithWorkers(2).WithBufferSize(2).Process(context.Background(), in)
	in <- "/a"
	in <- "/b"
	fmt.Println(<-out)
	close(in)
	fmt.Println(<-out)
	// Output:
	// content of /a
	// content of /b
}

// The handler is called for one item at a time, so it needs no lock of its own.
func ExampleAsyncMapper_OnError() {
	failed := 0
	p := ops.NewAsyncMapper(fetch).OnError(func(_ context.Context, e *ops.ItemError) {
		failed++
	})
	for page := range p.Process(context.Background(), pages("/a", "", "/c", "")) {
		fmt.Println(page)
	}
	fmt.Println("failed:", failed)
	// Output:
	// content of /a
	// content of /c
	// failed: 2
}

// Items of one host come in their order, and are never fetched at once.
func ExampleNewAsyncMapperKeyed() {
	host := func(url string) string {
		name, _, _ := strings.Cut(url, "/")
		return name
	}
	var first []string
	for page := range ops.NewAsyncMapperKeyed(host, fetch).Process(context.Background(), pages("one/a", "two/a", "one/b", "two/b")) {
		if strings.Contains(page, "one/") {
			first = append(first, page)
		}
	}
	fmt.Println(strings.Join(first, ", "))
	// Output: content of one/a, content of one/b
}
