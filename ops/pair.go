package ops

// Pair is two values that belong together.
type Pair[A, B any] struct {
	A A
	B B
}
