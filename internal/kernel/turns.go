package kernel

// InTurn wires several sources into one segment, which runs them one after the other:
// the next begins when the one before has ended, or has been ended early by a stage of
// its own. Only the End of the last goes down.
func InTurn[T any](seg *Segment, down Port[T], wires []Wire[T]) { inTurn(seg, down, wires) }

// Otherwise wires a source and one that runs after it if that has given nothing. Their stage
// stands below them, in the same segment. The End goes down with the last that runs.
func Otherwise[T any](seg *Segment, j Junction, down Port[T], first, second Wire[T]) {
	s := j.stage(seg, j.Site, down.to, down.queue, Use{Calls: CallsNothing})
	s.books = Mapped
	some := false
	noting := func(v T) error {
		some = true
		return down.Push(v)
	}
	t := inTurn(seg, Port[T]{Push: noting, Signal: down.Signal, to: s}, []Wire[T]{first, second})
	t.over = func() bool { return some }
	t.end = func() error { return down.Signal(Signal{Kind: End}) }
}

func inTurn[T any](seg *Segment, down Port[T], wires []Wire[T]) *turns {
	t := &turns{feeds: make([]feed, len(wires)), over: func() bool { return false }}
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
	return t
}

type turns struct {
	feeds []feed
	over  func() bool  // asked after each feed: those behind it are not wanted
	end   func() error // what comes then
}

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
		if i < len(t.feeds)-1 && t.over() {
			return t.end()
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
