package kernel

import (
	"iter"
	"time"
)

type watermark struct {
	time time.Time
	set  bool
}

// rise sets the watermark to t, unless it is there already, and tells whether it did.
func (w *watermark) rise(t time.Time) bool {
	if w.set && !t.After(w.time) {
		return false
	}
	w.time, w.set = t, true
	return true
}

// reaches tells whether the watermark is no earlier than another, which is set.
func (w *watermark) reaches(other watermark) bool {
	return w.set && !w.time.Before(other.time)
}

// tributary is what is known of one of several streams that come together.
type tributary struct {
	mark  watermark // its latest
	ended bool
}

// lift raises the watermark to the earliest of those of the streams that have not ended, if all
// of these have one: only it holds for all. If it rises it is sent.
func (w *watermark) lift(streams iter.Seq[*tributary], send func(Signal) error) error {
	var least watermark
	for t := range streams {
		switch {
		case t.ended:
		case !t.mark.set:
			return nil
		case !least.set || t.mark.time.Before(least.time):
			least = t.mark
		}
	}
	if !least.set || !w.rise(least.time) {
		return nil
	}
	return send(Signal{Kind: Watermark, Time: least.time})
}
