package kernel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// untilDue holds items, which end in a time, until the watermark of that. It notes what it
// hears for the key.
func untilDue(heard *[]string) kernel.Spec[string, string] {
	spec := kernel.Spec[string, string]{Name: "due", Op: "Due"}
	spec.Start = func(s *kernel.Stage, down kernel.Port[string]) kernel.Port[string] {
		var held []string
		due := func(item string) time.Time {
			at, _ := time.ParseDuration(item[1:] + "s")
			return time.Unix(0, 0).Add(at)
		}
		awaits := s.Awaits()
		s.OnClose(func(error) error {
			s.Held += int64(len(held))
			return nil
		})
		key := "?"
		return kernel.Port[string]{
			Push: func(v string) error {
				s.In++
				key = v[:1]
				held = append(held, v)
				return nil
			},
			Signal: func(sig kernel.Signal) error {
				if sig.Kind == kernel.Watermark {
					*heard = append(*heard, fmt.Sprint(key, sig.Time.Unix()))
				}
				slices.SortStableFunc(held, func(a, b string) int { return due(a).Compare(due(b)) })
				for len(held) > 0 && (sig.Kind != kernel.Watermark || !due(held[0]).After(sig.Time)) {
					v := held[0]
					held = held[1:]
					s.Passed++
					s.Out++
					if err := down.Push(v); err != nil {
						return err
					}
				}
				if len(held) > 0 {
					awaits(due(held[0]))
				}
				return down.Signal(sig)
			},
		}
	}
	return spec
}

// pairwise holds an item until the next comes, and the watermark behind it.
func pairwise() kernel.Spec[string, string] {
	spec := kernel.Spec[string, string]{Name: "pair", Op: "Pair"}
	spec.Start = func(s *kernel.Stage, down kernel.Port[string]) kernel.Port[string] {
		held, mark := "", kernel.Signal{}
		s.OnClose(func(error) error {
			if held != "" {
				s.Held++
			}
			return nil
		})
		flush := func(more string) error {
			if held == "" {
				return nil
			}
			v := held + more
			held = ""
			s.Passed++
			s.Out++
			return down.Push(v)
		}
		return kernel.Port[string]{
			Push: func(v string) error {
				s.In++
				if held == "" {
					held = v
					return nil
				}
				s.Passed++
				err := flush(v)
				if err == nil && mark.Kind == kernel.Watermark {
					err = down.Signal(mark)
				}
				mark = kernel.Signal{}
				return err
			},
			Signal: func(sig kernel.Signal) error {
				if sig.Kind == kernel.Watermark && held != "" {
					mark = sig
					return nil
				}
				if err := flush(""); err != nil {
					return err
				}
				return down.Signal(sig)
			},
		}
	}
	return spec
}

// byFirst groups items by their first letter.
func byFirst(part kernel.Spec[string, string]) kernel.Groups[string, string, string, string] {
	return kernel.Groups[string, string, string, string]{
		Key: func(v string) string { return v[:1] }, Part: part, Most: 100,
		Give: func(_ string, push func(string) error) func(string) error { return push },
	}
}

// TestGroups_watermarks: a watermark goes to the keys that it means something to, before any
// item that comes behind it, and comes down as the least that a key holds.
func TestGroups_watermarks(t *testing.T) {
	var heard []string
	within := func(part kernel.Spec[string, string]) kernel.Spec[string, string] {
		spec := kernel.Spec[string, string]{Name: "outer", Op: "Outer"}
		spec.Connect = func(seg *kernel.Segment, site kernel.Site, down kernel.Port[string]) (*kernel.Segment, kernel.Port[string]) {
			return byFirst(part).Join(seg, site, "inner", "Inner", down)
		}
		return spec
	}
	for _, c := range []struct {
		name   string
		part   kernel.Spec[string, string]
		script string
		want   string
		heard  string // by the stages of the keys
	}{
		{"those that have an item wait for theirs", untilDue(&heard),
			"0:a5 0:b9 0:w1 0:w2 0:w5 0:w6 0:w9 0:w10 0:end", "w1 w2 a5 w5 w6 b9 w9 w10", "a1 b1 a5 b9"},
		{"a new key hears of the latest before its item", untilDue(&heard),
			"0:a5 0:w1 0:b9 0:w2 0:a3 0:w4 0:end", "w1 w2 a3 w4 a5 b9", "a1 ?1 b2 a2 a4"},
		{"a watermark that is no later", untilDue(&heard),
			"0:a5 0:w3 0:w3 0:w2 0:end", "w3 a5", "a3"},
		{"in groups", within(untilDue(&heard)),
			"0:a5 0:b9 0:w1 0:w2 0:w5 0:w6 0:w9 0:end", "w1 w2 a5 w5 w6 b9 w9", "a1 b1 a5 b9"},
		{"keys that hold it", pairwise(),
			"0:a 0:c 0:w1 0:a 0:w2 0:c 0:w3 0:end", "aa cc w2 w3", ""},
		{"the last that holds it lets it go", pairwise(),
			"0:a 0:w1 0:c 0:w2 0:a 0:c 0:w3 0:end", "aa cc w2 w3", ""},
		{"a key that ends holds nothing", pairwise(),
			"0:a 0:w1 0:c 0:w2 0:end", "a c w2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				heard = nil
				var got []string
				run := newRun(t.Context(), clock.Real())
				seg, down := sink(run, func(v string) error {
					got = append(got, v)
					return nil
				}, func(sig kernel.Signal) error {
					if sig.Kind == kernel.Watermark {
						got = append(got, fmt.Sprint("w", sig.Time.Unix()))
					}
					return nil
				})
				seg, up := byFirst(c.part).Join(seg, kernel.Site{}, "groups", "Groups", down)
				inputOf(0, script(c.script))(seg, up)
				execute(t, run, nil)
				if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
					t.Errorf("what came down mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.heard, strings.Join(heard, " ")); diff != "" {
					t.Errorf("what the keys heard mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}
