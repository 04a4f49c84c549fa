// Package clock is the source of time of the library: nothing else in it reads
// the time, so a program or a test that swaps the [Clock] owns every wait.
//
//	c := clock.NewFake()
//	done := make(chan error)
//	go func() { done <- clock.Sleep(ctx, c, time.Hour) }()
//
//	if err := c.BlockUntil(ctx, 1); err != nil { // the sleeper is waiting
//		return err
//	}
//	c.Advance(time.Hour) // no real time passes
//	return <-done
//
// The words used here:
//
//   - A timer or ticker is armed from the moment it is given a deadline until
//     the deadline is reached or Stop is called. A ticker is armed again by each
//     tick.
//   - To fire is to offer the time of the deadline on the channel C.
//   - A tick is stale when it belongs to a deadline that Stop or Reset has
//     replaced. Every clock keeps the rule of package time since Go 1.23: after
//     Stop or Reset has returned, no stale tick is received.
//
// [Real] is package time and what a program runs on. [Fake] stands still until
// it is advanced. [With] and [From] hand a clock down through a context;
// [WithTimeout] makes one that ends by a clock.
//
// Do not use a Fake where a bubble of testing/synctest will do: inside a bubble
// Real already runs on virtual time, which moves by itself. A Fake is for
// stopping between two deadlines, and for Examples, which have no bubble.
package clock
