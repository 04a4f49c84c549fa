// Package ops holds the processors: one file each, usable over plain channels, and
// fused when they are part of a flow.
//
// Over channels a processor is one goroutine between an input and an output, and some have
// a second one beside a queue, or workers:
//
//	in := make(chan string)
//	out := ops.NewMapper(strings.ToUpper).Process(ctx, in)
//
// The contract of Process is the same for all of them:
//
//   - It returns at once. Constructors start nothing.
//   - It may be called many times, also at once. State belongs to the call; options
//     return a changed copy and leave their receiver alone.
//   - The output is closed by the processor, once.
//   - When the input is closed and ctx is alive, the stream completes: what is held
//     is emitted, then the output is closed.
//   - When ctx ends the stream is cancelled: what is held is dropped, the output is
//     closed. No function is called and nothing is sent after that, and nobody has
//     to read the output any more.
//   - A processor reads no further ahead than the Holds line of its comment says.
//   - An item whose function fails has no output, and its error is never lost, see
//     [ItemError]. A panic goes to the [Supervisor] as a [PanicError]; without one
//     it ends the program, as any panic does.
//   - A nil context, a nil input channel and a processor that was configured wrongly
//     make Process panic with a [ConfigError].
//
// The comment of a processor says in five lines when it Emits, what it Holds at most, when
// it Backpressures (leaves its input unread), when it Completes, and what it does when ctx
// ends (Cancels).
//
// Package flow runs the same processors in a chain, with one goroutine for many of
// them and one call that returns every error. Use ops where channels are already
// the shape of your program.
package ops
