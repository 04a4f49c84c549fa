package ops

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

const (
	defaultKeys = 1_000_000
	mostKeys    = 1 << 30
)

// Dedupe passes the first item of each key and discards those that follow with the same
// key, in order. With a time to live a key is forgotten so long after its item was emitted,
// and the next item of it passes again.
//
//   - Emits: each item whose key it does not know, unchanged
//   - Holds: one item, and so many keys at most as its limit
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand, and forgets all keys
//
// An item that is discarded does not lengthen the life of its key. An item that comes just
// when its key is as old as its time to live passes.
//
// A million keys are kept unless [Dedupe.WithMaxKeys] says otherwise. If there are more the
// oldest is forgotten, which [Dedupe.Stats] counts; the first time in a run is logged.
//
// A key that is not equal to itself, as a NaN, is never known and not kept.
//
// Each run begins without keys, see [Dedupe.WithMemory]. The key function is called once an
// item, on one goroutine, and must not block.
type Dedupe[T any, K comparable] struct {
	base
	key    func(T) K
	ttl    time.Duration
	most   int
	clk    Clock
	memory *DedupeMemory[K]
	counts *dedupeCounts // of this value, not of the copies that options make
}

// DedupeStats counts the items and keys of a [Dedupe].
type DedupeStats struct {
	UniqueCount    int64 // items delivered
	DuplicateCount int64 // items discarded
	Forgotten      int64 // keys that made way for newer ones before their time
}

type dedupeCounts struct{ unique, duplicate, forgotten atomic.Int64 }

// NewDedupe makes a Dedupe, named "dedupe", whose keys live for ever, see [Dedupe.WithTTL].
// key must not be nil. The clock is optional; without it the Dedupe takes the clock of the
// run, or the real one.
//
//streamz:stage Dedupe(key func(T) K, ttl time.Duration) NewDedupe(key).WithTTL(ttl)
//streamz:example flow.Of("go", "Go", "c", "GO").Dedupe(strings.ToLower, time.Minute)
//streamz:output [go c]
//streamz:marble aab-a--a-baa---| f.Dedupe(strings.ToLower, 50 * time.Millisecond)
func NewDedupe[T any, K comparable](key func(T) K, clk ...Clock) *Dedupe[T, K] {
	d := &Dedupe[T, K]{name: "dedupe", key: key, most: defaultKeys, counts: new(dedupeCounts)}
	d.clk = d.oneClock(clk)
	d.needFunc(key == nil)
	return d
}

// WithName gives a copy with another name, which counts for itself.
func (d *Dedupe[T, K]) WithName(name string) *Dedupe[T, K] {
	c := d.copy()
	c.name = name
	return c
}

// WithTTL gives a copy that forgets a key so long after its item was emitted. 0 means never.
func (d *Dedupe[T, K]) WithTTL(ttl time.Duration) *Dedupe[T, K] {
	c := d.copy()
	c.ttl = ttl
	if ttl < 0 {
		c.misuse("TTL", ttl, "must not be negative")
	}
	return c
}

// WithMaxKeys gives a copy that keeps n keys at most, from 1 to 1<<30.
func (d *Dedupe[T, K]) WithMaxKeys(n int) *Dedupe[T, K] {
	c := d.copy()
	c.most = n
	if n < 1 || n > mostKeys {
		c.misuse("maximum of keys", n, "must be between 1 and 1<<30")
	}
	return c
}

// WithMemory gives a copy that keeps its keys in memory, from one run to the next. A key is
// kept there when its item has been delivered: one that a cancel has held back passes in the
// next run. Of runs that go on at once, two may pass an item of the same key while neither
// has delivered it.
func (d *Dedupe[T, K]) WithMemory(memory *DedupeMemory[K]) *Dedupe[T, K] {
	c := d.copy()
	c.memory = memory
	if memory == nil {
		c.misuse("memory", nil, "must not be nil")
	}
	return c
}

func (d *Dedupe[T, K]) copy() *Dedupe[T, K] {
	c := *d
	c.counts = new(dedupeCounts)
	return &c
}

// Stats adds up all runs of this value. It may be called at any time, by anybody.
func (d *Dedupe[T, K]) Stats() DedupeStats {
	if d.counts == nil { // not made by its constructor
		return DedupeStats{}
	}
	return DedupeStats{d.counts.unique.Load(), d.counts.duplicate.Load(), d.counts.forgotten.Load()}
}

// Process runs the Dedupe over channels, see [Processor].
func (d *Dedupe[T, K]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, d.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (d *Dedupe[T, K]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: d, Name: d.name, Op: "Dedupe", Err: d.err(), Calls: kernel.CallsFunc,
		Books: kernel.Selected, Timed: d.ttl > 0, Clock: d.clk, Start: d.start,
	}
}

// deduping is the state of one run.
type deduping[T any, K comparable] struct {
	*Dedupe[T, K]
	s      *kernel.Stage
	mark   kernel.Mark
	down   func(T) error
	keys   recent[K]     // unless they are in memory
	timer  *kernel.Timer // nil without TTL
	armed  bool
	warned bool
}

func (d *Dedupe[T, K]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &deduping[T, K]{Dedupe: d, s: s, mark: s.Mark(), down: down.Push}
	if d.ttl > 0 {
		r.timer = s.Timer(r.clear)
	}
	port := kernel.Port[T]{Push: r.push, Signal: down.Signal}
	if d.memory != nil {
		port.Push = r.pushRemembered
	}
	return port
}

func (r *deduping[T, K]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	key := r.key(v)
	if r.ttl > 0 {
		r.keys.expire(r.s.Segment().Now(), r.ttl)
	}
	switch {
	case !reflexive(key):
		return r.pass(v)
	case !r.keys.claim(key):
		return r.discard()
	}
	err := r.pass(v)
	if err == nil {
		r.noted(r.keys.note(key, r.now(), r.most))
	}
	return err
}

// pushRemembered is push with a memory. It looks and notes apart, since the key is kept only
// if the item is delivered in between, and others must not wait for that.
func (r *deduping[T, K]) pushRemembered(v T) error {
	r.s.In++
	r.mark.Enter()
	key := r.key(v)
	if !reflexive(key) {
		return r.pass(v)
	}
	known := false
	r.memory.shared.Use(func(keys *recent[K]) {
		if r.ttl > 0 {
			keys.expire(r.now(), r.ttl)
		}
		known = keys.has(key)
	})
	if known {
		return r.discard()
	}
	err := r.pass(v)
	if r.s.Taken(err) {
		forgot := false
		r.memory.shared.Use(func(keys *recent[K]) {
			forgot = keys.claim(key) && keys.note(key, r.now(), r.most)
		})
		r.noted(forgot)
	}
	return err
}

// reflexive tells whether a key is equal to itself: others could never be found again.
func reflexive[K comparable](key K) bool {
	same := key
	return key == same
}

// now is the segment's time, which is asked for only where it matters.
func (r *deduping[T, K]) now() (now time.Time) {
	if r.ttl > 0 {
		now = r.s.Segment().Now()
	}
	return now
}

func (r *deduping[T, K]) discard() error {
	r.s.Filtered++
	r.counts.duplicate.Add(1)
	return nil
}

func (r *deduping[T, K]) pass(v T) error {
	r.s.Passed++
	err := r.down(v)
	if r.s.Taken(err) {
		r.counts.unique.Add(1)
	}
	return err
}

// noted is what follows when a key was noted: its end is in sight, and that of another one
// may have come.
func (r *deduping[T, K]) noted(forgot bool) {
	if r.timer != nil && !r.armed {
		r.armed = true
		r.timer.Reset(r.ttl)
	}
	if forgot {
		r.counts.forgotten.Add(1)
		r.warn()
	}
}

// warn tells once in a run that keys are forgotten before their time.
func (r *deduping[T, K]) warn() {
	if r.warned {
		return
	}
	r.warned = true
	r.s.Outside()
	r.s.Segment().Run().Logger().LogAttrs(r.s.Context(), slog.LevelWarn, "keys are forgotten before their time",
		slog.String("stage", r.s.Name()), slog.Int("keys", r.most))
}

// clear is the timer's: keys whose time is over are dropped also if no item comes. It wakes
// once in a TTL, as the keys of a busy stream are dropped with its items.
func (r *deduping[T, K]) clear() error {
	if r.memory == nil {
		r.sweep(&r.keys)
		return nil
	}
	r.memory.shared.Use(r.sweep)
	return nil
}

func (r *deduping[T, K]) sweep(keys *recent[K]) {
	now := r.s.Segment().Now()
	keys.expire(now, r.ttl)
	left := keys.left(now, r.ttl)
	if r.armed = left > 0; r.armed {
		r.timer.Reset(left)
	}
}
