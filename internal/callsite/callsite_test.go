package callsite_test

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-streamz/streamz/internal/callsite"
)

// here is file:line of its caller.
func here() string {
	_, file, line, _ := runtime.Caller(1)
	return file + ":" + strconv.Itoa(line)
}

//go:noinline
func outer(f func() callsite.Site) callsite.Site { return f() }

func TestHere_isTheLineOfTheCall(t *testing.T) {
	for name, call := range map[string]func() (callsite.Site, string){
		"direct": func() (callsite.Site, string) { return callsite.Here(), here() },
		"through a function that cannot be inlined": func() (callsite.Site, string) {
			return outer(func() callsite.Site { return callsite.Here() }), here()
		},
	} {
		t.Run(name, func(t *testing.T) {
			site, want := call()
			if got := site.Outside("none"); got != want {
				t.Errorf("Outside() = %q, want %q", filepath.Base(got), filepath.Base(want))
			}
		})
	}
}

func TestHere_atTheBottomOfAGoroutine(t *testing.T) {
	var got, want string
	var wg sync.WaitGroup
	wg.Go(func() {
		got, want = callsite.Here().Outside("none"), here()
	})
	wg.Wait()
	if got != want {
		t.Errorf("Outside() = %q, want %q", got, want)
	}
}

func TestOutside_skipsThePackage(t *testing.T) {
	got := filepath.Base(callsite.Here().Outside("github.com/go-streamz/streamz/internal/callsite_test"))
	if want := "testing.go"; !strings.HasPrefix(got, want) {
		t.Errorf("Outside() = %q, want a line of %s, which called this test", got, want)
	}
	if got := (callsite.Site{}).Outside("none"); got != "" {
		t.Errorf("Outside() of nothing = %q", got)
	}
}

func BenchmarkHere(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = callsite.Here()
	}
}
