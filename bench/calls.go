package main

import "iter"

// The twins of the fused stages: loops that do the same to each item, without a stage.

//go:noinline
func callMaps(n int, fns []func(int) int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		for _, fn := range fns {
			v = fn(v)
		}
		sum = fold(sum, v)
	}
	return sum
}

//go:noinline
func callTryMaps(n int, fns []func(int) (int, error), fold func(int, int) int) int {
	sum := 0
items:
	for v := range n {
		for _, fn := range fns {
			out, err := fn(v)
			if err != nil {
				continue items
			}
			v = out
		}
		sum = fold(sum, v)
	}
	return sum
}

//go:noinline
func callFilters(n int, keeps []func(int) bool, fold func(int, int) int) int {
	sum := 0
items:
	for v := range n {
		for _, keep := range keeps {
			if !keep(v) {
				continue items
			}
		}
		sum = fold(sum, v)
	}
	return sum
}

//go:noinline
func callTaps(n int, fns []func(int), fold func(int, int) int) int {
	sum := 0
	for v := range n {
		for _, fn := range fns {
			fn(v)
		}
		sum = fold(sum, v)
	}
	return sum
}

//go:noinline
func callScans(n int, fns []func(int, int) int, fold func(int, int) int) int {
	accs := make([]int, len(fns))
	sum := 0
	for v := range n {
		for i, fn := range fns {
			accs[i] = fn(accs[i], v)
			v = accs[i]
		}
		sum = fold(sum, v)
	}
	return sum
}

// countDown is for Take and Skip, which have no user function: only the count is kept.
//
//go:noinline
func countDown(n int, counts []int, fold func(int, int) int) int {
	left := append([]int(nil), counts...)
	sum := 0
	for v := range n {
		for i := range left {
			if left[i] > 0 {
				left[i]--
			}
		}
		sum = fold(sum, v)
	}
	return sum
}

// flatMapCalls is plainCalls for functions that serve one stage each.
func flatMapCalls(count int) runner {
	fns := make([]func(int) iter.Seq[int], count)
	for i := range fns {
		fns[i] = one()
	}
	return plain(func(n int) int { return callFlatMaps(n, fns, add) })
}

//go:noinline
func callFlatMaps(n int, fns []func(int) iter.Seq[int], fold func(int, int) int) int {
	sum, last := 0, 0
	yield := func(v int) bool {
		last = v
		return true
	}
	for v := range n {
		last = v
		for _, fn := range fns {
			fn(last)(yield)
		}
		sum = fold(sum, last)
	}
	return sum
}

//go:noinline
func callGatherers(n int, pushes []func(*struct{}, int, func(int) error) error, fold func(int, int) int) int {
	var state struct{}
	sum, last := 0, 0
	emit := func(v int) error {
		last = v
		return nil
	}
	for v := range n {
		last = v
		for _, push := range pushes {
			if push(&state, last, emit) != nil {
				return -1
			}
		}
		sum = fold(sum, last)
	}
	return sum
}

// fillSlices puts the items of each level into new slices of that size, and reads them
// from there.
//
//go:noinline
func fillSlices(n int, sizes []int, fold func(int, int) int) int {
	if len(sizes) == 0 {
		return callMaps(n, nil, fold)
	}
	seq := rangeSeq(0, n)
	for _, size := range sizes {
		seq = unbatchSeq(batchSeq(seq, size))
	}
	return foldSeq(seq, fold)
}
