package kernel

// InTurn wires several sources into one segment, whose head runs them one after the
// other: the next begins when the one before has ended. Only the End of the last goes
// down.
func InTurn[T any](seg *Segment, down Port[T], wires []func(*Segment, Port[T])) {
	heads := make([]func() error, len(wires))
	port := down
	for i := len(wires) - 1; i >= 0; i-- {
		seg.head = nil
		wires[i](seg, port)
		heads[i] = seg.head
		port.Signal = withoutEnd(down.Signal)
	}
	seg.head = func() error {
		for _, head := range heads {
			if err := head(); err != nil {
				return err
			}
		}
		return nil
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
