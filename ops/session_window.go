package ops

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/internal/linked"
)

const (
	defaultGap      = 30 * time.Minute
	defaultSessions = 100_000
)

// SessionStats is what a [SessionWindow] has delivered so far, in all its runs.
type SessionStats struct {
	Sessions int64 // windows
	Evicted  int64 // of these, closed early because there were too many open
}

// SessionWindow groups the items of each key into sessions: a session is open as long as the
// items of its key follow one another within a gap.
//
//   - Emits: a [Window] when the gap after its last item is over, and earlier as its limits say
//   - Holds: one session for each key, up to its maximum of sessions
//   - Backpressures: while a session waits for its receiver, for the items of all keys
//   - Completes: when the input ends, after the open sessions
//   - Cancels: drops the open sessions
//
// Every item is in exactly one session, in order, and no session is empty. Its Start is the time
// of its first item, and its End that of its last item and the gap; with
// [SessionWindow.WithMaxDuration] it is no later than that after Start. Both are what was
// planned also where a session was closed early. An item that comes at the End of a session
// begins a new one. Sessions come in the order of their End, those of the same End in that of
// their Start. A Window has no key: that of any of its Items is the session's.
//
// While a session waits for its receiver no items are read, so theirs is a later time, and what
// falls due meanwhile follows in the same order. The gap is measured by the monotonic clock,
// which nobody sets.
//
// When there would be more open sessions than its maximum, by default 100,000, the one that
// has been idle longest is closed, and counted, see [SessionWindow.Stats]. A session that has
// 1<<20 items, or the maximum of [SessionWindow.WithMaxItems], is closed, and the next item of
// its key begins a new one.
//
// A barrier or a watermark waits until the sessions that are open when it comes have closed. A
// key whose items never pause holds it up, unless the sessions have a maximum duration.
type SessionWindow[T any, K comparable] struct {
	base
	key          func(T) K
	gap, longest time.Duration // longest is 0 without a maximum
	max          int
	sessions     int
	clk          Clock
	stats        *sessionCounts // of the runs of this value and no copy
}

type sessionCounts struct{ sessions, evicted atomic.Int64 }

// NewSessionWindow makes a SessionWindow, named "session-window", with a gap of 30 minutes. key
// must not be nil; it is called once an item, on one goroutine, and must not block. The clock
// is optional; without it the SessionWindow takes the clock of the run, or the real one.
//
//streamz:stage SessionWindow(key func(T) K, gap time.Duration) NewSessionWindow(key).WithGap(gap)
//streamz:example flow.Of("Ann", "Bob", "Al").SessionWindow(func(name string) byte { return name[0] }, time.Hour).Map(func(w ops.Window[string]) int { return len(w.Items) })
//streamz:output [2 1]
//streamz:marble ab-a-bb-----a--b-a-| f.SessionWindow(func(s string) string { return s }, 30*time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewSessionWindow[T any, K comparable](key func(T) K, clk ...Clock) *SessionWindow[T, K] {
	w := &SessionWindow[T, K]{
		name: "session-window", key: key, gap: defaultGap, max: maxBatch, sessions: defaultSessions,
		stats: new(sessionCounts),
	}
	w.clk = w.oneClock(clk)
	w.needFunc(key == nil)
	return w
}

// copy is a copy with counts of its own.
func (w *SessionWindow[T, K]) copy() *SessionWindow[T, K] {
	c := *w
	c.stats = new(sessionCounts)
	return &c
}

// WithName gives a copy with another name, which counts for itself.
func (w *SessionWindow[T, K]) WithName(name string) *SessionWindow[T, K] {
	c := w.copy()
	c.name = name
	return c
}

// WithGap gives a copy whose sessions close when no item of their key came for d, which must
// be positive. It counts for itself.
func (w *SessionWindow[T, K]) WithGap(d time.Duration) *SessionWindow[T, K] {
	c := w.copy()
	c.gap = d
	c.needPositive("gap", d)
	return c
}

// WithMaxDuration gives a copy whose sessions close d after their first item, also if further
// ones come. d must be positive. It counts for itself.
func (w *SessionWindow[T, K]) WithMaxDuration(d time.Duration) *SessionWindow[T, K] {
	c := w.copy()
	c.longest = d
	c.needPositive("MaxDuration", d)
	return c
}

// WithMaxItems gives a copy that closes a session at once when it has n items. 0 is 1<<20. It
// counts for itself.
func (w *SessionWindow[T, K]) WithMaxItems(n int) *SessionWindow[T, K] {
	c := w.copy()
	c.max = c.needItems(n)
	return c
}

// WithMaxSessions gives a copy that has n sessions open at most, at least 1, and counts for
// itself.
func (w *SessionWindow[T, K]) WithMaxSessions(n int) *SessionWindow[T, K] {
	c := w.copy()
	c.sessions = n
	if n < 1 {
		c.misuse("MaxSessions", n, "must be at least 1")
	}
	return c
}

// Stats gives what has been delivered so far. It may be called at any time, by anybody.
func (w *SessionWindow[T, K]) Stats() SessionStats {
	if w.stats == nil { // not made by its constructor
		return SessionStats{}
	}
	return SessionStats{Sessions: w.stats.sessions.Load(), Evicted: w.stats.evicted.Load()}
}

// Process runs the SessionWindow over channels, see [Processor].
func (w *SessionWindow[T, K]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *SessionWindow[T, K]) Kernel() kernel.Spec[T, Window[T]] {
	return kernel.Spec[T, Window[T]]{
		Self: w, Name: w.name, Op: "SessionWindow", Err: w.err(),
		Calls: kernel.CallsFunc, Timed: true, Clock: w.clk, Start: w.start,
	}
}

// session is one that is open.
type session[T any, K comparable] struct {
	key         K
	no          int64 // how many were opened before
	items       []T
	start, last time.Time // when the first and the last item came
	idle, age   linked.Place[session[T, K]]
}

// sessions is the state of one run. Both lists are in the order of time, and each has the
// earliest of one kind of deadline at its front: so one timer is enough.
type sessions[T any, K comparable] struct {
	*SessionWindow[T, K]
	windowing[T]
	mark  kernel.Mark
	timer *kernel.Timer
	due   time.Time // no session is due before

	byKey  map[K]*session[T, K]
	byIdle linked.List[session[T, K]] // by their last item
	byAge  linked.List[session[T, K]] // by their first item
	count  int                        // of the open ones: some keys are not found in a map
	held   int                        // items
	opened int64                      // so far
	ripe   []*session[T, K]           // those to be closed
}

func (w *SessionWindow[T, K]) start(s *kernel.Stage, down kernel.Port[Window[T]]) kernel.Port[T] {
	r := &sessions[T, K]{
		SessionWindow: w, windowing: newWindowing(s, down), mark: s.Mark(), byKey: make(map[K]*session[T, K]),
	}
	r.byIdle.Clear()
	r.byAge.Clear()
	r.timer = s.Timer(r.fire)
	s.OnClose(func(error) error {
		s.Held += int64(r.held)
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *sessions[T, K]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	key := r.key(v)
	own, now := r.byKey[key], r.seg.Now()
	if own == nil || !now.Before(r.due) {
		if err := r.prepare(key, now); err != nil {
			return err
		}
		if own = r.byKey[key]; own == nil {
			own = r.open(key, now)
		}
	}
	return r.take(own, v, now)
}

// prepare closes the sessions that are due, and one more if that of a key needs its place. The
// item in hand is held meanwhile.
func (r *sessions[T, K]) prepare(key K, now time.Time) error {
	r.s.Held++
	if !now.Before(r.due) {
		if err := r.closeDue(now); err != nil {
			return err
		}
	}
	if r.count == r.sessions && r.byKey[key] == nil {
		if err := r.evict(); err != nil {
			return err
		}
	}
	r.s.Held--
	return nil
}

// take puts an item into its session.
func (r *sessions[T, K]) take(own *session[T, K], v T, now time.Time) error {
	if own.last != now {
		own.last = now
		own.idle.Remove()
		r.byIdle.Append(&own.idle, own)
	}
	own.items = append(own.items, v)
	r.held++
	if len(own.items) < r.max {
		return nil
	}
	return r.close(own)
}

// evict closes the session that has been idle longest.
func (r *sessions[T, K]) evict() error {
	if err := r.close(r.byIdle.First()); err != nil {
		return err
	}
	r.stats.evicted.Add(1)
	return nil
}

// open begins a session. No other one is due later, so it needs the timer only where it is the
// only one.
func (r *sessions[T, K]) open(key K, now time.Time) *session[T, K] {
	s := &session[T, K]{key: key, no: r.opened, start: now, last: now}
	r.opened++
	r.byIdle.Append(&s.idle, s)
	r.byAge.Append(&s.age, s)
	if key == key {
		r.byKey[key] = s
	}
	if r.count++; r.count == 1 {
		r.arm()
	}
	return s
}

// deadline is when a session is due, unless an item comes.
func (r *sessions[T, K]) deadline(s *session[T, K]) time.Time {
	due := s.last.Add(r.gap)
	if r.longest > 0 {
		if end := s.start.Add(r.longest); end.Before(due) {
			return end
		}
	}
	return due
}

// arm sets the timer for the earliest deadline, by the time that it is: the receiver of the
// last session may have made it later than that of the item in hand.
func (r *sessions[T, K]) arm() {
	if r.count == 0 {
		r.timer.Stop()
		return
	}
	r.due = r.deadline(r.byIdle.First())
	if oldest := r.deadline(r.byAge.First()); oldest.Before(r.due) {
		r.due = oldest
	}
	r.timer.Reset(r.due.Sub(r.seg.Now()))
}

func (r *sessions[T, K]) fire() error { return r.closeDue(r.seg.Now()) }

// closeDue closes the sessions that are due.
func (r *sessions[T, K]) closeDue(now time.Time) error {
	for s := range r.byIdle.All() {
		if now.Before(s.last.Add(r.gap)) {
			break
		}
		r.ripe = append(r.ripe, s)
	}
	if r.longest > 0 {
		r.ripenByAge(now)
	}
	if err := r.closeRipe(); err != nil {
		return err
	}
	r.arm()
	return nil
}

// ripenByAge finds those that are due for their age alone.
func (r *sessions[T, K]) ripenByAge(now time.Time) {
	for s := range r.byAge.All() {
		if now.Before(s.start.Add(r.longest)) {
			return
		}
		if now.Before(s.last.Add(r.gap)) {
			r.ripe = append(r.ripe, s)
		}
	}
}

// closeRipe closes the sessions that were found, in the order of their End, and of their number,
// which is that of their Start.
func (r *sessions[T, K]) closeRipe() error {
	slices.SortFunc(r.ripe, func(a, b *session[T, K]) int {
		return cmp.Or(r.deadline(a).Compare(r.deadline(b)), cmp.Compare(a.no, b.no))
	})
	for _, s := range r.ripe {
		if err := r.close(s); err != nil {
			return err
		}
	}
	clear(r.ripe)
	r.ripe = r.ripe[:0]
	return nil
}

// close emits a session.
func (r *sessions[T, K]) close(s *session[T, K]) error {
	delete(r.byKey, s.key)
	s.idle.Remove()
	s.age.Remove()
	r.count--
	r.held -= len(s.items)
	r.s.Passed += int64(len(s.items))
	start := s.start.Round(0)
	win := Window[T]{Start: start, End: start.Add(r.deadline(s).Sub(s.start)), Items: s.items}
	if err := r.emit(win); err != nil {
		return err
	}
	r.stats.sessions.Add(1)
	return r.release(r.gone())
}

// gone is how many sessions were opened before the oldest one that is open.
func (r *sessions[T, K]) gone() int64 {
	if oldest := r.byAge.First(); oldest != nil {
		return oldest.no
	}
	return r.opened
}

func (r *sessions[T, K]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End || sig.Kind == kernel.Flush {
		r.ripe = slices.AppendSeq(r.ripe, r.byIdle.All())
		if err := r.closeRipe(); err != nil {
			return err
		}
	}
	if r.count > 0 {
		r.wait(sig, r.opened)
		return nil
	}
	return r.down.Signal(sig)
}
