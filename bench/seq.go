package main

import "iter"

// The chain over iter.Seq: each stage is a function of a sequence.

func rangeSeq(lo, hi int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := lo; v < hi; v++ {
			if !yield(v) {
				return
			}
		}
	}
}

func mapSeq[In, Out any](seq iter.Seq[In], fn func(In) Out) iter.Seq[Out] {
	return func(yield func(Out) bool) {
		for v := range seq {
			if !yield(fn(v)) {
				return
			}
		}
	}
}

func filterSeq[T any](seq iter.Seq[T], keep func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range seq {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func scanSeq[T, A any](seq iter.Seq[T], acc A, fn func(A, T) A) iter.Seq[A] {
	return func(yield func(A) bool) {
		acc := acc // of this run
		for v := range seq {
			acc = fn(acc, v)
			if !yield(acc) {
				return
			}
		}
	}
}

func batchSeq[T any](seq iter.Seq[T], size int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var items []T
		for v := range seq {
			if items == nil {
				items = make([]T, 0, size)
			}
			if items = append(items, v); len(items) < size {
				continue
			}
			if !yield(items) {
				return
			}
			items = nil
		}
		if items != nil {
			yield(items)
		}
	}
}

func unbatchSeq[T any](seq iter.Seq[[]T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for items := range seq {
			for _, v := range items {
				if !yield(v) {
					return
				}
			}
		}
	}
}

//go:noinline
func foldSeq[T any](seq iter.Seq[T], fold func(T, T) T) T {
	var sum T
	for v := range seq {
		sum = fold(sum, v)
	}
	return sum
}

func seqFour(n int) int {
	return foldSeq(mapSeq(filterSeq(mapSeq(rangeSeq(0, n), inc), even), triple), add)
}

func seqTen(n int) int {
	seq := rangeSeq(0, n)
	for range 10 {
		seq = mapSeq(seq, inc)
	}
	return foldSeq(seq, add)
}

func seqBatch(n int) int {
	return foldSeq(unbatchSeq(batchSeq(rangeSeq(0, n), batch)), add)
}

func seqSum(n int) int { return foldSeq(rangeSeq(0, n), add) }

func seqBuilds(n int) int {
	return repeat(n, func() int {
		seq := mapSeq(filterSeq(mapSeq(rangeSeq(firstItem, firstItem+1), inc), even), triple)
		return foldSeq(mapSeq(scanSeq(seq, 0, add), inc), add)
	})
}

// repeat builds and runs n times, and adds the results.
func repeat(n int, once func() int) int {
	sum := 0
	for range n {
		sum += once()
	}
	return sum
}
