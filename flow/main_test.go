package flow_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// audit gives the option with which every run of these tests is made: when the test
// ends the books of the run must balance.
func audit(t testing.TB) flow.Option {
	t.Helper()
	opt, _ := audited(t)
	return opt
}

// audited is audit for a test that looks at the report as well.
func audited(t testing.TB) (flow.Option, *flow.Report) {
	t.Helper()
	r := new(flow.Report)
	t.Cleanup(func() {
		if len(r.Stages) == 0 {
			t.Errorf("the run made no report")
		} else if !r.Balanced() {
			t.Errorf("the books do not balance:\n%v", r)
		}
	})
	return flow.WithReport(r), r
}
