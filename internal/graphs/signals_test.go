package graphs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
)

// signals are those that the sources of a run send, and what came of them. The witness stands
// at the end of the graph.
type signals struct {
	barriers bool // beside watermarks
	sides    *sides

	mu   sync.Mutex
	sent []*sent
	seen []item
	mark int // the latest watermark that came
	late []string
}

// sent is a barrier, or a flush.
type sent struct {
	what   string
	id     uint64 // its place among all
	source string
	before int            // items of its source that came before
	seen   int            // items at the sink when it came there
	beside map[string]int // the same of sides, if it is a barrier
	told   int            // how often
	err    error          // what it was told
}

// lastMark is later than all items of sources: each ends with it.
const lastMark = 1 << 30

// source sends items, with signals between them.
func (s *signals) source(name string, items []item) flows {
	f := flow.FromSignals(&signalling{s, name, items})
	if s.barriers {
		return f.Then(&flusher{signals: s, source: name})
	}
	return f
}

type signalling struct {
	*signals
	name  string
	items []item
}

func (s *signalling) Stream(_ context.Context, out flow.Emitter[item]) error {
	for i, x := range s.items {
		if err := out.Emit(x); err != nil {
			return err
		}
		if i%3 == len(s.name+s.items[0].id)%3 {
			if err := out.Watermark(time.Unix(int64(i+1), 0)); err != nil {
				return err
			}
		}
		if s.barriers && i%4 == s.items[0].n%4 {
			if err := s.barrier(out, i+1); err != nil {
				return err
			}
		}
	}
	return out.Watermark(time.Unix(lastMark, 0))
}

func (s *signalling) barrier(out flow.Emitter[item], before int) error {
	b := s.note("barrier", s.name, before)
	return out.Barrier(func(err error) { s.came(b, err) })
}

func (s *signals) note(what, source string, before int) *sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &sent{what: what, id: uint64(len(s.sent)), source: source, before: before}
	s.sent = append(s.sent, b)
	return b
}

func (s *signals) came(b *sent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.told++
	b.err, b.seen, b.beside = err, len(s.seen), s.sides.counts()
}

// flusher sends a flush after every fifth item. No source of a flow can.
type flusher struct {
	*signals
	source string
}

func (*flusher) Name() string { return "flusher" }

func (*flusher) Process(context.Context, <-chan item) <-chan item { panic("it is fused") }

func (f *flusher) Kernel() kernel.Spec[item, item] {
	return kernel.Spec[item, item]{Self: f, Name: f.Name(), Op: "Flush", Books: kernel.Mapped, Start: func(s *kernel.Stage, down kernel.Port[item]) kernel.Port[item] {
		count := 0
		return kernel.Port[item]{Signal: down.Signal, Push: func(x item) error {
			count++
			if err := down.Push(x); err != nil || count%5 != 0 {
				return err
			}
			b := f.note("flush", f.source, count)
			return down.Signal(kernel.Signal{Kind: kernel.Flush, ID: b.id, From: s})
		}}
	}}
}

// witness sees the items and signals that come to the sink.
type witness struct{ *signals }

func (*witness) Name() string { return "witness" }

func (*witness) Process(context.Context, <-chan item) <-chan item { panic("it is fused") }

func (w *witness) Kernel() kernel.Spec[item, item] {
	return kernel.Spec[item, item]{Self: w, Name: w.Name(), Op: "Witness", Books: kernel.Mapped, Start: func(_ *kernel.Stage, down kernel.Port[item]) kernel.Port[item] {
		return kernel.Port[item]{
			Push: func(x item) error {
				w.sees(x)
				return down.Push(x)
			},
			Signal: func(sig kernel.Signal) error {
				w.hears(sig)
				return down.Signal(sig)
			},
		}
	}}
}

func (w *witness) sees(x item) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, x)
	if x.at < w.mark {
		w.late = append(w.late, fmt.Sprintf("%v at %d came behind the watermark %d", x, x.at, w.mark))
	}
}

func (w *witness) hears(sig kernel.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch sig.Kind {
	case kernel.Watermark:
		at := int(sig.Time.Unix())
		if at <= w.mark {
			w.late = append(w.late, fmt.Sprintf("the watermark %d came behind the watermark %d", at, w.mark))
		}
		w.mark = at
	case kernel.Flush:
		b := w.sent[sig.ID]
		b.told++
		b.seen = len(w.seen)
	}
}

// promise is what is promised of the signals of a source.
type promise int

const (
	arrive promise = iota // behind all items before them
	may                   // they may not come, but not too early
	none
)

// promises tells what is promised of each source.
func (g *node) promises(p promise, to map[string]promise) {
	p = max(p, g.passes())
	for _, part := range g.pieces {
		if g.is(aside) { // its signals go to another sink
			part.promises(none, to)
		} else {
			part.promises(p, to)
		}
	}
	for _, f := range g.flows {
		f.promises(p, to)
	}
	if g.kind != inlet && len(g.flows) == 0 {
		to[g.name] = p
	}
}

// passes tells what is promised of the signals that come to a node, as far as it goes.
func (g *node) passes() promise {
	if slices.ContainsFunc(g.through(), func(n *node) bool { return n.is(deaf) }) {
		return none
	}
	return g.ends()
}

// ends tells the same of items.
func (g *node) ends() promise {
	if slices.ContainsFunc(g.through(), func(n *node) bool { return n.is(mayEnd) }) {
		return may
	}
	return arrive
}

// through are the nodes that what comes to a node goes through: a fork passes on what comes out of
// all pieces.
func (g *node) through() []*node {
	all := []*node{g}
	for _, part := range g.pieces {
		if !g.is(aside) {
			all = append(all, part.nodes()...)
		}
	}
	return all
}

var origin = regexp.MustCompile(`([a-z]+)(\d+)`)

// check holds what came of the signals against what is promised.
func (s *signals) check(g *node) (broken []string) {
	promises := make(map[string]promise)
	g.promises(arrive, promises)
	if !g.any(belated) {
		broken = append(broken, s.late...)
	}
	all := true
	for _, p := range promises {
		all = all && p == arrive
	}
	if all && s.mark != lastMark {
		broken = append(broken, fmt.Sprintf("the last watermark was %d", s.mark))
	}
	places, flushed := placesOf(s.seen), g.flushed()
	for _, b := range s.sent {
		p := promises[b.source]
		if b.what == "flush" {
			p = max(p, flushed)
		}
		switch {
		case b.told > 1, b.told == 0 && b.what == "barrier":
			broken = append(broken, fmt.Sprintf("%v came %d times", b, b.told))
		case p == arrive && (b.told == 0 || b.err != nil):
			broken = append(broken, fmt.Sprintf("%v did not come: %v", b, b.err))
		case b.told == 1 && b.err == nil && p < none:
			broken = append(broken, b.early(places[b.source], b.seen, "the sink")...)
		}
	}
	return append(broken, s.checkSides(g, promises)...)
}

// checkSides holds barriers against what came to sides that they have to have come to as well.
func (s *signals) checkSides(g *node, promises map[string]promise) (broken []string) {
	g.sides(arrive, func(g *node, p promise) {
		of := s.sides.of[g.name]
		if of == nil || p != arrive || g.pieces[0].any(deaf) || g.pieces[0].any(mayEnd) {
			return
		}
		places := placesOf(of.got)
		for _, b := range s.sent {
			if b.what == "barrier" && b.told == 1 && b.err == nil && promises[b.source] < none {
				broken = append(broken, b.early(places[b.source], b.beside[g.name], "side "+g.name)...)
			}
		}
	})
	return broken
}

// early tells of items that came to a sink after a signal that is behind them. places are those of
// the items of its source there, and seen is how many had come.
func (b *sent) early(places []int, seen int, sink string) (broken []string) {
	for i, at := range places[:min(b.before, len(places))] {
		if at > seen {
			broken = append(broken, fmt.Sprintf("%v came before what became of %s%d at %s", b, b.source, i, sink))
		}
	}
	return broken
}

// flushed tells what is promised of flushes at most.
func (g *node) flushed() promise {
	switch {
	case g.any(keeps):
		return none
	case g.any(sealed): // none comes out of a run inside
		return may
	}
	return arrive
}

// placesOf tells of each item of a source how many had come when the last did that it became.
func placesOf(seen []item) map[string][]int {
	places := make(map[string][]int)
	for i, x := range seen {
		for _, m := range origin.FindAllStringSubmatch(x.id, -1) {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				continue
			}
			of := places[m[1]]
			places[m[1]] = append(of, make([]int, max(0, n+1-len(of)))...)
			places[m[1]][n] = i + 1
		}
	}
	return places
}

func (b *sent) String() string {
	return fmt.Sprintf("the %s behind %s%d", b.what, b.source, b.before-1)
}
