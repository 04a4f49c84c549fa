package kernel

import (
	"iter"
	"time"
)

// watermark is the last one of a stream.
type watermark struct {
	time time.Time
	set  bool
	idle uint16 // see Signal.Idle
}

// rise sets the watermark to t, unless it is there already, and tells whether it did.
func (w *watermark) rise(t time.Time) bool {
	if t.IsZero() || w.set && !t.After(w.time) {
		return false
	}
	w.time, w.set = t, true
	return true
}

// reaches tells whether the watermark is no earlier than a time.
func (w *watermark) reaches(t time.Time) bool { return w.set && !w.time.Before(t) }

// take sets it to a further one, and tells whether that says anything new.
func (w *watermark) take(sig Signal) bool {
	was := w.idle
	w.idle = sig.Idle
	return w.rise(sig.Time) || w.idle != was
}

// tributary is what is known of one of several streams that come together.
type tributary struct {
	mark  watermark // its latest
	ended bool
}

// lift raises the watermark to the earliest of those of the streams that have not ended, if all
// of these have one: only it holds for all. If it rises it is sent. One that is idle is left
// out, and when all are, the latest of theirs holds for all, who are idle together.
//
// If the streams are ways of one, a way that is idle because that one is holds the others back
// until they are: they may have items that it has not come to yet.
func (w *watermark) lift(streams iter.Seq[*tributary], ways bool, send func(Signal) error) error {
	next, open := together(streams)
	if next.idle == 0 {
		next = earliest(streams, ways)
	} else if ways {
		next.idle = max(next.idle-1, 1)
	}
	if !w.take(Signal{Time: next.time, Idle: next.idle}) || !open {
		return nil
	}
	return send(Signal{Kind: Watermark, Time: w.time, Idle: w.idle})
}

// together is the latest watermark of the streams if all that have not ended are idle, and tells
// whether there are any.
func together(streams iter.Seq[*tributary]) (latest watermark, open bool) {
	for t := range streams {
		if t.ended {
			continue
		}
		open = true
		if t.mark.idle == 0 {
			return watermark{}, true
		}
		latest.rise(t.mark.time)
		latest.idle = max(latest.idle, t.mark.idle)
	}
	return latest, open
}

// earliest is the earliest watermark of the streams that hold others back, not set if one of
// them has none.
func earliest(streams iter.Seq[*tributary], ways bool) (least watermark) {
	for t := range streams {
		idle := t.mark.idle == 1 || t.mark.idle > 1 && !ways
		switch {
		case t.ended || idle:
		case !t.mark.set:
			return watermark{}
		case !least.set || t.mark.time.Before(least.time):
			least = watermark{time: t.mark.time, set: true}
		}
	}
	return least
}
