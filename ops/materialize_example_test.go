package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewMaterialize() {
	in := make(chan string, 2)
	in <- "a"
	in <- "b"
	close(in)
	for n := range ops.NewMaterialize[string]().Process(context.Background(), in) {
		if n.End {
			fmt.Println("that was all")
		} else {
			fmt.Println(n.Item)
		}
	}
	// Output:
	// a
	// b
	// that was all
}

// Behind a Concat it shows where one flow ends and the next begins.
func ExampleNotification() {
	head, body := flow.Of("id", "name").Materialize(), flow.Of("1", "Ann").Materialize()
	all, err := flow.Concat(head, body).Collect(context.Background())
	for _, n := range all {
		fmt.Printf("%q %t\n", n.Item, n.End)
	}
	fmt.Println(err)
	// Output:
	// "id" false
	// "name" false
	// "" true
	// "1" false
	// "Ann" false
	// "" true
	// <nil>
}
