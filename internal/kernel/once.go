package kernel

import "context"

// Once runs a processor for one item, until it has closed its output, and gives all that came
// out. It is for the goroutine of a stage that may block.
func Once[In, Out any](ctx context.Context, v In, p Channels[In, Out]) (all []Out, err error) {
	in := make(chan In, 1)
	in <- v
	close(in)
	out := p.Process(ctx, in)
	if out == nil {
		return nil, errNoOutput
	}
	for v := range out {
		all = append(all, v)
	}
	return all, nil
}

// Own tells that a processor has its methods itself: of a struct around one of ours that has
// a Process of its own, the others are promoted and know nothing of that.
func Own[In, Out any](p Channels[In, Out]) (own bool) {
	k, ours := p.(interface{ Kernel() Spec[In, Out] })
	if !ours {
		return true
	}
	defer func() {
		if recover() != nil { // it is promoted from nil
			own = false
		}
	}()
	return k.Kernel().Self == any(p)
}
