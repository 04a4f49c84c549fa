package kernel

// InTurn wires several sources into one segment, which runs them one after the other:
// the next begins when the one before has ended, or has been ended early by a stage of
// its own. Only the End of the last goes down.
func InTurn[T any](seg *Segment, down Port[T], wires []func(*Segment, Port[T])) {
	t := &turns{feeds: make([]feed, len(wires))}
	port := Port[T]{Push: t.watch(down.Push), Signal: down.Signal, to: down.to, queue: down.queue}
	for i := len(wires) - 1; i >= 0; i-- {
		wires[i](seg.branch(&t.feeds[i]), port)
		port.Signal = withoutEnd(down.Signal)
	}
	seg.head = func() error { return t.drive(seg) }
	seg.exits = append(seg.exits, t.leave)
}

type turns struct {
	feeds   []feed
	stopped bool // from below
}

// watch notes an early stop that comes from below, which concerns all sources.
func (t *turns) watch[T any](push func(T) error) func(T) error {
	return func(v T) error {
		err := push(v)
		if err == ErrStop {
			t.stopped = true
		}
		return err
	}
}

func (t *turns) drive(seg *Segment) error {
	for i := range t.feeds {
		if err := seg.Halted(); err != nil {
			return err
		}
		err := t.feeds[i].drive()
		t.feeds[i].leave()
		if err != nil && (err != ErrStop || t.stopped) {
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
