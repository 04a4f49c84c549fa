// Package flow runs a whole streaming program as one typed expression and one call.
//
//	err := flow.From(source).
//		Filter(Order.Valid).
//		AsyncMap(20, price).Named("price").OnError(flow.Retry(3, flow.Exponential(time.Second))).
//		Batch(500, time.Second).
//		ForEach(store).
//		Run(ctx)
//
// A [Flow] is an immutable description: it can be stored, passed on, run twice, also
// at once, as far as its source allows. Nothing happens before a terminal runs it:
// [Flow.Collect] and its kin, or [Job.Run]. Each use of a flow runs its source anew.
//
// The steps between two boundaries are fused into one goroutine, a segment. A
// boundary, the bounded queue between two segments, exists where it is asked for, by
// [Flow.Async], a [Flow.Buffer] and its kin, [Flow.AsyncMap] and its kin, which have
// several goroutines for one step, as many as [Flow.Scaled] says, or [Merge]; around a
// processor that only knows channels; and where a timer has to fire while other code may block.
//
// A [Policy] says what happens when a function fails for an item. Without one the run ends
// with a [*StageError].
//
// Run returns when nothing of the pipeline is left: no goroutine, no timer and no
// error that nobody has heard of. See [Job.Run] for what it returns. [Job.Start] gives a
// [Running] instead, which can be drained, stopped, held up and looked at; [RunUntilSignal]
// drains it when the process is told to end. [Restart] begins a flow anew, and [Jobs] runs
// several. docs/supervision.md has a table of what happens when.
//
// The comment of a stage says in five lines when it Emits, what it Holds at most, when it
// Backpressures (lets the stages above wait), when it Completes, and what it does when
// the run is cancelled (Cancels).
//
// Use package ops instead where channels already are the shape of your program.
package flow
