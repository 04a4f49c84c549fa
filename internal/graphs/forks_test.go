package graphs

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// forks send one flow through several pieces, and merge what comes out of them.
func forks() []*kind {
	fork := func(name string, pieces, n span, traits trait, build func(m made[flows]) flows, model func(m made[order]) order) *kind {
		return &kind{name: name, flows: exactly(1), pieces: pieces, n: n, traits: traits, build: build, model: model}
	}
	alike := func(name string, inner, traits trait, build func(m made[flows]) flows, model func(m made[order]) order) *kind {
		return &kind{name: name, flows: exactly(1), pieces: exactly(1), n: span{1, 4}, inner: inner, traits: traits, build: build, model: model}
	}
	none := span{}
	return []*kind{
		fork("Branch", span{1, 4}, none, stateless|single|prompt|fused, func(m made[flows]) flows {
			builds := make([]func(flows) flows, len(m.pieces))
			for i, piece := range m.pieces {
				builds[i] = piece
				if i > 0 {
					builds[i] = func(f flows) flows { return piece(f.Map(branded(m.name, i))) }
				}
			}
			return m.in().Branch(builds...)
		}, everyWay),
		fork("Unzip", exactly(2), none, stateless|single|prompt|fused, func(m made[flows]) flows {
			return flow.Unzip(m.in().Map(doubled(m.name)), m.pieces[0], m.pieces[1])
		}, everyWay),
		fork("Partition", exactly(2), span{2, 3}, stateless|single|prompt|fused, func(m made[flows]) flows {
			return m.in().Partition(unlike(m.n), m.pieces[0], m.pieces[1])
		}, oneWay(func(m made[order], x item) int {
			if unlike(m.n)(x) {
				return 0
			}
			return 1
		})),
		fork("Route", span{1, 3}, span{2, 4}, stateless|single|prompt|fused, func(m made[flows]) flows {
			var cases []flow.RouteCase[int, item, item]
			for i, piece := range m.pieces {
				cases = append(cases, flow.Case(i, piece))
			}
			return m.in().Route(key(m.n), cases...)
		}, oneWay(func(m made[order], x item) int { return key(m.n)(x) })),
		fork("RouteDefault", span{1, 3}, span{2, 4}, stateless|single|prompt|fused, func(m made[flows]) flows {
			cases := []flow.RouteCase[int, item, item]{flow.Default[int](m.pieces[0])}
			for i, piece := range m.pieces[1:] {
				cases = append(cases, flow.Case(i+1, piece))
			}
			return m.in().Route(key(m.n), cases...)
		}, oneWay(func(m made[order], x item) int {
			if k := key(m.n)(x); k < len(m.pieces) {
				return k
			}
			return 0
		})),
		fork("Switch", exactly(2), span{2, 3}, single, func(m made[flows]) flows {
			return m.in().Switch(ops.When("one", unlike(m.n), flow.Pipe(m.pieces[0])), ops.Otherwise(flow.Pipe(m.pieces[1])))
		}, oneWay(func(m made[order], x item) int {
			if unlike(m.n)(x) {
				return 0
			}
			return 1
		})),
		fork("Pipe", exactly(1), none, stateless|single|prompt|fused, func(m made[flows]) flows {
			return m.in().Then(flow.Pipe(m.pieces[0]))
		}, func(m made[order]) order { return m.pieces[0](m.in()) }),

		fork("AlsoTo", exactly(1), span{1, 4}, single|prompt|aside, func(m made[flows]) flows {
			return m.in().AlsoTo(func(f flows) flow.Job { return m.pieces[0](f).ForEach(m.toSide(m.name)) }, flow.SideBlock(m.n))
		}, func(m made[order]) order {
			m.expect(m.name, m.pieces[0](m.in()))
			return m.in()
		}),
		fork("SplitLate", exactly(2), span{1, 4}, prompt|fused|deaf|holds|belated, func(m made[flows]) flows {
			w := ops.NewEventTumblingWindow(skewed, 2*time.Duration(m.n)*time.Second)
			return flow.SplitLate(m.in().EventTime(skewed, 0), w, func(f flow.Flow[flow.Window[item]]) flows {
				return m.pieces[0](f.Map(windowed))
			}, m.pieces[1])
		}, splitLate),

		alike("Balance", single, single|workers, func(m made[flows]) flows {
			builds := make([]func(flows) flows, m.n)
			for i := range builds {
				builds[i] = m.pieces[0]
			}
			return m.in().Balance(builds...)
		}, anyWay),
		alike("Parallel", stateless|fused, single|workers, func(m made[flows]) flows {
			return m.in().Parallel(m.n, m.pieces[0])
		}, func(m made[order]) order {
			return m.in().each(func(x item) order { return m.pieces[0](line(x)) })
		}),
		alike("ParallelUnordered", single, single|workers, func(m made[flows]) flows {
			return m.in().ParallelUnordered(m.n, m.pieces[0])
		}, anyWay),
		alike("ParallelKeyed", single, single|workers, func(m made[flows]) flows {
			return m.in().ParallelKeyed(m.n, key(3), m.pieces[0])
		}, func(m made[order]) order { return m.in().byKey(key(3), m.pieces[0]) }),
		alike("GroupBy", fused, single|prompt|fused, func(m made[flows]) flows {
			return m.in().GroupBy(key(1+m.n), m.pieces[0])
		}, grouped),
		alike("GroupByKeyed", fused, single|prompt|fused, func(m made[flows]) flows {
			return m.in().GroupByKeyed(key(1+m.n), m.pieces[0]).Map(func(p flow.Pair[int, item]) item { return p.B })
		}, grouped),
	}
}

// everyWay gives all items to each piece.
func everyWay(m made[order]) order {
	through := func(o order) (ways []order) {
		for i, piece := range m.pieces {
			ways = append(ways, piece(o.to(branded(m.name, i))))
		}
		return ways
	}
	if m.prompt {
		return m.in().each(func(x item) order { return inLine(through(line(x))...) })
	}
	return loose(through(m.in())...)
}

// oneWay gives each item to the piece that which tells, or to none.
func oneWay(which func(m made[order], x item) int) func(m made[order]) order {
	return func(m made[order]) order {
		if m.prompt {
			return m.in().each(func(x item) order {
				if way := which(m, x); way < len(m.pieces) {
					return m.pieces[way](line(x))
				}
				return order{}
			})
		}
		var ways []order
		for i, piece := range m.pieces {
			ways = append(ways, piece(m.in().where(func(x item) bool { return which(m, x) == i })))
		}
		return loose(ways...)
	}
}

// anyWay gives each item to one of several copies of a piece.
func anyWay(m made[order]) order { return m.in().alone(m.pieces[0]) }

// grouped gives the items of each key to a piece of their own.
func grouped(m made[order]) order {
	if m.prompt {
		return m.in().each(func(x item) order { return m.pieces[0](line(x)) })
	}
	return m.in().byKey(key(1+m.n), m.pieces[0])
}

// splitLate gives windows to the first piece, each when an item comes that is of a time after it, and
// items that come for one then to the second.
func splitLate(m made[order]) order {
	var given [2]order // to each piece
	var out []order
	give := func(way int, x item) {
		given[way] = inLine(given[way], line(x))
		if m.prompt {
			out = append(out, m.pieces[way](line(x)))
		}
	}
	open := make(map[int][]item)
	closeUpTo := func(mark int) {
		for _, end := range slices.Sorted(maps.Keys(open)) {
			if end <= mark {
				give(0, windowOf(open[end], end))
				delete(open, end)
			}
		}
	}
	mark := math.MinInt
	for _, x := range m.in().inOrder() {
		at := int(skewed(x).Unix())
		if end := windowEnd(at, 2*m.n); end > mark {
			open[end] = append(open[end], x)
		} else {
			give(1, x)
		}
		mark = max(mark, at)
		closeUpTo(mark)
	}
	closeUpTo(math.MaxInt)
	if m.prompt {
		return inLine(out...)
	}
	return loose(m.pieces[0](given[0]), m.pieces[1](given[1]))
}
