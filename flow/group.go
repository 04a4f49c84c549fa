package flow

import (
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// GroupBy gives the items of each key a copy of a piece of a flow of their own, and merges what
// comes out of all of them. build is called once, by GroupBy, and its rules are those of [Pipe].
// The stages of a copy have the state of that key alone: a Batch has batches of one key, a Scan
// or Fold goes over its items, a Take takes so many of each.
//
//	totals := orders.GroupBy(Order.Customer, func(of flow.Flow[Order]) flow.Flow[Total] {
//		return of.TumblingWindow(time.Minute).Map(total)
//	})
//
// A key costs the memory of its stages' state, and no goroutine: all copies are fused with what
// is below. So the piece can have no stage that needs a goroutine or a queue, as an Async, an
// AsyncMap, a Merge or a TakeUntil: that is a configuration error. Such a stage can stand
// behind the GroupBy, or the piece in a [Flow.ParallelKeyed]. While a function of the piece
// blocks, all keys wait, and their timers.
//
// Results come as the copies give them: those of one item at once, those of a key in its order.
// When the input ends the copies end one after the other, by the first items of their keys. A
// copy that ends early, as by a Take, takes nothing any more: what still comes for its key is
// discarded, and counts as filtered.
//
// A million keys (1<<20) may be in use, and an item with a further one is a failure; [MaxKeys],
// [EvictOldest], [DropBeyond] and [EvictIdle] say otherwise. A key that is evicted ends as at the
// end of the input, so that nothing is lost, and begins anew with its next item.
//
// Flushes and barriers go through every copy, and come down when all have passed them on. A
// watermark goes to the copies that it may concern: those that had an item since the last, that
// hold one, or that have a window to close; it comes down as the least of those that are held,
// which is looked up when the next one comes, or when none is held any more.
//
// Stages are named "group-by/map", and their numbers are of all keys together. A name given to
// the GroupBy takes the place of "group-by"; a policy is that of key and the default of all its
// stages. key must not block.
func (f Flow[T]) GroupBy[K comparable, R any](key func(T) K, build func(Flow[T]) Flow[R], opts ...GroupOption) Flow[R] {
	return group(f, "GroupBy", key, build, opts, func(_ K, push func(R) error) func(R) error { return push })
}

// GroupByKeyed is [Flow.GroupBy] that gives each result together with its key.
func (f Flow[T]) GroupByKeyed[K comparable, R any, P Pair[K, R]](key func(T) K, build func(Flow[T]) Flow[R], opts ...GroupOption) Flow[P] {
	return group(f, "GroupByKeyed", key, build, opts, func(k K, push func(P) error) func(R) error {
		return func(r R) error { return push(P(Pair[K, R]{A: k, B: r})) }
	})
}

// GroupOption says how many keys a [Flow.GroupBy] keeps, and for how long.
type GroupOption struct {
	idle  time.Duration
	most  int
	full  kernel.Full
	field string
	err   error
}

// maxKeys is how many keys there can be, unless an option says otherwise.
const maxKeys = 1 << 20

// EvictIdle ends keys for which no item has come for d, by the clock of the run. d must be
// positive.
func EvictIdle(d time.Duration) GroupOption {
	o := GroupOption{idle: d, field: "EvictIdle"}
	if d <= 0 {
		o.err = &ConfigError{Field: "EvictIdle", Value: d, Want: "must be positive"}
	}
	return o
}

// MaxKeys makes an item with a key more than n a failure of the GroupBy, which its policy
// decides about. n must be from 1 to 1<<30.
func MaxKeys(n int) GroupOption { return keysAtMost("MaxKeys", n, kernel.FullFails) }

// EvictOldest ends the key for which no item has come for the longest time when an item comes
// with a key more than n. n must be from 1 to 1<<30.
func EvictOldest(n int) GroupOption { return keysAtMost("EvictOldest", n, kernel.FullEvicts) }

// DropBeyond discards items with a key more than n, which count as dropped. n must be from 1 to
// 1<<30.
func DropBeyond(n int) GroupOption { return keysAtMost("DropBeyond", n, kernel.FullDrops) }

func keysAtMost(field string, n int, full kernel.Full) GroupOption {
	return GroupOption{most: n, full: full, field: field, err: countTo(field, n, maxBuffer)}
}

// grouping is what all options come to.
func grouping(opts []GroupOption) (all GroupOption) {
	all.most = maxKeys
	counted := ""
	for _, o := range opts {
		all.err = kernel.Join(all.err, o.err)
		switch {
		case o.field == "EvictIdle":
			all.idle = o.idle
		case o.field == "":
			all.err = kernel.Join(all.err, needs("option", "must be made by its function, as MaxKeys"))
		case counted != "" && counted != o.field:
			all.err = kernel.Join(all.err, needs(o.field, "cannot stand beside "+counted))
		default:
			counted, all.most, all.full = o.field, o.most, o.full
		}
	}
	return all
}

// group makes the flow of what comes out of the copies of all keys.
func group[K comparable, T, R, Out any](
	f Flow[T], op string, key func(T) K, build func(Flow[T]) Flow[R], opts []GroupOption,
	give func(K, func(Out) error) func(R) error,
) Flow[Out] {
	o := grouping(opts)
	part := newPipe(build).Kernel()
	g := kernel.Groups[K, T, R, Out]{Key: key, Part: part, Give: give, Idle: o.idle, Most: o.most, Full: o.full}
	spec := kernel.Spec[T, Out]{Name: "group-by", Op: op, Err: kernel.Join(notNil(key, "key function"), o.err)}
	spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[T]) {
		return g.Join(seg, site, "group-by", op, down)
	}
	return f.shape(spec)
}
