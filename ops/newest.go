package ops

import "github.com/go-streamz/streamz/internal/kernel"

// newest is what processors have in common that hold the newest item until its time comes:
// the state of one run. One that makes way for a newer one counts as dropped.
type newest[T any] struct {
	s     *kernel.Stage
	down  kernel.Port[T]
	timer *kernel.Timer // emits the item
	item  T
	some  bool
	mark  waitingMark // for the item
}

// init makes it the state of a stage.
func (r *newest[T]) init(s *kernel.Stage, down kernel.Port[T]) {
	r.s, r.down = s, down
	r.timer = s.Timer(r.flush)
	s.OnClose(func(error) error {
		if r.some {
			s.Held++
		}
		return nil
	})
}

// hold takes v in place of the item that is held. A watermark that waited for that one need
// not wait any longer.
func (r *newest[T]) hold(v T) error {
	if r.some {
		r.s.Dropped++
	}
	r.item, r.some = v, true
	return r.mark.pass(r.down.Signal)
}

// flush emits the item, and the watermark behind it.
func (r *newest[T]) flush() error {
	if r.some {
		var zero T
		v := r.item
		r.item, r.some = zero, false
		r.timer.Stop()
		r.s.Passed++
		if err := r.down.Push(v); err != nil {
			return err
		}
	}
	return r.mark.pass(r.down.Signal)
}

// signal lets a watermark wait for the item, and emits the item before any other signal.
func (r *newest[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.Watermark && r.some {
		r.mark.keep(sig)
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	return r.down.Signal(sig)
}
