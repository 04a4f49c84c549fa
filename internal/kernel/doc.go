// Package kernel is the machine that every stage runs on. It knows no operator.
//
// A stage is a function from its downstream [Port] to its upstream Port, so a
// pipeline is wired backwards, from the sink to the source, and composition is
// function composition: no channel, no goroutine and no interface value stands
// between two stages.
//
// The words used here:
//
//   - A [Segment] is one goroutine: a head (a source, or the consuming end of a
//     queue) and the synchronous stages fused behind it.
//   - A boundary is the bounded queue between two segments, see [Boundary].
//   - A [Stage] is one step of one run: its place in the segment, its policy and
//     its counters.
//   - A [Spec] is what a processor hands over to be attached, see [Attach].
//   - A pool is what a stage with [Workers] runs on: slots between two segments, and
//     a segment for each worker.
//   - A fence is an emit function given to user code, a guard is the call of a
//     stage whose [Policy] lets the stream survive a failure.
//   - A [Run] owns all of it: contexts, segments, failures, and the books.
package kernel
