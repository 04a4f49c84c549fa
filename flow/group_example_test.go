package flow_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// reading is what a sensor gave.
type reading struct {
	sensor string
	value  int
}

func (r reading) Sensor() string { return r.sensor }
func (r reading) Value() int     { return r.value }

var readings = flow.Of(reading{"a", 1}, reading{"b", 7}, reading{"a", 3}, reading{"a", 5}, reading{"b", 9})

func ExampleFlow_GroupBy() {
	// Batches of the values of one sensor each.
	batches, err := readings.GroupBy(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[[]int] {
		return of.Map(reading.Value).Batch(2, 0)
	}).Collect(context.Background())
	fmt.Println(batches, err)
	// Output: [[1 3] [7 9] [5]] <nil>
}

func ExampleFlow_GroupByKeyed() {
	sums, err := readings.GroupByKeyed(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[int] {
		return of.Fold(0, func(sum int, r reading) int { return sum + r.value })
	}).Collect(context.Background())
	fmt.Println(sums, err)
	// Output: [{a 9} {b 16}] <nil>
}

func ExampleEvictIdle() {
	// A sensor that says nothing for an hour is forgotten, and its sum given.
	sums, err := readings.GroupByKeyed(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[int] {
		return of.Fold(0, func(sum int, r reading) int { return sum + r.value })
	}, flow.EvictIdle(time.Hour), flow.EvictOldest(100_000)).Collect(context.Background())
	fmt.Println(sums, err)
	// Output: [{a 9} {b 16}] <nil>
}

func ExampleEvictOldest() {
	// One sensor at a time: what comes of another ends the one before.
	runs, err := readings.GroupBy(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[[]int] {
		return of.Map(reading.Value).Batch(100, 0)
	}, flow.EvictOldest(1)).Collect(context.Background())
	fmt.Println(runs, err)
	// Output: [[1] [7] [3 5] [9]] <nil>
}

func ExampleMaxKeys() {
	err := readings.GroupBy(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[reading] {
		return of
	}, flow.MaxKeys(1)).Named("by-sensor").Run(context.Background())
	if failed, ok := errors.AsType[*flow.StageError](err); ok {
		fmt.Println(failed.Stage+":", failed.Err)
	}
	// Output: by-sensor: there is no room for another key beside the 1 that there are
}

func ExampleDropBeyond() {
	values, err := readings.GroupBy(reading.Sensor, func(of flow.Flow[reading]) flow.Flow[int] {
		return of.Map(reading.Value)
	}, flow.DropBeyond(1)).Collect(context.Background())
	fmt.Println(values, err)
	// Output: [1 3 5] <nil>
}

func ExampleFlow_Parallel() {
	// Four goroutines filter and square; what they give is in the order of the numbers.
	squares, err := flow.Range(0, 6).Parallel(4, func(f flow.Flow[int]) flow.Flow[int] {
		return f.Filter(func(n int) bool { return n != 3 }).Map(func(n int) int { return n * n })
	}).Collect(context.Background())
	fmt.Println(squares, err)
	// Output: [0 1 4 16 25] <nil>
}
