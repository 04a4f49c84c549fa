// Package flowtest is for the tests of programs that are made of flows.
//
//	func TestOrders(t *testing.T) {
//		flowtest.NoLeaks(t)
//		prices := flowtest.MustRun(t, orders(input).AsyncMap(4, price))
//		got, err := prices.Collect(t.Context())
//		if err != nil || len(got) != 3 {
//			t.Errorf("got %v, %v", got, err)
//		}
//	}
//
// A goroutine is left if it was started in a test and goes on after it. It is leaked if it
// can never go on, because nothing that still can run reaches what it waits for; then it
// need not be of this test. [NoLeaks] and [VerifyTestMain] fail for both. A flow is unused
// if it was built and never run, see [MustRun].
//
// Goroutines inherit labels, which tell where they were started: those of a run that is
// watched, as one of [flow.Job.Start] is, have its id and their segment, and with
// [flow.WithLeakCheck] also the stage whose function they were started in. That option lets
// the run itself fail for them, in any program.
//
// Where all of a test runs in a bubble of testing/synctest, that already fails for
// goroutines that are left in it.
//
// A program finds unused flows without this package, by [flow.Flow.ReportUnused].
package flowtest
