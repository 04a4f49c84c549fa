package kernel

import "context"

// Latch is a moment on one goroutine that others wait for. Any number of them may, of any
// run, and one that waits no longer leaves nothing behind.
type Latch struct{ ch chan struct{} }

// NewLatch makes one whose moment has not come.
func NewLatch() Latch { return Latch{make(chan struct{})} }

// Open says that the moment has come. It is called once.
func (l Latch) Open() { close(l.ch) }

// Wait waits for the moment where there is no stage. The result is nil then, and the cause of
// the end of ctx once that has come, also if both happen together.
func (l Latch) Wait(ctx context.Context) error {
	select {
	case <-l.ch:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

// Await is Wait on the goroutine of the segment, with an item in hand, whose error the result
// has to be. ctx is that of the call for the item. The segment waits for time meanwhile: it is
// not at work, and needs nothing of those above and below.
func (s *Stage) Await(ctx context.Context, l Latch) error {
	err := s.stay(l.ch, ctx.Done())
	if err == nil || err == errStopped {
		err = context.Cause(ctx)
	}
	return err
}
