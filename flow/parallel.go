package flow

import (
	"hash/maphash"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Balance gives each item to one of several pieces of a flow, each on a goroutine of its own:
// to the one in front of which the fewest items wait, of several to the next in turn. What comes
// out of them is merged. Order is kept within a piece, and there is none between them. At most
// two items wait in front of each, so that one which takes long holds up few, and up to 256
// behind it.
//
// A piece that ends early takes nothing any more, what waits in front of it is lost and counts
// as queued, and the others go on; when all have, the Balance ends. Signals and the rules of
// build are those of a [Flow.Branch]. Stages are named "balance[0]/map"; a name given to the
// Balance takes the place of "balance", and a policy is the default of all of them.
func (f Flow[T]) Balance[R any](builds ...func(Flow[T]) Flow[R]) Flow[R] {
	var err error
	if len(builds) == 0 {
		err = needs("pieces", "must be given")
	}
	return f.balance("balance", "Balance", err, branches(builds...))
}

// Parallel runs several copies of a piece of a flow, each on a goroutine of its own, and gives
// what comes out of them in the order of the items, as if there were one. An item goes through
// one of them, whichever is free. It is [Flow.AsyncMap] for several stages, with a policy and a
// row in the report each, and for those that discard items or give several.
//
// That order can be known only where the stages keep nothing from one item to the next and need
// no goroutine: Map, TryMap, Filter, Tap, Call, FlatMap, and a Branch, Partition or Route of
// such. One that is none of these is a configuration error; a [Flow.ParallelUnordered] and a
// [Flow.ParallelKeyed] take any. All results of an item are gathered before the first goes on.
//
// As many items are accepted and not given on as by an AsyncMap. build is called once; the
// functions of the copies are the same and are called at once. Stages are named
// "parallel[0]/map"; a name given to the Parallel takes the place of "parallel", and a policy
// is the default of all of them. A flush, a barrier and a watermark come behind the results of
// the items before them.
func (f Flow[T]) Parallel[R any](workers int, build func(Flow[T]) Flow[R]) Flow[R] {
	err := badWorkers(workers)
	p := kernel.Parallel[T, R]{Count: workers, Part: newPipe(build).Kernel()}
	spec := kernel.Spec[T, R]{Name: "parallel", Op: "Parallel", Err: err}
	spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[R]) (*kernel.Segment, kernel.Port[T]) {
		return p.Join(seg, site, spec.Name, spec.Op, down)
	}
	return f.shape(spec)
}

// ParallelUnordered runs several copies of a piece of a flow, each on a goroutine of its own. An
// item goes through one of them, as of a [Flow.Balance], and results come in no order. build is
// called once; the copies have the state of their stages for themselves, but their functions are
// the same and are called at once. For one function that takes long there is [Flow.AsyncMap],
// which keeps the order.
func (f Flow[T]) ParallelUnordered[R any](workers int, build func(Flow[T]) Flow[R]) Flow[R] {
	return f.balance("parallel", "ParallelUnordered", badWorkers(workers), copies(workers, build))
}

// ParallelKeyed runs several copies of a piece of a flow, each on a goroutine of its own. Items of
// the same key go through the same one, so that their order is kept and its stages may have
// state for each key; there is no order between keys. Up to 256 items wait in front of each copy
// and behind it: while one is full all wait. build is called once, and the functions of the copies
// are the same, as of a [Flow.ParallelUnordered]. key must not block; a policy
// is its own and the default of all stages, which are named "parallel[0]/map".
func (f Flow[T]) ParallelKeyed[K comparable, R any](workers int, key func(T) K, build func(Flow[T]) Flow[R]) Flow[R] {
	w := kernel.Ways[T, R]{Parts: copies(workers, build)}
	to := numbered(len(w.Parts))
	seed := maphash.MakeSeed()
	err := kernel.Join(badWorkers(workers), notNil(key, "key function"))
	return f.ways("parallel", "ParallelKeyed", err, kernel.CallsFunc, w, func(fork *kernel.Fork[T]) func(T) error {
		return func(v T) error {
			i := maphash.Comparable(seed, key(v)) % uint64(len(to))
			return fork.Pass(v, to[i:i+1], nil)
		}
	})
}

// balance gives each item to any of the ways.
func (f Flow[T]) balance[R any](name, op string, err error, ways []kernel.Way[T, R]) Flow[R] {
	w := kernel.Ways[T, R]{Front: 2, Any: true, Parts: ways}
	return f.ways(name, op, err, kernel.CallsNothing, w, func(fork *kernel.Fork[T]) func(T) error { return fork.PassAny })
}

// copies makes several ways of what one function builds.
func copies[T, R any](n int, build func(Flow[T]) Flow[R]) []kernel.Way[T, R] {
	if badWorkers(n) != nil {
		return nil
	}
	ways := make([]kernel.Way[T, R], n)
	one := branches(build)[0]
	for i := range ways {
		ways[i] = one
	}
	return ways
}

func badWorkers(n int) error { return countTo("workers", n, maxWorkers) }
