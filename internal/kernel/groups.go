package kernel

import (
	"cmp"
	"errors"
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
	seg.run.Misused(site, name, t.unfit(up, "ParallelKeyed"))
	blocks := t.seg.blocks || t.blocks(m.within, CallsFunc)
	return separate(seg, t.seg.timed || m.Idle > 0 && !blocks, blocks, t.seg.clock, down)
}

// groups is the state of one run.
type groups[K comparable, In, R, Out any] struct {
	Groups[K, In, R, Out]
	s      *Stage
	here   Mark
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
	m.s, m.here, m.awaits = s, s.Mark(), s.Awaits()
	m.touch = m.Idle > 0 || m.Full == FullEvicts
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
	m.here.Enter()
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
		if e.push == nil {
			continue
		}
		m.later[len(m.later)-1].left++
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
