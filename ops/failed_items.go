package ops

import "github.com/go-streamz/streamz/internal/kernel"

// failedItems are the letters of a DeadLetterQueue, of all its runs. They go into a channel
// while somebody has one that is open, else they are kept, and the next channel gets them.
type failedItems[T any] struct{ all kernel.Shared[failedState[T]] }

type failedState[T any] struct {
	kept    letters[T]
	out     *kernel.Mailbox[Letter[T]] // that somebody has, nil if it was closed
	running int
	ran     bool // one of these, or of those at the same time, was executed
	ended   bool // it has ended since a channel was closed
}

func newFailedItems[T any](size int) *failedItems[T] {
	i := new(failedItems[T])
	i.all.Use(func(f *failedState[T]) { f.kept.size = size })
	return i
}

// put gives how many letters have been lost in all if this one has cost another, else 0.
func (i *failedItems[T]) put(l Letter[T]) (lost int64) {
	i.all.Use(func(f *failedState[T]) {
		if f.put(l) {
			lost = f.kept.lost
		}
	})
	return lost
}

// put tells whether this has cost another one.
func (f *failedState[T]) put(l Letter[T]) bool {
	if f.out == nil {
		return f.kept.add(l)
	}
	n := f.out.Put(l)
	f.kept.lost += n
	return n > 0
}

// losses is how many letters have been lost.
func (i *failedItems[T]) losses() (lost int64) {
	i.all.Use(func(f *failedState[T]) { lost = f.kept.lost })
	return lost
}

// letters are those that are kept.
func (i *failedItems[T]) letters() (all []Letter[T]) {
	i.all.Use(func(f *failedState[T]) { all = f.kept.all() })
	return all
}

// take is letters, and they are kept no longer.
func (i *failedItems[T]) take() (all []Letter[T]) {
	i.all.Use(func(f *failedState[T]) { all = f.kept.take() })
	return all
}

// channel gives the one that is open, or one that is closed at the end of the runs: if none
// goes on and one has ended for which nobody has asked, it has ended already.
func (i *failedItems[T]) channel() (c <-chan Letter[T]) {
	i.all.Use(func(f *failedState[T]) {
		if f.out == nil {
			f.open()
		}
		c = f.out.C()
		if f.ended {
			f.close()
		}
	})
	return c
}

func (f *failedState[T]) open() {
	out := kernel.NewMailbox[Letter[T]](f.kept.size)
	for _, l := range f.kept.take() {
		out.Put(l)
	}
	f.out = &out
}

func (f *failedState[T]) close() {
	f.out.Close()
	f.out, f.ended = nil, false
}

// enter notes that a run has been made.
func (i *failedItems[T]) enter(run *kernel.Run) {
	i.all.Use(func(f *failedState[T]) {
		f.running++
		f.ended = false
	})
	run.OnLeave(i.leave)
}

// leave notes that one is over. One that was never executed ends nothing.
func (i *failedItems[T]) leave(ran bool) {
	i.all.Use(func(f *failedState[T]) {
		f.running--
		f.ran = f.ran || ran
		if f.running > 0 || !f.ran {
			return
		}
		f.ran, f.ended = false, true
		if f.out != nil {
			f.close()
		}
	})
}
