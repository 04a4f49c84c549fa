package main

// fourInlined is map, filter, map, sum as the compiler likes it best.
//
//go:noinline
func fourInlined(n int) int {
	sum := 0
	for v := range n {
		if v = inc(v); even(v) {
			sum = add(sum, triple(v))
		}
	}
	return sum
}

//go:noinline
func four(n int, first func(int) int, keep func(int) bool, second func(int) int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		if v = first(v); keep(v) {
			sum = fold(sum, second(v))
		}
	}
	return sum
}

//go:noinline
func tenInlined(n int) int {
	sum := 0
	for v := range n {
		v = inc(inc(inc(inc(inc(inc(inc(inc(inc(inc(v))))))))))
		sum = add(sum, v)
	}
	return sum
}
