package ops

import (
	"cmp"
	"context"
	"hash/maphash"
	"runtime"

	"github.com/go-streamz/streamz/internal/kernel"
)

const maxWindow = 1 << 20 // that may be set, and so for workers

// AsyncMapper applies a function that may block and can fail to several items at once, each
// on one of its workers. The results come in the order of the items. A failed item has no
// output and leaves no gap, and its error is reported at once, see [ItemError].
//
//   - Emits: one item for each item whose call succeeds
//   - Holds: as many items as its buffer, those in work included, and one that waits
//   - Backpressures: when so many are accepted and not yet emitted
//   - Completes: when the input ends, after the last call
//   - Cancels: drops what it holds when the calls in flight have returned
//
// The context of the function ends with the run, or when nobody needs more items; it has to
// return soon after, and what it returns then is no failure. No call begins after that.
//
// The buffer has room for 4 items of each worker and for 16 at least, see
// [AsyncMapper.WithBufferSize]. A worker takes one item at a time. While calls take less
// than 2 microseconds there is room for 1024, and a worker takes up to 64 at once, because
// handing over single items would cost more than the calls. In order, a slow call keeps the
// results behind it in the buffer, and when that is full nothing more is read. A call must
// not wait for another one, which may be behind it.
//
// A barrier waits for the items before it. Where results come out of order it also keeps
// the ones behind it back. A watermark waits for the items before it.
type AsyncMapper[In, Out any] struct {
	base
	fn      func(context.Context, In) (Out, error)
	hash    func(In) uint64 // of the key, nil without
	workers int             // 0 for GOMAXPROCS
	window  int             // 0 for the default
	free    bool            // not in order
}

// NewAsyncMapper makes an AsyncMapper, named "async-mapper", with as many workers as
// GOMAXPROCS allows to run at once. fn must not be nil.
//
//streamz:stage AsyncMap(workers int, fn func(context.Context, In) (Out, error)) NewAsyncMapper(fn).WithWorkers(workers)
//streamz:example flow.Of("a", "b", "c").AsyncMap(2, func(ctx context.Context, s string) (string, error) { return s + "!", ctx.Err() })
//streamz:output [a! b! c!]
//streamz:marble abcde------| f.AsyncMap(3, work)
//streamz:stage AsyncMapUnordered(workers int, fn func(context.Context, In) (Out, error)) NewAsyncMapper(fn).WithWorkers(workers).WithOrdered(false)
//streamz:doc AsyncMapUnordered is AsyncMap whose results come when they are ready, in any order. A
//streamz:doc slow call holds nobody up.
//streamz:example flow.Of(1, 2, 3).AsyncMapUnordered(2, func(ctx context.Context, n int) (int, error) { return n * n, ctx.Err() }).Scan(0, func(sum, n int) int { return sum + n }).Skip(2)
//streamz:output [14]
//streamz:marble abcde------| f.AsyncMapUnordered(3, work)
func NewAsyncMapper[In, Out any](fn func(context.Context, In) (Out, error)) *AsyncMapper[In, Out] {
	m := &AsyncMapper[In, Out]{name: "async-mapper", fn: fn}
	m.needFunc(fn == nil)
	return m
}

// NewAsyncMapperKeyed makes an AsyncMapper, named "async-mapper", with as many workers as
// GOMAXPROCS allows to run at once, that keeps the order among items of one key only. Each
// key has its worker, which it shares with other keys, so with few keys for the workers
// some of them have nothing to do while others are late. key must not block. Neither
// function may be nil.
//
//streamz:stage AsyncMapKeyed(workers int, key func(In) K, fn func(context.Context, In) (Out, error)) NewAsyncMapperKeyed(key, fn).WithWorkers(workers)
//streamz:doc AsyncMapKeyed is AsyncMap that keeps the order among items of one key only. Each key has
//streamz:doc its worker, which it shares with other keys, and items of one key are never in work at
//streamz:doc once; with few keys for the workers some have nothing to do. Results come when they are
//streamz:doc ready. key must not block.
//streamz:example flow.Of("a1", "a2", "a3").AsyncMapKeyed(2, func(s string) byte { return s[0] }, func(ctx context.Context, s string) (string, error) { return s + "!", ctx.Err() })
//streamz:output [a1! a2! a3!]
func NewAsyncMapperKeyed[In, Out any, K comparable](key func(In) K, fn func(context.Context, In) (Out, error)) *AsyncMapper[In, Out] {
	m := NewAsyncMapper(fn)
	if key == nil {
		m.misuse("key function", nil, "must not be nil")
		return m
	}
	seed := maphash.MakeSeed()
	m.hash = func(v In) uint64 { return maphash.Comparable(seed, key(v)) }
	return m
}

// WithName gives a copy with another name.
func (m *AsyncMapper[In, Out]) WithName(name string) *AsyncMapper[In, Out] {
	c := *m
	c.name = name
	return &c
}

// WithWorkers gives a copy with n workers: as many calls run at once. n must be from 1 to
// 1<<20.
func (m *AsyncMapper[In, Out]) WithWorkers(n int) *AsyncMapper[In, Out] {
	c := *m
	c.workers = n
	if n < 1 || n > maxWindow {
		c.misuse("workers", n, "must be between 1 and 1<<20")
	}
	return &c
}

// WithOrdered gives a copy that emits in the order of the items, which is the default, or
// as results are ready. With keys it changes nothing.
func (m *AsyncMapper[In, Out]) WithOrdered(ordered bool) *AsyncMapper[In, Out] {
	c := *m
	c.free = !ordered
	return &c
}

// WithBufferSize gives a copy that accepts up to n items before the first of them is
// emitted. n must be at least the number of workers.
func (m *AsyncMapper[In, Out]) WithBufferSize(n int) *AsyncMapper[In, Out] {
	c := *m
	c.window = n
	if n < 1 || n > maxWindow {
		c.misuse("buffer size", n, "must be between 1 and 1<<20")
	}
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on the
// goroutine of the worker, in the order of time. In a flow the stage's policy decides what
// happens then, and handle is told afterwards.
func (m *AsyncMapper[In, Out]) OnError(handle func(context.Context, *ItemError)) *AsyncMapper[In, Out] {
	c := *m
	c.onError(handle)
	return &c
}

// Call does for one item what Process does for each, see [Caller].
func (m *AsyncMapper[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	if m.fn == nil {
		return out, m.err()
	}
	return m.fn(ctx, in)
}

// Process runs the AsyncMapper over channels, see [Processor].
func (m *AsyncMapper[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *AsyncMapper[In, Out]) Kernel() kernel.Spec[In, Out] {
	op, _ := m.order()
	staff := m.staff()
	return kernel.Staffed(kernel.Spec[In, Out]{
		Self: m, Name: m.name, Op: op, Err: m.check(staff.Count), Told: m.told, Calls: kernel.CallsFunc, Heeds: true,
	}, staff)
}

func (m *AsyncMapper[In, Out]) staff() kernel.Workers[In, Out] {
	_, order := m.order()
	return kernel.Workers[In, Out]{
		Call: m.fn, Count: cmp.Or(m.workers, runtime.GOMAXPROCS(0)), Window: m.window, Steady: m.window, Order: order, Key: m.hash,
	}
}

// order gives the fluent name as well, which depends on it.
func (m *AsyncMapper[In, Out]) order() (string, kernel.Order) {
	switch {
	case m.hash != nil:
		return "AsyncMapKeyed", kernel.Keyed
	case m.free:
		return "AsyncMapUnordered", kernel.Unordered
	}
	return "AsyncMap", kernel.Ordered
}

// check is err with what only shows when all options are known.
func (m *AsyncMapper[In, Out]) check(workers int) error {
	b := m.base
	if m.window != 0 && m.window < workers && len(b.bad) == 0 {
		b.misuse("buffer size", m.window, "must be at least the number of workers")
	}
	return b.err()
}
