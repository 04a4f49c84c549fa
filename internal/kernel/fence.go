package kernel

// A fence stands between user code that emits and the stages below it.
//
// A failure below must neither unwind through the user's frames as a panic
// (their recover would swallow it) nor be lost because they ignored the error
// of emit. So the fence recovers what comes from below into the run's failure,
// and its error sticks to the stage: after the first one emit does nothing and
// returns it again, and it outranks whatever the user's function returns.
type fence[T any] struct {
	s    *Stage
	out  *int64 // counts the emits
	down func(T) error
}

// push is the function to use: it does not recover where a panic has to crash
// the program with its true stack.
func (f *fence[T]) push() func(T) error {
	if f.s.seg.run.opts.Crash {
		return f.plain
	}
	return f.emit
}

// admit refuses an item after the first error or the end of the context.
func (f *fence[T]) admit() error {
	if f.s.stuck == nil {
		if err := f.s.seg.Halted(); err != nil {
			f.s.stuck = err
		}
	}
	return f.s.stuck
}

func (f *fence[T]) plain(v T) error {
	if err := f.admit(); err != nil {
		return err
	}
	*f.out++
	at := f.s.seg.at
	err := f.down(v)
	f.s.seg.at = at
	if err != nil {
		f.s.stuck = err
	}
	return err
}

func (f *fence[T]) emit(v T) (err error) {
	if err := f.admit(); err != nil {
		return err
	}
	*f.out++
	clean, at := false, f.s.seg.at // the stages below set theirs
	defer func() {
		if !clean {
			err = f.s.seg.caught(recover())
			f.s.stuck = err
		}
		f.s.seg.at = at
	}()
	err = f.down(v)
	clean = true
	if err != nil {
		f.s.stuck = err
	}
	return err
}

// guard makes a panic of the stage's own function a failure of one item, to be
// settled by the stage's policy. It sees nobody else's, because whatever is below
// is behind the fence.
//
// It stands around the stage's whole push, so no processor has to know of it.
func guard[T any](s *Stage, push func(T) error) func(T) error {
	return func(v T) (err error) {
		clean := false
		defer func() {
			if clean {
				return
			}
			f := newPanic(s, recover())
			f.Item, f.item = v, true
			if err = s.settle(f); s.stuck != nil {
				err = s.stuck
			}
		}()
		err = push(v)
		clean = true
		return err
	}
}
