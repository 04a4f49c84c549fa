package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func TestRestart_goesOnBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		begun := 0
		start := time.Now()
		got, err := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 3}, func() flow.Flow[int] {
			begun++
			base := 10 * begun
			return flow.Range(base, base+5).Async(2).TryMap(func(v int) (int, error) {
				if v%10 == 2 && begun < 3 {
					return 0, errBoom
				}
				return v, nil
			})
		}).Named("feed").Scan(0, func(n, v int) int { return n + 1 }).Collect(t.Context(), opt, quiet)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("took %v", d)
		}
		if s := stageReport(t, r, "feed/try-mapper"); s.Failed != 2 || s.Passed != 9 {
			t.Errorf("%+v", s)
		}
	})
}

// Stages of one name have numbers, in each run inside the same.
func TestRestart_addsUpTheBooksByName(t *testing.T) {
	opt, r := audited(t)
	begun := 0
	err := flow.Restart(flow.RestartPolicy{Max: 1}, func() flow.Flow[int] {
		begun++
		same := func(v int) int { return v }
		return flow.Range(0, 3).Map(same).Map(same).TryMap(func(v int) (int, error) {
			if begun == 1 {
				return 0, errBoom
			}
			return v, nil
		})
	}).Run(t.Context(), opt, quiet)
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"restart/mapper", "restart/mapper#2"} {
		if s := stageReport(t, r, name); s.In != 4 {
			t.Errorf("%s took %d, want 4", name, s.In)
		}
	}
}

func TestRestart_tooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, _ := audited(t)
		err := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 2, Within: time.Minute}, func() flow.Flow[int] {
			return flow.Fail[int](errBoom)
		}).Run(t.Context(), opt, quiet)
		failed, ok := errors.AsType[*flow.RestartError](err)
		if !ok || !errors.Is(err, errBoom) || failed.Max != 2 {
			t.Errorf("got %v", err)
		}
	})
}

// failsAt gives the numbers from 0 on and fails instead of the nth one.
func failsAt(nth int) flow.Flow[int] {
	return flow.Range(0, nth+1).TryMap(func(v int) (int, error) {
		if v == nth {
			return 0, errBoom
		}
		return v, nil
	})
}

// TestRestart_ends looks at all that a flow inside can end with, and what the run makes of it.
func TestRestart_ends(t *testing.T) {
	errOther := errors.New("other")
	policy := flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 3, If: func(err error) bool { return !errors.Is(err, errOther) }}
	cases := map[string]struct {
		policy flow.RestartPolicy
		build  func() flow.Flow[int]
		begun  int
		check  func(err error) bool
	}{
		"success":      {policy, func() flow.Flow[int] { return flow.Range(0, 3) }, 1, func(err error) bool { return err == nil }},
		"an early end": {policy, func() flow.Flow[int] { return flow.Repeat(1).Take(3) }, 1, func(err error) bool { return err == nil }},
		"OnEnd": {flow.RestartPolicy{OnEnd: true, Max: 3}, func() flow.Flow[int] { return flow.Range(0, 3) }, 4, func(err error) bool {
			failed, ok := errors.AsType[*flow.RestartError](err)
			return ok && failed.Err == nil && strings.Contains(err.Error(), "more than 3 restarts: its source ended")
		}},
		"failures": {policy, func() flow.Flow[int] { return failsAt(3) }, 4, func(err error) bool {
			failed, ok := errors.AsType[*flow.RestartError](err)
			return ok && failed.Name == "r" && errors.Is(err, errBoom) && strings.Contains(err.Error(), "r (Restart at flow/restart_test.go:")
		}},
		"not worth it": {policy, func() flow.Flow[int] { return flow.Fail[int](errOther) }, 1, func(err error) bool {
			failed, ok := err.(*flow.StageError)
			return ok && failed.Stage == "r/fail" && errors.Is(err, errOther)
		}},
		"a panic inside": {policy, func() flow.Flow[int] { return flow.Of(1).Map(func(int) int { panic(errBoom) }) }, 4, func(err error) bool {
			_, ok := errors.AsType[*flow.PanicError](err)
			return ok
		}},
		"a Goexit inside": {policy, func() flow.Flow[int] {
			return flow.Of(1).Async(1).Map(func(v int) int { return v }).Async(1).Map(func(int) int { runtime.Goexit(); return 0 }).Async(1)
		}, 4, func(err error) bool {
			_, ok := errors.AsType[*flow.RestartError](err)
			return ok
		}},
		"a panic of build": {policy, func() flow.Flow[int] { panic(errBoom) }, 1, func(err error) bool {
			failed, ok := err.(*flow.StageError)
			return ok && failed.Stage == "r" && errors.Is(err, errBoom)
		}},
		"misuse inside": {policy, func() flow.Flow[int] { return flow.Of(1).Take(-1) }, 1, func(err error) bool {
			wrong, ok := err.(*flow.ConfigError)
			return ok && wrong.Stage == "r/take"
		}},
		"no source inside": {policy, func() flow.Flow[int] { return flow.Flow[int]{} }, 1, func(err error) bool {
			wrong, ok := err.(*flow.ConfigError)
			return ok && wrong.Stage == "r/flow"
		}},
		"a panic of If": {flow.RestartPolicy{If: func(error) bool { panic("If") }}, func() flow.Flow[int] { return failsAt(0) }, 1, func(err error) bool {
			failed, ok := errors.AsType[*flow.PanicError](err)
			return ok && failed.Value == "If"
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := 0
				f := flow.Restart(c.policy, func() flow.Flow[int] { begun++; return c.build() }).Named("r").Map(identity)
				running := f.Discard().Start(t.Context(), audit(t), quiet) // a Goexit would end the test's goroutine
				if err := running.Wait(); !c.check(err) || begun != c.begun {
					t.Errorf("%d beginnings, %v", begun, err)
				}
			})
		})
	}
}

// TestRestart_endsFromBelow has those below end or fail, which is no reason to begin anew.
func TestRestart_endsFromBelow(t *testing.T) {
	cases := map[string]struct {
		below func(flow.Flow[int]) flow.Flow[int]
		check func(err error) bool
	}{
		"Take":            {func(f flow.Flow[int]) flow.Flow[int] { return f.Take(5) }, func(err error) bool { return err == nil }},
		"Take, elsewhere": {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1).Take(5) }, func(err error) bool { return err == nil }},
		"failure": {func(f flow.Flow[int]) flow.Flow[int] {
			return f.TryMap(func(int) (int, error) { return 0, errBoom }).Named("below")
		}, isBelow},
		"failure elsewhere": {func(f flow.Flow[int]) flow.Flow[int] {
			return f.Async(1).TryMap(func(int) (int, error) { return 0, errBoom }).Named("below")
		}, isBelow},
		"panic": {func(f flow.Flow[int]) flow.Flow[int] { return f.Map(func(int) int { boom(); return 0 }).Named("below") }, isBelow},
		"Goexit": {func(f flow.Flow[int]) flow.Flow[int] {
			return f.Map(func(int) int { runtime.Goexit(); return 0 }).Named("below")
		}, func(err error) bool {
			failed, ok := err.(*flow.StageError) // and nothing else
			return ok && failed.Stage == "below"
		}},
	}
	for name, c := range cases {
		for inner, build := range map[string]func() flow.Flow[int]{
			"fused": func() flow.Flow[int] { return flow.Repeat(1).Map(identity) },
			"emitter": func() flow.Flow[int] {
				return flow.Repeat(1).FlatMap(func(v int) iter.Seq[int] { return slices.Values([]int{v, v}) })
			},
			"boundary": func() flow.Flow[int] { return flow.Repeat(1).Async(3) },
			"workers": func() flow.Flow[int] {
				return flow.Repeat(1).AsyncMap(2, func(_ context.Context, v int) (int, error) { return v, nil })
			},
			"nested": func() flow.Flow[int] {
				return flow.Restart(flow.RestartPolicy{OnEnd: true}, func() flow.Flow[int] { return flow.Range(0, 2) })
			},
		} {
			t.Run(name+", "+inner, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					begun := 0
					f := flow.Restart(flow.RestartPolicy{OnEnd: true}, func() flow.Flow[int] { begun++; return build() })
					err := c.below(f).Discard().Start(t.Context(), audit(t), quiet).Wait()
					if !c.check(err) || begun != 1 {
						t.Errorf("%d beginnings, %v", begun, err)
					}
				})
			})
		}
	}
}

// isBelow tells a failure of the stage below, and nothing else.
func isBelow(err error) bool {
	failed, ok := err.(*flow.StageError)
	return ok && failed.Stage == "below" && errors.Is(err, errBoom)
}

// TestRestart_whileWaiting ends the wait before a restart.
func TestRestart_whileWaiting(t *testing.T) {
	waiting := func() flow.Flow[int] {
		return flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Hour)}, func() flow.Flow[int] { return failsAt(3) })
	}
	ends := map[string]func(t *testing.T) error{
		"cancel": func(t *testing.T) error {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(errBoom) })
			if err := waiting().Run(ctx, audit(t), quiet); err != errBoom {
				return fmt.Errorf("got %w", err)
			}
			return nil
		},
		"early stop": func(t *testing.T) error {
			_, err := flow.Merge(waiting(), flow.Tick(time.Minute).Map(time.Time.Second)).Take(4).Collect(t.Context(), audit(t), quiet)
			return err
		},
		"drain": func(t *testing.T) error {
			running := waiting().Discard().Start(t.Context(), audit(t), quiet)
			time.Sleep(time.Minute)
			return running.Drain(t.Context())
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				if err := end(t); err != nil || time.Since(begun) != time.Minute {
					t.Errorf("ended after %v: %v", time.Since(begun), err)
				}
			})
		})
	}
}

// TestRestart_waits looks at the times of the beginnings.
func TestRestart_waits(t *testing.T) {
	s := time.Second
	cases := map[string]struct {
		policy flow.RestartPolicy
		lasts  []time.Duration // how long each beginning lasts
		waits  []time.Duration // before the second, the third...
		ok     bool
	}{
		"none":                    {flow.RestartPolicy{}, []time.Duration{0, 0, 0}, []time.Duration{0, 0}, true},
		"the same":                {flow.RestartPolicy{Wait: flow.Constant(s)}, []time.Duration{0, s, 0}, []time.Duration{s, s}, true},
		"growing":                 {flow.RestartPolicy{Wait: flow.Exponential(s).Jitter(0)}, []time.Duration{0, 0, 0, 0}, []time.Duration{s, 2 * s, 4 * s}, true},
		"the first after a while": {flow.RestartPolicy{Wait: flow.Exponential(s).Jitter(0), Within: time.Minute}, []time.Duration{0, 0, time.Minute, 0}, []time.Duration{s, 2 * s, s}, true},
		"growing without Within":  {flow.RestartPolicy{Wait: flow.Exponential(s).Jitter(0)}, []time.Duration{0, 0, time.Hour, 0}, []time.Duration{s, 2 * s, 4 * s}, true},
		"too often":               {flow.RestartPolicy{Max: 2}, []time.Duration{0, 0, 0}, []time.Duration{0, 0}, false},
		"too often in a while":    {flow.RestartPolicy{Max: 2, Within: time.Minute}, []time.Duration{20 * s, 20 * s, 19 * s}, []time.Duration{0, 0}, false},
		"not so often":            {flow.RestartPolicy{Max: 2, Within: time.Minute}, []time.Duration{20 * s, 20 * s, 40 * s, 20 * s, 40 * s, 0}, []time.Duration{0, 0, 0, 0, 0}, true},
		"none is forgotten":       {flow.RestartPolicy{Max: 2}, []time.Duration{time.Hour, time.Hour, time.Hour}, []time.Duration{0, 0}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var waits []time.Duration
				begun, ended := 0, time.Time{}
				err := flow.Restart(c.policy, func() flow.Flow[int] {
					if begun > 0 {
						waits = append(waits, time.Since(ended))
					}
					begun++
					return flow.FromFunc(func(context.Context, func(int) error) error {
						time.Sleep(c.lasts[begun-1])
						if ended = time.Now(); begun == len(c.lasts) && c.ok {
							return nil
						}
						return errBoom
					})
				}).Run(t.Context(), audit(t), quiet)
				if (err == nil) != c.ok {
					t.Error(err)
				}
				if diff := cmp.Diff(c.waits, waits); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRestart_books adds up what several beginnings did, with what is lost in each.
func TestRestart_books(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		begun := 0
		inner := func() flow.Flow[int] {
			begun++
			last := begun == 3
			return flow.Restart(flow.RestartPolicy{Wait: flow.Constant(0)}, func() flow.Flow[int] { return flow.Range(0, 100).Async(5) }).
				AsyncMap(2, func(_ context.Context, v int) (int, error) { return v, nil }).Batch(10, time.Minute).
				TryMap(func(b []int) (int, error) {
					if b[0] == 50 && !last {
						return 0, errBoom
					}
					return len(b), nil
				})
		}
		got, err := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second)}, inner).Named("outer").
			OnError(flow.Stop()).Map(identity).Collect(t.Context(), opt, quiet)
		if err != nil || len(got) != 5+5+10 {
			t.Errorf("%v, %v", got, err)
		}
		if s := stageReport(t, r, "outer/try-mapper"); s.In != 6+6+10 || s.Failed != 2 || s.Passed != 20 {
			t.Errorf("%+v", s)
		}
		if s := stageReport(t, r, "outer"); s.In != 20 || s.Passed != 20 || s.Out != 20 {
			t.Errorf("%+v", s)
		}
		if s := stageReport(t, r, "outer/restart"); s.Out < 2*60+100 || s.Out > 300 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRestart_policyIsTheirDefault(t *testing.T) {
	opt, r := audited(t)
	got, err := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return failsAt(3) }).OnError(flow.Skip()).Named("r").Collect(t.Context(), opt, quiet)
	if err != nil || len(got) != 3 || stageReport(t, r, "r/try-mapper").Failed != 1 {
		t.Errorf("%v, %v:\n%v", got, err, r)
	}
	err = flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { panic(errBoom) }).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
	if stageError(t, err).Stage != "restart" {
		t.Errorf("build panics under Skip: %v", err)
	}
}

// TestRestart_signals sends barriers and watermarks out of what is inside.
func TestRestart_signals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book journal
		begun := 0
		src := signals(func(ctx context.Context, out flow.Emitter[int]) error {
			begun++
			n := begun
			for i := range 3 {
				if err := out.Emit(i); err != nil {
					return err
				}
				err := out.Barrier(func(err error) { book.note("barrier %d of %d: %v", i, n, err) })
				if err != nil {
					return err
				}
			}
			if n == 1 {
				return errBoom
			}
			return nil
		})
		f := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.FromSignals[int](src).Async(1) }).Batch(100, time.Hour)
		if err := f.Run(t.Context(), audit(t), quiet); err != nil {
			t.Error(err)
		}
		if n := len(book.all()); n != 6 {
			t.Errorf("%d of 6 barriers were told of: %v", n, &book)
		}
		for i := range 3 {
			if want := fmt.Sprintf("barrier %d of 2: <nil>", i); !strings.Contains(book.String(), want) {
				t.Errorf("no %q in %v", want, &book)
			}
		}
	})
}

func TestRestart_overChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := 0
		p := flow.Pipe(func(in flow.Flow[int]) flow.Flow[int] {
			return flow.Merge(in, flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second)}, func() flow.Flow[int] {
				if begun++; begun < 3 {
					return flow.Fail[int](errBoom)
				}
				return flow.Range(0, 3)
			}))
		})
		in := make(chan int)
		close(in)
		n := 0
		for range p.Process(t.Context(), in) {
			n++
		}
		if n != 3 || begun != 3 {
			t.Errorf("%d items of %d beginnings", n, begun)
		}
	})
}

func TestRestart_events(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []flow.Restarted
		hear := flow.ObserverFunc(func(e flow.Event) {
			if e, ok := e.(flow.Restarted); ok {
				events = append(events, e)
			}
		})
		_ = flow.Restart(flow.RestartPolicy{Wait: flow.Exponential(time.Second).Jitter(0), Max: 2}, func() flow.Flow[int] { return failsAt(1) }).
			Named("r").Run(t.Context(), flow.WithObserver(hear), audit(t), quiet)
		if len(events) != 2 {
			t.Fatalf("%d events", len(events))
		}
		for i, e := range events {
			if e.Count != i+1 || e.Wait != time.Duration(i+1)*time.Second || e.Stage.Name != "r" || !errors.Is(e.Err, errBoom) || e.Run == nil {
				t.Errorf("%+v", e)
			}
		}
	})
}

func TestRestart_misuse(t *testing.T) {
	build := func() flow.Flow[int] { return flow.Of(1) }
	for field, f := range map[string]flow.Flow[int]{
		"function":          flow.Restart[int](flow.RestartPolicy{}, nil),
		"Max of Restart":    flow.Restart(flow.RestartPolicy{Max: -1}, build),
		"Within of Restart": flow.Restart(flow.RestartPolicy{Within: -1}, build),
		"wait of a Backoff": flow.Restart(flow.RestartPolicy{Wait: flow.Constant(-1)}, build),
	} {
		if errs := configErrors(t, f.Run(t.Context())); len(errs) != 1 || errs[0].Field != field || errs[0].Stage != "restart" {
			t.Errorf("%s: %v", field, errs)
		}
	}
}
