package ops

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SortWithin puts items in order that are out of order by a bounded number of places. It
// holds so many items, and each further one makes the least of all leave.
//
//   - Emits: the least item, for each one that comes while so many are held
//   - Holds: as many items as places, and one that waits for the receiver
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends, after what it holds, in order
//   - Cancels: drops what it holds
//
// A stream whose items are all at most n places away from where they belong comes out
// sorted. An item that comes too late for that is not lost: it comes out as soon as it can.
// Items that compare equal keep their order.
//
// Room is taken as it is needed. The function is called on one goroutine, a few times for an
// item that comes in order, else as often as the logarithm of n, and must not block. It must
// order the items consistently, as for slices.SortFunc. A panic of it concerns the item that
// has just come, which is then not held; at the end it concerns none and ends the run.
//
// A barrier sends what is held first, in order. A watermark waits until the items before it
// have left; of several that wait, the oldest and the newest come.
type SortWithin[T any] struct {
	base
	places int
	cmp    func(a, b T) int
}

// NewSortWithin makes a SortWithin, named "sort-within", for items that are up to n places
// away from where they belong: from 1 to 1<<30. cmp is negative where a comes before b,
// and 0 where their order does not matter. It must not be nil.
//
//streamz:stage SortWithin
//streamz:example flow.Of(2, 1, 3, 5, 4, 6).SortWithin(1, cmp.Compare)
//streamz:output [1 2 3 4 5 6]
//streamz:marble b-a-c--e-d-f---| f.SortWithin(2, strings.Compare)
func NewSortWithin[T any](n int, cmp func(a, b T) int) *SortWithin[T] {
	w := &SortWithin[T]{name: "sort-within", places: n, cmp: cmp}
	w.needFunc(cmp == nil)
	if n < 1 || n > maxBuffer {
		w.misuse("places", n, "must be between 1 and 1<<30")
	}
	return w
}

// WithName gives a copy with another name.
func (w *SortWithin[T]) WithName(name string) *SortWithin[T] {
	c := *w
	c.name = name
	return &c
}

// Process runs the SortWithin over channels, see [Processor].
func (w *SortWithin[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *SortWithin[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: w, Name: w.name, Op: "SortWithin", Err: w.err(),
		Calls: kernel.CallsFunc, Start: w.start,
	}
}

// sorting is the state of one run.
type sorting[T any] struct {
	*SortWithin[T]
	s    *kernel.Stage
	mark kernel.Mark
	down kernel.Port[T]

	run   fifo[numbered[T]] // each comes behind the one before it
	heap  []numbered[T]     // the others, the least first
	came  int64
	marks marks
}

// numbered is an item with the number of those that came before it.
type numbered[T any] struct {
	item T
	no   int64
}

func (w *SortWithin[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &sorting[T]{SortWithin: w, s: s, mark: s.Mark(), down: down}
	s.OnClose(func(error) error {
		s.Held += int64(r.held())
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *sorting[T]) held() int { return r.run.len() + len(r.heap) }

func (r *sorting[T]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	next := numbered[T]{v, r.came}
	if r.held() < r.places {
		r.put(next)
		r.came++
		return nil
	}
	next = r.exchange(next)
	r.came++
	r.s.Out++
	return r.emit(next)
}

// put keeps the item that has just come. One that follows the run needs no place to be
// looked for: of a stream that is nearly in order these are most.
func (r *sorting[T]) put(v numbered[T]) {
	if r.follows(v) {
		r.run.add(v)
		return
	}
	r.add(v)
}

// exchange is put for an item for which there is no room, and gives the least of all. Should
// the function panic, all is as it was.
func (r *sorting[T]) exchange(v numbered[T]) (least numbered[T]) {
	follows := r.follows(v)
	least, inRun := r.least()
	switch {
	case !(follows && inRun) && r.compare(v, least) < 0:
		return v
	case follows && inRun:
		r.run.drop(1)
		r.run.add(v)
	case follows:
		r.pop()
		r.run.add(v)
	case inRun:
		r.add(v)
		r.run.drop(1)
	default:
		r.replace(v)
	}
	return least
}

// follows tells whether the item that has just come is behind all of the run.
func (r *sorting[T]) follows(v numbered[T]) bool {
	run := r.run.all()
	return len(run) == 0 || r.cmp(run[len(run)-1].item, v.item) <= 0
}

// least gives the least item that is held, and tells whether it is that of the run.
func (r *sorting[T]) least() (v numbered[T], inRun bool) {
	run := r.run.all()
	if len(run) == 0 || len(r.heap) > 0 && r.compare(r.heap[0], run[0]) < 0 {
		return r.heap[0], false
	}
	return run[0], true
}

func (r *sorting[T]) emit(v numbered[T]) error {
	r.s.Passed++
	sig, marked := r.marks.left(v.no)
	if err := r.down.Push(v.item); err != nil || !marked {
		return err
	}
	return r.down.Signal(sig)
}

// compare is the order of the heap. The number keeps the order of equal items.
func (r *sorting[T]) compare(a, b numbered[T]) int {
	if c := r.cmp(a.item, b.item); c != 0 {
		return c
	}
	return cmp.Compare(a.no, b.no)
}

// add puts an item into the heap. It looks for the place first: should the function
// panic, the heap is as it was.
func (r *sorting[T]) add(v numbered[T]) {
	last := len(r.heap)
	at := last
	for at > 0 && r.compare(v, r.heap[above(at)]) < 0 {
		at = above(at)
	}
	r.heap = append(r.heap, v)
	for i := last; i != at; i = above(i) {
		r.heap[i] = r.heap[above(i)]
	}
	r.heap[at] = v
}

// pop takes the least item out of the heap.
func (r *sorting[T]) pop() {
	last := len(r.heap) - 1
	r.replace(r.heap[last]) // itself it stays where it is
	r.heap[last] = numbered[T]{}
	r.heap = r.heap[:last]
}

// replace puts an item in the place of the least one of the heap. As add it looks for the
// place first.
func (r *sorting[T]) replace(v numbered[T]) {
	at := 0
	for next := r.lesser(at); next > 0 && r.compare(r.heap[next], v) < 0; next = r.lesser(at) {
		at = next
	}
	for ; at > 0; at = above(at) {
		r.heap[at], v = v, r.heap[at]
	}
	r.heap[0] = v
}

// lesser is the lesser one of those below a place in the heap, 0 if there is none.
func (r *sorting[T]) lesser(at int) int {
	left := 2*at + 1
	right := left + 1
	switch {
	case left >= len(r.heap):
		return 0
	case right < len(r.heap) && r.compare(r.heap[right], r.heap[left]) < 0:
		return right
	}
	return left
}

// above is the place above another one in the heap.
func above(at int) int { return (at - 1) / 2 }

func (r *sorting[T]) signal(sig kernel.Signal) error {
	held := int64(r.held())
	if sig.Kind == kernel.Watermark && held > 0 {
		r.marks.keep(sig, r.came, held)
		return nil
	}
	if held > 0 {
		if err := r.empty(); err != nil {
			return err
		}
	}
	return r.down.Signal(sig)
}

// empty emits all that is held.
func (r *sorting[T]) empty() error {
	r.s.Outside()
	r.heap = append(r.heap, r.run.all()...)
	r.run.drop(r.run.len())
	slices.SortFunc(r.heap, r.compare)
	room := r.heap
	for len(r.heap) > 0 {
		if err := r.s.Next(); err != nil {
			return err
		}
		v := r.heap[0]
		r.heap[0] = numbered[T]{}
		r.heap = r.heap[1:]
		if err := r.emit(v); err != nil {
			return err
		}
	}
	r.heap = room[:0]
	return nil
}
