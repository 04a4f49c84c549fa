package main

import (
	"context"
	"sync"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// fan is how many branches and inputs the shapes have.
const fan = 4

// shapes are the fan-outs and fan-ins.
func shapes() []row {
	return []row{
		{name: "broadcast to 4, map, merge, sum", want: func(n int) int { return fan * wantInc(n) }, contenders: []contender{
			{name: "hand loop, func values", role: twin, run: plain(func(n int) int { return callBranches(n, inc, add) })},
			{name: "raw channels of 256", role: other, run: plain(chanBroadcast)},
			{name: "flow, Branch, fused", role: ours, run: flowBranch(mapInc), budget: budget{Most: 45}},
			{name: "flow, Branch, a goroutine each", role: ours, run: flowBranch(mapIncAsync), budget: budget{Most: 150}},
		}},
		{name: "partition, map, merge, sum", want: wantInc, contenders: []contender{
			{name: "hand loop, func values", role: twin, run: plain(func(n int) int { return callParted(n, even, inc, inc, add) })},
			{name: "flow, fused", role: ours, run: func(n int) (int, error) { return sum(flow.Range(0, n).Partition(even, mapInc, mapInc)) }},
		}},
		{name: "to a further sink as well, map, sum", want: wantInc, contenders: []contender{
			{name: "a raw channel of 256 and a goroutine", role: twin, run: plain(chanAlsoTo)},
			{name: "flow, AlsoTo, block", role: ours, run: flowAlsoTo(flow.SideBlock(buffer))},
			{name: "flow, AlsoTo, drop", role: ours, run: flowAlsoTo(flow.SideDrop(buffer))},
			{name: "flow, AlsoTo, slide", role: ours, run: flowAlsoTo(flow.SideSlide(buffer))},
		}},
		{name: "merge of four, sum", want: wantSum, contenders: []contender{
			{name: "a raw channel of 256 and a goroutine each", role: twin, run: plain(chanMergeFour)},
			{name: "flow, Merge", role: ours, run: flowQuarters(flow.Merge[int])},
			{name: "flow, MergePriority", role: ours, run: flowQuarters(flow.MergePriority[int])},
			{name: "flow, Interleave", role: ours, run: flowQuarters(func(flows ...intFlow) intFlow { return flow.Interleave(1, flows...) })},
		}},
		{name: "pairs of two, sum", want: func(n int) int { return 2 * wantSum(n) }, contenders: []contender{
			{name: "two raw channels of 256", role: twin, run: plain(chanZip)},
			{name: "flow, Zip", role: ours, run: func(n int) (int, error) {
				return sum(flow.Range(0, n).Zip(flow.Range(0, n)).Map(sumOfPair))
			}},
		}},
		{name: "join of two by key and time, sum", want: func(n int) int { return 2 * wantSum(n) }, contenders: []contender{
			{name: "two raw channels of 256 and a map", role: twin, run: plain(chanJoin)},
			{name: "flow, IntervalJoin", role: ours, run: func(n int) (int, error) {
				return sum(dated(n).IntervalJoin(dated(n), sameThousandth, 0, 0).Map(sumOfPair))
			}},
			{name: "flow, WindowJoin", role: ours, run: func(n int) (int, error) {
				return sum(dated(n).WindowJoin(dated(n), sameThousandth, thousand*time.Millisecond).Map(sumOfPair))
			}},
		}},
	}
}

// thousand is how many keys the items of joins have, of which each comes once in a second.
const thousand = 1000

var sameThousandth = flow.JoinOn(thousandth, moment, thousandth, moment)

func thousandth(n int) int                { return n % thousand }
func moment(n int) time.Time              { return time.UnixMilli(int64(n)) }
func sumOfPair(p flow.Pair[int, int]) int { return p.A + p.B }

// dated gives 0 to n-1, an item a millisecond, and now and then a watermark.
func dated(n int) intFlow { return flow.FromSignals(datedSource(n)) }

type datedSource int

func (s datedSource) Stream(_ context.Context, out flow.Emitter[int]) error {
	for v := range int(s) {
		if err := out.Emit(v); err != nil {
			return err
		}
		if v%buffer == 0 {
			if err := out.Watermark(moment(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// chanJoin keeps what came of one channel until its partner comes from the other.
func chanJoin(n int) int {
	a, b := rangeChan(0, n, buffer), rangeChan(0, n, buffer)
	kept := make(map[int]int)
	sum := 0
	for v := range a {
		kept[thousandth(v)] = v
		w := <-b
		if v := kept[thousandth(w)]; moment(v).Equal(moment(w)) {
			delete(kept, thousandth(w))
			sum += v + w
		}
	}
	return sum
}

func mapIncAsync(f intFlow) intFlow { return f.Map(inc).Async(buffer) }

func flowBranch(branch func(intFlow) intFlow) runner {
	return func(n int) (int, error) { return sum(flow.Range(0, n).Branch(branch, branch, branch, branch)) }
}

func flowAlsoTo(queue flow.SideQueue) runner {
	return func(n int) (int, error) { return sum(flow.Range(0, n).AlsoTo(intFlow.Discard, queue).Map(inc)) }
}

// chanAlsoTo sends each item to a goroutine that takes it, too.
func chanAlsoTo(n int) int {
	side, done := make(chan int, buffer), make(chan struct{})
	go func() {
		defer close(done)
		for range side {
			continue
		}
	}()
	sum := 0
	for v := range n {
		side <- v
		sum += inc(v)
	}
	close(side)
	<-done
	return sum
}

// quarter is the i-th part of 0 to n-1.
func quarter(n, i int) (lo, hi int) { return n * i / fan, n * (i + 1) / fan }

func flowQuarters(merge func(...intFlow) intFlow) runner {
	return func(n int) (int, error) {
		flows := make([]intFlow, fan)
		for i := range flows {
			flows[i] = flow.Range(quarter(n, i))
		}
		return sum(merge(flows...))
	}
}

//go:noinline
func callBranches(n int, fn func(int) int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		for range fan {
			sum = fold(sum, fn(v))
		}
	}
	return sum
}

//go:noinline
func callParted(n int, matches func(int) bool, yes, no func(int) int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		if matches(v) {
			sum = fold(sum, yes(v))
		} else {
			sum = fold(sum, no(v))
		}
	}
	return sum
}

// chanBroadcast has a channel and a goroutine for each branch, and one channel behind them.
func chanBroadcast(n int) int {
	outs := make([]<-chan int, fan)
	ins := make([]chan int, fan)
	for i := range ins {
		ins[i] = make(chan int, buffer)
		outs[i] = mapChan(ins[i], buffer, inc)
	}
	go func() {
		for v := range n {
			for _, in := range ins {
				in <- v
			}
		}
		for _, in := range ins {
			close(in)
		}
	}()
	return foldChan(mergeChan(outs), add)
}

// chanMergeFour has a channel for each input, and a goroutine that passes its items on.
func chanMergeFour(n int) int {
	ins := make([]<-chan int, fan)
	for i := range ins {
		lo, hi := quarter(n, i)
		ins[i] = rangeChan(lo, hi, buffer)
	}
	return foldChan(mergeChan(ins), add)
}

func mergeChan(ins []<-chan int) <-chan int {
	out := make(chan int, buffer)
	var open sync.WaitGroup
	for _, in := range ins {
		open.Go(func() {
			for v := range in {
				out <- v
			}
		})
	}
	go func() {
		open.Wait()
		close(out)
	}()
	return out
}

func chanZip(n int) int {
	a, b := rangeChan(0, n, buffer), rangeChan(0, n, buffer)
	sum := 0
	for v := range a {
		sum += v + <-b
	}
	return sum
}
