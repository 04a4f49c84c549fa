package ops

import "context"

// Router gives every item to the processor of the first route that matches it, or of all that
// do, and gives what comes out of each route on a channel of its own. The routes run side by
// side, each on a goroutine of its own: order is kept within a route, there is none between
// them.
//
//   - Emits: on the output of each route what its processor emits
//   - Holds: one item, for each route as many as its buffer and one more, and what the processors of the routes hold
//   - Backpressures: while a route has no room for its item, because its output is not read or its processor is slow
//   - Completes: each output when its processor has ended: when the input does, or earlier
//   - Cancels: drops what it holds
//
// The output of every route must be read: one that is not blocks all when its buffer is full.
//
// An item that no route matches goes to the default route, whose name is "default". Without
// one it is discarded, counted, and given to the function of [Router.OnUnmatched].
//
// A route may end before the input does, as behind a [Take]. Its items are discarded then and
// counted, and the other routes go on. If all have ended the Router has.
//
// The predicates are called on one goroutine, in the order of the routes, and must not block.
//
// It is for those who own their channels. For flows there is [Switch].
type Router[T any] struct{ routes[T] }

// routeDefault is the name of the default route.
const routeDefault = "default"

// RouterOutput is what comes out of a [Router]: a channel for each route, by its name.
type RouterOutput[T any] struct{ Routes map[string]<-chan T }

// NewRouter makes a Router, named "router", whose items take the first route that matches. It
// needs one route at least, or a default.
func NewRouter[T any]() *Router[T] {
	r := &Router[T]{routes[T]{name: "router"}}
	r.renew()
	return r
}

// AddRoute gives a copy with one more route: items for which matches is true go to p. Neither
// may be nil. Each route has a name of its own, which is not empty.
func (r *Router[T]) AddRoute(name string, matches func(T) bool, p Processor[T, T]) *Router[T] {
	c := *r
	if name == "" {
		c.misuse("name of a route", nil, "must not be empty")
	}
	c.add("route", name, matches, p)
	return &c
}

// WithDefault gives a copy whose items that no route matches go to p. No other route may be
// called "default" then. Of two defaults the later counts.
func (r *Router[T]) WithDefault(p Processor[T, T]) *Router[T] {
	c := *r
	c.otherwise(p)
	return &c
}

// AllMatches gives a copy whose items take every route that matches, the same value each.
func (r *Router[T]) AllMatches() *Router[T] { return r.matching(true) }

// FirstMatch gives a copy whose items take the first route that matches, which is the default.
func (r *Router[T]) FirstMatch() *Router[T] { return r.matching(false) }

func (r *Router[T]) matching(all bool) *Router[T] {
	c := *r
	c.all = all
	c.renew()
	return &c
}

// WithName gives a copy with another name, which counts for itself.
func (r *Router[T]) WithName(name string) *Router[T] {
	c := *r
	c.setName(name)
	return &c
}

// WithBufferSize gives a copy in which size items wait in front of each route at most, besides
// the next one. 0 is the default.
func (r *Router[T]) WithBufferSize(size int) *Router[T] {
	c := *r
	c.setSize(size)
	return &c
}

// OnUnmatched gives a copy that calls told for each item that no route matches and that has no
// default. It is called on the goroutine of the predicates and must not block.
func (r *Router[T]) OnUnmatched(told func(T)) *Router[T] {
	c := *r
	c.setUnmatched(told)
	return &c
}

// Names gives the names of the routes in the order in which they were added, that of the
// default last.
func (r *Router[T]) Names() []string {
	var names []string
	for _, route := range r.list {
		names = append(names, route.name)
	}
	if r.rest != nil {
		names = append(names, routeDefault)
	}
	return names
}

// Process runs the Router over channels, with one goroutine and those of the routes. It
// follows the contract of [Processor], on each output.
func (r *Router[T]) Process(ctx context.Context, in <-chan T) RouterOutput[T] {
	mustRun(ctx, r.name, r.err(), in == nil)
	run, bare := bareRun(ctx)
	outs := r.ways("Router", routeDefault).Over(run, in, r.name, bare.policy(), bare.failed)
	routes := make(map[string]<-chan T)
	for i, name := range r.Names() {
		routes[name] = outs[i]
	}
	return RouterOutput[T]{routes}
}

// ProcessToSingle is Process with one output, which merges those of the routes: order is kept
// within a route, there is none between them, and none starves another. As many items wait
// behind each route as in front of it.
func (r *Router[T]) ProcessToSingle(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, r.merged(r, "Router", routeDefault, r.err()))
}

// err is the misuse kept in the value, and what only shows when all options are known.
func (r *Router[T]) err() error {
	if r.rest == nil {
		return r.check("route")
	}
	c := *r
	for _, route := range r.list {
		if route.name == routeDefault {
			c.misuse("route", routeDefault, "must have another name beside a default")
		}
	}
	return c.check("route")
}

// RouterStats is what a Router has done with its items, in all runs.
type RouterStats struct {
	Matches   map[string]int64 // how many each route was given, by its name
	Unmatched int64            // no route, and there was no default
	Late      int64            // matched a route that had ended; once for each such route
}

// Stats gives the statistics so far. It may be called at any time, by anybody.
func (r *Router[T]) Stats() RouterStats {
	counts, _ := r.taken(routeDefault)
	if r.tally == nil {
		return RouterStats{Matches: counts}
	}
	return RouterStats{Matches: counts, Unmatched: r.tally.none.Load(), Late: r.tally.late.Load()}
}
