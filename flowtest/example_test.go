package flowtest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/flowtest"
)

// Here the test is a stand-in, whose failures can be printed.
func ExampleNoLeaks() {
	var forgotten chan struct{}
	failures := failuresOf(func(t testing.TB) {
		flowtest.NoLeaks(t)
		forgotten = make(chan struct{})
		go func() { <-forgotten }()
	})
	fmt.Println(len(failures), strings.Contains(failures[0], "is left"))
	close(forgotten)
	// Output: 1 true
}

func ExampleMustRun() {
	failures := failuresOf(func(t testing.TB) {
		words := flowtest.MustRun(t, flow.Of("a", "b"))
		_ = words.Take(1) // and no terminal

		numbers := flowtest.MustRun(t, flow.Of(1, 2))
		fmt.Println(numbers.Collect(context.Background()))
	})
	fmt.Println(len(failures), strings.HasSuffix(failures[0], "was never run"))
	// Output:
	// [1 2] <nil>
	// 1 true
}

// In a package this is one line: func TestMain(m *testing.M) { flowtest.VerifyTestMain(m) }
func ExampleVerifyTestMain() {
	allPass := tests(func() int { return 0 })
	flowtest.VerifyTestMain(allPass, goleak.IgnoreCurrent(), goleak.Cleanup(func(code int) {
		fmt.Println("exit code", code)
	}))
	// Output: exit code 0
}
