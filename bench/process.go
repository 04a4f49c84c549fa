package main

import (
	"context"
	"slices"
	"time"

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
		overChannels("TakeWhile", items, add, ops.NewTakeWhile(always), byHand(takeWhileByHand)),
		overChannels("DistinctUntilChanged", items, add, ops.NewDistinctUntilChanged(same), byHand(distinctByHand)),
		overChannels("Dedupe of 1024 keys", items, add, ops.NewDedupe(same).WithMaxKeys(1024), byHand(dedupeByHand(1024))),
		overChannels("DroppingBuffer", items, add, ops.NewDroppingBuffer[int](roomy), droppingByHand(roomy)),
		overChannels("Retry", items, add, ops.NewRetry(ops.NewTryMapper(trySame), 3), retryByHand(trySame, 3)),
		handsOutSlices(overChannels("Chunk", items, addSlice, ops.NewChunk[int](batch), byHand(batchByHand))),
	}
}

// timedProcesses are those with a clock.
func timedProcesses() []row {
	const window = 10 * time.Millisecond
	return []row{
		overChannels("Monitor", items, add, ops.NewMonitor[int](time.Hour), monitorByHand(time.Hour)),
		overChannels("Throttle at 1e9 a second", items, add, ops.NewThrottle[int](1e9), throttleByHand(time.Nanosecond)),
		overChannels("Timeout", items, add, ops.NewTimeout[int](time.Hour), timeoutByHand(time.Hour)),
		handsOutSlices(overChannels("TumblingWindow", items, addWindow, ops.NewTumblingWindow[int](window), windowByHand(window))),
	}
}

// roomy is a size of which no operation fills a buffer that drops.
const roomy = 1 << 18

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

func addWindow(sum int, w ops.Window[int]) int { return addSlice(sum, w.Items) }

func addSlice(sum int, part []int) int {
	for _, v := range part {
		sum = add(sum, v)
	}
	return sum
}
