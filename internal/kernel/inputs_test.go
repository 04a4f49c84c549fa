package kernel_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// happening is what an input does at its second: it gives an item, sends a watermark, a barrier
// or a flush, or ends.
type happening struct {
	input int
	what  string // "a1", "w5", "b", "f", "end"
}

// inputOf plays what is of one input.
func inputOf(i int, script []happening) kernel.Wire[string] {
	return func(seg *kernel.Segment, down kernel.Port[string]) {
		play := func(_ context.Context, out kernel.Outlet[string]) error {
			for _, h := range script {
				time.Sleep(time.Second)
				var err error
				switch {
				case h.input != i:
				case h.what == "end":
					return nil
				case h.what == "b":
					err = out.Barrier(func(error) {})
				case h.what == "f":
					err = out.Watermark(kernel.Signal{Kind: kernel.Flush})
				case h.what[0] == 'w':
					at, _ := time.ParseDuration(h.what[1:] + "s")
					err = out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(0, 0).Add(at)})
				default:
					err = out.Emit(h.what)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}
		kernel.Feed(seg, kernel.Site{}, kernel.Source[string]{Name: "source", Op: "Source", Stream: play}, down)
	}
}

// script reads the happenings of a line: "0:a1 1:w5".
func script(line string) (all []happening) {
	for word := range strings.FieldsSeq(line) {
		all = append(all, happening{int(word[0] - '0'), word[2:]})
	}
	return all
}

// heads wire two inputs with the head that they are named after.
var heads = map[string]func(*kernel.Segment, kernel.Port[string], kernel.Wire[string], kernel.Wire[string]){
	"Prioritized": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.Prioritized(seg, down, []kernel.Wire[string]{a, b})
	},
	"Interleave": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.Interleave(seg, 1, down, []kernel.Wire[string]{a, b})
	},
	"Race": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.Race(seg, down, []kernel.Wire[string]{a, b})
	},
	"MergeSorted": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.MergeSorted(seg, kernel.Junction{Name: "sorted"}, strings.Compare, down, []kernel.Wire[string]{a, b})
	},
	"Zip":        pairHead(kernel.Zip[string, string, string]),
	"ZipLongest": pairHead(kernel.ZipLongest[string, string, string]),
	"ZipLatest":  pairHead(kernel.ZipLatest[string, string, string]),
	"WithLatest": pairHead(kernel.WithLatest[string, string, string]),
	"IntervalJoin": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.IntervalJoin(seg, joining(a, b), 0, 2*time.Second, down)
	},
	"WindowJoin": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.WindowJoin(seg, joining(a, b), 5*time.Second, down)
	},
	"Otherwise": func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		kernel.Otherwise(seg, kernel.Junction{Name: "or-else"}, down, a, b)
	},
}

// joining joins items by the numbers behind their letters, which are the seconds of their times.
func joining(a, b kernel.Wire[string]) kernel.Joining[string, string, bool, string] {
	key := func(string) bool { return true }
	at := func(v string) time.Time {
		n, _ := strconv.Atoi(v[1:])
		return time.Unix(int64(n), 0)
	}
	return kernel.Joining[string, string, bool, string]{
		Name: "join", A: kernel.JoinInput[string, bool]{Wire: a, Key: key, At: at}, B: kernel.JoinInput[string, bool]{Wire: b, Key: key, At: at},
		Pair: func(a, b string) string { return a + b }, Most: 100, Lead: -1,
	}
}

func pairHead(connect func(*kernel.Segment, kernel.Pairs[string, string, string], kernel.Port[string])) func(*kernel.Segment, kernel.Port[string], kernel.Wire[string], kernel.Wire[string]) {
	return func(seg *kernel.Segment, down kernel.Port[string], a, b kernel.Wire[string]) {
		connect(seg, kernel.Pairs[string, string, string]{Name: "pairs", A: a, B: b, Pair: func(a, b string) string { return a + b }}, down)
	}
}

// TestInputs_signals: a watermark goes down as the earliest of those that have not ended, when
// that rises; a barrier behind the items that came before it in its own input, and a flush behind
// the barriers.
func TestInputs_signals(t *testing.T) {
	for _, c := range []struct{ head, script, want string }{
		{"Prioritized", "0:a 0:w5 1:w3 1:b 1:x 0:end 1:w9", "a w3 barrier x w9"},
		{"Interleave", "1:x 1:w3 1:b 0:w5 0:a 0:end 1:y", "a x w3 barrier y"},
		{"Interleave", "0:b 0:b 0:end 1:x", "barrier barrier x"},
		{"Race", "0:w5 1:w3 0:b 0:a 1:x 0:w7 0:c", "w3 barrier w5 a w7 c"},
		{"Race", "0:w5 1:b 0:end 1:w3 1:x", "barrier w3 x"},
		{"MergeSorted", "0:m 0:w5 0:b 1:w9 1:c 1:z 0:n", "c m w5 barrier n w9 z"},
		{"Zip", "0:a 0:w5 0:b 1:w3 1:x 1:w4 1:end 0:z", "ax w3 barrier w4 w5"},
		{"Zip", "0:a 0:b 0:c 1:x 1:b 1:y", "ax barrier barrier cy"},
		{"ZipLongest", "0:a 0:w5 1:x 1:w7 0:end 1:y 1:w9", "ax w5 w7 y w9"},
		{"ZipLatest", "0:a 0:w5 0:b 1:x 1:w7 0:end 1:y", "barrier ax w5 w7 ay"},
		{"WithLatest", "1:x 1:w5 1:b 0:a 0:w7 1:w6 0:c 0:end 1:y", "barrier ax w5 w6 cx"},
		{"IntervalJoin", "0:a5 0:w6 1:x6 1:b 1:w8 0:b 0:w9 1:w9 1:end", "a5x6 w6 barrier w8 barrier w9"},
		{"IntervalJoin", "0:a5 0:b 1:x9 1:b 0:end 1:w7 1:w8 1:w9", "barrier w7 w8 barrier"},
		{"IntervalJoin", "1:b 0:b 0:w3 1:x5 1:b 0:end 1:w9", "barrier barrier barrier"},
		{"IntervalJoin", "0:f 0:a5 0:b 0:f 1:f 1:w8 0:w8 2:", "flush flush barrier flush w8"},
		{"WindowJoin", "0:f 0:a1 0:b 0:f 1:f 1:w5 0:w5 2:", "flush flush w5 barrier flush"},
		{"WindowJoin", "0:a1 1:x2 1:b 0:w5 0:b 1:w4 1:w5 0:c9 0:w6 1:w6", "w4 a1x2 w5 barrier barrier w6"},
		{"WindowJoin", "0:a1 1:x2 0:w9 0:a9 0:b 1:w9 1:x9 1:b 0:end 1:w12", "a1x2 w9 a9x9 w12 barrier barrier"},
		{"Otherwise", "0:w5 0:b 0:end 1:w7 1:x", "w5 barrier w7 x"},
		{"Otherwise", "0:w5 0:a 0:b 0:end 1:w7 1:x", "w5 a barrier"},
	} {
		t.Run(c.head+" "+c.script, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				run := newRun(t.Context(), clock.Real())
				seg, down := sink(run, func(v string) error {
					got = append(got, v)
					return nil
				}, func(sig kernel.Signal) error {
					line := sig.Kind.String()
					if sig.Kind == kernel.Watermark {
						line = fmt.Sprint("w", sig.Time.Unix())
					}
					got = append(got, line)
					return nil
				})
				all := script(c.script)
				heads[c.head](seg, down, inputOf(0, all), inputOf(1, all))
				execute(t, run, nil)
				if diff := cmp.Diff(c.want+" end", strings.Join(got, " ")); diff != "" {
					t.Errorf("what came down mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestInputs_manySignals: more than fit into the queue of an input that has no items.
func TestInputs_manySignals(t *testing.T) {
	for name, head := range heads {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				barriers := 0
				run := newRun(t.Context(), clock.Real())
				seg, down := sink(run, func(string) error { return nil }, func(sig kernel.Signal) error {
					if sig.Kind == kernel.Barrier {
						barriers++
					}
					return nil
				})
				all := script(strings.Repeat("0:b ", 500) + strings.Repeat("1:b ", 500) + "2:rest")
				head(seg, down, inputOf(0, all), inputOf(1, all))
				execute(t, run, nil)
				if want := 1000; barriers != want {
					t.Errorf("%d barriers came down, want %d", barriers, want)
				}
			})
		})
	}
}
