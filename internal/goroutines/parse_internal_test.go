// The parsers are tested from inside: what the runtime writes cannot be chosen.
package goroutines

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var odd = map[string]string{Run: "r 1\t\"x\"\n", Stage: "en,ri: ch}"}

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseProfile(t *testing.T) {
	want := []Group{
		{Count: 3, Stack: "main.wait\n\t/src/a b/main.go:14\n"},
		{Count: 1, Stack: "runtime/pprof.writeRuntimeProfile\n\t/go/src/runtime/pprof/pprof.go:848\n" +
			"runtime/pprof.writeGoroutine\n\t/go/src/runtime/pprof/pprof.go:781\n" +
			"runtime/pprof.(*Profile).WriteTo\n\t/go/src/runtime/pprof/pprof.go:405\n" +
			"main.main\n\t/src/main.go:29\nruntime.main\n\t/go/src/runtime/proc.go:302\n"},
		{Count: 2, Labels: odd, Stack: "main.wait\n\t/src/main.go:14\n"},
		{Count: 1, Labels: map[string]string{Run: ""}, Stack: "main.main.func1.2\n\t/src/main.go:25\n"},
		{Count: 1, Stack: "0x7f0000\n\t?\nmain.(*T[...]).run-fm\n\t/src/main.go:24\n"},
	}
	got, err := parseProfile(testdata(t, "profile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parseProfile() mismatch (-want +got):\n%s", diff)
	}
}

func TestParseProfile_whatIsNoneFails(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":              "",
		"another head":         "threads: 3\n",
		"a total below zero":   "goroutine profile: total -1\n",
		"too few":              "goroutine profile: total 2\n1 @ 0x1\n",
		"too many":             "goroutine profile: total 1\n1 @ 0x1\n1 @ 0x2\n",
		"a count of none":      "goroutine profile: total 1\n0 @ 0x1\n",
		"a frame without one":  "goroutine profile: total 0\n#\t0x1\n",
		"labels without quote": "goroutine profile: total 1\n1 @ 0x1\n# labels: {\"a\n",
		"an unknown line":      "goroutine profile: total 1\n1 @ 0x1\nlabels\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parseProfile(text); err == nil {
				t.Errorf("parseProfile(%q) = %v without an error", text, got)
			}
		})
	}
}

func TestParseDump(t *testing.T) {
	want := []Goroutine{
		{ID: 1, State: "running", Stack: "runtime/pprof.writeGoroutineStacks\n\t/go/src/runtime/pprof/pprof.go:816\n" +
			"runtime/pprof.(*Profile).WriteTo\n\t/go/src/runtime/pprof/pprof.go:405\nmain.main\n\t/src/main.go:33\n"},
		{ID: 19, State: "chan receive, 5 minutes", Stack: "main.wait\n\t/src/a b/main.go:14\n" +
			"created by main.main in goroutine 1\n\t/src/main.go:20\n"},
		{ID: 20, State: "chan receive", Leaked: true, Labels: odd, Stack: "main.(*T[...]).wait\n\t/src/main.go:14\n" +
			"created by main.main.func1 in goroutine 1\n\t/src/main.go:22\n"},
		{ID: 22, State: "sleep, locked to thread, synctest bubble 3", Labels: map[string]string{Run: "r1", Stage: "", "empty": ""},
			Stack: "time.Sleep\n\t/go/src/runtime/time.go:368\nmain.main.func1.1\n\t/src/main.go:24\n" +
				"created by main.main.func1 in goroutine 1\n\t/src/main.go:24\n"},
	}
	got, err := parseDump(testdata(t, "dump.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parseDump() mismatch (-want +got):\n%s", diff)
	}
}

func TestParseDump_whatIsNoneFails(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"no number":        "goroutine x [running]:\n",
		"a number too big": "goroutine 99999999999999999999 [running]:\n",
		"no state":         "goroutine 1:\n",
		"half a state":     "goroutine 1 [runn",
		"no colon":         "goroutine 1 [running]\n",
		"half of labels":   "goroutine 1 [running] {a: b:\n",
		"no labels":        "goroutine 1 [running] a:\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parseDump(text); err == nil {
				t.Errorf("parseDump(%q) = %v without an error", text, got)
			}
		})
	}
}

// FuzzParseProfile: whatever is read without an error adds up.
func FuzzParseProfile(f *testing.F) {
	f.Add(testdata(f, "profile.txt"))
	f.Add("goroutine profile: total 2\n2 @\n# labels: {}\n#\t\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		groups, err := parseProfile(text)
		if err != nil {
			return
		}
		p, sum := profile{}, 0
		head, _, _ := strings.Cut(text, "\n")
		if err := p.head(head); err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			sum += g.Count
		}
		if sum != p.missing {
			t.Errorf("the groups of %q have %d goroutines, want %d", text, sum, p.missing)
		}
	})
}

// FuzzParseDump: each goroutine of the text is read, or there is an error.
func FuzzParseDump(f *testing.F) {
	f.Add(testdata(f, "dump.txt"))
	f.Add("goroutine 1 [a (leaked)] {\"\": }:\n)\n\t +0x")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseDump(text)
		if n := strings.Count("\n\n"+strings.TrimSpace(text), "\n\ngoroutine "); err == nil && len(all) != n {
			t.Errorf("read %d goroutines of %q, want %d", len(all), text, n)
		}
	})
}
