package kernel

// Pairs is a stage that makes one item of two, of two sources.
type Pairs[A, B, P any] struct {
	Junction
	A    Wire[A]
	B    Wire[B]
	Pair func(A, B) P
}

// pairing is the state of one run.
type pairing[A, B, P any] struct {
	inputs
	s    *Stage
	down Port[P]
	pair func(A, B) P
	a    *entry[A]
	b    *entry[B]
}

// meet wires the stage and what is above it.
func (m *pairing[A, B, P]) meet(seg *Segment, p Pairs[A, B, P], down Port[P]) {
	m.gather(seg, down.Signal)
	m.down, m.pair = down, p.Pair
	m.s = p.stage(seg, p.Site, down.to, down.queue, Use{Calls: CallsNothing})
	m.b = m.enter(inputQueue, Port[B]{to: m.s}, p.B)
	m.a = m.enter(inputQueue, Port[A]{to: m.s}, p.A)
}

// look tells of both inputs whether an item is next.
func (m *pairing[A, B, P]) look() (a, b bool, err error) {
	return m.both(&m.a.input, &m.b.input)
}

// give gives a pair.
func (m *pairing[A, B, P]) give(a A, b B) error {
	m.s.Out++
	return m.down.Push(m.pair(a, b))
}

// Zip pairs the items by their places, and ends with the source that ends first.
func Zip[A, B, P any](seg *Segment, p Pairs[A, B, P], down Port[P]) {
	newZip(seg, p, down)
}

// ZipLongest is Zip that ends with the last source. What the other lacks is the zero value.
func ZipLongest[A, B, P any](seg *Segment, p Pairs[A, B, P], down Port[P]) {
	newZip(seg, p, down).longest = true
}

type zip[A, B, P any] struct {
	pairing[A, B, P]
	longest bool
}

func newZip[A, B, P any](seg *Segment, p Pairs[A, B, P], down Port[P]) *zip[A, B, P] {
	z := new(zip[A, B, P])
	z.meet(seg, p, down)
	seg.head = z.drain
	return z
}

// drain is the head of the consumer.
func (z *zip[A, B, P]) drain() error {
	z.seg.giveBack = z.giveBack
	for {
		a, b, err := z.look()
		switch {
		case err != nil:
		case a && b, z.longest && (a && z.b.ended || b && z.a.ended):
			err = z.put(a, b)
		case z.over():
			return z.end()
		default:
			err = z.rest()
		}
		if err != nil {
			return err
		}
	}
}

// over tells whether no pair can follow.
func (z *zip[A, B, P]) over() bool {
	if z.longest {
		return z.a.ended && z.b.ended
	}
	return z.a.ended || z.b.ended
}

// put takes an item of those inputs that have one, and gives the pair.
func (z *zip[A, B, P]) put(hasA, hasB bool) error {
	if err := z.goOn(); err != nil {
		return err
	}
	var a A
	var b B
	if hasA {
		a = z.a.ring.pull(z.a.upTo)
		z.s.In++
		z.s.Passed++
	}
	if hasB {
		b = z.b.ring.pull(z.b.upTo)
		z.s.In++
		z.s.Passed++
	}
	return z.give(a, b)
}
