package chaos

import (
	"context"
	"iter"

	"github.com/go-streamz/streamz/flow"
)

// finish makes what runs f: a sink or another terminal, and the way in which it is run.
func (g *gamble) finish(f flow.Flow[int]) func(ctx context.Context, opts ...flow.Option) error {
	c := g.child()
	p := c.choose(c.ends)
	draw := c.fit("", c.seed, func(draw int) error {
		t := c.again(draw)
		t.trial = true
		return misuse(t.ending(p, flow.Empty[int]())(ended()))
	})
	c = c.again(max(draw, 0))
	c.enter(p)
	c.know(p)
	return c.ending(p, f)
}

func (g *gamble) ending(p *piece, f flow.Flow[int]) func(context.Context, ...flow.Option) error {
	switch {
	case p.run != nil:
		return func(ctx context.Context, opts ...flow.Option) error { return p.run(g, ctx, f, opts...) }
	case p.job != nil:
		g.up = &f
		g.node.deepens()
		run := g.driven(p.job(g))
		g.pardons = g.pardons || g.node.lenient && !g.trial
		return run
	}
	return g.driven(p.sink(g, f))
}

// driven gives a job a name and a policy, and says how it is run.
func (g *gamble) driven(job flow.Job) func(context.Context, ...flow.Option) error {
	if g.policed() {
		job = police(g, job.OnError, func(j flow.Job) error { return j.Run(ended()) }, job)
	}
	if g.IntN(2) == 0 {
		job = scaled(g, job.Scaled, func(j flow.Job) (flow.Plan, error) { return j.Plan() }, 1, job)
	}
	if g.calm || g.IntN(2) == 0 {
		return job.Run
	}
	run := g.started(job.Named(g.node.name()))
	if g.trial {
		return job.Run
	}
	return run
}

// job makes a job with a sink, of a flow of its own or the one that the piece is to stand
// behind.
func (g *gamble) job() flow.Job {
	f := inflow[int](g, "job")
	c := g.child()
	p := c.choose(c.sinks)
	draw := c.fit("", c.seed, func(draw int) error {
		t := c.again(draw)
		t.trial = true
		return misuse(p.sink(t, flow.Empty[int]()).Run(ended()))
	})
	c = c.again(max(draw, 0))
	c.enter(p)
	return p.sink(c, f)
}

// jobs makes up to three of them.
func (g *gamble) jobs() (jobs []flow.Job) {
	for range g.IntN(4) {
		jobs = append(jobs, g.job())
	}
	return jobs
}

// settle sees a terminal to its end, and gives the error of its run.
func (g *gamble) settle(results ...any) error {
	var items <-chan int
	for _, r := range results {
		switch r := r.(type) {
		case error:
			return r
		case iter.Seq2[int, error]:
			return g.loop(r)
		case <-chan int:
			items = r
		case func() error:
			return g.receive(items, r)
		case []int:
			g.got = r
		}
	}
	return nil
}

// loop is a range loop that is left now and then.
func (g *gamble) loop(items iter.Seq2[int, error]) error {
	body := g.body()
	for v, err := range items {
		if err != nil {
			return err
		}
		g.got = append(g.got, v)
		if body(v) != nil {
			g.endEarly()
			return nil
		}
	}
	return nil
}

// receive receives from a channel, and now and then stops and ends the context.
func (g *gamble) receive(items <-chan int, wait func() error) error {
	body, all := g.body(), false
	defer func() {
		if !all {
			g.endEarly()
			g.cancel(g.plant("receiver"))
			_ = wait()
		}
	}()
	for v := range items {
		g.got = append(g.got, v)
		if body(v) != nil {
			return nil
		}
	}
	all = true
	return wait()
}

// body draws that of a loop, whose failure is none of the flow.
func (g *gamble) body() func(int) error {
	c := *g
	c.aside, c.outside = true, true
	g.looped = true
	return arg[func(int) error](&c, "body")
}
