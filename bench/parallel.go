package main

import (
	"context"
	"sync"
	"time"

	"github.com/sourcegraph/conc/stream"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

const (
	workers = 2  // of stages that compute
	waiters = 64 // of stages that wait
	nap     = time.Millisecond
)

// parallels are stages with workers.
func parallels() []row {
	return []row{
		{name: "ordered parallel map, 2 workers", want: wantWork, contenders: []contender{
			{name: "alone, in a loop", role: other, run: plain(alone)},
			{name: "ideal: two halves, two goroutines", role: other, run: plain(halves)},
			{name: "raw channels of 256", role: twin, run: plain(chanOrdered(buffer, workers, work))},
			{name: "conc stream", role: peer, run: plain(concStream(workers, work))},
			{name: "flow, AsyncMap", role: ours, run: async(flowOrdered), budget: budget{Most: 150}},
			{name: "flow, AsyncMap, buffer of 256", role: ours, run: async(flowBuffered)},
			{name: "flow, AsyncMap, 8 workers", role: ours, run: async(flowEight)},
			{name: "flow, Parallel of a Map", role: ours, run: async(func(f intFlow) intFlow { return f.Parallel(workers, mapWork) })},
			{name: "flow, AsyncMap, 2 of 8 workers", role: ours, run: async(flowTwoOfEight)},
		}},
		{name: "unordered parallel map, 2 workers", want: wantWork, contenders: []contender{
			{name: "ideal: two halves, two goroutines", role: other, run: plain(halves)},
			{name: "raw channels of 256", role: twin, run: plain(chanUnordered(buffer, workers, work))},
			{name: "flow, AsyncMapUnordered", role: ours, run: async(flowUnordered), budget: budget{Most: 140}},
			{name: "flow, AsyncMapKeyed", role: ours, run: async(flowKeyed)},
		}},
		{name: "keyed copies of a chain, by their number", want: wantWork, contenders: []contender{
			{name: "alone, in a loop", role: twin, run: plain(alone)},
			{name: "flow, ParallelKeyed of 1", role: ours, run: async(flowKeyedCopies(1))},
			{name: "flow, ParallelKeyed of 2", role: ours, run: async(flowKeyedCopies(2))},
			{name: "flow, ParallelKeyed of 4", role: ours, run: async(flowKeyedCopies(4))},
		}},
		{name: "ordered, sleep 1 ms, 64 workers", unit: micro, least: 100 * waiters, want: wantSum, contenders: []contender{
			{name: "raw channels of 256", role: twin, run: plain(chanOrdered(buffer, waiters, napped))},
			{name: "conc stream", role: peer, run: plain(concStream(waiters, napped))},
			{name: "flow, AsyncMap", role: ours, run: async(flowNaps), budget: budget{Most: 17_800}},
			{name: "flow, AsyncMapUnordered", role: ours, run: async(flowNapsUnordered)},
		}},
	}
}

// work takes some 200 ns, see the row's loop.
func work(v int) int {
	x := uint64(v)*2685821657736338717 + 88172645463325252
	for range 150 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return int(x&0xff) + v
}

func napped(v int) int {
	time.Sleep(nap)
	return v
}

// wantWork is remembered, because it takes as long as what is measured.
var wantWork = func() func(n int) int {
	sums := make(map[int]int)
	return func(n int) int {
		if _, known := sums[n]; !known {
			sums[n] = alone(n)
		}
		return sums[n]
	}
}()

func alone(n int) int { return workOn(0, n) }

func workOn(lo, hi int) int {
	sum := 0
	for v := lo; v < hi; v++ {
		sum += work(v)
	}
	return sum
}

// halves hands nothing from one goroutine to another, and needs to know n.
func halves(n int) int {
	half := make(chan int, 1)
	go func() { half <- workOn(0, n/2) }()
	return workOn(n/2, n) + <-half
}

// chanOrdered keeps the order by a queue of result channels, the usual way by hand.
func chanOrdered(size, workers int, fn func(int) int) func(n int) int {
	type task struct {
		v    int
		done chan int
	}
	pool := sync.Pool{New: func() any { return make(chan int, 1) }}
	return func(n int) int {
		tasks, order := make(chan task, size), make(chan chan int, size)
		go func() {
			for v := range n {
				done := pool.Get().(chan int)
				order <- done
				tasks <- task{v, done}
			}
			close(tasks)
			close(order)
		}()
		for range workers {
			go func() {
				for t := range tasks {
					t.done <- fn(t.v)
				}
			}()
		}
		sum := 0
		for done := range order {
			sum += <-done
			pool.Put(done)
		}
		return sum
	}
}

func chanUnordered(size, workers int, fn func(int) int) func(n int) int {
	return func(n int) int {
		in, out := rangeChan(0, n, size), make(chan int, size)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for v := range in {
					out <- fn(v)
				}
			})
		}
		go func() {
			wg.Wait()
			close(out)
		}()
		return foldChan(out, add)
	}
}

func concStream(workers int, fn func(int) int) func(n int) int {
	return func(n int) int {
		s, sum := stream.New().WithMaxGoroutines(workers), 0
		for v := range n {
			s.Go(func() stream.Callback {
				out := fn(v)
				return func() { sum += out }
			})
		}
		s.Wait()
		return sum
	}
}

// async runs a stage with workers between a range and its sum.
func async(step func(flow.Flow[int]) flow.Flow[int]) runner {
	return func(n int) (int, error) { return sum(step(flow.Range(0, n))) }
}

func workCtx(_ context.Context, v int) (int, error) { return work(v), nil }

func napCtx(_ context.Context, v int) (int, error) { return napped(v), nil }

func flowOrdered(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(workers, workCtx) }

func flowBuffered(f flow.Flow[int]) flow.Flow[int] {
	return f.Then(ops.NewAsyncMapper(workCtx).WithWorkers(workers).WithBufferSize(buffer))
}

func flowEight(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(8, workCtx) }

func flowTwoOfEight(f flow.Flow[int]) flow.Flow[int] {
	return flowEight(f).Scaled(flow.Manual(flow.NewWorkers(workers, 8)))
}

func flowUnordered(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMapUnordered(workers, workCtx) }

func flowKeyed(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMapKeyed(workers, same, workCtx) }

func mapWork(f intFlow) intFlow { return f.Map(work) }

func flowKeyedCopies(n int) func(intFlow) intFlow {
	return func(f intFlow) intFlow { return f.ParallelKeyed(n, same, mapWork) }
}

func flowNaps(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(waiters, napCtx) }

func flowNapsUnordered(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMapUnordered(waiters, napCtx) }
