package main

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/go-streamz/streamz/ops"
)

// byHand is the goroutine of a processor without a library: it watches its context and
// closes its output. start makes the state of one run; end may be nil.
func byHand[In, Out any](start func(send func(Out) bool) (push func(In) bool, end func())) ops.Processor[In, Out] {
	return ops.ProcessorFunc[In, Out](func(ctx context.Context, in <-chan In) <-chan Out {
		out := make(chan Out)
		push, end := start(sender(ctx, out))
		go func() {
			defer close(out)
			if receiveAll(ctx, in, push) && end != nil {
				end()
			}
		}()
		return out
	})
}

// sender sends, and tells whether somebody received before the end of ctx.
func sender[T any](ctx context.Context, out chan<- T) func(T) bool {
	return func(v T) bool {
		select {
		case out <- v:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// receiveAll pushes what comes and tells whether that came to its end.
func receiveAll[T any](ctx context.Context, in <-chan T, push func(T) bool) bool {
	for {
		select {
		case v, more := <-in:
			if !more {
				return true
			}
			if !push(v) {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
}

// byHandEach is byHand for a function of each item.
func byHandEach[In, Out any](fn func(In) Out) ops.Processor[In, Out] {
	return byHand(func(send func(Out) bool) (func(In) bool, func()) {
		return func(v In) bool { return send(fn(v)) }, nil
	})
}

func tapped(fn func(int)) func(int) int {
	return func(v int) int {
		fn(v)
		return v
	}
}

// bufferByHand is a goroutine whose output has a buffer.
func bufferByHand(size int) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		out := make(chan int, size)
		go func() {
			defer close(out)
			receiveAll(ctx, in, func(v int) bool {
				select {
				case out <- v:
					return true
				case <-ctx.Done():
					return false
				}
			})
		}()
		return out
	})
}

func tryByHand(send func(int) bool) (func(int) bool, func()) {
	return func(v int) bool {
		out, err := trySame(v)
		return err != nil || send(out)
	}, nil
}

func filterByHand(send func(int) bool) (func(int) bool, func()) {
	return func(v int) bool { return !always(v) || send(v) }, nil
}

func scanByHand(send func(int) bool) (func(int) bool, func()) {
	acc := 0
	return func(v int) bool {
		acc = latest(acc, v)
		return send(acc)
	}, nil
}

func takeByHand(send func(int) bool) (func(int) bool, func()) {
	left := never
	return func(v int) bool {
		left--
		return send(v) && left > 0
	}, nil
}

func skipByHand(send func(int) bool) (func(int) bool, func()) {
	left := 0
	return func(v int) bool {
		if left > 0 {
			left--
			return true
		}
		return send(v)
	}, nil
}

func distinctByHand(send func(int) bool) (func(int) bool, func()) {
	var last int
	some := false
	return func(v int) bool {
		key := same(v)
		if some && key == last {
			return true
		}
		last, some = key, true
		return send(v)
	}, nil
}

func takeWhileByHand(send func(int) bool) (func(int) bool, func()) {
	return func(v int) bool { return always(v) && send(v) }, nil
}

// dedupeByHand knows so many keys, and then forgets the oldest.
func dedupeByHand(most int) func(send func(int) bool) (func(int) bool, func()) {
	return func(send func(int) bool) (func(int) bool, func()) {
		known, oldest, at := make(map[int]struct{}), make([]int, 0, most), 0
		return func(v int) bool {
			key := same(v)
			if _, ok := known[key]; ok {
				return true
			}
			known[key] = struct{}{}
			if len(oldest) < most {
				oldest = append(oldest, key)
			} else {
				delete(known, oldest[at])
				oldest[at] = key
				at = (at + 1) % most
			}
			return send(v)
		}, nil
	}
}

// droppingByHand is a goroutine with a buffer behind it, which drops and counts what finds
// that full. Another one takes the items from there: if the output had the buffer, whoever
// reads it would still get them after a cancellation.
func droppingByHand(size int) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		queue := make(chan int, size)
		var dropped atomic.Int64
		go func() {
			defer close(queue)
			receiveAll(ctx, in, func(v int) bool {
				select {
				case queue <- v:
				default:
					dropped.Add(1)
				}
				return true
			})
		}()
		return byHandEach(same).Process(ctx, queue)
	})
}

func flatMapByHand(fn func(int) iter.Seq[int]) func(send func(int) bool) (func(int) bool, func()) {
	return func(send func(int) bool) (func(int) bool, func()) {
		return func(v int) bool {
			for out := range fn(v) {
				if !send(out) {
					return false
				}
			}
			return true
		}, nil
	}
}

func batchByHand(send func([]int) bool) (func(int) bool, func()) {
	var part []int
	flush := func() bool {
		full := part
		part = nil
		return len(full) == 0 || send(full)
	}
	push := func(v int) bool {
		if part == nil {
			part = make([]int, 0, batch)
		}
		part = append(part, v)
		return len(part) < batch || flush()
	}
	return push, func() { flush() }
}

func unbatchByHand(send func(int) bool) (func([]int) bool, func()) {
	return func(part []int) bool {
		for _, v := range part {
			if !send(v) {
				return false
			}
		}
		return true
	}, nil
}
