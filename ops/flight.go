package ops

import (
	"math"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/internal/linked"
)

// flights is what is known of keys, to all runs of a processor: that a call is in the air, or
// what one came to. Who asks for a key is told what is kept of it, or has to wait for
// somebody's call, or has to call, and to land that call however it ends.
type flights[K comparable, Out any] struct {
	stopwatch
	rules  flightRules
	shared kernel.Shared[flightBook[K, Out]]
}

// flightRules are what the options say.
type flightRules struct {
	ttl    time.Duration // how long a result is kept, 0 for not at all
	errTTL time.Duration // the same of an error
	most   int           // results and errors kept
}

type flightBook[K comparable, Out any] struct {
	flightRules
	keys  map[K]*flight[K, Out]       // in the air, or kept
	kept  linked.List[flight[K, Out]] // what was asked for last comes last
	n     int                         // kept
	spare *flight[K, Out]             // a list of those that may be used again
	stats LookupStats
}

// flight is the call for a key, in the air at first and then, if it is kept, what it came to.
type flight[K comparable, Out any] struct {
	outcome[Out]
	key    K
	until  time.Duration // when what is kept expires
	landed bool
	lost   bool                         // forgotten while in the air: the key is another one's by now
	party  *party[Out]                  // those who wait, nil if there is nobody
	place  linked.Place[flight[K, Out]] // among those that are kept
	next   *flight[K, Out]              // of those that may be used again
}

// outcome is what a call came to, as that of a callee.
type outcome[Out any] struct {
	out Out
	err error
}

// party is what those know who wait for a call. The flight may be another one's before they
// have looked, so they do not look there.
type party[Out any] struct {
	outcome[Out]
	latch kernel.Latch
	ended bool // the call came to something, and was not given up; not to be read before the latch is open
}

func newFlights[K comparable, Out any](rules flightRules) *flights[K, Out] {
	f := &flights[K, Out]{rules: rules}
	f.shared.Use(func(b *flightBook[K, Out]) {
		b.flightRules, b.keys = rules, make(map[K]*flight[K, Out])
		b.kept.Clear()
	})
	return f
}

// time is read only where something is kept.
func (f *flights[K, Out]) time(clk Clock) (now time.Duration) {
	if f.rules.ttl > 0 {
		now = f.now(clk)
	}
	return now
}

// ask gives a flight that whoever asks has to make, or a party to wait with, or what is kept.
func (f *flights[K, Out]) ask(clk Clock, key K, kept *outcome[Out]) (own *flight[K, Out], with *party[Out]) {
	now := f.time(clk)
	f.shared.Use(func(b *flightBook[K, Out]) {
		f, known := b.keys[key]
		switch {
		case !known:
			own = b.depart(key)
		case !f.landed:
			with = f.join()
		case now < f.until:
			b.stats.Hits++
			b.touch(f)
			*kept = f.outcome
		default:
			own = b.again(f)
		}
	})
	return own, with
}

// depart makes the flight for a key that has none.
func (b *flightBook[K, Out]) depart(key K) *flight[K, Out] {
	f := b.spare
	if f == nil {
		f = new(flight[K, Out])
	}
	b.spare, f.next = f.next, nil
	f.key = key
	b.keys[key] = f
	return f
}

// again makes what has expired the flight for its key.
func (b *flightBook[K, Out]) again(f *flight[K, Out]) *flight[K, Out] {
	b.unlink(f)
	*f = flight[K, Out]{key: f.key}
	return f
}

func (f *flight[K, Out]) join() *party[Out] {
	if f.party == nil {
		f.party = &party[Out]{latch: kernel.NewLatch()}
	}
	return f.party
}

// land ends a flight. If it was given up those who wait have to ask again.
func (f *flights[K, Out]) land(clk Clock, own *flight[K, Out], o outcome[Out], ended, failed bool) {
	now := f.time(clk)
	f.shared.Use(func(b *flightBook[K, Out]) {
		b.stats.Misses++
		own.part(o, ended)
		switch ttl := b.ttlOf(failed); {
		case own.lost:
			b.free(own)
		case !ended || ttl == 0:
			delete(b.keys, own.key)
			b.free(own)
		default:
			own.outcome, own.landed, own.until = o, true, now+min(ttl, math.MaxInt64-now)
			b.link(own)
			b.shrink(now)
		}
	})
}

func (r *flightRules) ttlOf(failed bool) time.Duration {
	if failed {
		return r.errTTL
	}
	return r.ttl
}

// part tells those who wait.
func (f *flight[K, Out]) part(o outcome[Out], ended bool) {
	if p := f.party; p != nil {
		f.party = nil
		p.outcome, p.ended = o, ended
		p.latch.Open()
	}
}

// met counts one who has waited and got what he wanted, and lone a call without a flight.
func (f *flights[K, Out]) met() { f.shared.Use(func(b *flightBook[K, Out]) { b.stats.Shared++ }) }

func (f *flights[K, Out]) lone() { f.shared.Use(func(b *flightBook[K, Out]) { b.stats.Misses++ }) }

// forget has the next one who asks for the key call.
func (f *flights[K, Out]) forget(key K) {
	f.shared.Use(func(b *flightBook[K, Out]) {
		own, known := b.keys[key]
		switch {
		case !known:
			return
		case own.landed:
			b.drop(own)
		default:
			own.lost = true
			delete(b.keys, key)
		}
	})
}

// counts gives the numbers, of none if the processor was not made by its constructor.
func (f *flights[K, Out]) counts() (s LookupStats) {
	if f != nil {
		f.shared.Use(func(b *flightBook[K, Out]) { s = b.stats })
	}
	return s
}

// shrink drops what was not asked for in the longest time: as much as is too much, and what has
// expired. What has expired elsewhere in the list comes to its head, or is asked for again.
func (b *flightBook[K, Out]) shrink(now time.Duration) {
	for oldest := b.kept.First(); b.n > b.most || oldest.until <= now; oldest = b.kept.First() {
		if oldest.until > now {
			b.stats.Evicted++
		}
		b.drop(oldest)
	}
}

// link makes a flight the latest of those that are kept.
func (b *flightBook[K, Out]) link(f *flight[K, Out]) {
	b.kept.Append(&f.place, f)
	b.n++
}

func (b *flightBook[K, Out]) unlink(f *flight[K, Out]) {
	f.place.Remove()
	b.n--
}

// touch makes it the latest again.
func (b *flightBook[K, Out]) touch(f *flight[K, Out]) {
	if f != b.kept.Last() {
		b.unlink(f)
		b.link(f)
	}
}

func (b *flightBook[K, Out]) drop(f *flight[K, Out]) {
	delete(b.keys, f.key)
	b.unlink(f)
	b.free(f)
}

// free puts it where the next flight comes from.
func (b *flightBook[K, Out]) free(f *flight[K, Out]) {
	*f = flight[K, Out]{next: b.spare}
	b.spare = f
}
