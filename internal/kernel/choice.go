package kernel

// Prioritized is Merge that always takes from the first input that has an item.
func Prioritized[T any](seg *Segment, down Port[T], wires []Wire[T]) {
	seg.head = newChoice(seg, down, wires).prioritize
}

// Race gives what comes of the input that has the first item. The others end when it has. Of
// several that have one already it is the first.
func Race[T any](seg *Segment, down Port[T], wires []Wire[T]) {
	seg.head = newChoice(seg, down, wires).race
}

// Interleave takes n items of each input in turn, and waits for the one whose turn it is. Those
// that have ended are left out.
func Interleave[T any](seg *Segment, n int, down Port[T], wires []Wire[T]) {
	c := newChoice(seg, down, wires)
	seg.head = func() error { return c.interleave(n) }
}

// choice is a merge that looks for each item which input it is to be of.
type choice[T any] struct{ *merge[T] }

func newChoice[T any](seg *Segment, down Port[T], wires []Wire[T]) *choice[T] {
	return &choice[T]{merge: newMerge(seg, inputQueue, down, wires)}
}

// one gives an item of an input that has one to what is below.
func (c *choice[T]) one(in *entry[T]) error {
	if err := c.goOn(); err != nil {
		return err
	}
	return c.down.Push(in.ring.pull(in.upTo))
}

// first gives the first input that has an item, nil if none has.
func (c *choice[T]) first() (*entry[T], error) {
	ended := false
	for _, in := range c.open {
		has, err := c.has(&in.input)
		if has || err != nil {
			return in, err
		}
		ended = ended || in.ended
	}
	if ended {
		c.close()
	}
	return nil, nil
}

// next waits for an input that has an item. It is nil when all have ended.
func (c *choice[T]) next() (*entry[T], error) {
	for {
		in, err := c.first()
		if in != nil || err != nil || len(c.open) == 0 {
			return in, err
		}
		if err := c.rest(); err != nil {
			return nil, err
		}
	}
}

func (c *choice[T]) prioritize() error {
	c.seg.giveBack = c.inputs.giveBack
	for {
		in, err := c.next()
		switch {
		case err != nil:
			return err
		case in == nil:
			return c.end()
		}
		if err := c.one(in); err != nil {
			return err
		}
	}
}

func (c *choice[T]) race() error {
	in, err := c.next()
	switch {
	case err != nil:
		return err
	case in == nil:
		return c.end()
	}
	return c.won(in)
}

// won goes on with one input alone.
func (c *choice[T]) won(winner *entry[T]) error {
	for _, in := range c.open {
		if in != winner {
			c.dismiss(&in.input)
		}
	}
	c.close()
	if err := c.rise(); err != nil {
		return err
	}
	return c.drain()
}

func (c *choice[T]) interleave(n int) error {
	c.seg.giveBack = c.inputs.giveBack
	for len(c.open) > 0 {
		for _, in := range c.open {
			if err := c.turnOf(in, n); err != nil {
				return err
			}
		}
		c.close()
	}
	return c.end()
}

// turnOf gives n items of an input, or as many as there are until it ends.
func (c *choice[T]) turnOf(in *entry[T], n int) error {
	for n > 0 {
		has, err := c.has(&in.input)
		switch {
		case err != nil:
		case has:
			err = c.one(in)
			n--
		case in.ended:
			return nil
		default:
			err = c.await(in.some)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
