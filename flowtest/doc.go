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
// need not be of this test. [NoLeaks] and [VerifyTestMain] fail for both, and say in which
// stage of which run they were started, as far as their labels tell: goroutines of a run
// and those that they start are labelled streamz.run, streamz.segment and streamz.stage. A
// flow is unused if it was built and never run, see [MustRun].
//
// Where all of a test runs in a bubble of testing/synctest, that already fails for
// goroutines that are left in it.
//
// A program finds what it left behind by itself, without this package: see
// [flow.Flow.ReportUnused].
package flowtest
