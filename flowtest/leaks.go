package flowtest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// NoLeaks fails the test, when it ends, for every goroutine that was not there when NoLeaks
// was called, and for every older one that has come to wait for what can never happen.
// Each failure has the goroutine's stack, and says in which run, segment and stage it was
// started as far as its labels tell, see the package's comment.
//
// Call it first: what the test has set up is then cleaned up before the check. A goroutine
// that is just ending has about half a second for that; in a bubble of testing/synctest the
// time is virtual. opts leave goroutines out that were started in the test on purpose, as
// goleak.IgnoreTopFunction does; see [goleak.Option].
//
// Goroutines do not know their test. So NoLeaks is not for tests that run in parallel, nor
// for those beside which others run: they would fail for each other's goroutines. There
// [VerifyTestMain] is the check.
//
// It collects the garbage twice, at the call and at the end.
func NoLeaks(t testing.TB, opts ...goleak.Option) {
	t.Helper()
	older, err := unleaked()
	if err != nil {
		t.Error(err)
		return
	}
	opts = append([]goleak.Option{goleak.IgnoreCurrent()}, opts...)
	t.Cleanup(func() {
		t.Helper()
		for _, leak := range find(older, opts) {
			t.Error(leak)
		}
	})
}

// VerifyTestMain runs the tests of a package and ends the program, with exit code 1 if they
// passed and left goroutines behind, which it then writes to the standard error as
// [NoLeaks] does. A package uses it so:
//
//	func TestMain(m *testing.M) { flowtest.VerifyTestMain(m) }
//
// opts are those of goleak; goleak.Cleanup takes the place of the end of the program.
func VerifyTestMain(m goleak.TestingM, opts ...goleak.Option) {
	goleak.VerifyTestMain(checkedMain{m, opts}, opts...)
}

// checkedMain looks for leaks before goleak does, which would not tell the stages.
type checkedMain struct {
	tests goleak.TestingM
	opts  []goleak.Option
}

// Run gives the exit code.
func (m checkedMain) Run() int {
	older, err := unleaked()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if code := m.tests.Run(); code != 0 {
		return code
	}
	leaks := find(older, append(m.opts[:len(m.opts):len(m.opts)], goleak.Cleanup(func(int) {})))
	for _, leak := range leaks {
		fmt.Fprintln(os.Stderr, leak)
	}
	return min(len(leaks), 1)
}

// unleaked gives the ids of the goroutines that there are and that may still go on.
func unleaked() (map[int]bool, error) {
	all, err := goroutines.Dump()
	ids := make(map[int]bool, len(all))
	for _, g := range all {
		ids[g.ID] = !g.Leaked
	}
	return ids, err
}

// find describes the goroutines that are left, as goleak finds them, and those among the
// older ones that are leaked now.
func find(older map[int]bool, opts []goleak.Option) []string {
	var left finding
	goleak.VerifyNone(&left, opts...)
	all, err := goroutines.Dump()
	if err != nil {
		return append(left, err.Error())
	}
	var leaks []string
	for _, g := range all {
		switch {
		case left.has(g):
			leaks = append(leaks, describe(g, "is left"))
		case older[g.ID] && g.Leaked:
			leaks = append(leaks, describe(g, "from before the test is leaked"))
		}
	}
	if len(leaks) == 0 { // goleak's have ended since
		return left
	}
	return leaks
}

// finding is what goleak says: nothing, or one text with all goroutines.
type finding []string

// Error takes what goleak would fail a test with.
func (f *finding) Error(args ...any) { *f = append(*f, fmt.Sprint(args...)) }

func (f *finding) has(g goroutines.Goroutine) bool {
	return strings.Contains(strings.Join(*f, ""), fmt.Sprintf("Goroutine %d in state ", g.ID))
}

func describe(g goroutines.Goroutine, what string) string {
	state := g.State
	if g.Leaked {
		state += ", can never go on"
	}
	return fmt.Sprintf("flowtest: goroutine %d %s%s [%s]:\n%s", g.ID, what, origin(g.Labels), state, g.Stack)
}

// origin tells where a goroutine was started, "" if its labels do not.
func origin(labels map[string]string) string {
	run, ok := labels[goroutines.Run]
	if !ok {
		return ""
	}
	where := fmt.Sprintf("run %q", run)
	if segment, ok := labels[goroutines.Segment]; ok {
		where = fmt.Sprintf("segment %q of ", segment) + where
	}
	if stage, ok := labels[goroutines.Stage]; ok {
		where = fmt.Sprintf("stage %q, ", stage) + where
	}
	return ", started in " + where
}
