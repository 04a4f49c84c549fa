// Package goroutines tells which goroutines there are, by their labels.
//
//	left, err := goroutines.Gone(goroutines.Run, id, 20*time.Millisecond)
//	for _, g := range left {
//		fmt.Println(g.Count, g.Labels[goroutines.Stage], g.Stack)
//	}
//
// A label is a pair of strings that [runtime/pprof.Do] gives to the goroutine that calls
// it, and that every goroutine started there inherits. So the labels of a goroutine that a
// function of the user has left behind tell where it comes from.
//
// There are two readings. [All], [Labelled], [Leaked] and [Gone] read a profile, which
// counts the goroutines that have the same labels and stack. [Dump] has each goroutine by
// itself, with what it waits for and who created it, but without labels where the program
// runs with GODEBUG=tracebacklabels=0. Both stop the program while its stacks are read, for
// some milliseconds where there are thousands: they serve the end of a run, and tests.
package goroutines

// The labels of the goroutines of a run, and of those that they start.
const (
	Run     = "streamz.run"     // the name of the run
	Segment = "streamz.segment" // which of its segments
	Stage   = "streamz.stage"   // whose user function runs, where somebody asked for it
)
