package ops_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-streamz/streamz/ops"
)

// Each user's events are handled by one worker, in order.
func ExampleNewPartition() {
	in := make(chan string, 6)
	for _, s := range []string{"ann in", "bob in", "ann out", "eve in", "bob out", "eve out"} {
		in <- s
	}
	close(in)
	user := func(event string) string { return strings.Fields(event)[0] }
	parts := ops.NewPartition(user).WithPartitions(3).Process(context.Background(), in)
	var mu sync.Mutex
	last := make(map[string]string)
	var workers sync.WaitGroup
	for _, part := range parts.Partitions {
		workers.Go(func() {
			for event := range part {
				mu.Lock()
				last[user(event)] = event
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	fmt.Println(last)
	// Output: map[ann:ann out bob:bob out eve:eve out]
}

func ExampleNewPartitionBy() {
	type order struct{ customer, amount int }
	in := make(chan order, 2)
	in <- order{7, 20}
	in <- order{7, 30}
	close(in)
	p := ops.NewPartitionBy(func(o order) int { return o.customer }).WithPartitions(2).WithBufferSize(2)
	for _, part := range p.Process(context.Background(), in).Partitions {
		for o := range part {
			fmt.Println(o.amount)
		}
	}
	// Output:
	// 20
	// 30
}

func ExampleRoundRobin() {
	in := make(chan string, 4)
	for _, s := range []string{"a", "b", "c", "d"} {
		in <- s
	}
	close(in)
	p := ops.NewPartition(strings.ToUpper).WithPartitions(2).WithBufferSize(2).WithPartitioner(ops.RoundRobin())
	for i, part := range p.Process(context.Background(), in).Partitions {
		for s := range part {
			fmt.Println(i, s)
		}
	}
	// Output:
	// 0 a
	// 0 c
	// 1 b
	// 1 d
}

func ExamplePartition_Stats() {
	in := make(chan string, 4)
	for _, s := range []string{"a", "b", "c", "d"} {
		in <- s
	}
	close(in)
	p := ops.NewPartition(strings.ToUpper).WithPartitions(2).WithBufferSize(4).WithPartitioner(ops.RoundRobin())
	for _, part := range p.Process(context.Background(), in).Partitions {
		for range part {
			continue
		}
	}
	fmt.Println(p.Stats())
	// Output: 4 items in 2 partitions [2 2], balance 0.00
}

func ExampleDefaultPartitioner() {
	for _, key := range []string{"ann", "bob", "ann"} {
		fmt.Println(key, ops.DefaultPartitioner(key, 100))
	}
	// Output:
	// ann 60
	// bob 44
	// ann 60
}
