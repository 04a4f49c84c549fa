package graphs

import (
	"maps"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// joins make one flow of several.
func joins() []*kind {
	join := func(name string, count, n span, traits trait, build func(m made[flows]) flows, model func(m made[order]) order) *kind {
		return &kind{name: name, flows: count, n: n, traits: traits, build: build, model: model}
	}
	some, two, none := span{1, 4}, exactly(2), span{}
	return []*kind{
		join("Merge", some, none, 0, func(m made[flows]) flows { return flow.Merge(m.flows...) }, merged),
		join("MergePriority", some, none, 0, func(m made[flows]) flows { return flow.MergePriority(m.flows...) }, merged),
		join("Concat", some, none, belated, func(m made[flows]) flows { return flow.Concat(m.flows...) }, func(m made[order]) order {
			return inLine(m.flows...)
		}),
		join("OrElse", two, none, belated|mayEnd, func(m made[flows]) flows { return m.in().OrElse(m.flows[1]) }, winner),
		join("Interleave", some, span{1, 3}, 0, func(m made[flows]) flows { return flow.Interleave(m.n, m.flows...) }, interleaved),
		join("MergeSorted", some, none, 0, func(m made[flows]) flows { return flow.MergeSorted(byNumber, m.flows...) }, mergedInOrder),
		join("Race", some, none, lags|mayEnd, func(m made[flows]) flows {
			late := make([]flows, len(m.flows))
			for i, f := range m.flows {
				late[i] = f.Delay(time.Duration(i) * m.lag())
			}
			return flow.Race(late...)
		}, winner),

		join("Zip", two, none, mayEnd, func(m made[flows]) flows { return m.in().Zip(m.flows[1]).Map(zipped) }, func(m made[order]) order {
			return inPairs(m.in().inOrder(), m.flows[1].inOrder(), zipped)
		}),
		join("ZipLongest", two, none, 0, func(m made[flows]) flows { return m.in().ZipLongest(m.flows[1]).Map(zipped) }, func(m made[order]) order {
			a, b := m.in().inOrder(), m.flows[1].inOrder()
			pad := func(to, in []item) []item {
				return append(in[:len(in):len(in)], make([]item, max(0, len(to)-len(in)))...)
			}
			return inPairs(pad(b, a), pad(a, b), zipped)
		}),
		join("ZipEndless", exactly(1), none, mayEnd, func(m made[flows]) flows { return m.in().Zip(endless(m.name)).Map(first) }, func(m made[order]) order {
			numbers := made[order]{name: m.name, n: len(m.in().inOrder())}
			return inPairs(m.in().inOrder(), numbers.all(), first)
		}),
		join("ZipLatest", two, none, lags|mayEnd, func(m made[flows]) flows {
			return m.in().Delay(m.lag()).ZipLatest(m.flows[1]).Map(first)
		}, withNewest),
		join("WithLatestFrom", two, none, lags|mayEnd, func(m made[flows]) flows {
			return m.in().Delay(m.lag()).WithLatestFrom(m.flows[1]).Map(first)
		}, withNewest),

		join("IntervalJoin", two, span{1, 4}, mayEnd|punctual|keeps, func(m made[flows]) flows {
			n := time.Duration(m.n) * time.Second
			return m.in().IntervalJoin(m.flows[1], byTime(), time.Second-n, n).Map(joined)
		}, intervals),
		join("WindowJoin", two, span{1, 4}, mayEnd|punctual|keeps, func(m made[flows]) flows {
			return m.in().WindowJoin(m.flows[1], byTime(), 2*time.Duration(m.n)*time.Second).Map(joinedIn(2 * m.n))
		}, windows),

		join("Using", exactly(1), none, sealed, func(m made[flows]) flows { return using(m.in()) }, merged),
		join("Restart", exactly(1), none, sealed, func(m made[flows]) flows {
			return flow.Restart(flow.RestartPolicy{}, func() flows { return m.in() })
		}, merged),
	}
}

func merged(m made[order]) order { return loose(m.flows...) }

// winner gives the first flow that has items.
func winner(m made[order]) order {
	for _, o := range m.flows {
		if !o.empty() {
			return o
		}
	}
	return order{}
}

func interleaved(m made[order]) order {
	rest := make([][]item, len(m.flows))
	for i, o := range m.flows {
		rest[i] = o.inOrder()
	}
	var out []item
	for left := true; left; {
		left = false
		for i := range rest {
			k := min(m.n, len(rest[i]))
			out, rest[i] = append(out, rest[i][:k]...), rest[i][k:]
			left = left || len(rest[i]) > 0
		}
	}
	return line(out...)
}

// mergedInOrder takes the least of the items that are next. The flows need not be in order.
func mergedInOrder(m made[order]) order {
	rest := make([][]item, len(m.flows))
	for i, o := range m.flows {
		rest[i] = o.inOrder()
	}
	var out []item
	for {
		least := -1
		for i, r := range rest {
			if len(r) > 0 && (least < 0 || byNumber(r[0], rest[least][0]) < 0) {
				least = i
			}
		}
		if least < 0 {
			return line(out...)
		}
		out, rest[least] = append(out, rest[least][0]), rest[least][1:]
	}
}

// withNewest puts the last item of the other flow beside all of the first, which begins late.
func withNewest(m made[order]) order {
	others := m.flows[1].inOrder()
	if len(others) == 0 {
		return order{}
	}
	return m.in().to(func(x item) item { return beside(x, others[len(others)-1]) })
}

func byTime() flow.JoinSpec[item, item, int] { return flow.JoinOn(key(3), at, key(3), at) }

// pairs are those of a flow and another, of which the items have the same key and fit.
func (m made[F]) pairs(a, b order, fit func(a, b item) bool) (all []flow.Pair[item, item]) {
	others := b.items()
	for _, x := range a.items() {
		for _, y := range others {
			if key(3)(x) == key(3)(y) && fit(x, y) {
				all = append(all, flow.Pair[item, item]{A: x, B: y})
			}
		}
	}
	return all
}

// intervals gives pairs with the second of their items. Those of an item of the first flow come in
// the order of the second, if its times rise: whenever that item comes.
func intervals(m made[order]) order {
	var rows []order
	last := item{}
	for _, p := range m.pairs(m.in(), m.flows[1], func(a, b item) bool { return a.at+1-m.n <= b.at && b.at <= a.at+m.n }) {
		if p.A.id != last.id {
			rows, last = append(rows, order{}), p.A
		}
		row := &rows[len(rows)-1]
		row.line = append(row.line, joined(p))
	}
	all := loose(rows...)
	if b := m.flows[1]; b.parts != nil || !slices.IsSortedFunc(b.line, func(x, y item) int { return x.at - y.at }) {
		return all.alone(same)
	}
	return all
}

// windows gives the pairs of each window, those of the first item of the first flow first.
func windows(m made[order]) order {
	a, b := m.in(), m.flows[1]
	found := make(map[int][]item)
	for _, p := range m.pairs(a, b, func(a, b item) bool { return windowEnd(a.at, 2*m.n) == windowEnd(b.at, 2*m.n) }) {
		x := joinedIn(2 * m.n)(p)
		found[x.at] = append(found[x.at], x)
	}
	var all []order
	for _, end := range slices.Sorted(maps.Keys(found)) {
		o := line(found[end]...)
		if a.parts != nil || b.parts != nil {
			o = o.alone(same)
		}
		all = append(all, o)
	}
	return inLine(all...)
}
