package main

import "sync"

// The chain over raw channels: each stage is a goroutine. None of them watches a
// context, so nothing of it could be cancelled: it is the cheapest form there is.

func stageChan[In, Out any](in <-chan In, size int, loop func(in <-chan In, out chan<- Out)) <-chan Out {
	out := make(chan Out, size)
	go func() {
		defer close(out)
		loop(in, out)
	}()
	return out
}

func rangeChan(lo, hi, size int) <-chan int {
	return stageChan(nil, size, func(_ <-chan int, out chan<- int) {
		for v := lo; v < hi; v++ {
			out <- v
		}
	})
}

func mapChan[In, Out any](in <-chan In, size int, fn func(In) Out) <-chan Out {
	return stageChan(in, size, func(in <-chan In, out chan<- Out) {
		for v := range in {
			out <- fn(v)
		}
	})
}

func filterChan[T any](in <-chan T, size int, keep func(T) bool) <-chan T {
	return stageChan(in, size, func(in <-chan T, out chan<- T) {
		for v := range in {
			if keep(v) {
				out <- v
			}
		}
	})
}

func scanChan[T, A any](in <-chan T, size int, acc A, fn func(A, T) A) <-chan A {
	return stageChan(in, size, func(in <-chan T, out chan<- A) {
		for v := range in {
			acc = fn(acc, v)
			out <- acc
		}
	})
}

func batchChan[T any](in <-chan T, size, most int) <-chan []T {
	return stageChan(in, size, func(in <-chan T, out chan<- []T) {
		var items []T
		for v := range in {
			if items == nil {
				items = make([]T, 0, most)
			}
			if items = append(items, v); len(items) == most {
				out <- items
				items = nil
			}
		}
		if items != nil {
			out <- items
		}
	})
}

func unbatchChan[T any](in <-chan []T, size int) <-chan T {
	return stageChan(in, size, func(in <-chan []T, out chan<- T) {
		for items := range in {
			for _, v := range items {
				out <- v
			}
		}
	})
}

//go:noinline
func foldChan[T any](in <-chan T, fold func(T, T) T) T {
	var sum T
	for v := range in {
		sum = fold(sum, v)
	}
	return sum
}

func chanFour(n int) int {
	odd := filterChan(mapChan(rangeChan(0, n, buffer), buffer, inc), buffer, even)
	return foldChan(mapChan(odd, buffer, triple), add)
}

func chanTen(n int) int {
	ch := rangeChan(0, n, buffer)
	for range 10 {
		ch = mapChan(ch, buffer, inc)
	}
	return foldChan(ch, add)
}

func chanBatch(n int) int {
	return foldChan(unbatchChan(batchChan(rangeChan(0, n, buffer), buffer, batch), buffer), add)
}

// chanQueue has one channel: the receiver sums.
func chanQueue(n int) int { return foldChan(rangeChan(0, n, buffer), add) }

// chanBoundary has one channel: the receiver maps and sums.
func chanBoundary(n int) int {
	return foldMapped(rangeChan(0, n, buffer), inc, add)
}

// chanMerge has two producers of one channel.
func chanMerge(n int) int {
	out := make(chan int, buffer)
	var producers sync.WaitGroup
	for _, part := range [][2]int{{0, n / 2}, {n / 2, n}} {
		producers.Go(func() {
			for v := part[0]; v < part[1]; v++ {
				out <- v
			}
		})
	}
	go func() {
		producers.Wait()
		close(out)
	}()
	return foldChan(out, add)
}

//go:noinline
func foldMapped[T any](in <-chan T, fn func(T) T, fold func(T, T) T) T {
	var sum T
	for v := range in {
		sum = fold(sum, fn(v))
	}
	return sum
}

// chanBuilds makes the five stages over channels of that size.
func chanBuilds(size int) runner {
	return plain(func(n int) int {
		return repeat(n, func() int {
			ch := mapChan(rangeChan(firstItem, firstItem+1, size), size, inc)
			ch = mapChan(filterChan(ch, size, even), size, triple)
			return foldChan(mapChan(scanChan(ch, size, 0, add), size, inc), add)
		})
	})
}
