package kernel

import "errors"

// A fence stands between user code that emits and the stages below it.
//
// A failure below must neither unwind through the user's frames as a panic
// (their recover would swallow it) nor be lost because they ignored the error
// of emit. So the fence recovers what comes from below into the run's failure,
// and its error sticks to the stage: after the first one emit does nothing and
// returns it again, and it outranks whatever the user's function returns.
type fence[T any] struct {
	s    *Stage
	down func(T) error
	out  *int64 // counts the emits; nil for a stage that books its items itself
}

// emitter is the emit for user code. It does not recover where a panic has to crash
// the program with its true stack.
func (f *fence[T]) emitter() func(T) error {
	switch {
	case f.s.seg.run.opts.Crash:
		return f.emitPlain
	case f.s.seg.pulse != nil:
		return f.emitLive
	}
	return f.emit
}

// emitLive is emit in a live run: the user code above is at work again after it.
func (f *fence[T]) emitLive(v T) (err error) {
	s := f.s
	at, clean := *s.at, false
	defer func() {
		if !clean { // of a timer while the source was held up
			err = s.stick(s.seg.caught(recover()))
			*s.at = at
		}
		s.enter(*s.at >= 0)
	}()
	if s.intake() != nil && s.inside == nil && s.stuck == nil { // what is inside has intakes of its own
		err = s.admitted()
	}
	switch err {
	case nil:
		s.seg.pulse.beat()
		err = f.emit(v)
	case ErrDraining:
		if err = f.emit(v); err == nil && !s.heeds { // has not heard of it
			err = s.stick(ErrDraining)
		}
	default:
		err = s.stick(err)
	}
	clean = true
	return err
}

func (f *fence[T]) emit(v T) (err error) {
	s := f.s
	if f.out != nil {
		if s.stuck != nil || s.ctx.Err() != nil {
			return s.refuse()
		}
		*f.out++
	}
	at, clean := *s.at, false // the stages below set theirs
	defer func() {
		if !clean {
			err = s.stick(s.seg.caught(recover()))
			*s.at = at
		}
	}()
	err = f.down(v)
	clean = true
	*s.at = at
	if err != nil {
		return s.stick(err)
	}
	return nil
}

func (f *fence[T]) emitPlain(v T) error {
	s := f.s
	if s.stuck != nil || s.ctx.Err() != nil {
		return s.refuse()
	}
	*f.out++
	at := *s.at
	err := f.down(v)
	*s.at = at
	if err != nil {
		return s.stick(err)
	}
	return nil
}

// errLate is what emit returns when its function has returned.
var errLate = errors.New("streamz: emit was called after its function had returned")

// retire makes emit refuse from here. It sees what is called late on the stage's own
// goroutine; on another it may be anywhere, and only the books can tell.
func (s *Stage) retire() {
	if s.stuck == nil {
		s.stuck = errLate
	}
}

// refuse is what emit does after the first error or the end of the context.
func (s *Stage) refuse() error {
	if s.stuck == nil {
		return s.stick(s.seg.cause())
	}
	return s.stuck
}

// stick keeps the first error of emit.
func (s *Stage) stick(err error) error {
	s.stuck = err
	if s.refused != nil {
		s.refused(err)
	}
	return err
}
