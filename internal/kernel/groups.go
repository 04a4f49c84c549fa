package kernel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/linked"
)

// Groups give the items of each key a copy of one piece of a flow, all of them fused with what
// is below: a key costs the state of its stages, and no goroutine.
//
// The piece is wired as a template when the run is, and once more for each key when its first
// item comes. All copies have the same stages, so that their books add up.
type Groups[K comparable, In, R, Out any] struct {
	Key  func(In) K
	Part Spec[In, R]
	// Give makes of the push of what is below that of what comes out of a key's copy.
	Give func(key K, push func(Out) error) func(R) error
	Idle time.Duration // after which a key without an item is ended, 0 for never
	Most int           // keys
	Full Full
}

// Full says what becomes of an item with a new key where there are as many as there may be.
type Full uint8

const (
	// FullFails makes it a failure.
	FullFails Full = iota
	// FullEvicts ends the key for which no item has come for the longest time.
	FullEvicts
	// FullDrops drops the item.
	FullDrops
)

// ErrFull is the failure of an item with a key more than there may be.
var ErrFull = errors.New("there is no room for another key")

// ApartError is the misuse of a stage that cannot be fused where all have to be. Without a name
// it is a queue.
type ApartError struct{ Stage, Instead string }

func (e *ApartError) Error() string {
	if e.Stage == "" {
		return "must run on one goroutine, without an Async between them, unlike those of " + e.Instead
	}
	return fmt.Sprintf("must run on one goroutine, unlike those of %s, and %q needs another, or a queue", e.Instead, e.Stage)
}

// Join is the Connect of the stage, in front of down.
func (g Groups[K, In, R, Out]) Join(seg *Segment, site Site, name, op string, down Port[Out]) (*Segment, Port[In]) {
	m := &groups[K, In, R, Out]{Groups: g, within: Site{Name: cmp.Or(site.Name, name), At: site.At, Policy: site.Policy}}
	if seg.again == nil {
		seg, down = m.prepare(seg, site, name, down)
	}
	m.seg, m.down, m.all = seg, down, make(map[K]*group[K, In])
	m.spare.enter(seg)
	m.order.Clear()
	m.stirred.Clear()
	outer := seg.tight
	seg.tight = true
	m.template()
	seg, up := Attach(seg, site, Spec[In, struct{}]{Name: name, Op: op, Calls: CallsFunc, Start: m.start}, Port[struct{}]{})
	seg.tight = outer
	if seg.again == nil {
		seg.timed = seg.timed || g.Idle > 0
		seg.drifts = seg.timed && seg.blocks
	}
	return seg, up
}

// prepare wires the piece on trial, and gives the segment that it can be wired in. Where the
// piece may block, idle keys are ended when it does not.
func (m *groups[K, In, R, Out]) prepare(seg *Segment, site Site, name string, down Port[Out]) (*Segment, Port[Out]) {
	t := newTrial(seg, seg.run.policy)
	defer t.Abort()
	t.seg.tight = true
	t.seg.cue = new(Cue) // a segment can have one, and not each key
	m.seg = t.seg
	up, _ := m.wire(t.seg, Port[R]{Push: func(R) error { return nil }, Signal: accept})
	if len(t.misuse) == 0 && !t.alone(up) { // misuse is found again
		seg.run.Misused(site, name, &ApartError{t.apart(), "ParallelKeyed"})
	}
	blocks := t.seg.blocks || t.blocks(m.within, CallsFunc)
	return separate(seg, t.seg.timed || m.Idle > 0 && !blocks, blocks, t.seg.clock, down)
}

// groups is the state of one run.
type groups[K comparable, In, R, Out any] struct {
	Groups[K, In, R, Out]
	s      *Stage
	seg    *Segment
	within Site
	down   Port[Out]
	copy   again  // of the piece
	to     *Stage // the first one, or what is below
	queue  *queue
	lively bool // a key may do something while no item comes for it
	spare  room // for keys that do not

	all   map[K]*group[K, In]
	order linked.List[group[K, In]] // by the first item, or if touch by the last
	touch bool
	timer *Timer // nil unless keys are ended for being idle
	born  time.Time
	into  *group[K, In]  // the item in hand is for
	enter func(In) error // gives it to that

	tide[K, In]
	later  []shared // signals that some keys have not passed on
	passed int      // signals that all have
}

// shared is a signal that goes down when all keys have passed it on.
type shared struct {
	sig  Signal
	left int // keys that have not, and one more while the stage gives it to them
}

// group is a key.
type group[K comparable, In any] struct {
	key    K
	push   func(In) error // nil when its copy has ended
	send   func(Signal) error
	place  linked.Place[group[K, In]]
	used   time.Duration // when its last item came, if that matters, after born
	feed   *feed         // of its own, nil unless lively
	hooks  []hook
	marked *marked[K, In] // nil before the first watermark
	passed int            // signals
	ended  bool
}

// hook is what a stage has to do when its copy ends.
type hook struct {
	s      *Stage
	closes func(error) error
}

// template wires the piece as all keys have it. What it is wired to is never used.
func (m *groups[K, In, R, Out]) template() {
	seg := m.seg
	f := &feed{due: func(time.Time) {}}
	made, before := seg.made, seg.wired()
	_, port := m.wire(seg.branch(f), by(m.down, func(R) error { return nil }, accept))
	m.to, m.queue = port.to, port.queue
	m.lively = seg.made > made || f.asked
	m.copy.stages = seg.wiredAfter(before)
	for _, s := range m.copy.stages {
		s.opens, s.closes = nil, nil
	}
}

// wire wires the piece in front of down.
func (m *groups[K, In, R, Out]) wire(seg *Segment, down Port[R]) (up *Segment, port Port[In]) {
	seg.Within(m.within, func(part Site) { up, port = Attach(seg, part, m.Part, down) })
	return up, port
}

func (m *groups[K, In, R, Out]) start(s *Stage, _ Port[struct{}]) Port[In] {
	m.s, m.touch, m.awaits = s, m.Idle > 0 || m.Full == FullEvicts, s.Awaits()
	m.enter = apart(s, func(v In) error { return m.into.push(v) })
	s.seg.run.edge(s, m.to, m.queue)
	if m.Idle > 0 {
		m.timer = s.Timer(m.sweep)
	}
	s.OnClose(m.leave)
	return Port[In]{Push: m.push, Signal: m.signal}
}

func (m *groups[K, In, R, Out]) push(v In) error {
	s := m.s
	s.In++
	s.Mark().Enter()
	key := m.Key(v)
	e := m.all[key]
	if e == nil {
		var err error
		if e, err = m.admit(key, v); e == nil || err != nil {
			return err
		}
	}
	if m.touch {
		m.use(e)
	}
	if m.mark.set {
		if err := m.stir(e); err != nil {
			s.Held++
			return err
		}
	}
	if e.push == nil {
		s.Filtered++
		return nil
	}
	s.Held++
	s.Out++
	m.into = e
	err := m.enter(v)
	if err != nil {
		if err = m.left(e, err); err != nil && !s.Taken(err) {
			return err
		}
	}
	s.Held--
	s.Passed++
	return err
}

// admit makes a new key, if there can be one. Until it is made the item is held.
func (m *groups[K, In, R, Out]) admit(key K, v In) (*group[K, In], error) {
	s := m.s
	full := len(m.all) >= m.Most
	switch {
	case full && m.Full == FullFails:
		return nil, s.Fail(v, fmt.Errorf("%w beside the %d that there are", ErrFull, m.Most))
	case full && m.Full == FullDrops:
		s.Dropped++
		return nil, nil
	}
	s.Held++
	if full {
		if err := m.evict(m.order.First()); err != nil {
			return nil, err
		}
	}
	e := m.open(key)
	if err := m.begin(e); err != nil {
		return nil, err
	}
	s.Held--
	return e, nil
}

// open makes the copy of a key.
func (m *groups[K, In, R, Out]) open(key K) *group[K, In] {
	e := &group[K, In]{key: key, passed: m.passed + len(m.later)}
	m.all[key] = e
	m.order.Append(&e.place, e)
	seg, outer := m.room(e), m.seg.again
	m.copy.next, m.seg.again = 0, &m.copy
	_, port := m.wire(seg, by(m.down, m.Give(key, m.down.Push), func(sig Signal) error { return m.came(e, sig) }))
	m.seg.again = outer
	e.push, e.send = port.Push, port.Signal
	return e
}

// room gives the segment for the copy of a key, with a feed of its own. Where a copy does nothing
// while no item comes that is needed no longer than until it has begun.
func (m *groups[K, In, R, Out]) room(e *group[K, In]) *Segment {
	if !m.lively {
		e.feed = &m.spare.feed
		return &m.spare.Segment
	}
	own := new(room)
	own.enter(m.seg)
	e.feed = &own.feed
	own.settle = func(err error) error { return m.left(e, err) }
	own.due = func(t time.Time) { m.await(e, t) }
	return &own.Segment
}

// room is a segment with a part of a feed.
type room struct {
	Segment
	feed feed
}

func (r *room) enter(g *Segment) {
	r.Segment, r.feed.within = Segment{g.thread, &r.feed}, g.feed
}

// begin does what the stages of a key do before its first item.
func (m *groups[K, In, R, Out]) begin(e *group[K, In]) error {
	if m.timer != nil && len(m.all) == 1 {
		m.timer.Reset(m.Idle)
	}
	for _, s := range m.copy.stages {
		open, closes := s.opens, s.closes
		s.opens, s.closes = nil, nil
		if open != nil {
			if err := s.protect(func() error { return open(s.ctx) }); err != nil {
				return err
			}
		}
		if closes != nil {
			e.hooks = append(e.hooks, hook{s, closes})
		}
	}
	starts, leads := e.feed.starts, e.feed.leads
	e.feed.starts, e.feed.leads = nil, nil
	for _, first := range [...][]func() error{starts, leads} {
		for _, fn := range first {
			if e.ended {
				break
			}
			if err := m.left(e, fn()); err != nil {
				return err
			}
		}
	}
	if !m.lively {
		e.feed = nil
	}
	return nil
}

// use makes the key the one that an item came for last.
func (m *groups[K, In, R, Out]) use(e *group[K, In]) {
	if m.timer != nil {
		e.used = m.age()
	}
	if m.order.Last() != e {
		e.place.Remove()
		m.order.Append(&e.place, e)
	}
}

// age is the time since the first item.
func (m *groups[K, In, R, Out]) age() time.Duration {
	now := m.seg.Now()
	if m.born.IsZero() {
		m.born = now
	}
	return now.Sub(m.born)
}

// sweep ends the keys that are idle.
func (m *groups[K, In, R, Out]) sweep() error {
	for e := m.order.First(); e != nil; e = m.order.First() {
		if left := e.used + m.Idle - m.age(); left > 0 {
			m.timer.Reset(left)
			return nil
		}
		if err := m.evict(e); err != nil {
			return err
		}
	}
	return nil
}

// evict ends a key and forgets it.
func (m *groups[K, In, R, Out]) evict(e *group[K, In]) error {
	if e.push != nil {
		if err := m.left(e, e.send(Signal{Kind: End})); err != nil {
			return err
		}
	}
	delete(m.all, e.key)
	e.place.Remove()
	return m.end(e)
}

// left says what the result of a key's stages means for all. An early end of its own is not
// theirs.
func (m *groups[K, In, R, Out]) left(e *group[K, In], err error) error {
	if err != ErrStop || m.seg.ctx.Err() != nil || !e.ended {
		return err
	}
	return m.end(e)
}

// end is for a key whose copy has ended. Nothing of that is left.
func (m *groups[K, In, R, Out]) end(e *group[K, In]) error {
	if e.push == nil {
		return nil
	}
	e.push, e.send = nil, nil
	if m.lively {
		m.seg.disarm(e.feed)
	}
	m.close(e, ErrStop)
	if m.seg.ctx.Err() != nil { // something failed then
		return m.seg.cause()
	}
	m.forget(e)
	if err := m.released(); err != nil {
		return err
	}
	for i := e.passed - m.passed; i < len(m.later); i++ {
		m.later[i].left--
	}
	return m.align()
}

// close closes the stages of a key, and makes them as if none had ended: they are those of all
// others.
func (m *groups[K, In, R, Out]) close(e *group[K, In], cause error) {
	hooks := e.hooks
	e.hooks = nil
	for _, h := range slices.Backward(hooks) { // from the source to the sink
		s, opened := h.s, h.s.opened
		s.closes, s.opened = h.closes, true
		s.close(cause)
		s.closes, s.opened = nil, opened
	}
	for _, s := range m.copy.stages {
		s.ended, s.stuck = false, nil
	}
}

// leave closes what is left at the end of the run.
func (m *groups[K, In, R, Out]) leave(cause error) error {
	for e := range m.order.All() {
		m.close(e, cmp.Or(cause, ErrStop))
	}
	return nil
}

// signal gives every key a signal. It goes down when all have passed it on.
func (m *groups[K, In, R, Out]) signal(sig Signal) error {
	switch sig.Kind {
	case End:
		for e := m.order.First(); e != nil; e = m.order.First() {
			if err := m.evict(e); err != nil {
				return err
			}
		}
		return m.down.Signal(sig)
	case Watermark:
		return m.rise(sig)
	}
	m.later = append(m.later, shared{sig, 1})
	for e := range m.order.All() {
		if e.push != nil {
			m.later[len(m.later)-1].left++
		}
	}
	for e := range m.order.All() {
		if e.push == nil {
			continue
		}
		if err := m.left(e, e.send(sig)); err != nil {
			return err
		}
	}
	m.later[len(m.later)-1].left--
	return m.align()
}

// came is what comes out of a key's copy besides items.
func (m *groups[K, In, R, Out]) came(e *group[K, In], sig Signal) error {
	switch sig.Kind {
	case End:
		e.ended = true
		return nil
	case Watermark:
		return m.risen(e, sig)
	}
	m.later[e.passed-m.passed].left--
	e.passed++
	return m.align()
}

// align hands on the signals that all keys have passed on.
func (m *groups[K, In, R, Out]) align() error {
	for len(m.later) > 0 && m.later[0].left == 0 {
		sig := m.later[0].sig
		m.later = m.later[1:]
		m.passed++
		if err := m.down.Signal(sig); err != nil {
			return err
		}
	}
	return nil
}
