package kernel

import (
	"errors"
	"fmt"
	"time"
)

// Joining is a stage that pairs the items of two sources which have the same key, as far as
// their times allow.
type Joining[A, B any, K comparable, P any] struct {
	Junction
	A    JoinInput[A, K]
	B    JoinInput[B, K]
	Pair func(A, B) P
	Most int           // items that are kept at once
	Lead time.Duration // by which the time of one source may be ahead of the other's, negative for any
}

// JoinInput is one of the two sources.
type JoinInput[T any, K comparable] struct {
	Wire Wire[T]
	Key  func(T) K
	At   func(T) time.Time
}

// ErrJoinFull is the failure of an item that would have to be kept beside as many as may be.
var ErrJoinFull = errors.New("streamz: a join has to keep more items than it may")

// joining is the state of one run.
type joining[A, B any, K comparable, P any] struct {
	inputs
	s    *Stage
	here Mark
	down Port[P]
	pair func(A, B) P
	a    *arm[A, K]
	b    *arm[B, K]
	most int
	kept int // items, of both inputs

	lead  time.Duration
	lastA bool // the last item was one of A
	inRow int  // so many before it were of the same input, while both had some

	heed   func() error          // what signals of an input change, after they have been passed
	reach  func(time.Time) error // gives what is due before a watermark goes down, nil for nothing
	over   func() bool           // no pair can follow
	finish func() error          // gives what is left
}

// arm is one of the inputs, in front of the stage.
type arm[T any, K comparable] struct {
	*entry[T]
	JoinInput[T, K]
	put    func(T) error
	front  watermark // how far its time has come, by its items and its watermarks
	kept   int       // items
	newest time.Time // of those that were ever kept
	barred []barred
}

// barred is a signal that waits until the items which came before it are kept no more.
type barred struct {
	sig   Signal
	until time.Time // of the newest of them
}

// meet wires the stage and what is above it. putA and putB take the items.
func (j *joining[A, B, K, P]) meet(seg *Segment, p Joining[A, B, K, P], down Port[P], putA func(A) error, putB func(B) error) {
	seg, down = separate(seg, false, seg.run.blocks(p.Site, CallsFunc), nil, down)
	j.gather(seg, j.signal)
	j.s = p.stage(seg, p.Site, down.to, down.queue, Use{Item: (*A)(nil), Calls: CallsFunc}, Use{Item: (*B)(nil), Calls: CallsFunc})
	j.here, j.down = j.s.Mark(), j.s.below(down)
	j.pair, j.most, j.lead = p.Pair, p.Most, p.Lead
	j.b = &arm[B, K]{JoinInput: p.B, put: j.s.above(false, putB), entry: j.enter(inputQueue, Port[B]{to: j.s}, p.B.Wire)}
	j.a = &arm[A, K]{JoinInput: p.A, put: j.s.above(false, putA), entry: j.enter(inputQueue, Port[A]{to: j.s}, p.A.Wire)}
	seg.head = j.drain
}

// drain is the head of the consumer.
func (j *joining[A, B, K, P]) drain() error {
	j.seg.giveBack = j.giveBack
	for {
		a, b, err := j.look()
		if err == nil && j.over() {
			return j.end()
		}
		if err == nil {
			err = j.step(j.admit(a, b))
		}
		if err != nil {
			return err
		}
	}
}

// look tells of both inputs whether an item is next.
func (j *joining[A, B, K, P]) look() (a, b bool, err error) {
	if a, b, err = j.both(&j.a.input, &j.b.input); err != nil || j.passing == nil {
		return a, b, err
	}
	j.passing = nil
	if j.a.mark.set {
		j.a.front.rise(j.a.mark.time)
	}
	if j.b.mark.set {
		j.b.front.rise(j.b.mark.time)
	}
	return a, b, j.heed()
}

// admit keeps an input that is too far ahead of the other waiting. One of which no time is known
// is not ahead.
func (j *joining[A, B, K, P]) admit(a, b bool) (bool, bool) {
	if j.lead < 0 {
		return a, b
	}
	far := func(x watermark, y tributary, front watermark) bool {
		return x.set && !y.ended && !front.reaches(x.time.Add(-j.lead))
	}
	return a && !far(j.a.front, j.b.tributary, j.b.front), b && !far(j.b.front, j.a.tributary, j.a.front)
}

// step takes an item of one of those inputs that have one, or waits.
func (j *joining[A, B, K, P]) step(a, b bool) error {
	if a && b {
		a = j.first()
	}
	switch {
	case a:
		return j.next(j.a)
	case b:
		return j.next(j.b)
	}
	return j.rest()
}

// fair is how many items are taken of one input in a row while the other has some.
const fair = 256

// first tells whether the next item is to be one of A. The input whose time is behind goes first,
// so that few items are kept, but does not starve the other.
func (j *joining[A, B, K, P]) first() bool {
	a := !j.lastA
	switch x, y := j.a.front, j.b.front; {
	case x.set && !y.reaches(x.time):
		a = false
	case y.set && !x.reaches(y.time):
		a = true
	}
	if j.inRow++; a == j.lastA && j.inRow >= fair {
		a = !a
	}
	if a != j.lastA {
		j.lastA, j.inRow = a, 0
	}
	return a
}

func (j *joining[A, B, K, P]) next[T any](in *arm[T, K]) error {
	v, ok, err := j.take(in.entry)
	if !ok || err != nil {
		return err
	}
	return in.put(v)
}

// read takes an item in, and gives its key and time. The time loses its monotonic part, by which
// it would be compared with some and not with others.
func (j *joining[A, B, K, P]) read[T any](in *arm[T, K], v T) (key K, at time.Time) {
	j.s.In++
	j.here.Enter()
	key, at = in.Key(v), in.At(v).Round(0)
	in.front.rise(at)
	return key, at
}

// pairless tells of a key, as a NaN, that it has no equal.
func pairless[K comparable](key K) bool {
	other := key
	return key != other
}

// full is the failure of an item that has to be kept, nil while there is room.
func (j *joining[A, B, K, P]) full() error {
	if j.kept < j.most {
		return nil
	}
	return fmt.Errorf("%w: %d are kept", ErrJoinFull, j.kept)
}

// keep books an item that is kept from here.
func (j *joining[A, B, K, P]) keep[T any](in *arm[T, K], at time.Time) {
	if in.newest.Before(at) {
		in.newest = at
	}
	in.kept++
	j.kept++
	j.s.Held++
}

// let books items that were kept, and were in some pair, or in none.
func (j *joining[A, B, K, P]) let[T any](in *arm[T, K], n int, paired bool) {
	in.kept -= n
	j.kept -= n
	j.s.Held -= int64(n)
	if paired {
		j.s.Passed += int64(n)
	} else {
		j.s.Filtered += int64(n)
	}
}

// give gives a pair, unless the segment has to end.
func (j *joining[A, B, K, P]) give(a A, b B) error {
	if err := j.s.Next(); err != nil {
		return err
	}
	return j.down.Push(j.pair(a, b))
}

// end gives what is left, and says that all is over.
func (j *joining[A, B, K, P]) end() error {
	if err := j.finish(); err != nil {
		return err
	}
	return j.inputs.end()
}

// signal is what goes down for a signal of the inputs. A barrier waits while items that came
// before it are kept: they may be in further pairs.
func (j *joining[A, B, K, P]) signal(sig Signal) error {
	switch {
	case j.passing == &j.a.input && j.a.bars(sig), j.passing == &j.b.input && j.b.bars(sig):
		return nil
	case sig.Kind == Watermark && j.reach != nil:
		if err := j.reach(sig.Time); err != nil {
			return err
		}
	}
	return j.down.Signal(sig)
}

// bars keeps a barrier if it has to wait, and a flush behind one: where the ways of one stream come
// together again signals have to come from each in the same order.
func (in *arm[T, K]) bars(sig Signal) bool {
	until, last := in.newest, len(in.barred)-1
	switch {
	case sig.Kind == Flush && last >= 0:
		until = in.barred[last].until
	case sig.Kind != Barrier || in.kept == 0 && last < 0:
		return false
	}
	in.barred = append(in.barred, barred{sig, until})
	return true
}

// release sends the barriers of an input in front of which all items have gone: the oldest that is
// kept, if there is one, is of a time after them.
func (j *joining[A, B, K, P]) release[T any](in *arm[T, K], oldest func() time.Time) error {
	for len(in.barred) > 0 && (in.kept == 0 || in.barred[0].until.Before(oldest())) {
		sig := in.barred[0].sig
		in.barred = in.barred[1:]
		if err := j.down.Signal(sig); err != nil {
			return err
		}
	}
	return nil
}
