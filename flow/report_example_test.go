package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

// numbers runs a small flow and gives its report.
func numbers() flow.Report {
	var r flow.Report
	_ = flow.Of("1", "2", "x", "4").
		TryMap(strconv.Atoi).Named("parse").OnError(flow.Skip()).
		Filter(func(n int) bool { return n != 2 }).
		Run(context.Background(), flow.WithReport(&r), flow.WithName("numbers"), flow.WithLogger(slog.New(slog.DiscardHandler)))
	r.Duration = 0 // so that the examples always print the same
	return r
}

func ExampleReport() {
	r := numbers()
	for _, s := range r.Stages {
		fmt.Printf("%s: %d in, %d out, %d failed, %d filtered\n", s.Name, s.In, s.Out, s.Failed, s.Filtered)
	}
	// Output:
	// items: 0 in, 4 out, 0 failed, 0 filtered
	// parse: 4 in, 3 out, 1 failed, 0 filtered
	// filter: 3 in, 2 out, 0 failed, 1 filtered
	// discard: 2 in, 0 out, 0 failed, 0 filtered
}

func ExampleReport_String() {
	fmt.Print(numbers())
	// Output:
	// numbers: done in 0s
	// stage    op       in  passed  out  filtered  failed
	// items    Of                     4
	// parse    TryMap    4       3    3         0       1
	// filter   Filter    3       2    2         1       0
	// discard  Discard   2       2              0       0
}

func ExampleReport_Stage() {
	parse, ok := numbers().Stage("parse")
	fmt.Println(ok, parse.Failed)
	// Output: true 1
}

func ExampleReport_Balanced() {
	r := numbers()
	fmt.Println(r.Balanced())
	r.Stages[1].Failed = 0 // an item that nobody accounts for
	fmt.Println(r.Balanced())
	// Output:
	// true
	// false
}

func ExampleReport_MarshalJSON() {
	r := numbers()
	r.Stages, r.Edges = nil, nil
	text, err := json.Marshal(r)
	fmt.Println(string(text), err)
	// Output: {"name":"numbers","seconds":0,"balanced":true,"goroutines":{"started":0,"ended":0},"stages":null,"edges":null} <nil>
}

func ExampleStageReport() {
	s, _ := numbers().Stage("filter")
	fmt.Println(s.In == s.Passed+s.Filtered+s.Dropped+s.DeadLettered+s.Failed+s.Held)
	// Output: true
}

func ExampleEdge() {
	for _, e := range numbers().Edges {
		fmt.Println(e.From, "->", e.To)
	}
	// Output:
	// items -> parse
	// parse -> filter
	// filter -> discard
}

func ExampleGoroutines() {
	var r flow.Report
	_ = flow.Of(1).Async(1).Run(context.Background(), flow.WithReport(&r))
	fmt.Println(r.Goroutines.Started, r.Goroutines.Ended)
	// Output: 1 1
}
