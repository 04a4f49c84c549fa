package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// deep is how many stages are fused to know what one of them costs. Stages that take
// several frames each are shown alone as well: a processor predicts the returns of a few
// dozen frames, and in a chain that is deeper each return is paid for.
const deep = 10

// never is a count that no run reaches.
const never = math.MaxInt

// stages are the processors, fused: what each costs beyond its user function. All of
// them pass everything on unchanged, so that the chain without stages, whose cost is
// subtracted, has the same result.
func stages() []row {
	above := budget{Above: 3}
	skip := func(f flow.Flow[int]) flow.Flow[int] { return f.Map(same).OnError(flow.Skip()) }
	gatherer := ops.NewGatherer(nil, emitSame, nil)
	gather := func(f flow.Flow[int]) flow.Flow[int] { return f.Gather(gatherer) }
	return []row{
		fused("Mapper", plainCalls(callMaps, same), stage{step: mapSame, budget: above}),
		fused("TryMapper", plainCalls(callTryMaps, trySame), stage{step: tryMapSame, budget: above}),
		fused("Filter", plainCalls(callFilters, always), stage{step: filterAlways, budget: above}),
		fused("Tap", plainCalls(callTaps, ignore), stage{step: tapIgnore, budget: above}),
		fused("Scan", plainCalls(callScans, latest), stage{step: scanLatest, budget: above}),
		fused("Take", plainCalls(countDown, never), stage{step: takeAll, budget: above}),
		fused("Skip", plainCalls(countDown, 0), stage{step: skipNone, budget: above}),
		fused("FlatMapper, one item", flatMapCalls,
			stage{step: flatMapOne, budget: above}, stage{name: "flow, alone", step: flatMapOne, deep: 1}),
		fused("Gather", plainCalls(callGatherers, emitSame),
			stage{step: gather, budget: above}, stage{name: "flow, alone", step: gather, deep: 1}),
		fused("Monitor", plainCalls(callTaps, ignore), stage{step: monitored}),
		fused("Throttle at 1e12 a second", plainCalls(callTaps, ignore), stage{name: "flow, alone", step: throttled, deep: 1, budget: budget{Above: 30}}),
		fused("Batcher and Unbatcher", plainCalls(fillSlices, batch), stage{step: batchUnbatch, slices: true}),
		fused("Mapper with a policy", plainCalls(callMaps, same),
			stage{name: "flow, Stop", step: mapSame}, stage{name: "flow, Skip", step: skip},
			stage{name: "flow, Skip, alone", step: skip, deep: 1}),
	}
}

// stage is a step of a flow that passes everything on.
type stage struct {
	name   string
	step   func(flow.Flow[int]) flow.Flow[int]
	deep   int // 0 for deep
	budget budget
	slices bool
}

// fused compares one stage with one call by hand.
func fused(name string, calls func(count int) runner, all ...stage) row {
	r := row{name: "fused: " + name, want: wantSum, contenders: []contender{
		{name: "by hand", role: twin, run: calls(deep), base: calls(0), times: deep},
	}}
	for _, s := range all {
		s.name, s.deep = cmp.Or(s.name, "flow"), cmp.Or(s.deep, deep)
		r.contenders = append(r.contenders, contender{
			name: s.name, role: ours, budget: s.budget, slices: s.slices,
			run: chain(s.deep, s.step), base: chain(0, s.step), times: s.deep,
		})
	}
	return r
}

// plainCalls makes runners of a loop that does count times v to each item.
func plainCalls[T any](loop func(n int, all []T, fold func(int, int) int) int, v T) func(count int) runner {
	return func(count int) runner {
		all := slices.Repeat([]T{v}, count)
		return plain(func(n int) int { return loop(n, all, add) })
	}
}

func monitored(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.NewMonitor[int](time.Hour)) }
func throttled(f flow.Flow[int]) flow.Flow[int] { return f.Throttle(1e12) }

func mapSame(f flow.Flow[int]) flow.Flow[int]      { return f.Map(same) }
func tryMapSame(f flow.Flow[int]) flow.Flow[int]   { return f.TryMap(trySame) }
func filterAlways(f flow.Flow[int]) flow.Flow[int] { return f.Filter(always) }
func tapIgnore(f flow.Flow[int]) flow.Flow[int]    { return f.Tap(ignore) }
func scanLatest(f flow.Flow[int]) flow.Flow[int]   { return f.Scan(0, latest) }
func takeAll(f flow.Flow[int]) flow.Flow[int]      { return f.Take(never) }
func skipNone(f flow.Flow[int]) flow.Flow[int]     { return f.Skip(0) }
func flatMapOne(f flow.Flow[int]) flow.Flow[int]   { return f.FlatMap(one()) }
func batchUnbatch(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(batch, 0)) }
