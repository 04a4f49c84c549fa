package main

import (
	"context"
	"iter"
)

// The user functions of all contenders. They are passed as values to functions that
// are not inlined, so that calling them costs everybody the same.

func inc(v int) int                                 { return v + 1 }
func triple(v int) int                              { return 3 * v }
func even(v int) bool                               { return v%2 == 0 }
func add(sum, v int) int                            { return sum + v }
func same(v int) int                                { return v }
func trySame(v int) (int, error)                    { return v, nil }
func sameCtx(_ context.Context, v int) (int, error) { return v, nil }
func noMore(int) (int, bool)                        { return 0, false }
func always(int) bool                               { return true }
func ignore(int)                                    {}
func latest(_, v int) int                           { return v }

// emitSame is the push function of a gatherer that passes everything on.
func emitSame(_ *struct{}, v int, emit func(int) error) error { return emit(v) }

// oneAndNil gives a sequence of one item.
func oneAndNil(_ context.Context, v int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) { yield(v, nil) }
}

// one makes a function that gives a sequence of one item. The sequence is always the
// same value, so that it is not the function that allocates; it serves one run at a time.
func one() func(int) iter.Seq[int] {
	var item int
	seq := func(yield func(int) bool) { yield(item) }
	return func(v int) iter.Seq[int] {
		item = v
		return seq
	}
}

// background is the context of all runs: none of them is cancelled.
func background() context.Context { return context.Background() }

const (
	buffer = 256 // of raw channels, and of boundaries unless they say otherwise
	batch  = 100
)

// The results that are to be had.

func wantSum(n int) int { return n * (n - 1) / 2 }

func wantInc(n int) int { return wantSum(n) + n }

func wantTen(n int) int { return wantSum(n) + 10*n }

// wantFour is map, filter, map, sum.
func wantFour(n int) int {
	sum := 0
	for v := range n {
		if even(inc(v)) {
			sum += triple(inc(v))
		}
	}
	return sum
}

// The five stages over one item, firstItem, give lastItem.
const (
	firstItem = 1
	lastItem  = 7
)

func wantBuilds(n int) int { return lastItem * n }
