package stage

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// Stage is an immutable blueprint of one step, or of several in a row. It is a
// [ops.Processor] itself. The zero Stage cannot run.
type Stage[In, Out any] struct {
	b *blueprint[In, Out] // a pointer, so that any two stages can be compared
}

type blueprint[In, Out any] struct {
	p    ops.Processor[In, Out]
	name string // "" for the processor's own
}

var _ ops.Processor[int, string] = Stage[int, string]{}

// Of makes a stage of any processor.
func Of[In, Out any](p ops.Processor[In, Out]) Stage[In, Out] {
	return Stage[In, Out]{&blueprint[In, Out]{p: p}}
}

// nested is Of for a constructor whose result nests its type parameter. Out is
// inferred from a constraint of exactly one type and therefore always identical
// with the processor's, which the compiler cannot know.
func nested[In, Out any](p any) Stage[In, Out] {
	return Of(p.(ops.Processor[In, Out]))
}

// Named gives the stage under another name. For several steps in a row it becomes
// the first part of the name of each.
func (s Stage[In, Out]) Named(name string) Stage[In, Out] {
	if s.b == nil {
		return s
	}
	return Stage[In, Out]{&blueprint[In, Out]{p: s.b.p, name: name}}
}

// Then gives a stage that does what s does and then what next does.
func (s Stage[In, Out]) Then[Next any](next ops.Processor[Out, Next]) Stage[In, Next] {
	return Of[In, Next](&chain[In, Out, Next]{first: s, next: next})
}

// Name is the stage's name: the processor's, or the one given with Named.
func (s Stage[In, Out]) Name() string {
	switch {
	case s.b == nil || kernel.IsNil(s.b.p):
		return "stage"
	case s.b.name != "":
		return s.b.name
	}
	return s.b.p.Name()
}

// Processor gives what the stage is made of, nil for the zero Stage: for those that call a
// processor directly, as [ops.Retry] does.
func (s Stage[In, Out]) Processor() ops.Processor[In, Out] {
	if s.b == nil {
		return nil
	}
	return s.b.p
}

// Process runs the stage over channels, see [ops.Processor].
func (s Stage[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	if s.b == nil || kernel.IsNil(s.b.p) {
		panic(&ops.ConfigError{Stage: s.Name(), Field: "processor", Want: "must not be nil"})
	}
	return s.b.p.Process(ctx, in)
}

// Kernel describes the stage to flows, which fuse it.
func (s Stage[In, Out]) Kernel() kernel.Spec[In, Out] {
	if s.b == nil {
		return kernel.Spec[In, Out]{Self: s, Name: "stage", Op: "Then", Err: kernel.ErrNil}
	}
	spec := kernel.Of[In, Out](s.b.p)
	spec.Self = s
	if s.b.name == "" {
		return spec
	}
	spec.Name = s.b.name
	if connect := spec.Connect; connect != nil {
		spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[In]) {
			if site.Name == "" {
				site.Name = s.b.name
			}
			return connect(seg, site, down)
		}
	}
	return spec
}

// chain is two processors in a row.
type chain[In, Mid, Out any] struct {
	first Stage[In, Mid]
	next  ops.Processor[Mid, Out]
}

func (c *chain[In, Mid, Out]) Name() string { return c.first.Name() }

func (c *chain[In, Mid, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return Of(c.next).Process(ctx, c.first.Process(ctx, in))
}

func (c *chain[In, Mid, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{Self: c, Name: c.Name(), Op: "Then", Connect: c.connect}
}

func (c *chain[In, Mid, Out]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[In]) {
	var up kernel.Port[In]
	seg.Within(site, func(part kernel.Site) {
		var mid kernel.Port[Mid]
		seg, mid = kernel.Attach(seg, part, kernel.Of[Mid, Out](c.next), down)
		seg, up = kernel.Attach(seg, part, c.first.Kernel(), mid)
	})
	return seg, up
}
