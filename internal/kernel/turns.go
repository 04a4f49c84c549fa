package kernel

// InTurn wires several sources into one segment, which runs them one after the other:
// the next begins when the one before has ended, or has been ended early by a stage of
// its own. Only the End of the last goes down.
func InTurn[T any](seg *Segment, down Port[T], wires []func(*Segment, Port[T])) {
	t := &turns{feeds: make([]feed, len(wires))}
	for i := len(wires) - 1; i >= 0; i-- {
		t.feeds[i].turn = seg.turn
		if i > 0 {
			t.feeds[i].turn = make(chan struct{})
		}
		wires[i](seg.branch(&t.feeds[i]), down)
		if i == len(wires)-1 {
			down.Signal = withoutEnd(down.Signal)
		}
	}
	seg.head = func() error { return t.drive(seg) }
	seg.exits = append(seg.exits, t.leave)
}

type turns struct{ feeds []feed }

// drive runs one feed after the other. An early stop that is not a feed's own comes from
// below or from outside, and concerns all.
func (t *turns) drive(seg *Segment) error {
	for i := range t.feeds {
		f := &t.feeds[i]
		if i > 0 {
			close(f.turn)
		}
		err := f.drive()
		f.leave()
		seg.disarm(f)
		if err != nil && !(err == ErrStop && f.stopped) {
			return err
		}
		if err := seg.halted(); err != nil {
			return err
		}
	}
	return nil
}

func (t *turns) leave() {
	for i := range t.feeds {
		t.feeds[i].leave()
	}
}

func withoutEnd(signal func(Signal) error) func(Signal) error {
	return func(sig Signal) error {
		if sig.Kind == End {
			return nil
		}
		return signal(sig)
	}
}
