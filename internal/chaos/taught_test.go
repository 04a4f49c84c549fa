package chaos

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"reflect"
	"strconv"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// lessons say how a value of a type is drawn that is not drawn by its parts alone.
type lessons map[reflect.Type]func(g *gamble, name string) any

func taught() lessons {
	l := make(lessons)
	teach(l, func(g *gamble, name string) error { return g.plant(name) })
	teach(l, duration)
	teach(l, func(g *gamble, name string) time.Time { return time.Now().Add(10 * duration(g, name)) })
	teach(l, func(*gamble, string) clock.Clock { return clock.Real() })
	teach(l, func(g *gamble, _ string) []clock.Clock { return []clock.Clock{clock.Real()}[:g.IntN(2)] })
	teach(l, func(*gamble, string) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	teach(l, func(*gamble, string) *flow.Report { return new(flow.Report) })
	teach(l, func(g *gamble, name string) <-chan int { return channel(g, name) })
	teach(l, signal)
	teach(l, extension)
	teach(l, func(g *gamble, name string) flow.Source[int] { return arg[source](g, name) })
	teach(l, func(g *gamble, name string) flow.SignalSource[int] { return newMarker(g, name) })
	teach(l, func(g *gamble, name string) flow.Sink[int] { return arg[sink](g, name) })
	teach(l, func(g *gamble, name string) ops.Gatherer[int, int] { return arg[gatherer](g, name) })
	teach(l, processor)
	teach(l, cases)
	teach(l, routes)
	teach(l, branches)
	teach(l, keys)
	teach(l, joinSpec)
	teach(l, sides)
	teach(l, func(g *gamble, name string) []flow.SideQueue {
		return []flow.SideQueue{arg[flow.SideQueue](g, name), arg[flow.SideQueue](g, name)}[:g.IntN(3)]
	})
	teach(l, func(g *gamble, _ string) flow.Job { return g.job() })
	teach(l, func(g *gamble, _ string) []flow.Job { return g.jobs() })
	teach(l, eventWindow)
	teach(l, ofWindows)
	teach(l, restarts)
	teach(l, workers)
	teach(l, beginning)
	teach(l, func(*gamble, string) flow.Observer { return flow.ObserverFunc(func(flow.Event) {}) })
	teach(l, func(*gamble, string) func(string) { return func(string) {} }) // the collector of garbage calls it
	teach(l, func(g *gamble, name string) io.Reader { return newReader(g, name) })
	teach(l, func(*gamble, string) fs.FS { return fstest.MapFS{"1": {}, "2": {}, "3": {}} })
	return l
}

func teach[T any](l lessons, fn func(g *gamble, name string) T) {
	l[reflect.TypeFor[T]()] = func(g *gamble, name string) any { return fn(g, name) }
}

// inline draws a sub-flow, or a processor that only knows channels.
func inline(g *gamble, name string) ops.Processor[int, int] {
	if g.IntN(3) == 0 {
		return ops.ProcessorFunc[int, int](relay)
	}
	return flow.Pipe(arg[func(flow.Flow[int]) flow.Flow[int]](g, name))
}

// cases draws those of a Switch, whose functions are its own.
func cases(g *gamble, _ string) []ops.SwitchCase[int] {
	var list []ops.SwitchCase[int]
	for range g.IntN(4) {
		if g.IntN(3) == 0 {
			list = append(list, ops.Otherwise(inline(g, "default")))
			continue
		}
		list = append(list, ops.When(arg[string](g, "name"), arg[func(int) bool](g, "matches"), inline(g, "case")))
	}
	return list
}

// branches draws those of a Branch, rarely none.
func branches(g *gamble, name string) []func(flow.Flow[int]) flow.Flow[int] {
	builds := make([]func(flow.Flow[int]) flow.Flow[int], g.IntN(4))
	c := *g
	c.depth++
	for i := range builds {
		builds[i] = arg[func(flow.Flow[int]) flow.Flow[int]](&c, name)
	}
	return builds
}

// sides draws the side of an AlsoTo: some stages, and a sink.
func sides(g *gamble, _ string) func(flow.Flow[int]) flow.Job {
	stages := g.IntN(max(1, deepest+1-g.depth))
	return func(f flow.Flow[int]) flow.Job {
		f = g.chain(f, stages)
		g.up = &f
		return g.job()
	}
}

// routes draws those of a Route.
func routes(g *gamble, _ string) []flow.RouteCase[int, int, int] {
	var list []flow.RouteCase[int, int, int]
	for key, build := range branches(g, "build") {
		if g.IntN(3) == 0 {
			list = append(list, flow.Default[int](build))
		} else {
			list = append(list, flow.Case(key, build))
		}
	}
	return list
}

// keys draws how many keys there may be, and for how long. Where a further one is a failure there
// is room for all.
func keys(g *gamble, name string) []flow.GroupOption {
	all := []flow.GroupOption{
		flow.MaxKeys(1 << 20), flow.EvictOldest(1 + g.IntN(4)), flow.DropBeyond(1 + g.IntN(4)), flow.EvictIdle(time.Millisecond + duration(g, name)),
	}
	some := all[g.IntN(len(all)):][:g.IntN(2)]
	g.note("%s=%v", name, some)
	return some
}

// joinSpec draws one with which the items of two flows belong together by their places, in twos: of
// many that are equal few pairs come.
func joinSpec(g *gamble, name string) flow.JoinSpec[int, int, int] {
	on := flow.JoinOn(places(g, "keyA"), arg[func(int) time.Time](g, "atA"), places(g, "keyB"), arg[func(int) time.Time](g, "atB"))
	if g.IntN(6) == 0 && !g.calm {
		on = on.WithMaxItems(arg[int](g, "n"))
		g.happened("a full join")
	}
	if g.IntN(4) == 0 {
		on = on.WithMaxLead(10 * arg[time.Duration](g, "d"))
	}
	return on
}

func places(g *gamble, name string) func(int) int {
	fn := arg[func(int) int](g, name)
	var calls atomic.Int64
	return func(n int) int {
		_ = fn(n)
		return int(calls.Add(1)-1) / 2
	}
}

// eventWindow draws the windows of a SplitLate.
func eventWindow(g *gamble, _ string) ops.EventWindow[int] {
	at := arg[func(int) time.Time](g, "at")
	size, lateness := duration(g, "size"), duration(g, "lateness")
	switch g.IntN(3) {
	case 0:
		return ops.NewEventTumblingWindow(at, size).WithLateness(lateness)
	case 1:
		return ops.NewEventSlidingWindow(at, size, duration(g, "slide")).WithLateness(lateness)
	}
	return ops.NewEventSessionWindow(arg[func(int) int](g, "key"), at, size).WithLateness(lateness)
}

// ofWindows draws the piece of a SplitLate that gets the windows.
func ofWindows(g *gamble, name string) func(flow.Flow[flow.Window[int]]) flow.Flow[int] {
	build := arg[func(flow.Flow[int]) flow.Flow[int]](g, name)
	return func(f flow.Flow[flow.Window[int]]) flow.Flow[int] {
		return build(f.Map(func(w flow.Window[int]) int { return len(w.Items) }))
	}
}

// duration draws one of up to half a second, and rarely none.
func duration(g *gamble, name string) time.Duration {
	d := time.Duration(g.IntN(500)) * time.Millisecond
	if g.IntN(8) == 0 {
		d = 0
	}
	g.note("%s=%v", name, d)
	return d
}

// restarts draws when a flow begins anew: after failures that its stages so survive. In calm
// one that has ended is left alone.
func restarts(g *gamble, _ string) flow.RestartPolicy {
	g.node.lenient = true
	p := flow.RestartPolicy{
		Wait: arg[flow.Backoff](g, "Wait"), Max: arg[int](g, "Max"), Within: arg[time.Duration](g, "Within"),
		If: arg[func(error) bool](g, "If"), OnEnd: g.IntN(3) == 0 && !g.calm,
	}
	worth := p.If
	p.If = func(err error) bool {
		again := worth == nil || worth(err)
		if again { // what the flow held is lost, also if a drain ends the wait for the next
			g.happened("a restart")
		}
		return again
	}
	g.note("OnEnd=%v", p.OnEnd)
	return p
}

// workers draws a number of workers that changes a few times.
func workers(g *gamble, name string) *flow.Workers {
	most := 1 + g.IntN(8)
	w := flow.NewWorkers(1+g.IntN(most), most)
	for range g.IntN(5) {
		n := 1 + g.IntN(most)
		time.AfterFunc(time.Duration(g.IntN(10_000))*time.Millisecond, func() { _ = w.Set(n) })
	}
	g.note("%s=%d of %d", name, w.Count(), most)
	return w
}

// beginning draws what gives the flow for each beginning of a Restart. One that has begun
// many times gives no items any more and does not end either.
func beginning(g *gamble, name string) func() flow.Flow[int] {
	build := g.function(reflect.TypeFor[func() flow.Flow[int]](), name)
	var begins atomic.Int64 // of all copies, if there are several
	return func() flow.Flow[int] {
		begun := begins.Add(1)
		if begun > 1 {
			g.happened("a restart")
		}
		if begun > 50 {
			return flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
				<-ctx.Done()
				return ctx.Err()
			}).Named("idle")
		}
		return build.Call(nil)[0].Interface().(flow.Flow[int])
	}
}

// channel draws one that has items, and is closed or stays idle.
func channel(g *gamble, name string) <-chan int {
	ch := make(chan int, g.many())
	for i := range cap(ch) {
		ch <- i
	}
	idle := g.IntN(6) == 0 && !g.calm
	if idle {
		g.happened("an idle channel")
	} else {
		close(ch)
	}
	g.note("%s=chan{%d, idle=%v}", name, cap(ch), idle)
	return ch
}

// signal draws one that has come already, by a close or as one that is sent, or comes later.
func signal(g *gamble, name string) <-chan struct{} {
	ch := make(chan struct{}, 2*draws)
	d := time.Duration(g.IntN(5_000)) * time.Millisecond
	switch g.IntN(4) {
	case 0:
		d = 0
		close(ch)
	case 1:
		d = 0
		for range cap(ch) { // runs on trial take some
			ch <- struct{}{}
		}
	default:
		time.AfterFunc(d, func() { close(ch) })
	}
	g.note("%s=signal{%v}", name, d)
	g.endEarly()
	return ch
}

// extension draws what makes an item of the last one, a few times: a receiver that never waits
// would get items for ever, in no time.
func extension(g *gamble, name string) func(int) (int, bool) {
	fn := g.function(reflect.TypeFor[func(int) (int, bool)](), name)
	return func(last int) (int, bool) {
		fn.Call([]reflect.Value{reflect.ValueOf(last)})
		return last / 8, last >= 8
	}
}

// source is a flow.Source.
type source struct {
	Do func(ctx context.Context, emit func(int) error) error
}

func (s source) Stream(ctx context.Context, emit func(int) error) error { return s.Do(ctx, emit) }

// sink is a flow.Sink with all the optional methods.
type sink struct {
	DoPut           func(context.Context, int) error
	DoOpen, DoFlush func(context.Context) error
	DoClose         func(error) error
}

func (s sink) Put(ctx context.Context, v int) error { return s.DoPut(ctx, v) }
func (s sink) Open(ctx context.Context) error       { return s.DoOpen(ctx) }
func (s sink) Flush(ctx context.Context) error      { return s.DoFlush(ctx) }
func (s sink) Close(cause error) error              { return s.DoClose(cause) }

// gatherer is an ops.Gatherer and its own pusher, with all the optional methods.
type gatherer struct {
	DoStart        func(context.Context) error
	DoPush         func(ctx context.Context, v int, emit func(int) error) error
	DoEnd, DoFlush func(ctx context.Context, again bool, emit func(int) error) error
	DoClose        func(error) error
}

func (p gatherer) Start(ctx context.Context) (ops.Pusher[int, int], error) { return p, p.DoStart(ctx) }
func (p gatherer) Close(cause error) error                                 { return p.DoClose(cause) }

func (p gatherer) Push(ctx context.Context, v int, emit func(int) error) error {
	return p.DoPush(ctx, v, emit)
}

func (p gatherer) End(ctx context.Context, emit func(int) error) error {
	return p.DoEnd(ctx, true, emit)
}

func (p gatherer) Flush(ctx context.Context, emit func(int) error) error {
	return p.DoFlush(ctx, true, emit)
}

// marker is a flow.SignalSource that sends a barrier and a watermark behind every few items.
type marker struct {
	g     *gamble
	fault func(context.Context) error
	told  func(error)
	items int
	every int
}

func newMarker(g *gamble, name string) *marker {
	m := &marker{
		g: g, fault: arg[func(context.Context) error](g, name), told: arg[func(error)](g.anywhere(), name+".done"),
		items: g.many(), every: 1 + g.IntN(3),
	}
	g.note("%s=marker{%d, every %d}", name, m.items, m.every)
	return m
}

func (m *marker) Stream(ctx context.Context, out flow.Emitter[int]) error {
	arrived := m.g.expect(m.items)
	for i := range m.items {
		if err := m.fault(ctx); err != nil {
			return err
		}
		if err := out.Emit(i); err != nil {
			return err
		}
		if i%m.every != 0 {
			continue
		}
		if err := out.Watermark(time.Unix(int64(i), 0)); err != nil {
			return err
		}
		err := out.Barrier(func(err error) {
			arrived[i].Add(1)
			m.told(err)
		})
		if err != nil { // what fails after that does not matter
			return err
		}
	}
	return nil
}

// reader gives lines with a number each, which are JSON texts and records of CSV as well.
type reader struct {
	fault func() (int, error)
	lines int
	read  int
}

func newReader(g *gamble, name string) *reader {
	c := *g
	c.aside = true // after the end of the run its errors count as those of an interrupted Read
	r := &reader{fault: arg[func() (int, error)](&c, name), lines: g.many()}
	g.note("%s=reader{%d}", name, r.lines)
	return r
}

func (r *reader) Read(p []byte) (int, error) {
	if _, err := r.fault(); err != nil {
		return 0, err
	}
	if r.read == r.lines {
		return 0, io.EOF
	}
	r.read++
	return copy(p, strconv.Itoa(r.read)+"\n"), nil
}

// processor draws one as inline does, or, for what wraps it, one that may be called
// directly. That one's failures may be made good.
func processor(g *gamble, name string) ops.Processor[int, int] {
	if name != "inner" {
		return inline(g, name)
	}
	g.node.lenient = true
	c := *g
	c.depth++
	c.aside = true
	kind := g.IntN(6)
	if g.depth > deepest {
		kind %= 4
	}
	g.note("%s=%d", name, kind)
	switch kind {
	case 0:
		return ops.ProcessorFunc[int, int](relay)
	case 1:
		return ops.NewTryMapper(arg[func(int) (int, error)](&c, "fn"))
	case 2:
		return ops.NewAsyncMapper(arg[func(context.Context, int) (int, error)](&c, "fn")).WithWorkers(1 + g.IntN(4))
	case 3:
		call := ops.NewCall(arg[func(context.Context, int) (int, error)](&c, "fn"))
		return ops.ProcessorFunc[int, int](call.Process)
	case 4:
		return ops.NewCircuitBreaker(processor(&c, name)).MinRequests(1 + g.IntN(3))
	}
	return ops.NewDeadLetterQueue(ops.NewRetry(processor(&c, name), 1+g.IntN(3)))
}

// relay is a processor that only knows channels.
func relay(ctx context.Context, in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
