package goroutines_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// labelled calls fn with the labels of a stage.
func labelled(run, stage string, fn func()) {
	pprof.Do(context.Background(), pprof.Labels(goroutines.Run, run, goroutines.Stage, stage), func(context.Context) { fn() })
}

// wait is looked for in stacks.
func wait(ch <-chan struct{}) { <-ch }

// waiting starts n goroutines, which end with the test, and returns when all of them wait.
func waiting(t testing.TB, n int) {
	t.Helper()
	release := make(chan struct{})
	var all, begun sync.WaitGroup
	for range n {
		begun.Add(1)
		all.Go(func() {
			begun.Done()
			wait(release)
		})
	}
	begun.Wait()
	t.Cleanup(func() {
		close(release)
		all.Wait()
	})
}

func labelledOnes(t testing.TB, run string) []goroutines.Group {
	t.Helper()
	groups, err := goroutines.Labelled(goroutines.Run, run)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func count(groups []goroutines.Group) (n int) {
	for _, g := range groups {
		n += g.Count
	}
	return n
}

func TestLabelled(t *testing.T) {
	labelled("one", "a \"b\"\n", func() { waiting(t, 3) })
	labelled("two", "c", func() { waiting(t, 2) })
	groups := labelledOnes(t, "one")
	if got := count(groups); got != 3 {
		t.Fatalf("Labelled() counts %d goroutines, want 3: %v", got, groups)
	}
	want := map[string]string{goroutines.Run: "one", goroutines.Stage: "a \"b\"\n"}
	if diff := cmp.Diff(want, groups[0].Labels); diff != "" {
		t.Errorf("labels mismatch (-want +got):\n%s", diff)
	}
	if got := count(labelledOnes(t, "two")); got != 2 {
		t.Errorf("Labelled() counts %d goroutines of the other run, want 2", got)
	}
	if got := count(labelledOnes(t, "")); got != 0 {
		t.Errorf("Labelled() counts %d goroutines of a run without a name, want 0", got)
	}
}

func TestLabelled_withoutTheCaller(t *testing.T) {
	labelled("mine", "s", func() {
		if groups := labelledOnes(t, "mine"); len(groups) != 0 {
			t.Errorf("Labelled() = %v, want not the caller", groups)
		}
		left, err := goroutines.Gone(goroutines.Run, "mine", time.Second)
		if len(left) != 0 || err != nil {
			t.Errorf("Gone() = %v, %v, want not the caller", left, err)
		}
	})
}

func TestAll_hasThoseWithoutLabels(t *testing.T) {
	waiting(t, 4)
	groups, err := goroutines.All()
	groups = slices.DeleteFunc(groups, func(g goroutines.Group) bool {
		return g.Labels != nil || !strings.Contains(g.Stack, "goroutines_test.waiting.func")
	})
	if got := count(groups); err != nil || got != 4 {
		t.Errorf("All() has %d goroutines of waiting, error %v, want 4", got, err)
	}
}

// leak waits for what nothing can send. Such a goroutine stays until the program ends.
func leak() { <-make(chan struct{}) }

func TestLeaked(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	run := fmt.Sprintf("leaking %p", release)
	labelled(run, "s", func() {
		go wait(release)
		go leak()
	})
	var leaked []goroutines.Group
	for len(leaked) == 0 { // until it waits
		groups, err := goroutines.Leaked()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if g.Labels[goroutines.Run] == run {
				leaked = append(leaked, g)
			}
		}
	}
	if count(leaked) != 1 || !strings.HasPrefix(leaked[0].Stack, "github.com/go-streamz/streamz/internal/goroutines_test.leak\n\t") {
		t.Errorf("Leaked() = %v, want the one goroutine in leak", leaked)
	}
	if g := dumped(t, run, "goroutines_test.leak\n"); !g.Leaked {
		t.Errorf("Dump() has %+v, want it leaked", g)
	}
	if g := dumped(t, run, "goroutines_test.wait\n"); g.Leaked {
		t.Errorf("Dump() has %+v, want it not leaked", g)
	}
}

// dumped gives the goroutine of a run with a function in its stack, once it receives.
func dumped(t *testing.T, run, function string) goroutines.Goroutine {
	t.Helper()
	for {
		all, err := goroutines.Dump()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			if g.Labels[goroutines.Run] == run && g.State == "chan receive" && strings.Contains(g.Stack, function) {
				return g
			}
		}
		runtime.Gosched()
	}
}

func TestDump(t *testing.T) {
	release := make(chan struct{})
	done := make(chan struct{})
	labelled("dumped", "some stage", func() {
		go func() {
			defer close(done)
			wait(release)
		}()
	})
	defer func() { <-done }()
	defer close(release)
	g := dumped(t, "dumped", "goroutines_test.wait\n")
	if g.Leaked || g.Labels[goroutines.Stage] != "some stage" {
		t.Errorf("Dump() has %+v, want one that receives in the stage", g)
	}
	for _, want := range []string{"goroutines_test.wait\n\t", "created by ", "TestDump"} {
		if !strings.Contains(g.Stack, want) {
			t.Errorf("the stack lacks %q:\n%s", want, g.Stack)
		}
	}
}

func TestGone_waitsForThoseThatAreEnding(t *testing.T) {
	for name, patience := range map[string]time.Duration{"a moment": time.Second, "no time": 0} {
		t.Run(name, func(t *testing.T) {
			for i := range 200 {
				run := fmt.Sprint(name, i)
				labelled(run, "s", func() {
					var wg sync.WaitGroup
					for range 4 {
						wg.Go(func() {})
					}
					wg.Wait()
				})
				left, err := goroutines.Gone(goroutines.Run, run, patience)
				if err != nil || patience > 0 && len(left) > 0 {
					t.Fatalf("Gone() = %v, %v", left, err)
				}
			}
		})
	}
}

func TestGone_givesThoseLeft(t *testing.T) {
	labelled("staying", "s", func() { waiting(t, 2) })
	left, err := goroutines.Gone(goroutines.Run, "staying", time.Millisecond)
	if err != nil || count(left) != 2 {
		t.Errorf("Gone() = %v, %v, want 2", left, err)
	}
}

func TestGone_inABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		labelled("in a bubble", "s", func() {
			go time.Sleep(30 * time.Millisecond)
		})
		start := time.Now()
		if left, err := goroutines.Gone(goroutines.Run, "in a bubble", 20*time.Millisecond); err != nil || count(left) != 1 {
			t.Errorf("Gone() = %v, %v, want the one that sleeps", left, err)
		}
		if got := time.Since(start); got != 20*time.Millisecond {
			t.Errorf("Gone() took %v of virtual time, want its patience of 20ms", got)
		}
		if left, err := goroutines.Gone(goroutines.Run, "in a bubble", time.Minute); err != nil || len(left) != 0 {
			t.Errorf("Gone() = %v, %v, want none after the sleep", left, err)
		}
	})
}

func BenchmarkLabelled(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			waiting(b, n)
			for b.Loop() {
				labelledOnes(b, "none")
			}
		})
	}
}

func BenchmarkDump(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			waiting(b, n)
			for b.Loop() {
				if _, err := goroutines.Dump(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
