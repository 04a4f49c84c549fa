package main

import "github.com/go-streamz/streamz/flow"

// groups count the items of each key.
func groups() []row {
	return []row{
		grouping("group by 1 key, count", 1, budget{}),
		grouping("group by 1,000 keys, count", 1_000, budget{Most: 20}),
		grouping("group by 1,000,000 keys, count", 1_000_000, budget{}),
	}
}

// grouping has so many items that what a key costs at first shows only where there are many.
func grouping(name string, keys int, limit budget) row {
	key := func(v int) int { return v * 7919 % keys } // neighbours are apart
	return row{name: name, least: max(1_000_000, 2*keys), want: func(n int) int { return n }, contenders: []contender{
		{name: "a map by hand, func values", role: twin, run: plain(func(n int) int { return callGrouped(n, key, countOne, add) })},
		{name: "flow, GroupBy", role: ours, run: flowGroups(key), budget: limit, slices: keys > 1_000},
		{name: "flow, GroupBy, EvictOldest", role: ours, run: flowGroups(key, flow.EvictOldest(keys)), slices: keys > 1_000},
	}}
}

func countOne(int) int { return 1 }

//go:noinline
func callGrouped(n int, key, number func(int) int, fold func(int, int) int) int {
	counts := make(map[int]int)
	for v := range n {
		k := key(v)
		counts[k] = fold(counts[k], number(v))
	}
	sum := 0
	for _, count := range counts {
		sum = fold(sum, count)
	}
	return sum
}

func flowGroups(key func(int) int, opts ...flow.GroupOption) runner {
	return func(n int) (int, error) {
		return sum(flow.Range(0, n).GroupBy(key, func(f intFlow) intFlow {
			return f.Fold(0, func(count, v int) int { return count + countOne(v) })
		}, opts...))
	}
}
