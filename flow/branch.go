package flow

import (
	"fmt"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Branch gives every item to each of several pieces of a flow, and merges what comes out of
// them. Each build is called once, by Branch, gets the flow of the items and gives the flow of
// what is to come out; it has to use its parameter exactly once, as that of [Pipe].
//
// If all branches are synchronous they are fused with what is below: an item goes through one
// after the other, on the same goroutine, without a queue, and the results of an item come in
// the order of the branches. If one of them is not, as with an Async, an AsyncMap or a timer
// that must not wait for the others, each runs on a goroutine of its own, and up to 256 items
// wait in front of it and behind it: then order is kept within a branch, and there is none
// between them. The branch that is slowest sets the pace; to let it lose items instead begin
// it with a [Flow.DroppingBuffer] or [Flow.SlidingBuffer].
//
// All branches get the same value, not a copy. A branch that ends early, as by a Take, takes
// nothing any more, and the others go on; when all have, the Branch ends. It ends when the
// input does, after all that the branches hold. A watermark passes as the least of those of
// the branches, a barrier when it has come through all of them.
//
// Stages of the branches are named "branch[0]/map"; a name given to the Branch takes the place
// of "branch", and a policy is the default of all their stages.
func (f Flow[T]) Branch[R any](builds ...func(Flow[T]) Flow[R]) Flow[R] {
	every := numbered(len(builds))
	var err error
	if len(builds) == 0 {
		err = needs("branches", "must be given")
	}
	return f.fork("branch", "Branch", err, kernel.CallsNothing, branches(builds...), func(T) []int { return every })
}

// Partition gives the items for which matches is true to one piece of a flow, and all others
// to another, and merges what comes out of both; see [Flow.Branch], which tells of the rest.
// matches must not block. A policy given to a Partition is that of matches and the default of
// all stages in it, which are named "partition/yes/map" and "partition/no/map".
func (f Flow[T]) Partition[R any](matches func(T) bool, yes, no func(Flow[T]) Flow[R]) Flow[R] {
	ways := branches(yes, no)
	ways[0].Name, ways[1].Name = "yes", "no"
	first, second := []int{0}, []int{1}
	return f.fork("partition", "Partition", notNil(matches, "predicate"), kernel.CallsFunc, ways, func(v T) []int {
		if matches(v) {
			return first
		}
		return second
	})
}

// RouteCase is one way of a [Flow.Route], made by [Case] or [Default].
type RouteCase[K comparable, T, R any] struct {
	key   K
	rest  bool
	build func(Flow[T]) Flow[R]
}

// Case is the way of the items with a key.
func Case[K comparable, T, R any](key K, build func(Flow[T]) Flow[R]) RouteCase[K, T, R] {
	return RouteCase[K, T, R]{key: key, build: build}
}

// Default is the way of the items that no Case is for.
func Default[K comparable, T, R any](build func(Flow[T]) Flow[R]) RouteCase[K, T, R] {
	return RouteCase[K, T, R]{rest: true, build: build}
}

// Route gives each item to the piece of a flow that is for its key, and merges what comes out
// of all of them; see [Flow.Branch], which tells of the rest. An item whose key no [Case] has
// goes to the [Default]. Without one it is discarded and counted as filtered.
//
// Each key has one case, and there is one default at most. key must not block. A policy given
// to a Route is that of key and the default of all stages in it, which are named
// "route/KEY/map", and "route/default/map".
func (f Flow[T]) Route[K comparable, R any](key func(T) K, cases ...RouteCase[K, T, R]) Flow[R] {
	err := notNil(key, "key function")
	if len(cases) == 0 {
		err = kernel.Join(err, needs("cases", "must be given"))
	}
	var rest []int
	ways, to := make([]kernel.Way[T, R], len(cases)), make(map[K][]int)
	for i, c := range cases {
		ways[i] = branches(c.build)[0]
		_, twice := to[c.key]
		switch {
		case c.rest && rest != nil:
			err = kernel.Join(err, needs("default", "must be given once"))
		case c.rest:
			rest, ways[i].Name = []int{i}, "default"
		case twice:
			err = kernel.Join(err, &ConfigError{Field: "case", Value: c.key, Want: "must have a key of its own"})
		default:
			to[c.key], ways[i].Name = []int{i}, fmt.Sprint(c.key)
		}
	}
	return f.fork("route", "Route", err, kernel.CallsFunc, ways, func(v T) []int {
		if way, ok := to[key(v)]; ok {
			return way
		}
		return rest
	})
}

// Unzip gives the first half of each pair to one piece of a flow and the second to another,
// and merges what comes out of both. It is a [Flow.Branch], and its stages are named as that's.
func Unzip[A, B, R any](f Flow[Pair[A, B]], first func(Flow[A]) Flow[R], second func(Flow[B]) Flow[R]) Flow[R] {
	if err := kernel.Join(notNil(first, "first function"), notNil(second, "second function")); err != nil {
		return f.fork("unzip", "Unzip", err, kernel.CallsNothing, []kernel.Way[Pair[A, B], R]{}, nil)
	}
	both := numbered(2)
	return f.fork("unzip", "Unzip", nil, kernel.CallsNothing, branches(
		func(f Flow[Pair[A, B]]) Flow[R] { return first(f.Map(func(p Pair[A, B]) A { return p.A })) },
		func(f Flow[Pair[A, B]]) Flow[R] { return second(f.Map(func(p Pair[A, B]) B { return p.B })) },
	), func(Pair[A, B]) []int { return both })
}

// branchQueue is how many items wait in front of a branch that has a goroutine of its own, and
// behind it.
const branchQueue = 256

// branches makes the ways of what the functions build.
func branches[T, R any](builds ...func(Flow[T]) Flow[R]) []kernel.Way[T, R] {
	ways := make([]kernel.Way[T, R], len(builds))
	for i, build := range builds {
		ways[i].Spec = newPipe(build).Kernel()
	}
	return ways
}

// numbered are the numbers of so many ways.
func numbered(ways int) []int {
	all := make([]int, ways)
	for i := range all {
		all[i] = i
	}
	return all
}

// fork makes the flow of what comes out of several ways that are fused if they can be, of which
// choose tells those that an item goes.
func (f Flow[T]) fork[R any](name, op string, err error, calls kernel.Calls, ways []kernel.Way[T, R], choose func(T) []int) Flow[R] {
	return f.ways(name, op, err, calls, kernel.Ways[T, R]{Fused: true, Parts: ways}, func(fork *kernel.Fork[T]) func(T) error {
		return func(v T) error { return fork.Pass(v, choose(v), nil) }
	})
}

// ways makes the flow of what comes out of several ways. pass makes what hands an item to them.
func (f Flow[T]) ways[R any](
	name, op string, err error, calls kernel.Calls, w kernel.Ways[T, R], pass func(*kernel.Fork[T]) func(T) error,
) Flow[R] {
	w.Size = branchQueue
	w.Choose = func(fork *kernel.Fork[T]) kernel.Spec[T, nothing] {
		return kernel.Spec[T, nothing]{Name: name, Op: op, Calls: calls, Nature: kernel.Stateless, Start: func(s *kernel.Stage, _ kernel.Port[nothing]) kernel.Port[T] {
			return kernel.Port[T]{Push: chooser(s, calls, pass(fork))}
		}}
	}
	spec := kernel.Spec[T, R]{Name: name, Op: op, Err: err}
	spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[R]) (*kernel.Segment, kernel.Port[T]) {
		return w.Join(seg, site, name, down)
	}
	return f.shape(spec)
}

// shape puts what a spec describes behind the flow.
func (f Flow[T]) shape[R any](spec kernel.Spec[T, R]) Flow[R] {
	return Flow[R]{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[R]) {
		seg, up := kernel.Attach(seg, last, spec, down)
		f.connect(seg, up)
	}}
}

// chooser is the push of a stage that chooses.
func chooser[T any](s *kernel.Stage, calls kernel.Calls, pass func(T) error) func(T) error {
	if calls == kernel.CallsNothing {
		return func(v T) error {
			s.In++
			return pass(v)
		}
	}
	mark := s.Mark()
	return func(v T) error {
		s.In++
		mark.Enter()
		return pass(v)
	}
}
