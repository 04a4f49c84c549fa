package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// AlsoTo gives every item, unchanged, to a further sink as well, and goes on with it. build is
// called once, by AlsoTo: it gets the flow of the items and gives the job that takes them,
// which is a part of the same run. It has to use its parameter exactly once, as that of
// [Pipe].
//
// The main line is fused, without a queue. The side runs on a goroutine of its own, and up to
// 256 items wait for it. When they do, the main line waits: nothing is lost. [SideDrop] and
// [SideSlide] let the side lose items instead. An item is given to the side first; both get the
// same value, not a copy.
//
// An early end of the side, as by a Take or by [ErrStop] of its sink, leaves the main line
// alone. When that ends, early or not, the side gets what waits and ends regularly, and Run
// waits for it. A failure of either is one of the run. A barrier is complete when it has come
// to both sinks, or to one if the other has ended or has a processor in front of it that lets
// none through.
//
// Stages of the side are named "also-to/map"; a name given to the AlsoTo takes the place of
// "also-to", and a policy is the default of all of them. Inside a [Restart] or [Using] the side
// is cut off with the rest where what is below these ends early and runs on another goroutine.
// A piece that has to be fused, as that of a [Flow.GroupBy] or a [Flow.Parallel], cannot have one.
func (f Flow[T]) AlsoTo[_ lazy](build func(Flow[T]) Job, queue ...SideQueue) Flow[T] {
	const name, op = "also-to", "AlsoTo"
	side, err := newSide(build)
	w := kernel.Side[T]{Name: name, Op: op, Size: branchQueue, Wire: side.wire}
	for _, q := range queue {
		if q == (SideQueue{}) {
			q.err = needs("queue", "must be made by its function, as SideDrop")
		}
		w.Full, w.Size, err = q.full, q.size, kernel.Join(err, q.err)
	}
	spec := kernel.Spec[T, T]{Name: name, Op: op, Err: err, Connect: w.Join}
	return f.shape(spec)
}

// SideQueue is the queue in front of the side of a [Flow.AlsoTo]. Of several the last counts.
type SideQueue struct {
	full kernel.Overflow
	size int
	err  error
}

// SideBlock lets the main line wait while size items wait for the side, which is the default,
// with 256. size must be from 1 to 1<<30.
func SideBlock(size int) SideQueue { return newSideQueue("SideBlock", kernel.Waits, size) }

// SideDrop lets the side lose each item that comes while size items wait for it. They count as
// dropped by the stage "also-to/dropping-buffer". size must be from 1 to 1<<30.
func SideDrop(size int) SideQueue { return newSideQueue("SideDrop", kernel.LosesNewest, size) }

// SideSlide lets the side lose the oldest of the items that wait for it, for one that comes
// while size items do. They count as dropped by the stage "also-to/sliding-buffer". size must
// be from 1 to 1<<30.
func SideSlide(size int) SideQueue { return newSideQueue("SideSlide", kernel.LosesOldest, size) }

func newSideQueue(name string, full kernel.Overflow, size int) SideQueue {
	return SideQueue{full: full, size: size, err: countTo("size of "+name, size, maxBuffer)}
}

// side is the job that a function builds of the items.
type side[T any] struct {
	in  param[T]
	job Job
}

func newSide[T any](build func(Flow[T]) Job) (*side[T], error) {
	s := &side[T]{in: param[T]{"side"}}
	if err := notNil(build, "function"); err != nil {
		return s, err
	}
	s.job = build(s.in.flow(callsite.Here()))
	if s.job.wire == nil {
		return s, needs("job", "must be made by a terminal, as ForEach")
	}
	return s, nil
}

func (s *side[T]) wire(last *kernel.Segment, site kernel.Site) (*kernel.Segment, kernel.Port[T]) {
	return s.in.connect(last, site, func() { s.job.wire(last, s.job.last.Site) })
}
