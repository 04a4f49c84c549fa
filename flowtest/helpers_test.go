package flowtest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flowtest"
)

// TestMain also is the program that victims run in, see [victim].
func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) != "" {
		flowtest.VerifyTestMain(m)
	}
	// Goroutines that are leaked for good stay until the program ends.
	flowtest.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/go-streamz/streamz/flowtest_test.wait"))
}

// fakeTest is a test that may fail without failing this one.
type fakeTest struct {
	testing.TB
	cleanups []func()
	failures []string
}

func (t *fakeTest) Helper()           {}
func (t *fakeTest) Cleanup(fn func()) { t.cleanups = append(t.cleanups, fn) }
func (t *fakeTest) Error(args ...any) { t.failures = append(t.failures, fmt.Sprint(args...)) }
func (t *fakeTest) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

// failuresOf runs a test.
func failuresOf(test func(t testing.TB)) []string {
	t := &fakeTest{}
	test(t)
	for _, cleanup := range slices.Backward(t.cleanups) {
		cleanup()
	}
	return t.failures
}

// contains checks that a text has all words, in any order.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("got %q, want %q in it", text, word)
		}
	}
}
