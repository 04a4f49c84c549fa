package graphs

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// stages stand behind one flow.
func stages() []*kind {
	stage := func(name string, n span, traits trait, build func(m made[flows]) flows, model func(o order, n int) order) *kind {
		return &kind{
			name: name, flows: exactly(1), n: n, traits: traits, build: build,
			model: func(m made[order]) order { return model(m.in(), m.n) },
		}
	}
	few, some, none := span{1, 4}, span{0, 12}, span{}
	return []*kind{
		stage("Map", few, stateless|single|prompt|fused, func(m made[flows]) flows { return m.in().Map(times(m.n)) }, mapped),
		stage("Call", few, stateless|single|fused, func(m made[flows]) flows { return m.in().Call(m.work(times(m.n))) }, mapped),
		stage("Filter", span{2, 4}, stateless|single|prompt|fused, func(m made[flows]) flows { return m.in().Filter(unlike(m.n)) }, func(o order, n int) order {
			return o.where(unlike(n))
		}),
		stage("FlatMap", few, stateless|single|fused, func(m made[flows]) flows { return m.in().FlatMap(partsOf(m.n)) }, func(o order, n int) order {
			return o.each(func(x item) order { return line(parts(n)(x)...) })
		}),
		stage("FlatMapMerge", few, single|workers, func(m made[flows]) flows {
			return m.in().FlatMapMerge(m.n, func(ctx context.Context, x item) iter.Seq2[item, error] {
				return m.slowly(ctx, parts(2)(x))
			})
		}, func(o order, _ int) order {
			return o.alone(func(o order) order { return line(parts(2)(o.line[0])...) })
		}),
		stage("AsyncMap", few, single|workers, func(m made[flows]) flows { return m.in().AsyncMap(m.n, m.work(times(5))) }, func(o order, _ int) order {
			return o.to(times(5))
		}),
		stage("AsyncMapUnordered", few, single|workers, func(m made[flows]) flows {
			return m.in().AsyncMapUnordered(m.n, m.work(times(5)))
		}, func(o order, _ int) order {
			return o.to(times(5)).alone(same)
		}),
		stage("AsyncMapKeyed", few, single|workers, func(m made[flows]) flows {
			return m.in().AsyncMapKeyed(m.n, key(3), m.work(times(5)))
		}, func(o order, _ int) order {
			return o.byKey(key(3), func(o order) order { return o.to(times(5)) })
		}),

		stage("Async", few, single, func(m made[flows]) flows { return m.in().Async(m.n) }, unchanged),
		stage("Buffer", few, single, func(m made[flows]) flows { return m.in().Buffer(m.n) }, unchanged),
		stage("Delay", few, single, func(m made[flows]) flows { return m.in().Delay(time.Duration(m.n) * time.Millisecond) }, unchanged),
		stage("Batch", few, single|fused, func(m made[flows]) flows { return flow.Unbatch(m.in().Batch(m.n, 0)) }, unchanged),
		stage("BatchInTime", few, single, func(m made[flows]) flows {
			return flow.Unbatch(m.in().Batch(5, time.Duration(m.n)*time.Millisecond))
		}, unchanged),
		stage("Channels", none, single|deaf, func(m made[flows]) flows {
			return m.in().Then(ops.ProcessorFunc[item, item](relay))
		}, unchanged),

		stage("Scan", none, fused, func(m made[flows]) flows { return m.in().Scan(item{}, sum) }, func(o order, _ int) order {
			acc := item{}
			return line(o.inOrder()...).to(func(x item) item { acc = sum(acc, x); return acc })
		}),
		stage("Take", some, mayEnd|fused, func(m made[flows]) flows { return m.in().Take(m.n) }, func(o order, n int) order {
			return line(o.inOrder()[:min(n, len(o.line))]...)
		}),
		stage("TakeWhile", few, mayEnd|fused, func(m made[flows]) flows { return m.in().TakeWhile(below(m.n)) }, func(o order, n int) order {
			return line(o.inOrder()[:while(o.line, below(n))]...)
		}),
		stage("TakeLast", span{1, 9}, holds|fused, func(m made[flows]) flows { return m.in().TakeLast(m.n) }, func(o order, n int) order {
			return line(o.inOrder()[max(0, len(o.line)-n):]...)
		}),
		stage("Skip", some, fused, func(m made[flows]) flows { return m.in().Skip(m.n) }, func(o order, n int) order {
			return line(o.inOrder()[min(n, len(o.line)):]...)
		}),
		stage("SkipWhile", few, fused, func(m made[flows]) flows { return m.in().SkipWhile(below(m.n)) }, func(o order, n int) order {
			return line(o.inOrder()[while(o.line, below(n)):]...)
		}),
		stage("EveryNth", few, fused, func(m made[flows]) flows { return m.in().EveryNth(m.n) }, everyNth),
		stage("Dedupe", span{2, 6}, fused, func(m made[flows]) flows { return m.in().Dedupe(key(m.n), 0) }, func(o order, n int) order {
			seen := make(map[int]bool)
			return line(o.inOrder()...).where(func(x item) bool {
				again := seen[key(n)(x)]
				seen[key(n)(x)] = true
				return !again
			})
		}),
		stage("DistinctUntilChanged", span{2, 4}, fused, func(m made[flows]) flows { return m.in().DistinctUntilChanged(key(m.n)) }, func(o order, n int) order {
			return line(slices.CompactFunc(slices.Clone(o.inOrder()), func(a, b item) bool { return key(n)(a) == key(n)(b) })...)
		}),
		stage("Pairwise", none, fused, func(m made[flows]) flows { return m.in().Pairwise().Map(second) }, func(o order, _ int) order {
			return inPairs(o.inOrder(), o.line[min(1, len(o.line)):], second)
		}),
		stage("SortWithin", few, holds|fused, func(m made[flows]) flows { return m.in().SortWithin(m.n, byNumber) }, func(o order, n int) order {
			return line(sortedWithin(o.inOrder(), n, byNumber)...)
		}),
		stage("Sorted", none, holds|fused, func(m made[flows]) flows { return m.in().SortWithin(1<<20, byAll) }, func(o order, _ int) order {
			return line(slices.SortedFunc(slices.Values(o.items()), byAll)...)
		}),
		{
			name: "StartWith", flows: exactly(1), traits: gives,
			build: func(m made[flows]) flows { return m.in().StartWith(before(m.name)) },
			model: func(m made[order]) order { return inLine(line(before(m.name)), m.in()) },
		},
		{
			name: "DefaultIfEmpty", flows: exactly(1), traits: gives,
			build: func(m made[flows]) flows { return m.in().DefaultIfEmpty(behind(m.name)) },
			model: func(m made[order]) order {
				if m.in().empty() {
					return line(behind(m.name))
				}
				return m.in()
			},
		},
	}
}

func same(o order) order             { return o }
func unchanged(o order, _ int) order { return o }
func mapped(o order, n int) order    { return o.to(times(n)) }
func while(in []item, is func(item) bool) int {
	for i, x := range in {
		if !is(x) {
			return i
		}
	}
	return len(in)
}

func everyNth(o order, n int) order {
	count := 0
	return line(o.inOrder()...).where(func(item) bool { count++; return count%n == 0 })
}

// inPairs gives pairs by place, up to where the shorter ends.
func inPairs(a, b []item, pair func(flow.Pair[item, item]) item) order {
	var out []item
	for i := range min(len(a), len(b)) {
		out = append(out, pair(flow.Pair[item, item]{A: a[i], B: b[i]}))
	}
	return line(out...)
}

// relay is a processor that only knows channels.
func relay(ctx context.Context, in <-chan item) <-chan item {
	out := make(chan item)
	go func() {
		defer close(out)
		for x := range in {
			select {
			case out <- x:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
