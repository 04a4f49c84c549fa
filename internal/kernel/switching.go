package kernel

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// errNewer is why the context of a turn ends before the segment does.
var errNewer = errors.New("streamz: a newer item has come")

// Switching stands around a stage that works on an item until a newer one comes. Its producer
// never waits: it ends the turn of the item in work, and an item that is still in the queue
// makes way for the newer one. The zero Switching is for one stage, of one run.
type Switching[T any] struct {
	s       *Stage
	q       *sliding[T]
	refused int64         // the producer's: items that found the consumer gone
	latest  atomic.Uint64 // items that came, of which those in front of the last are outdated

	ctx    context.Context // of turns, as long as none of them was ended
	number uint64          // items that came up to the one whose turn it is

	turn sync.Mutex // guards what follows, and the setting of number
	open bool       // it is an item's turn
	end  context.CancelCauseFunc
}

// Below says whose turns they are. It has to be called by the Start of the stage.
func (w *Switching[T]) Below(s *Stage) {
	w.s = s
	s.onExit(w.close)
	s.OnClose(func(error) error { // what came after the consumer's end is lost as well
		w.settle()
		return nil
	})
}

// Above puts the queue in front of the stage.
func (w *Switching[T]) Above(seg *Segment, stage Port[T]) (*Segment, Port[T]) {
	up, q, port := newSliding(seg, 1, stage)
	w.q = q
	port.Push, port.queue.held = w.put, w.held
	seg.head = func() error { return w.drain(stage) }
	return up, port
}

// held is what waited when the run ended.
func (w *Switching[T]) held() int64 { return w.q.held() + w.refused }

// put gives the newest item.
func (w *Switching[T]) put(v T) error {
	if _, _, err := w.q.slide(v); err != nil {
		w.refused++
		return err
	}
	w.latest.Store(w.q.next)
	w.outdate()
	w.q.consumer.wake()
	return nil
}

// drain is the head of the consumer.
func (w *Switching[T]) drain(down Port[T]) error {
	for {
		if err := w.q.seg.arrive(); err != nil {
			return err
		}
		switch v, item, sig := w.pull(); {
		case sig:
			if done, err := w.q.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case item:
			if err := down.Push(v); err != nil {
				return err
			}
		default:
			w.q.consumer.rest(w.q.seg, w.q.some)
		}
	}
}

// pull takes the item out, unless a signal stands before it, and books those that had to make
// way.
func (w *Switching[T]) pull() (v T, item, sig bool) {
	q := w.q
	q.items.Lock()
	defer q.items.Unlock()
	w.settle()
	if item, sig = q.ready(); item {
		v = q.pop()
		q.taken = q.oldest
		q.load.look(0) // nothing can wait behind it
	}
	return v, item, sig
}

// settle books the items that had to make way: all that are gone from the queue and were not
// taken.
func (w *Switching[T]) settle() {
	lost := int64(w.q.oldest - w.q.taken)
	w.q.taken = w.q.oldest
	w.s.In += lost
	w.s.Dropped += lost
}

// Begin gives the item in hand its turn, and the context for it. Those of several turns are
// one, as long as none of them was ended.
func (w *Switching[T]) Begin() context.Context {
	w.turn.Lock()
	if w.end == nil {
		w.ctx, w.end = context.WithCancelCause(w.s.ctx)
	}
	w.open, w.number = true, w.q.taken
	w.turn.Unlock()
	w.outdate() // by what came before
	return w.ctx
}

// Newer tells whether a newer item has come.
func (w *Switching[T]) Newer() bool { return w.latest.Load() > w.number }

// Finish ends the turn, and tells whether a newer item had come before.
func (w *Switching[T]) Finish() (newer bool) {
	newer = w.Newer()
	w.turn.Lock()
	w.open = false
	w.turn.Unlock()
	return newer
}

// outdate ends the turn of an item that is not the latest. The context is ended without the
// lock, for others hear of that.
func (w *Switching[T]) outdate() {
	w.turn.Lock()
	end := w.end
	if !w.open || !w.Newer() {
		w.turn.Unlock()
		return
	}
	w.end, w.open = nil, false
	w.turn.Unlock()
	end(errNewer)
}

// close ends the context of the last turn.
func (w *Switching[T]) close() {
	w.turn.Lock()
	end := w.end
	w.turn.Unlock()
	if end != nil {
		end(nil)
	}
}
