package flow_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
)

func ExampleMergePriority() {
	alarms := flow.Of("alarm 1", "alarm 2")
	events := flow.Of("event 1", "event 2", "event 3")
	got, err := flow.MergePriority(alarms, events).Collect(context.Background())
	slices.Sort(got) // who has items first is a matter of time
	fmt.Println(got, err)
	// Output: [alarm 1 alarm 2 event 1 event 2 event 3] <nil>
}

func ExampleInterleave() {
	got, err := flow.Interleave(2, flow.Of(1, 2, 3, 4), flow.Of(10), flow.Of(100, 200, 300)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [1 2 10 100 200 3 4 300] <nil>
}

func ExampleMergeSorted() {
	type line struct {
		second int
		text   string
	}
	web := flow.Of(line{1, "GET /"}, line{4, "GET /about"})
	db := flow.Of(line{2, "connected"}, line{4, "slow query"})
	inTime := func(a, b line) int { return cmp.Compare(a.second, b.second) }
	got, err := flow.MergeSorted(inTime, web, db).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{1 GET /} {2 connected} {4 GET /about} {4 slow query}] <nil>
}

func ExampleRace() {
	mirror := func(name string, latency time.Duration) flow.Flow[string] {
		return flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
			select {
			case <-time.After(latency):
				return emit("the page, from " + name)
			case <-ctx.Done(): // another was first
				return ctx.Err()
			}
		})
	}
	got, err := flow.Race(mirror("far", time.Hour), mirror("near", time.Millisecond)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [the page, from near] <nil>
}

func ExampleFlow_OrElse() {
	cached := flow.Empty[string]()
	fetched := flow.Of("from the network")
	got, err := cached.OrElse(fetched).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [from the network] <nil>
}

func ExampleFlow_Zip() {
	names, ages := flow.Of("ada", "bo", "cy"), flow.Of(36, 41)
	got, err := names.Zip(ages).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{ada 36} {bo 41}] <nil>
}

func ExampleFlow_ZipLongest() {
	names, ages := flow.Of("ada", "bo", "cy"), flow.Of(36, 41)
	got, err := names.ZipLongest(ages).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{ada 36} {bo 41} {cy 0}] <nil>
}

func ExampleFlow_ZipLatest() {
	price, rate := flow.Of(100), flow.Of(0.5)
	got, err := price.ZipLatest(rate).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{100 0.5}] <nil>
}

func ExampleFlow_WithLatestFrom() {
	known := make(chan struct{})
	settings := flow.FromFunc(func(_ context.Context, emit func(string) error) error {
		defer close(known)
		return emit("quiet")
	})
	events := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		<-known
		return emit(1)
	})
	got, err := events.WithLatestFrom(settings).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{1 quiet}] <nil>
}
