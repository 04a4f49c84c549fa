package kernel

// FanIn sends what comes from the inputs to one output, each from a segment of its own,
// and closes it when all of them have ended.
func FanIn[T any](run *Run, ins []<-chan T) <-chan T {
	out := make(chan T)
	if len(ins) == 0 {
		run.Abort()
		close(out)
		return out
	}
	for _, in := range ins {
		g := run.Last()
		g.head = func() error {
			return receive(g, nil, in, Port[T]{Push: func(v T) error { return Send(g, out, v) }, Signal: accept}, func() {})
		}
	}
	executeAll(run, func() { close(out) })
	return out
}

// FanOut sends every item of the input to count outputs that hold size items each, and
// closes them when the input has ended.
func FanOut[T any](run *Run, in <-chan T, count, size int) []<-chan T {
	g := run.Last()
	f := &fan[T]{g: g, had: make(chan struct{}, count)}
	outs := make([]<-chan T, count)
	for i := range outs {
		l := &lane[T]{g: run.Last(), out: make(chan T, size), late: make(chan T, 1), had: f.had}
		l.g.head = l.send
		outs[i], f.lanes = l.out, append(f.lanes, l)
	}
	g.head = func() error { return receive(g, nil, in, Port[T]{Push: f.push, Signal: accept}, func() {}) }
	g.exits = append(g.exits, f.end)
	executeAll(run, f.close)
	return outs
}

// accept is the end of a signal's way.
func accept(Signal) error { return nil }

// executeAll runs segments that have no stages, on goroutines of their own. The only thing
// that can end them early is the caller's context.
func executeAll(run *Run, done func()) {
	go func() {
		defer done()
		_ = run.Execute() // a cancellation is the caller's own
	}()
}

// fan is the side of a FanOut that reads.
type fan[T any] struct {
	g     *Segment
	lanes []*lane[T]
	had   chan struct{} // one for each late item that was sent
}

// lane is one output. Its segment sends the items that cannot be sent at once.
type lane[T any] struct {
	g    *Segment
	out  chan T
	late chan T // never holds more than the item that all are offered
	had  chan struct{}
}

// push offers the item to all outputs at once, and waits until all have it.
func (f *fan[T]) push(v T) error {
	late := 0
	for _, l := range f.lanes {
		if err := f.g.halted(); err != nil {
			return err
		}
		select {
		case l.out <- v:
		default:
			l.late <- v
			late++
		}
	}
	for range late {
		if err := awaken(f.g, f.had, AwaitsRoom); err != nil {
			return err
		}
	}
	return nil
}

// end lets the lanes end.
func (f *fan[T]) end() {
	for _, l := range f.lanes {
		close(l.late)
	}
}

func (f *fan[T]) close() {
	for _, l := range f.lanes {
		close(l.out)
	}
}

// send is the head of a lane.
func (l *lane[T]) send() error {
	had := func(v T) error {
		if err := Send(l.g, l.out, v); err != nil {
			return err
		}
		l.had <- struct{}{}
		return nil
	}
	return receive(l.g, nil, l.late, Port[T]{Push: had, Signal: accept}, func() {})
}
