package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// errPlanted is what a faulty function of a random flow returns or panics with.
var errPlanted = errors.New("planted")

// TestRandomFlows runs random chains with random faults in virtual time. Whatever
// happens, Run returns, nothing of it is left (a bubble fails on a goroutine that is),
// the books balance, and the error is one that was asked for.
//
// STREAMZ_RANDOM=seed:count runs others; a failure names the seed that repeats it.
func TestRandomFlows(t *testing.T) {
	seed, count := uint64(1), 1500
	if _, err := fmt.Sscanf(os.Getenv("STREAMZ_RANDOM"), "%d:%d", &seed, &count); err != nil && os.Getenv("STREAMZ_RANDOM") != "" {
		t.Fatal(err)
	}
	for i := range uint64(count) {
		if !t.Run(strconv.FormatUint(seed+i, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomFlow(t, seed+i) })
		}) {
			t.Fatalf("repeat with STREAMZ_RANDOM=%d:1", seed+i)
		}
	}
}

var quiet = flow.WithLogger(slog.New(slog.DiscardHandler))

// gamble is one random flow. All chance is used up while it is built, so that a seed
// always gives the same one.
type gamble struct {
	*rand.Rand
	cancel   context.CancelCauseFunc
	trace    []string
	barriers []*atomic.Int32 // how often each one's function was called
}

func randomFlow(t *testing.T, seed uint64) {
	g := &gamble{Rand: rand.New(rand.NewPCG(seed, 0))}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	g.cancel = cancel
	if seed%4 == 0 {
		limit := time.Duration(seed%97) * 100 * time.Millisecond
		limited, stop := context.WithTimeoutCause(ctx, limit, errPlanted)
		defer stop()
		ctx = limited
		g.trace = append(g.trace, fmt.Sprintf("deadline after %v", limit))
	}
	f := g.chain(g.source(), g.IntN(7))
	t.Cleanup(func() { // runs after the audit's
		if t.Failed() {
			t.Log(g.trace)
		}
	})
	opt, r := audited(t)
	done := make(chan error, 1)
	go func() { // a Goexit on this goroutine must end it only after the run
		err := errors.New("Goexit")
		defer func() {
			if v := recover(); v != nil { // of a loop's body
				err, _ = v.(error)
			}
			done <- err
		}()
		err = g.end(ctx, f, opt, quiet)
	}()
	select {
	case err := <-done:
		if !expected(err) {
			t.Errorf("%v\nended with an error nobody planted: %v\n%v", g.trace, err, r)
		}
	case <-time.After(24 * time.Hour): // of an idle source
		cancel(errPlanted)
		<-done
	}
	for i := range g.barriers {
		if n := g.barriers[i].Load(); n > 1 {
			t.Errorf("%v\nbarrier %d arrived %d times", g.trace, i, n)
		}
	}
}

// expected tells the errors that random flows provoke from those they must not.
func expected(err error) bool {
	if err == nil || err.Error() == "Goexit" {
		return true
	}
	if _, config := errors.AsType[*flow.ConfigError](err); config {
		return false
	}
	_, stage := errors.AsType[*flow.StageError](err)
	return errors.Is(err, errPlanted) || stage && !errors.Is(err, context.Canceled)
}

// source makes n items, in one of several ways.
func (g *gamble) source() flow.Flow[int] {
	n := g.IntN(40)
	kind := g.IntN(11)
	g.trace = append(g.trace, fmt.Sprintf("source %d of %d", kind, n))
	switch kind {
	case 0:
		return flow.Range(0, n)
	case 1:
		sleep := rand.New(rand.NewPCG(g.Uint64(), 1))
		return flow.FromSeq(func(yield func(int) bool) {
			defer func() { _ = recover() }() // must not swallow the panic of a stage below
			for i := range n {
				if sleep.IntN(4) == 0 {
					time.Sleep(time.Duration(sleep.IntN(300)) * time.Millisecond)
				}
				if !yield(i) {
					return
				}
			}
		})
	case 2:
		fault := g.fault("source")
		return flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			for i := range n {
				if err := fault(i); err != nil {
					return err
				}
				_ = emit(i) // a source that ignores the error of emit
			}
			return nil
		})
	case 3:
		ch := make(chan int, n)
		for i := range n {
			ch <- i
		}
		close(ch)
		return flow.FromChan(ch)
	case 4:
		return flow.Concat(flow.Range(0, n/2).Async(1).Take(g.IntN(5)), flow.Range(n/2, n))
	case 5:
		m := &marker{make([]atomic.Int32, n), 1 + g.IntN(3)}
		for i := range m.arrived {
			g.barriers = append(g.barriers, &m.arrived[i])
		}
		return flow.FromSignals(m)
	case 6:
		idle := make(chan int) // nothing ever comes; the run's end is what ends it
		return flow.Concat(flow.Range(0, n), flow.FromChan(idle).Take(g.IntN(2)), flow.Range(n, n+2))
	case 7:
		var inputs []flow.Flow[int]
		for range 1 + g.IntN(3) {
			inputs = append(inputs, g.chain(g.source(), g.IntN(2)))
		}
		return g.lasting(flow.Merge(inputs...))
	case 8:
		return flow.Tick(time.Second).Map(func(at time.Time) int { return at.Second() }).Take(n)
	case 9:
		fault, calls := g.fault("poll"), 0
		return flow.Poll(time.Second, func(context.Context) (int, error) {
			if calls++; calls > n {
				return 0, flow.ErrStop
			}
			return calls, fault(calls)
		})
	default:
		return flow.FromSlice(slices.Collect(func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		}))
	}
}

// marker sends a barrier and a watermark behind every few items.
type marker struct {
	arrived []atomic.Int32
	every   int
}

func (m *marker) Stream(_ context.Context, out flow.Emitter[int]) error {
	for i := range m.arrived {
		if err := out.Emit(i); err != nil {
			return err
		}
		if i%m.every != 0 {
			continue
		}
		_ = out.Watermark(time.Unix(int64(i), 0))
		_ = out.Barrier(func(error) { m.arrived[i].Add(1) })
	}
	return nil
}

// chain puts random stages behind f.
func (g *gamble) chain(f flow.Flow[int], stages int) flow.Flow[int] {
	for range stages {
		f = g.stage(f)
		if g.IntN(4) == 0 {
			f = f.Async(1 + g.IntN(4))
			g.trace = append(g.trace, "async")
		}
	}
	return f
}

func (g *gamble) stage(f flow.Flow[int]) flow.Flow[int] {
	kind := g.IntN(23)
	name := fmt.Sprintf("stage %d", kind)
	g.trace = append(g.trace, name)
	switch kind {
	case 0:
		return g.policy(f.Map(g.mapper(name)))
	case 1:
		fault := g.fault(name)
		return g.policy(f.TryMap(func(v int) (int, error) { return v, fault(v) }))
	case 2:
		fn := g.mapper(name)
		return g.policy(f.Filter(func(v int) bool { return fn(v)%3 != 0 }))
	case 3:
		fn := g.mapper(name)
		return g.lasting(f.FlatMap(func(v int) iter.Seq[int] { return g.sequence(v, fn) }))
	case 4:
		return f.Take(g.IntN(30))
	case 5:
		return f.Skip(g.IntN(5))
	case 6:
		return flow.Unbatch(f.Batch(1+g.IntN(5), 0))
	case 7:
		return flow.Unbatch(f.Batch(1+g.IntN(5), time.Duration(1+g.IntN(500))*time.Millisecond))
	case 8:
		fn := g.mapper(name)
		return g.policy(f.Scan(0, func(sum, v int) int { return sum + fn(v) }))
	case 9:
		return g.lasting(f.Gather(&faulty{g, g.fault(name), g.fault(name + " end"), g.IntN(3)}))
	case 10:
		return f.Then(ops.ProcessorFunc[int, int](relay))
	case 13:
		fault := g.fault(name)
		return g.policy(f.Call(func(ctx context.Context, v int) (int, error) {
			if v%5 == 0 {
				time.Sleep(time.Duration(v%7) * 50 * time.Millisecond)
			}
			return v, errors.Join(fault(v), ctx.Err())
		}))
	case 14:
		return f.Then(ops.NewThrottle[int](1 + 1000*g.Float64()).WithBurst(1 + g.IntN(4)))
	case 18:
		fault := g.fault(name)
		return f.Monitor(time.Minute, func(ops.StreamStats) {
			if err := fault(0); err != nil {
				panic(err)
			}
		})
	case 20, 21, 22:
		return g.policy(g.workers(f, kind, g.fault(name)))
	case 11:
		inner, more, first, merged := g.IntN(3), g.IntN(4), g.IntN(2) == 0, g.IntN(3) == 0
		return g.lasting(f.Then(flow.Pipe(func(in flow.Flow[int]) flow.Flow[int] {
			out := g.chain(in, inner)
			switch {
			case more == 0:
				return out
			case merged:
				return flow.Merge(out, flow.Range(0, more))
			case first:
				return flow.Concat(flow.Range(0, more), out)
			}
			return flow.Concat(out, flow.Range(0, more))
		})))
	case 17:
		return f.Buffer(g.IntN(6))
	case 15:
		fn := g.mapper(name)
		return f.Then(ops.NewDroppingBuffer[int](g.IntN(6)).OnDrop(func(v int) { _ = fn(v) }))
	case 16:
		fn := g.mapper(name)
		return f.Then(ops.NewSlidingBuffer[int](1 + g.IntN(6)).OnDrop(func(v int) { _ = fn(v) }))
	default:
		fn := g.mapper(name)
		return g.policy(f.Tap(func(v int) { _ = fn(v) }))
	}
}

// workers puts a stage with some behind f. Their calls take from no time to one that
// depends on the item.
func (g *gamble) workers(f flow.Flow[int], kind int, fault func(int) error) flow.Flow[int] {
	n, more, pace := 1+g.IntN(4), g.IntN(20), time.Duration(g.IntN(3))*20*time.Millisecond
	g.trace = append(g.trace, fmt.Sprintf("%d workers, window %d", n, n+more))
	fn := func(ctx context.Context, v int) (int, error) {
		time.Sleep(time.Duration(v%4) * pace)
		return v, errors.Join(fault(v), ctx.Err())
	}
	p := ops.NewAsyncMapper(fn)
	switch kind {
	case 21:
		p = p.WithOrdered(false)
	case 22:
		p = ops.NewAsyncMapperKeyed(func(v int) int { return v % 5 }, fn)
	}
	return f.Then(p.WithWorkers(n).WithBufferSize(n + more))
}

// policy gives the last stage, which calls a function for one result, a random one.
func (g *gamble) policy(f flow.Flow[int]) flow.Flow[int] {
	switch g.IntN(8) {
	case 0:
		return f.OnError(g.retry())
	case 1:
		return f.OnError(g.retry().Then(g.settling()))
	case 2:
		return f.OnError(g.budget().Then(g.retry().Then(g.settling())))
	case 3:
		return f.OnError(g.retry().Then(g.share().Then(g.settling())))
	}
	return g.lasting(f)
}

// lasting gives the last stage a random policy that any stage with a function can have.
func (g *gamble) lasting(f flow.Flow[int]) flow.Flow[int] {
	switch g.IntN(4) {
	case 0:
		return f.OnError(g.settling())
	case 1:
		return f.OnError(g.budget().Then(g.settling()))
	}
	return f
}

// settling is a policy that others may stand in front of.
func (g *gamble) settling() flow.Policy {
	kind := g.IntN(4)
	g.trace = append(g.trace, fmt.Sprintf("policy %d", kind))
	fault := g.fault("policy")
	switch kind {
	case 0:
		return flow.Stop()
	case 1:
		return flow.Handle(func(_ context.Context, e *flow.StageError) flow.Policy {
			if v, ok := e.Item.(int); ok && v%2 == 0 {
				return flow.Skip()
			}
			return flow.Stop()
		})
	case 2:
		return flow.DeadLetter(func(ctx context.Context, l flow.Letter[any]) error {
			if l.Attempts > 1 {
				if err := clock.Sleep(ctx, clock.Real(), time.Second); err != nil {
					return ctx.Err()
				}
			}
			return fault(0)
		})
	}
	return flow.Skip()
}

func (g *gamble) budget() flow.Policy {
	n := g.IntN(6)
	g.trace = append(g.trace, fmt.Sprintf("budget %d", n))
	return flow.Budget(n)
}

func (g *gamble) share() flow.Policy {
	share, window := g.Float64(), 1+g.IntN(10)
	g.trace = append(g.trace, fmt.Sprintf("share %v of %d", share, window))
	return flow.BudgetShare(share, window)
}

func (g *gamble) retry() flow.Policy {
	calls, wait := 1+g.IntN(4), time.Duration(g.IntN(3))*700*time.Millisecond
	g.trace = append(g.trace, fmt.Sprintf("retry %d", calls))
	p := flow.Retry(calls, flow.Exponential(wait))
	if g.IntN(2) == 0 {
		p = p.RetryPanics()
	}
	if g.IntN(3) == 0 {
		p = p.If(func(err error) bool { return err == errPlanted })
	}
	return p
}

// fault fails at a random item in a random way, mostly never.
func (g *gamble) fault(where string) func(int) error {
	at, how := g.IntN(60), g.IntN(10)
	if how < 8 {
		g.trace = append(g.trace, fmt.Sprintf("%s: fault %d at %d", where, how, at))
	}
	var calls atomic.Int64 // also of several workers
	return func(int) error {
		n := calls.Add(1) - 1
		switch {
		case n > int64(at) && how == 6 && (n+1)%3 > 0:
			return errPlanted // most of the time from then on
		case n > int64(at) && how == 7 && (n+1)%4 == 0:
			panic(errPlanted)
		case n != int64(at):
			return nil
		}
		switch how {
		case 0, 1:
			return errPlanted
		case 2:
			panic(errPlanted)
		case 3:
			g.cancel(errPlanted)
		case 4:
			if at%2 == 0 {
				defer func() { panic(errPlanted) }()
			}
			runtime.Goexit()
		case 5:
			time.Sleep(time.Second)
		}
		return nil
	}
}

func (g *gamble) mapper(where string) func(int) int {
	fault := g.fault(where)
	return func(v int) int {
		if err := fault(v); err != nil {
			panic(err)
		}
		return v + 1
	}
}

// sequence gives up to three items for one; some ignore that nobody wants more.
func (g *gamble) sequence(v int, fn func(int) int) iter.Seq[int] {
	stubborn := v%5 == 0
	return func(yield func(int) bool) {
		defer func() {
			if stubborn {
				_ = recover()
			}
		}()
		for range v % 4 {
			if !yield(fn(v)) && !stubborn {
				return
			}
		}
	}
}

// faulty is a gatherer that fails, ignores emit's error, or wraps it.
type faulty struct {
	g          *gamble
	fault, end func(int) error
	manners    int
}

func (f *faulty) Start(context.Context) (ops.Pusher[int, int], error) { return f, nil }

func (f *faulty) Push(_ context.Context, v int, emit func(int) error) error {
	for i := range v % 3 {
		if i == 1 {
			if err := f.fault(v); err != nil {
				return err
			}
		}
		if err := emit(v); err != nil {
			switch f.manners {
			case 0:
				return err
			case 1:
				return fmt.Errorf("wrapped: %v", err)
			}
		}
	}
	return nil
}

func (f *faulty) End(_ context.Context, emit func(int) error) error {
	if err := f.end(0); err != nil {
		return err
	}
	return emit(-1)
}

// relay is a processor that only knows channels, written as the guide does.
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

// end runs f with a random terminal.
func (g *gamble) end(ctx context.Context, f flow.Flow[int], opts ...flow.Option) error {
	kind := g.IntN(8)
	g.trace = append(g.trace, fmt.Sprintf("terminal %d", kind))
	fault := g.fault("sink")
	switch kind {
	case 0:
		_, err := f.Collect(ctx, opts...)
		return err
	case 1:
		if _, err := f.First(ctx, opts...); !errors.Is(err, flow.ErrEmpty) {
			return err
		}
		return nil
	case 2:
		for _, err := range f.All(ctx, opts...) {
			if err != nil {
				return err
			}
			if fault(0) != nil {
				return nil
			}
		}
		return nil
	case 3:
		job := f.ForEach(func(_ context.Context, v int) error { return fault(v) })
		if g.IntN(2) == 0 {
			job = job.OnError(g.retry().Then(g.settling()))
		}
		return job.Run(ctx, opts...)
	case 4:
		items, wait := f.Chan(ctx, opts...)
		defer func() { // whoever stops receiving has to end ctx
			g.cancel(errPlanted)
			_ = wait()
		}()
		for range items {
			if err := fault(0); err != nil {
				return err
			}
		}
		return wait()
	case 6:
		workers, enough := 1+g.IntN(4), g.IntN(60)
		var calls atomic.Int64
		job := f.AsyncForEach(workers, func(ctx context.Context, v int) error {
			time.Sleep(time.Duration(v%4) * 20 * time.Millisecond)
			if calls.Add(1) > int64(enough) {
				return flow.ErrStop
			}
			return errors.Join(fault(v), ctx.Err())
		})
		if g.IntN(2) == 0 {
			job = job.OnError(flow.Skip())
		}
		return job.Run(ctx, opts...)
	case 5:
		return f.To(&sink{fault: fault}).Run(ctx, opts...)
	default:
		return f.Run(ctx, opts...)
	}
}

type sink struct{ fault func(int) error }

func (s *sink) Put(_ context.Context, v int) error { return s.fault(v) }
func (s *sink) Open(context.Context) error         { return s.fault(0) }
func (s *sink) Flush(context.Context) error        { return s.fault(0) }
func (s *sink) Close(error) error                  { return s.fault(0) }
