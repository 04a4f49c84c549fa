package kernel

import (
	"context"
	"sync"
	"sync/atomic"
)

// A run that somebody looks at while it goes on is live. Its counters stay the plain
// numbers of the goroutines that they belong to; what others may read is published by
// those now and then: before they wait, every few items, and with the next item once they
// were asked. A run that nobody looks at has none of this.

// live is what a live run has besides.
type live struct {
	*Watching
	asked   atomic.Uint64 // how often somebody has asked for the books
	settled atomic.Bool   // the run has ended and its books are complete
	told    chan struct{} // of capacity 1: a segment was told to end
	intake  intake
}

// settled is who hears what policies decided, nil if nobody does.
func (r *Run) settled() func(f *Fault, blame error, v Verdict) {
	if r.live == nil {
		return nil
	}
	return r.live.Settled
}

// liveStage is what a stage of a live run has besides.
type liveStage struct {
	shown   Counts          // as published, see pulse
	opening *opening        // of a source
	tags    context.Context // labels for its calls, nil unless the run is tagged
}

// pulse is what a live segment publishes. All its stages are published at once, so that
// numbers which follow from each other are of the same moment.
type pulse struct {
	run      *live
	mu       sync.Mutex    // guards what shows write; whoever reads has those of all segments
	shows    []func()      // publish its stages and queues
	items    uint64        // ever
	answered uint64        // of asked
	turn     uint64        // how often it has entered user code or waited
	mark     int32         // whose user code runs, or ran before the wait
	label    string        // the name of its first stage, once prepared
	carries  string        // the label of its goroutine: of one that runs inside a source, that source's
	sends    *Stage        // a processor that gets its items over a channel
	hears    *Stage        // one that it gets items from in that way
	state    atomic.Uint64 // turn, mark, inItem and Activity
}

// publishing is every how many items a live segment publishes, unless it is asked or waits
// before: it costs about as much as handing over an item to another goroutine.
const publishing = 16

// Activity is what a segment is doing.
type Activity uint8

const (
	// Working: its stages are at work. It is the zero Activity.
	Working Activity = iota
	// AwaitsItems: nothing has come for it.
	AwaitsItems
	// AwaitsRoom: what is below takes no more.
	AwaitsRoom
	// AwaitsTime: a stage pauses, as for the next try, for its pace or for its turn.
	AwaitsTime
	// Finished: it has ended.
	Finished
)

// String says it in words.
func (a Activity) String() string {
	return [...]string{"working", "waiting for items", "waiting for room", "waiting for time", "ended"}[a]
}

// beat is called between two items.
func (p *pulse) beat() {
	p.items++
	if p.items%publishing == 0 || p.run.asked.Load() != p.answered {
		p.publish()
	}
}

func (p *pulse) publish() {
	p.answered = p.run.asked.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, show := range p.shows {
		show()
	}
}

// inItem marks the state of a segment whose user code runs for an item.
const inItem = 1 << 7

// enter says that user code of a stage runs from here, for an item or not.
func (p *pulse) enter(mark int32, item bool) {
	p.mark = mark
	if item {
		p.set(Working | inItem)
	} else {
		p.set(Working)
	}
}

// rest says that the segment waits from here.
func (p *pulse) rest(why Activity) {
	p.publish()
	p.set(why)
}

// yield says that what goes on on the goroutine of a live segment is not its own work from
// here, or is again.
func (g *Segment) yield(a Activity) {
	if g.pulse != nil {
		g.pulse.set(a)
	}
}

func (p *pulse) set(a Activity) {
	p.turn++
	p.state.Store(p.turn<<32 | uint64(uint32(p.mark))&0xffffff<<8 | uint64(a))
}

// showAll has all the books of a stage published by its segment. A run that is not live does
// not even make the function for it.
func (s *Stage) showAll() {
	if s.seg.pulse != nil {
		s.seg.show(s, func(to *Counts) { *to = s.Counts })
	}
}

// show has the books that a segment keeps of a stage published by it. Of a stage that has
// several, each publishes other numbers.
func (g *Segment) show(s *Stage, copy func(to *Counts)) {
	if g.pulse == nil {
		return
	}
	to := &s.live.shown
	g.pulse.shows = append(g.pulse.shows, func() { copy(to) })
}

// showRetries has the calls that a worker repeated published.
func (g *Segment) showRetries(worker *Stage) {
	if g.pulse == nil {
		return
	}
	known := int64(0)
	g.pulse.shows = append(g.pulse.shows, func() {
		worker.main.crew.retried.Add(worker.Retried - known)
		known = worker.Retried
	})
}

// showFailures publishes those of a stage with workers, whose books whoever settles keeps.
func (s *Stage) showFailures() {
	if s.crew != nil {
		s.crew.failed.Store(s.Failed)
		s.crew.lettered.Store(s.DeadLettered)
	}
}

// showQueue has the number of items that a segment took from a queue published by it.
func (g *Segment) showQueue(q *queue, taken *uint64) {
	if g.pulse != nil {
		g.pulse.shows = append(g.pulse.shows, func() { q.delivered = int64(*taken) })
	}
}

// visible notes in a live run each time that the stage's user code gets to work: of code
// that may block always, of the other where the run is traced. There none is called any more
// when the segment has to end: the run may have been given up since, and its caller have gone
// on.
func visible[T any](s *Stage, blocks bool, push func(T) error) func(T) error {
	p := s.seg.pulse
	if p == nil || !blocks && !p.run.Traced {
		return push
	}
	traced := p.run.Traced
	return func(v T) error {
		if traced && s.seg.ctx.Err() != nil {
			return s.spare()
		}
		s.enter(true)
		return push(v)
	}
}

// spare keeps an item without a call for it.
func (s *Stage) spare() error {
	if s.books != Mapped && s.main == s { // a worker's has been booked in
		s.In++
	}
	s.Held++
	return s.seg.cause()
}

// enter notes in a live run that user code of the stage runs from here.
func (s *Stage) enter(item bool) {
	if p := s.seg.pulse; p != nil {
		p.enter(s.mark, item)
		s.label()
	}
}
