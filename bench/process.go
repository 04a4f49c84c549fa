package main

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/ops"
)

// processes are the processors over unbuffered channels, each beside the goroutine that
// one writes by hand for the same contract.
func processes() []row {
	return []row{
		overChannels("Mapper", items, add, ops.NewMapper(same), byHandEach(same)),
		overChannels("TryMapper", items, add, ops.NewTryMapper(trySame), byHand(tryByHand)),
		overChannels("AsyncMapper, one worker", items, add, ops.NewAsyncMapper(sameCtx).WithWorkers(1), byHandEach(same)),
		overChannels("Buffer of 256", items, add, ops.NewBuffer[int](buffer), bufferByHand(buffer)),
		overChannels("Filter", items, add, ops.NewFilter(always), byHand(filterByHand)),
		overChannels("Tap", items, add, ops.NewTap(ignore), byHandEach(tapped(ignore))),
		overChannels("Scan", items, add, ops.NewScan(0, latest), byHand(scanByHand)),
		overChannels("Take", items, add, ops.NewTake[int](never), byHand(takeByHand)),
		overChannels("Skip", items, add, ops.NewSkip[int](0), byHand(skipByHand)),
		overChannels("FlatMapper, one item", items, add, ops.NewFlatMapper(one()), byHand(flatMapByHand(one()))),
		overChannels("Gather", items, add, ops.Gather(ops.NewGatherer(nil, emitSame, nil)), byHandEach(same)),
		handsOutSlices(overChannels("Batcher", items, addSlice,
			ops.NewBatcher[int](ops.BatchConfig{MaxSize: batch}), byHand(batchByHand))),
		overChannels("Unbatcher", slicesOf, add, ops.NewUnbatcher[int](), byHand(unbatchByHand)),
	}
}

// overChannels compares two processors that feed fills and whose output fold adds up.
func overChannels[In, Out any](
	name string, feed func(n int, in chan<- In), fold func(int, Out) int, p, hand ops.Processor[In, Out],
) row {
	return row{name: "over channels: " + name, want: wantSum, contenders: []contender{
		{name: "goroutine by hand", role: twin, run: plain(process(feed, fold, hand))},
		{name: "Process", role: ours, run: plain(process(feed, fold, p))},
	}}
}

// handsOutSlices is a row in which new slices are the work.
func handsOutSlices(r row) row {
	for i := range r.contenders {
		r.contenders[i].slices = true
	}
	return r
}

func process[In, Out any](feed func(n int, in chan<- In), fold func(int, Out) int, p ops.Processor[In, Out]) func(n int) int {
	return func(n int) int {
		ctx, cancel := context.WithCancel(background()) // so that the selects are real
		defer cancel()
		in := make(chan In)
		go func() {
			defer close(in)
			feed(n, in)
		}()
		sum := 0
		for v := range p.Process(ctx, in) {
			sum = fold(sum, v)
		}
		return sum
	}
}

func items(n int, in chan<- int) {
	for v := range n {
		in <- v
	}
}

// slicesOf sends the items in slices. They share one array, so that feeding allocates
// nothing an item.
func slicesOf(n int, in chan<- []int) {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	for part := range slices.Chunk(all, batch) {
		in <- part
	}
}

func addSlice(sum int, part []int) int {
	for _, v := range part {
		sum = add(sum, v)
	}
	return sum
}
