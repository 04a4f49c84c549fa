package flow_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-streamz/streamz/flow"
)

// A flow whose terminal was forgotten would be told to the log, with its line.
func ExampleFlow_ReportUnused() {
	words := flow.Of("a", "b").ReportUnused(func(at string) {
		log.Printf("the flow of %s was never run", at)
	})
	fmt.Println(words.Collect(context.Background()))
	// Output: [a b] <nil>
}

func ExampleJob_ReportUnused() {
	job := flow.Of("a", "b").Discard().ReportUnused(func(at string) {
		log.Printf("the job of %s was never run", at)
	})
	fmt.Println(job.Run(context.Background()))
	// Output: <nil>
}
