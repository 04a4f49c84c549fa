package main

import (
	"context"

	"github.com/go-streamz/streamz/flow"
)

func sum(f flow.Flow[int]) (int, error) { return f.Reduce(background(), 0, add) }

func flowFour(n int) (int, error) {
	return sum(flow.Range(0, n).Map(inc).Filter(even).Map(triple))
}

// overSlice gives run a slice of 0 to n-1, which is made once.
func overSlice(run func(items []int) (int, error)) runner {
	var items []int
	return func(n int) (int, error) {
		for len(items) < n {
			items = append(items, len(items))
		}
		return run(items[:n])
	}
}

func sliceFour(items []int) (int, error) {
	return sum(flow.FromSlice(items).Map(inc).Filter(even).Map(triple))
}

func sliceSum(items []int) (int, error) { return sum(flow.FromSlice(items)) }

// chain is count times the same stage between a range and its sum.
func chain(count int, step func(flow.Flow[int]) flow.Flow[int]) runner {
	return func(n int) (int, error) {
		f := flow.Range(0, n)
		for range count {
			f = step(f)
		}
		return sum(f)
	}
}

func mapInc(f flow.Flow[int]) flow.Flow[int] { return f.Map(inc) }

func flowBatch(n int) (int, error) {
	return sum(flow.Unbatch(flow.Range(0, n).Batch(batch, 0)))
}

// flowBoundary has one boundary of that size.
func flowBoundary(size int) runner {
	return func(n int) (int, error) { return sum(flow.Range(0, n).Async(size).Map(inc)) }
}

func flowMerge(n int) (int, error) {
	return sum(flow.Merge(flow.Range(0, n/2), flow.Range(n/2, n)))
}

// A queue that loses items when it is full has room for all of an operation's.
func buffered(f flow.Flow[int]) flow.Flow[int] { return f.Buffer(buffer) }
func dropping(f flow.Flow[int]) flow.Flow[int] { return f.DroppingBuffer(roomy) }
func sliding(f flow.Flow[int]) flow.Flow[int]  { return f.SlidingBuffer(roomy) }

func flowSum(n int) (int, error) { return sum(flow.Range(0, n)) }

func flowSeq(n int) (int, error) { return sum(flow.FromSeq(rangeSeq(0, n))) }

func flowFunc(n int) (int, error) {
	return sum(flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		for v := range n {
			if err := emit(v); err != nil {
				return err
			}
		}
		return nil
	}))
}

// flowBuilds builds and runs n times what build makes of one item.
func flowBuilds(build func(flow.Flow[int]) flow.Flow[int]) runner {
	return func(n int) (int, error) {
		all := 0
		for range n {
			v, err := sum(build(flow.Range(firstItem, firstItem+1)))
			if err != nil {
				return 0, err
			}
			all += v
		}
		return all, nil
	}
}

func fiveStages(f flow.Flow[int]) flow.Flow[int] {
	return f.Map(inc).Filter(even).Map(triple).Scan(0, add).Map(inc)
}

func fiveStagesTwoSegments(f flow.Flow[int]) flow.Flow[int] {
	return f.Map(inc).Filter(even).Async(64).Map(triple).Scan(0, add).Map(inc)
}

// contexts is what every run needs at the least. It has no result of its own.
func contexts(n int) int {
	return repeat(n, func() int {
		_, cancel := context.WithCancelCause(background())
		cancel(nil)
		return lastItem
	})
}
