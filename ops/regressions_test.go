package ops_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// regressions are defects of which each has a test named after it, here or in package clock.
var regressions = strings.Fields(`
	take-closes-late take-drains-forever debounce-send-on-closed session-send-on-closed
	sliding-buffer-stall sliding-buffer-zero async-unbounded-run-ahead async-leak-on-cancel
	batcher-zero-latency throttle-fraction tumbling-leak-on-cancel sliding-window-order
	aggregate-shared-map dedupe-second-run partition-stats-first retry-delay-overflow
	retry-slow-call retry-many-results breaker-slow-call dlq-unread-stall dlq-second-run
	switch-early-end router-duplicate-name monitor-silent-in-stall fanin-nil-input
	mapper-idle-cancel fake-timer-reset`)

// TestRegressions_haveTests: a defect whose test is gone could come back unseen.
func TestRegressions_haveTests(t *testing.T) {
	names := slices.Concat(namesOfTests(t, "*_test.go"), namesOfTests(t, "../clock/*_test.go"))
	if want, got := 27, len(regressions); got != want {
		t.Errorf("%d names of defects, want %d", got, want)
	}
	for _, defect := range regressions {
		if !slices.ContainsFunc(names, func(name string) bool { return namedAfter(name, defect) }) {
			t.Errorf("no test is named after %s", defect)
		}
	}
}

func TestNamedAfter(t *testing.T) {
	for name, want := range map[string]bool{
		"TestTakeClosesLate": true, "TestTake_closesLateInAFlow": true, "take-closes-late": true,
		"TestTakeCloses": false, "TakeClosesLate": false, "take-closes-later": false, "TestATakeClosesLate": false,
	} {
		if got := namedAfter(name, "take-closes-late"); got != want {
			t.Errorf("namedAfter(%q) = %t, want %t", name, got, want)
		}
	}
}

// namedAfter tells whether a test is that of a defect: a subtest of its name, or a function
// TestNameOfTheDefect, after which more may follow.
func namedAfter(name, defect string) bool {
	function := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	return name == defect ||
		strings.HasPrefix(name, "Test") && strings.HasPrefix(function, "test"+strings.ReplaceAll(defect, "-", ""))
}

// namesOfTests gives the test functions and the subtests that have a constant name.
func namesOfTests(t *testing.T, pattern string) (names []string) {
	t.Helper()
	for _, tree := range parsedFiles(t, pattern) {
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				names = append(append(names, fn.Name.Name), namesOfSubtests(fn)...)
			}
		}
	}
	return names
}

func namesOfSubtests(fn *ast.FuncDecl) (names []string) {
	for node := range ast.Preorder(fn) {
		call, ok := node.(*ast.CallExpr)
		if !ok || !runsSubtest(call.Fun) {
			continue
		}
		for _, arg := range call.Args {
			if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				name, _ := strconv.Unquote(lit.Value)
				names = append(names, name)
			}
		}
	}
	return names
}

// runsSubtest tells whether a function is t.Run or bubble.
func runsSubtest(fn ast.Expr) bool {
	switch x := fn.(type) {
	case *ast.SelectorExpr:
		return x.Sel.Name == "Run"
	case *ast.Ident:
		return x.Name == "bubble"
	}
	return false
}
