package kernel

// Sent is an item with the number of the output that it is for.
type Sent[T any] struct {
	To   int
	Item T
}

// Spread drives a processor with count outputs, which hold size items each, as Process
// drives one with a single output.
func Spread[T any](run *Run, in <-chan T, count, size int, spec Spec[T, Sent[T]], policy *Policy, failed func(error)) []<-chan T {
	outs, given := make([]chan T, count), make([]<-chan T, count)
	for i := range outs {
		outs[i] = make(chan T, size)
		given[i] = outs[i]
	}
	last := run.Last()
	run.policy = policy
	seg, port := Attach(last, Site{}, spec, Port[Sent[T]]{
		Push:   func(v Sent[T]) error { return Send(last, outs[v.To], v.Item) },
		Signal: accept,
	})
	over(seg, in, port, failed, func() {
		for _, out := range outs {
			close(out)
		}
	}, func() {})
	return given
}
