package ops

import (
	"fmt"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// routes is what Router and Switch have in common.
type routes[T any] struct {
	base
	list      []route[T]
	rest      Processor[T, T] // for what no route takes, nil for none
	all       bool            // every route that matches, not only the first
	size      int             // of the queue in front of each route, besides one item
	unmatched func(T)

	tally *tally // of this value, not of the copies that options make
}

// route is a processor for some of the items.
type route[T any] struct {
	name    string
	matches func(T) bool
	p       Processor[T, T]
}

// tally counts the items of all runs.
type tally struct {
	taken []atomic.Int64 // by the routes, the last one is that of the rest
	none  atomic.Int64   // of no route
	late  atomic.Int64   // of routes that had ended
}

// renew has a copy count for itself.
func (r *routes[T]) renew() { r.tally = &tally{taken: make([]atomic.Int64, len(r.list)+1)} }

// taken gives how many items the routes took, by their names, and how many in all.
func (r *routes[T]) taken(rest string) (counts map[string]int64, sum int64) {
	counts = make(map[string]int64)
	if r.tally == nil { // not made by its constructor
		return counts, 0
	}
	for i, route := range r.list {
		counts[route.name] = r.tally.taken[i].Load()
		sum += counts[route.name]
	}
	if r.rest != nil {
		counts[rest] = r.tally.taken[len(r.list)].Load()
		sum += counts[rest]
	}
	return counts, sum
}

// add adds a route to what is already a copy. kind is what a route is called in misuse.
func (r *routes[T]) add(kind, name string, matches func(T) bool, p Processor[T, T]) {
	if matches == nil {
		r.misuse(fmt.Sprintf("predicate of %s %q", kind, name), nil, "must not be nil")
	}
	r.needProcessor(fmt.Sprintf("processor of %s %q", kind, name), p)
	for _, other := range r.list {
		if other.name == name {
			r.misuse(kind, name, "must have a name of its own")
		}
	}
	r.list = append(r.list[:len(r.list):len(r.list)], route[T]{name, matches, p})
	r.renew()
}

// otherwise sets the processor for the rest in what is already a copy.
func (r *routes[T]) otherwise(p Processor[T, T]) {
	r.needProcessor("processor of the default", p)
	r.rest = p
	r.renew()
}

func (r *routes[T]) needProcessor(field string, p Processor[T, T]) {
	if kernel.IsNil(p) {
		r.misuse(field, nil, "must not be nil")
	}
}

func (r *routes[T]) setName(name string) {
	r.name = name
	r.renew()
}

func (r *routes[T]) setSize(size int) {
	if size < 0 || size >= maxBuffer {
		r.misuse("buffer size", size, "must be between 0 and 1<<30 - 1")
	}
	r.size = size
	r.renew()
}

func (r *routes[T]) setUnmatched(told func(T)) {
	if told == nil {
		r.misuse("OnUnmatched", nil, "must not be nil")
	}
	r.unmatched = told
	r.renew()
}

// check is err with what only shows when all options are known.
func (r *routes[T]) check(kind string) error {
	b := r.base
	if len(r.list) == 0 && r.rest == nil && b.name != "" && len(b.bad) == 0 {
		b.misuse(kind, nil, "must be given, or a default")
	}
	return b.err()
}

// ways describes the stage that chooses, and what it leads to.
func (r *routes[T]) ways(op, rest string) kernel.Ways[T, T] {
	w := kernel.Ways[T, T]{Size: r.size + 1}
	for _, route := range r.list {
		w.Parts = append(w.Parts, kernel.Way[T, T]{Name: route.name, Spec: kernel.Of(route.p)})
	}
	if r.rest != nil {
		w.Parts = append(w.Parts, kernel.Way[T, T]{Name: rest, Spec: kernel.Of(r.rest)})
	}
	w.Choose = func(f *kernel.Fork[T]) kernel.Spec[T, struct{}] {
		return kernel.Spec[T, struct{}]{
			Name: r.name, Op: op, Calls: kernel.CallsFunc,
			Start: func(s *kernel.Stage, _ kernel.Port[struct{}]) kernel.Port[T] {
				c := &choosing[T]{routes: r, s: s, mark: s.Mark(), fork: f}
				return kernel.Port[T]{Push: c.push}
			},
		}
	}
	return w
}

// merged describes the routes as a processor of one output.
func (r *routes[T]) merged(self any, op, rest string, err error) kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: self, Name: r.name, Op: op, Err: err,
		Connect: func(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
			return r.ways(op, rest).Join(seg, site, r.name, down)
		},
	}
}

// choosing is the state of one run.
type choosing[T any] struct {
	*routes[T]
	s      *kernel.Stage
	mark   kernel.Mark
	fork   *kernel.Fork[T]
	chosen []int // routes of the item in hand
}

// push gives an item to its routes.
func (c *choosing[T]) push(v T) error {
	c.s.In++
	c.mark.Enter()
	c.choose(v)
	if len(c.chosen) == 0 {
		c.miss(v)
		return nil
	}
	return c.fork.Pass(v, c.chosen, c.count)
}

// choose asks the predicates, all of them before the first route has the item: if one of them
// fails, none has.
func (c *choosing[T]) choose(v T) {
	c.chosen = c.chosen[:0]
	for i := range c.list {
		if !c.list[i].matches(v) {
			continue
		}
		c.chosen = append(c.chosen, i)
		if !c.all {
			return
		}
	}
	if len(c.chosen) == 0 && c.rest != nil {
		c.chosen = append(c.chosen, len(c.list))
	}
}

// miss discards an item that no route takes.
func (c *choosing[T]) miss(v T) {
	c.s.Filtered++
	c.tally.none.Add(1)
	if c.unmatched != nil {
		c.s.Outside()
		c.unmatched(v)
	}
}

func (c *choosing[T]) count(route int, taken bool) {
	if taken {
		c.tally.taken[route].Add(1)
	} else {
		c.tally.late.Add(1)
	}
}
