package flowtest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/flowtest"
)

// wait is looked for in stacks.
func wait(ch <-chan struct{}) { <-ch }

// started starts a goroutine that waits, with labels, and returns when it does. What it
// waits for is closed by the end of the test.
func started(t testing.TB, labels ...string) {
	t.Helper()
	ch := make(chan struct{})
	var wg, begun sync.WaitGroup
	begun.Add(1)
	pprof.Do(context.Background(), pprof.Labels(labels...), func(context.Context) {
		wg.Go(func() {
			begun.Done()
			wait(ch)
		})
	})
	begun.Wait()
	t.Cleanup(func() {
		close(ch)
		wg.Wait()
	})
}

// inBubble runs a subtest for which the half second that goroutines have to end is virtual.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestNoLeaks_saysWhereItWasStarted(t *testing.T) {
	for name, tt := range map[string]struct {
		labels []string
		want   string
	}{
		"nowhere": {nil, " is left ["},
		"a run":   {[]string{"streamz.run", "orders"}, ` is left, started in run "orders" [`},
		"a segment": {
			[]string{"streamz.run", "orders", "streamz.segment", "2"},
			` is left, started in segment "2" of run "orders" [`,
		},
		"a stage": {
			[]string{"streamz.run", "orders", "streamz.segment", "2", "streamz.stage", "en rich"},
			` is left, started in stage "en rich", segment "2" of run "orders" [`,
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			failures := failuresOf(func(fake testing.TB) {
				flowtest.NoLeaks(fake)
				started(t, tt.labels...)
			})
			if len(failures) != 1 {
				t.Fatalf("the test failed %d times, want once: %q", len(failures), failures)
			}
			contains(t, failures[0], tt.want, "flowtest: goroutine ", "flowtest_test.wait\n\t", "leaks_test.go:", "\ncreated by ")
		})
	}
}

// TestNoLeaks_ofAFlow: what a function of a flow leaves behind.
func TestNoLeaks_ofAFlow(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []flow.Option
		want string
	}{
		"without labels": {nil, " is left ["},
		"with them":      {[]flow.Option{flow.WithLeakCheck()}, ` is left, started in stage "enrich", segment "`},
	} {
		inBubble(t, name, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			failures := failuresOf(func(fake testing.TB) {
				flowtest.NoLeaks(fake)
				err := flow.Range(0, 1).Call(func(context.Context, int) (int, error) {
					go wait(release)
					return 0, nil
				}).Named("enrich").Run(t.Context(), tt.opts...)
				if _, told := errors.AsType[*flow.LeakError](err); told != (tt.opts != nil) {
					t.Errorf("Run() = %v", err)
				}
			})
			if len(failures) != 1 {
				t.Fatalf("the test failed %d times, want once: %q", len(failures), failures)
			}
			contains(t, failures[0], tt.want, "flowtest_test.wait\n\t", "TestNoLeaks_ofAFlow")
		})
	}
}

func TestNoLeaks_failsForEach(t *testing.T) {
	// Not in a bubble: in real time it works as well.
	failures := failuresOf(func(fake testing.TB) {
		flowtest.NoLeaks(fake)
		started(t)
		started(t)
	})
	if len(failures) != 2 {
		t.Errorf("the test failed %d times, want twice: %q", len(failures), failures)
	}
}

func TestNoLeaks_passes(t *testing.T) {
	started(t) // before all of them, and it stays
	for name, test := range map[string]func(t testing.TB){
		"a flow with goroutines": func(fake testing.TB) {
			flowtest.NoLeaks(fake)
			if n, err := flow.Range(0, 100).Async(2).Async(3).Count(t.Context()); n != 100 || err != nil {
				t.Errorf("Count() = %d, %v, want 100", n, err)
			}
		},
		"a clean-up that ends the goroutine": func(fake testing.TB) {
			flowtest.NoLeaks(fake)
			started(fake)
		},
		"an option": func(fake testing.TB) {
			flowtest.NoLeaks(fake, goleak.IgnoreAnyFunction("github.com/go-streamz/streamz/flowtest_test.wait"))
			started(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if failures := failuresOf(test); len(failures) > 0 {
				t.Errorf("the test failed: %q", failures)
			}
		})
	}
}

// TestNoLeaks_ending: a goroutine that soon ends is none that is left.
func TestNoLeaks_ending(t *testing.T) {
	for name, tt := range map[string]struct {
		last time.Duration
		want int
	}{"soon": {300 * time.Millisecond, 0}, "late": {3 * time.Second, 1}} {
		inBubble(t, name, func(t *testing.T) {
			failures := failuresOf(func(fake testing.TB) {
				flowtest.NoLeaks(fake)
				go time.Sleep(tt.last)
			})
			if len(failures) != tt.want {
				t.Errorf("the test failed %d times, want %d: %q", len(failures), tt.want, failures)
			}
			synctest.Sleep(tt.last) // a bubble must not end before its goroutines
		})
	}
}

// TestNoLeaks_older: what an older goroutine waits for is lost in the test.
func TestNoLeaks_older(t *testing.T) {
	lost := &struct{ ch chan struct{} }{make(chan struct{})}
	var begun sync.WaitGroup
	begun.Add(1)
	pprof.Do(t.Context(), pprof.Labels("streamz.run", "old"), func(context.Context) {
		go func(ch <-chan struct{}) {
			begun.Done()
			wait(ch)
		}(lost.ch)
	})
	begun.Wait()
	for _, want := range []int{0, 1, 0} { // not before, once, not again
		failures := failuresOf(func(fake testing.TB) {
			flowtest.NoLeaks(fake)
			if want == 1 {
				lost.ch = nil
			}
		})
		if len(failures) != want {
			t.Fatalf("the test failed %d times, want %d: %q", len(failures), want, failures)
		}
		for _, failure := range failures {
			contains(t, failure, ` from before the test is leaked, started in run "old" [`, "can never go on]", "flowtest_test.wait\n\t")
		}
	}
	runtime.KeepAlive(lost)
}

// victimEnv names the test that a program runs for [victim].
const victimEnv = "STREAMZ_VICTIM"

// victim runs one test in a program of its own, and gives its output.
func victim(t *testing.T, name string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimEnv+"="+name)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestVictim(t *testing.T) {
	switch os.Getenv(victimEnv) {
	case "leaves":
		pprof.Do(t.Context(), pprof.Labels("streamz.run", "orders", "streamz.stage", "enrich"), func(context.Context) {
			go wait(make(chan struct{}))
		})
	case "fails":
		go wait(make(chan struct{}))
		t.Error("another failure")
	case "passes":
	default:
		t.Skip("is run by TestVerifyTestMain")
	}
}

func TestVerifyTestMain(t *testing.T) {
	out, err := victim(t, "leaves")
	if err == nil {
		t.Errorf("the program passed, want exit code 1")
	}
	if strings.Contains(out, "goleak: ") {
		t.Errorf("the leak is told twice:\n%s", out)
	}
	contains(t, out, "PASS\n", "\nflowtest: goroutine ", ` is left, started in stage "enrich", run "orders" [`, "can never go on]", "flowtest_test.wait\n\t")

	out, err = victim(t, "fails")
	if err == nil || strings.Contains(out, "is left") {
		t.Errorf("got the error %v and the output %q, want the failure of the test alone", err, out)
	}
	contains(t, out, "another failure")

	if out, err = victim(t, "passes"); err != nil {
		t.Errorf("the program failed: %v\n%s", err, out)
	}
}

// tests are those of a package.
type tests func() int

func (fn tests) Run() int { return fn() }

func TestVerifyTestMain_cleanup(t *testing.T) {
	for want := range 3 {
		var codes []int
		flowtest.VerifyTestMain(tests(func() int { return want }), goleak.IgnoreCurrent(), goleak.Cleanup(func(code int) {
			codes = append(codes, code)
		}))
		if len(codes) != 1 || codes[0] != want {
			t.Errorf("the cleanup got the codes %v, want %d once", codes, want)
		}
	}
}
