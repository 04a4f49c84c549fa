package main

import "slices"

// table gives all rows. The budgets are those of DESIGN.md, section 9.
func table() []row {
	return slices.Concat(pipelines(), shapes(), groups(), parallels(), stages(), plainStages(), slicing(), keyed(), timed(), processes(), timedProcesses())
}

// pipelines are whole flows.
func pipelines() []row {
	return []row{
		{name: "map, filter, map, sum", want: wantFour, contenders: []contender{
			{name: "hand loop, inlined", role: other, run: plain(fourInlined)},
			{name: "hand loop, func values", role: twin, run: plain(func(n int) int { return four(n, inc, even, triple, add) })},
			{name: "iter.Seq", role: other, run: plain(seqFour)},
			{name: "raw channels of 256", role: other, run: plain(chanFour)},
			{name: "ro", role: peer, run: roFour},
			{name: "flow, Range", role: ours, run: flowFour, budget: budget{Most: 12, Peer: 5}},
			{name: "flow, FromSlice", role: ours, run: overSlice(sliceFour), budget: budget{Most: 12, Peer: 5}},
		}},
		{name: "ten maps, sum", want: wantTen, contenders: []contender{
			{name: "hand loop, inlined", role: other, run: plain(tenInlined)},
			{name: "hand loop, func values", role: twin, run: plain(func(n int) int { return callMaps(n, slices.Repeat([]func(int) int{inc}, 10), add) })},
			{name: "iter.Seq", role: other, run: plain(seqTen)},
			{name: "raw channels of 256", role: other, run: plain(chanTen)},
			{name: "ro", role: peer, run: roTen},
			{name: "flow", role: ours, run: chain(10, mapInc), budget: budget{Most: 35}},
		}},
		{name: "batch 100, unbatch, sum", want: wantSum, contenders: []contender{
			{name: "iter.Seq", role: twin, run: plain(seqBatch)},
			{name: "raw channels of 256", role: other, run: plain(chanBatch)},
			{name: "ro", role: peer, run: roBatch},
			{name: "flow", role: ours, run: flowBatch, budget: budget{Most: 15}, slices: true},
		}},
		{name: "one boundary, map, sum", want: wantInc, contenders: []contender{
			{name: "raw channel of 256", role: twin, run: plain(chanBoundary)},
			{name: "ro, SubscribeOn 256", role: peer, run: roBoundary},
			{name: "flow, Async 256", role: ours, run: flowBoundary(buffer), budget: budget{Most: 18}},
			{name: "flow, Async 64", role: ours, run: flowBoundary(64)},
			{name: "flow, Async 1024", role: ours, run: flowBoundary(1024)},
		}},
		{name: "queue between two goroutines, sum", want: wantSum, contenders: []contender{
			{name: "raw channel of 256", role: twin, run: plain(chanQueue)},
			{name: "flow, Buffer 256", role: ours, run: chain(1, buffered)},
			{name: "flow, DroppingBuffer with room for all", role: ours, run: chain(1, dropping)},
			{name: "flow, SlidingBuffer with room for all", role: ours, run: chain(1, sliding)},
		}},
		{name: "merge of two, sum", want: wantSum, contenders: []contender{
			{name: "two goroutines, one raw channel of 256", role: twin, run: plain(chanMerge)},
			{name: "flow, Merge", role: ours, run: flowMerge},
		}},
		{name: "build and run 5 stages over one item", unit: micro, want: wantBuilds, contenders: []contender{
			{name: "context.WithCancelCause alone", role: other, run: plain(contexts)},
			{name: "iter.Seq", role: other, run: plain(seqBuilds)},
			{name: "raw channels, unbuffered", role: twin, run: chanBuilds(0)},
			{name: "raw channels of 256", role: other, run: chanBuilds(buffer)},
			{name: "ro", role: peer, run: roBuilds},
			{name: "flow, one segment", role: ours, run: flowBuilds(fiveStages), budget: budget{Most: 2500}, slices: true},
			{name: "flow, one more goroutine", role: ours, run: flowBuilds(fiveStagesTwoSegments), budget: budget{Most: 5000}, slices: true},
		}},
		{name: "sources, sum", want: wantSum, contenders: []contender{
			{name: "range over iter.Seq", role: twin, run: plain(seqSum)},
			{name: "flow, Range", role: ours, run: flowSum},
			{name: "flow, FromSlice", role: ours, run: overSlice(sliceSum)},
			{name: "flow, FromSeq", role: ours, run: flowSeq},
			{name: "flow, FromFunc", role: ours, run: flowFunc},
		}},
	}
}
