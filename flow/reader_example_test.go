package flow_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/go-streamz/streamz/flow"
)

func ExampleLines() {
	log := strings.NewReader("info started\nwarn disk is full\r\ninfo done\n")
	got, err := flow.Lines(log).
		Filter(func(line string) bool { return strings.HasPrefix(line, "warn ") }).
		Collect(context.Background())
	fmt.Println(got, err)
	// Output: [warn disk is full] <nil>
}

func ExampleJSON() {
	type order struct {
		ID    string
		Cents int
	}
	in := strings.NewReader(`{"ID": "a", "Cents": 250} {"ID": "b", "Cents": 100}`)
	sum, err := flow.JSON[order](in).
		Reduce(context.Background(), 0, func(sum int, o order) int { return sum + o.Cents })
	fmt.Println(sum, err)
	// Output: 350 <nil>
}

func ExampleCSV() {
	in := strings.NewReader("name,points\nada,3\nbo,4\n")
	points, err := flow.CSV(in).
		Skip(1). // the head
		TryMap(func(record []string) (int, error) { return strconv.Atoi(record[1]) }).
		Collect(context.Background())
	fmt.Println(points, err)
	// Output: [3 4] <nil>
}

func ExampleFiles() {
	tree := fstest.MapFS{
		"readme.md":   {},
		"main.go":     {},
		"sub/util.go": {},
	}
	byName, err := flow.Files(tree, "*.go").Collect(context.Background())
	fmt.Println(byName, err)
	byPath, err := flow.Files(tree, "sub/*").Collect(context.Background())
	fmt.Println(byPath, err)
	// Output:
	// [main.go sub/util.go] <nil>
	// [sub/util.go] <nil>
}
