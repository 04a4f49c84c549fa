package kernel

// Either is the output of a stage that gives items of two types: one of them.
type Either[A, B any] struct {
	A      A
	B      B
	Second bool // it is B
}
