package chaos

import (
	"context"
	"iter"
	"math/rand/v2"
	"reflect"
	"strconv"
	"sync"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// then puts a processor behind f, now and then so that a flow does not see that it could be
// fused.
func then[In, Out any](g *gamble, f flow.Flow[int], p ops.Processor[In, Out]) flow.Flow[int] {
	if g.IntN(5) == 0 && g.layout() == asDrawn || g.layout() == channels {
		g.note("over channels")
		p = bridged[In, Out]{p}
		g.node.lenient = g.node.lenient || g.handled // which then tells nobody else
	}
	if g.trial && !starts(p) {
		return f.Take(-1) // which is as wrong
	}
	return dress(g, lift[In](g, f).Then(p))
}

// starts tells whether a processor is configured well: over channels it panics else, which
// flows only see when they run.
func starts[In, Out any](p ops.Processor[In, Out]) (well bool) {
	defer func() {
		if v := recover(); v != nil {
			well = false
		}
	}()
	in := make(chan In)
	close(in)
	for range p.Process(ended(), in) {
		continue
	}
	return true
}

type bridged[In, Out any] struct{ p ops.Processor[In, Out] }

func (b bridged[In, Out]) Name() string { return b.p.Name() }

func (b bridged[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return b.p.Process(ctx, in)
}

// dress gives the last stage of f a name, a policy and a boundary, or some of them, and
// makes its items numbers again.
func dress[T any](g *gamble, f flow.Flow[T]) flow.Flow[int] {
	if g.IntN(4) > 0 {
		f = f.Named(g.node.name())
	}
	if g.policed() {
		f = police(g, f.OnError, func(f flow.Flow[T]) error { return f.Run(ended()) }, f)
	}
	if g.IntN(2) == 0 {
		f = scaled(g, f.Scaled, func(f flow.Flow[T]) (flow.Plan, error) { return f.Discard().Plan() }, 2, f)
	}
	if n := 1 + g.IntN(4); g.IntN(4) == 0 && g.layout() == asDrawn || g.layout() == apart {
		g.note(".Async(%d)", n)
		f = f.Async(n)
	}
	if g.IntN(8) == 0 {
		f = f.ReportUnused(func(string) {})
	}
	return back(f)
}

// policed decides whether a stage has a policy, which is of more use where something fails.
func (g *gamble) policed() bool {
	if g.node.faulty {
		return g.IntN(5) > 0 && !g.plain
	}
	return g.IntN(4) == 0 && !g.plain
}

// police gives a flow or a job the first policy drawn that it can have, if there is one.
func police[T any](g *gamble, onError func(flow.Policy) T, run func(T) error, plain T) T {
	seed := g.Uint64()
	fits := g.fit("policy", seed, func(draw int) error {
		return misuse(run(onError(g.policy(seed, draw))))
	})
	if fits < 0 {
		return plain
	}
	p := g.policy(seed, fits)
	g.node.lenient = g.node.lenient || !reflect.DeepEqual(p, flow.Stop())
	return onError(p)
}

// scaled gives a flow or a job the first scale drawn that it can have. Its stage with workers
// would be the last but so many of the plan. In calm only those that keep the order have one.
func scaled[T any](g *gamble, to func(flow.Scale) T, plan func(T) (flow.Plan, error), place int, plain T) T {
	seed := g.Uint64() // in every layout
	p, err := plan(plain)
	last := len(p.Stages) - place
	if err != nil || last < 0 || p.Stages[last].Workers == 0 || g.calm && p.Stages[last].Op != "AsyncMap" {
		return plain
	}
	fits := g.fit("scale", seed, func(draw int) error {
		_, err := plan(to(g.scale(seed, draw)))
		return misuse(err)
	})
	if fits < 0 {
		return plain
	}
	return to(g.scale(seed, fits))
}

// scale draws one.
func (g *gamble) scale(seed uint64, draw int) flow.Scale {
	c := *g
	c.Rand, c.aside = rand.New(rand.NewPCG(seed, uint64(draw))), true
	return arg[flow.Scale](&c, ".Scaled")
}

// back makes the items numbers.
func back[T any](f flow.Flow[T]) flow.Flow[int] {
	switch f := any(f).(type) {
	case flow.Flow[int]:
		return f
	case flow.Flow[[]int]:
		return flow.Unbatch(f)
	}
	return f.FlatMap(func(v T) iter.Seq[int] { return numbers(reflect.ValueOf(v)) })
}

// lift makes the items of f what a piece wants.
func lift[T any](g *gamble, f flow.Flow[int]) flow.Flow[T] {
	if same, ok := any(f).(flow.Flow[T]); ok {
		return same
	}
	if slices, ok := any(f.Batch(3, 0)).(flow.Flow[T]); ok {
		return slices
	}
	return f.Map(func(n int) T { return filled(reflect.TypeFor[T](), n).Interface().(T) })
}

// numbers gives the numbers in a value.
func numbers(v reflect.Value) iter.Seq[int] {
	return func(yield func(int) bool) { walk(v, yield) }
}

func walk(v reflect.Value, yield func(int) bool) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !walk(v.Index(i), yield) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for _, field := range v.Fields() {
			if !walk(field, yield) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Interface:
		return walk(v.Elem(), yield)
	case reflect.String:
		n, _ := strconv.Atoi(v.String())
		return yield(n)
	}
	switch {
	case v.CanInt():
		return yield(int(v.Int() % modulus))
	case v.CanFloat():
		return yield(int(v.Float()) % modulus)
	}
	return true
}

// number is what a function of the user's makes of an argument.
func number(v reflect.Value) int {
	if !v.IsValid() || v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		return 0
	}
	sum := 0
	for n := range numbers(v) {
		sum += n
	}
	return sum
}

// filled is a value of a type with a number in it.
func filled(t reflect.Type, n int) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString(strconv.Itoa(n))
	case reflect.Slice:
		return reflect.Append(v, filled(t.Elem(), n))
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(filled(t.Field(i).Type, n))
			}
		}
	}
	switch {
	case v.CanInt():
		v.SetInt(int64(n))
	case v.CanFloat():
		v.SetFloat(float64(n))
	}
	return v
}

// spread makes two channels of one.
func spread[T any](g *gamble, ctx context.Context, in <-chan T) []<-chan T {
	g.mixed.Store(true)
	var outs []<-chan T
	for range 2 {
		out := make(chan T)
		outs = append(outs, out)
		go func() {
			defer close(out)
			forward(ctx, in, out)
		}()
	}
	return outs
}

// outputs are the channels in what a Process gives that has several outputs.
func outputs[T any](all any) []<-chan T { return channelsIn[T](reflect.ValueOf(all)) }

func channelsIn[T any](v reflect.Value) (list []<-chan T) {
	switch v.Kind() {
	case reflect.Chan:
		return []<-chan T{v.Interface().(<-chan T)}
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, channelsIn[T](v.Index(i))...)
		}
	case reflect.Map:
		for _, out := range v.Seq2() {
			list = append(list, channelsIn[T](out)...)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			list = append(list, channelsIn[T](field)...)
		}
	}
	return list
}

// joined makes one channel of several.
func joined[T any](g *gamble, ctx context.Context, ins ...<-chan T) <-chan T {
	if len(ins) == 0 {
		g.endEarly()
	}
	g.mixed.Store(true)
	out := make(chan T)
	var open sync.WaitGroup
	for _, in := range ins {
		open.Go(func() {
			forward(ctx, in, out)
			for range in { // until it closes, what sends to it has not ended
				continue
			}
		})
	}
	go func() {
		defer close(out)
		open.Wait()
	}()
	return out
}

func forward[T any](ctx context.Context, in <-chan T, out chan<- T) {
	for v := range in {
		select {
		case out <- v:
		case <-ctx.Done():
			return
		}
	}
}
