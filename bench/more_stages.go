package main

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

type intFlow = flow.Flow[int]

// plainStages are the other processors that need neither a clock nor a table of keys.
func plainStages() []row {
	b := budget{Above: 15}
	letters := func(f intFlow) intFlow { return f.Then(ops.NewDLQ(rarely)) }
	return []row{
		single("Aggregate of a hundred items", b, func(f intFlow) intFlow { return f.Aggregate(0, add, batch, 0).Map(resultOf) }),
		passing("Aggregate of one item", b, func(f intFlow) intFlow { return f.Aggregate(0, latest, 1, 0).Map(resultOf) }),
		passing("Call", b, func(f intFlow) intFlow { return f.Call(sameCtx) }),
		passing("DefaultIfEmpty", b, func(f intFlow) intFlow { return f.DefaultIfEmpty(0) }),
		passing("DLQ", b, letters),
		passing("Enumerate", b, func(f intFlow) intFlow { return f.Enumerate().Map(indexedItem) }),
		passing("EveryNth, each", b, func(f intFlow) intFlow { return f.EveryNth(1) }),
		passing("Materialize", b, func(f intFlow) intFlow { return f.Materialize().Map(notified) }),
		single("Pairwise", b, func(f intFlow) intFlow { return f.Pairwise().Map(second) }),
		passing("Sample of all", b, func(f intFlow) intFlow { return f.Sample(1) }),
		passing("SkipWhile", b, func(f intFlow) intFlow { return f.SkipWhile(rarely) }),
		single("SortWithin 16", b, func(f intFlow) intFlow { return f.SortWithin(16, cmp.Compare[int]) }),
		passing("StartWith", b, func(f intFlow) intFlow { return f.StartWith(0) }),
		single("TakeLast, all", b, func(f intFlow) intFlow { return f.TakeLast(1 << 18) }),
		passing("TakeWhile", b, func(f intFlow) intFlow { return f.TakeWhile(always) }),
		passing("WeightedLimit", b, func(f intFlow) intFlow { return f.TakeWeighted(math.MaxInt64, weighOne) }),
	}
}

// slicing are the processors that hand out slices, which are taken apart again.
func slicing() []row {
	b := budget{Above: 15}
	return []row{
		sliced("BatchBy", b, func(f intFlow) intFlow { return flow.Unbatch(f.BatchBy(hundred)) }),
		sliced("Chunk", b, func(f intFlow) intFlow { return flow.Unbatch(f.Chunk(batch)) }),
		sliced("Chunk and Flatten", b, func(f intFlow) intFlow { return f.Chunk(batch).Then(ops.NewFlatten[int]()) }),
		sliced("ChunkWhile", b, func(f intFlow) intFlow { return flow.Unbatch(f.ChunkWhile(sameHundred)) }),
		sliced("SlidingCount", b, func(f intFlow) intFlow {
			return flow.Unbatch(f.Then(ops.NewSlidingCount[int](batch, batch).WithPartial()))
		}),
		sliced("WeightedBatch", b, func(f intFlow) intFlow { return flow.Unbatch(f.BatchWeighted(batch, weighOne, 0)) }),
	}
}

// keyed are the processors that look each item up, beside the map operations that this
// takes: one, and another where a key has to be forgotten for each that is new.
func keyed() []row {
	b := budget{Above: 15}
	dedupe := func(f intFlow) intFlow { return f.Then(ops.NewDedupe(same).WithMaxKeys(1024)) }
	distinct := func(f intFlow) intFlow { return f.DistinctUntilChanged(same) }
	inner := ops.NewTryMapper(trySame)
	cache := func(f intFlow) intFlow { return f.Then(ops.NewLookupCache(inner, same).WithMaxKeys(1024)) }
	coalesce := func(f intFlow) intFlow { return f.Coalesce(inner, same) }
	calls := plainCalls(callSets, make(map[int]int))
	return []row{
		fused("Coalesce, a call each", calls, stage{step: coalesce, deep: 1}),
		fused("Dedupe of 1024 keys", boundedSets, stage{step: dedupe, deep: 1, budget: b}),
		fused("DistinctUntilChanged", calls, stage{step: distinct, budget: b}),
		fused("LookupCache, a call each", calls, stage{step: cache, deep: 1}),
	}
}

// timed are the processors with a clock that pass everything on.
func timed() []row {
	b := budget{Above: 30}
	all := ops.When("all", always, ops.Processor[int, int](ops.NewMapper(same)))
	inner := ops.NewTryMapper(trySame)
	return []row{
		single("Bulkhead", b, func(f intFlow) intFlow { return f.Bulkhead(inner, 1) }),
		single("CircuitBreaker", b, func(f intFlow) intFlow { return f.CircuitBreaker(inner) }),
		single("Conflate", b, func(f intFlow) intFlow { return f.Conflate(add) }),
		single("DeadLetterQueue", b, func(f intFlow) intFlow { return f.DeadLetterQueue(inner) }),
		single("Delay", b, func(f intFlow) intFlow { return f.Delay(time.Nanosecond) }),
		single("DelayUntil", b, func(f intFlow) intFlow { return f.DelayUntil(longAgo) }),
		single("EventTime", b, func(f intFlow) intFlow { return f.EventTime(microsecond, 10*time.Millisecond) }),
		single("Expand, nothing made", budget{}, func(f intFlow) intFlow { return f.Expand(noMore) }),
		single("Fallback", b, func(f intFlow) intFlow { return f.Fallback(inner, noValue) }),
		single("FlatMapMerge of one", budget{}, func(f intFlow) intFlow { return f.FlatMapMerge(2, oneAndNil) }),
		single("Hedge", b, func(f intFlow) intFlow { return f.Hedge(inner, time.Hour) }),
		single("KeepAlive", b, func(f intFlow) intFlow { return f.KeepAlive(time.Hour, zero) }),
		single("Retry", b, func(f intFlow) intFlow { return f.Retry(inner, 3) }),
		single("Switch", b, func(f intFlow) intFlow { return f.Switch(all) }),
		single("SwitchMap, most dropped", budget{}, switched),
		single("TakeUntil", b, func(f intFlow) intFlow { return f.TakeUntil(make(chan struct{})) }),
		single("Timeout", b, func(f intFlow) intFlow { return f.Timeout(time.Hour) }),
		single("Timestamp", b, func(f intFlow) intFlow { return f.Timestamp().Map(stamped) }),
		single("WeightedThrottle", b, func(f intFlow) intFlow { return f.ThrottleWeighted(1e12, weighOne) }),
		sliced("EventSessionWindow", b, func(f intFlow) intFlow {
			return flow.Unbatch(marked(f).Then(ops.NewEventSessionWindow(zeroKey, microsecond, time.Second).WithMaxItems(10_000)).Map(itemsOf))
		}),
		sliced("EventSlidingWindow", b, func(f intFlow) intFlow {
			return flow.Unbatch(marked(f).EventSlidingWindow(microsecond, 10*time.Millisecond, 10*time.Millisecond).Map(itemsOf))
		}),
		sliced("EventTumblingWindow", b, func(f intFlow) intFlow {
			return flow.Unbatch(marked(f).EventTumblingWindow(microsecond, 10*time.Millisecond).Map(itemsOf))
		}),
		sliced("SessionWindow", b, func(f intFlow) intFlow {
			return flow.Unbatch(f.SessionWindow(zeroKey, 10*time.Millisecond).Map(itemsOf))
		}),
		sliced("SlidingWindow", b, func(f intFlow) intFlow {
			return flow.Unbatch(f.SlidingWindow(10*time.Millisecond, 10*time.Millisecond).Map(itemsOf))
		}),
		sliced("TumblingWindow", budget{Most: 30}, func(f intFlow) intFlow {
			return flow.Unbatch(f.TumblingWindow(10 * time.Millisecond).Map(itemsOf))
		}),
	}
}

// marked sends watermarks for the windows by the time of the items.
func marked(f intFlow) intFlow { return f.EventTime(microsecond, 10*time.Millisecond) }

// passing is a row of a stage that is compared with one call an item.
func passing(name string, b budget, step func(intFlow) intFlow) row {
	return fused(name, plainCalls(callMaps, same), stage{step: step, budget: b})
}

func single(name string, b budget, step func(intFlow) intFlow) row {
	return fused(name, plainCalls(callMaps, same), stage{step: step, deep: 1, budget: b})
}

func sliced(name string, b budget, step func(intFlow) intFlow) row {
	return fused(name, plainCalls(fillSlices, batch), stage{step: step, deep: 1, budget: b, slices: true})
}

// callSets does one operation of a map to each item.
//
//go:noinline
func callSets(n int, sets []map[int]int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		for _, set := range sets {
			set[v&1023] = v
		}
		sum = fold(sum, v)
	}
	return sum
}

// boundedSets makes runners of callBoundedSets, each with maps of its own.
func boundedSets(count int) runner {
	sets := make([]map[int]int, count)
	for i := range sets {
		sets[i] = make(map[int]int)
	}
	return plain(func(n int) int { return callBoundedSets(n, sets, add) })
}

// callBoundedSets puts each item into a map, out of which the oldest goes.
//
//go:noinline
func callBoundedSets(n int, sets []map[int]int, fold func(int, int) int) int {
	sum := 0
	for v := range n {
		for _, set := range sets {
			set[v] = v
			delete(set, v-1024)
		}
		sum = fold(sum, v)
	}
	return sum
}

// switched gives the sum of what came, whatever of it is dropped.
func switched(f intFlow) intFlow {
	came := 0
	return f.Tap(func(v int) { came += v }).SwitchMap(oneAndNil).
		Fold(0, func(int, int) int { return 0 }).Map(func(int) int { return came })
}

func noValue(context.Context, int, error) (int, error) { return 0, nil }

func rarely(v int) bool               { return v < 0 }
func zero() int                       { return 0 }
func zeroKey(int) int                 { return 0 }
func weighOne(int) int64              { return 1 }
func hundred(v int) int               { return v / batch }
func sameHundred(a, b int) bool       { return hundred(a) == hundred(b) }
func longAgo(int) time.Time           { return time.Time{} }
func microsecond(v int) time.Time     { return time.UnixMicro(int64(v)) }
func second(p ops.Pair[int, int]) int { return p.B }

func resultOf(w ops.AggregateWindow[int]) int { return w.Result }
func indexedItem(v ops.Indexed[int]) int      { return v.Item }
func notified(v ops.Notification[int]) int    { return v.Item }
func stamped(v ops.Timestamped[int]) int      { return v.Item }
func itemsOf(w ops.Window[int]) []int         { return w.Items }
