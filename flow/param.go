package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// param is the parameter of a function that builds a piece of a flow: a flow of what will
// come in, to be used exactly once in what the function gives.
type param[T any] struct{ of string }

// inlet is where the parameter ends up, in one place of one run.
type inlet[T any] struct {
	seg  *kernel.Segment
	port kernel.Port[T]
	used bool
}

func (p *param[T]) flow(at callsite.Site) Flow[T] {
	return Flow[T]{last: settings{At: at}, wire: p.end}
}

// connect wires the piece, whose last segment is seg, and gives what leads to it.
func (p *param[T]) connect(seg *kernel.Segment, site kernel.Site, wire func()) (*kernel.Segment, kernel.Port[T]) {
	run := seg.Run()
	in := &inlet[T]{seg: seg}
	seg.SetSlot(p, in)
	seg.Within(site, func(kernel.Site) { wire() })
	seg.SetSlot(p, nil)
	if !in.used {
		run.Misused(site, p.of, needs("parameter", "must be used in what build returns"))
	}
	return in.seg, in.port
}

// end is the wire of the parameter.
func (p *param[T]) end(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) {
	value, _ := seg.Slot(p)
	in, ok := value.(*inlet[T])
	seg.Run().Misused(site, p.of, site.Plain().Err)
	switch {
	case !ok:
		seg.Run().Misused(site, p.of, needs("parameter", "belongs to what build returns: it cannot be run or used elsewhere"))
	case in.used:
		seg.Run().Misused(site, p.of, needs("parameter", "must be used once"))
	case site.Name != "" || site.Policy != nil:
		seg.Run().Misused(site, p.of, needs("parameter", "is no stage: it can have no name and no policy"))
		in.used = true
	default:
		*in = inlet[T]{seg: seg, port: down, used: true}
	}
}
