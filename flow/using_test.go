package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// resource is what the tests of Using open, and note the release of.
type resource struct{ causes []error }

func (r *resource) using(released error, build func() flow.Flow[int]) flow.Flow[int] {
	return flow.Using(
		func(context.Context) (*resource, error) { return r, nil },
		func(r *resource, cause error) error {
			r.causes = append(r.causes, cause)
			return released
		},
		func(*resource) flow.Flow[int] { return build() },
	).Named("u")
}

// TestUsing_releasesOnce looks what release is told, and what the run returns.
func TestUsing_releasesOnce(t *testing.T) {
	errRelease := errors.New("release")
	take := func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) }
	fails := func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(func(int) (int, error) { return 0, errBoom }) }
	same := func(f flow.Flow[int]) flow.Flow[int] { return f }
	numbers := func() flow.Flow[int] { return flow.Range(0, 3) }
	cases := map[string]struct {
		build func() flow.Flow[int]
		below func(flow.Flow[int]) flow.Flow[int]
		cause error // that release is told, errAny for one that is not known before
		want  error // of the run
	}{
		"done":             {numbers, same, nil, nil},
		"early end inside": {func() flow.Flow[int] { return flow.Repeat(1).Take(3) }, same, nil, nil},
		"early end below":  {func() flow.Flow[int] { return flow.Repeat(1) }, take, flow.ErrStop, nil},
		"failure inside":   {func() flow.Flow[int] { return flow.Fail[int](errBoom) }, same, errBoom, errBoom},
		"failure below":    {numbers, fails, errBoom, errBoom},
		"panic inside":     {func() flow.Flow[int] { return flow.Of(1).Map(func(int) int { boom(); return 0 }) }, same, errBoom, errBoom},
		"panic of build":   {func() flow.Flow[int] { boom(); return numbers() }, same, errBoom, errBoom},
		"Goexit of build":  {func() flow.Flow[int] { runtime.Goexit(); return numbers() }, same, errAny, errAny},
		"Goexit inside":    {func() flow.Flow[int] { return flow.Of(1).Map(func(int) int { runtime.Goexit(); return 0 }) }, same, errAny, errAny},
		"misuse inside":    {func() flow.Flow[int] { return flow.Of(1).Take(-1) }, same, errAny, errAny},
		"no source":        {func() flow.Flow[int] { return flow.Flow[int]{} }, same, errAny, errAny},
		"a Restart inside": {func() flow.Flow[int] {
			return flow.Restart(flow.RestartPolicy{Max: 2}, func() flow.Flow[int] { return flow.Fail[int](errBoom) })
		}, same, errBoom, errBoom},
		"with a queue below": {numbers, func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1) }, nil, nil},
	}
	for name, c := range cases {
		for _, released := range []error{nil, errRelease} {
			t.Run(fmt.Sprintf("%s, release gives %v", name, released), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var r resource
					err := c.below(r.using(released, c.build)).Discard().Start(t.Context(), audit(t), quiet).Wait()
					if len(r.causes) != 1 || !like(r.causes[0], c.cause) {
						t.Errorf("released with %v, want %v", r.causes, c.cause)
					}
					if want := errors.Join(c.want, released); want == nil && err != nil || want != nil && err == nil {
						t.Errorf("got %v, want %v", err, want)
					}
					if !like(err, c.want) && c.want != nil || released != nil && !errors.Is(err, released) {
						t.Errorf("got %v, want %v and %v", err, c.want, released)
					}
					if many, ok := err.(interface{ Unwrap() []error }); ok && c.want != nil && errors.Is(many.Unwrap()[0], errRelease) {
						t.Errorf("the error of release comes first: %v", err)
					}
				})
			})
		}
	}
}

// errAny stands for some error.
var errAny = errors.New("any")

func like(got, want error) bool {
	if want == errAny {
		return got != nil
	}
	return errors.Is(got, want)
}

func TestUsing_openFails(t *testing.T) {
	for name, open := range map[string]func(context.Context) (int, error){
		"error":  func(context.Context) (int, error) { return 0, errBoom },
		"panic":  func(context.Context) (int, error) { boom(); return 0, nil },
		"Goexit": func(context.Context) (int, error) { runtime.Goexit(); return 0, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := flow.Using(open, func(int, error) error { t.Error("released"); return nil }, func(int) flow.Flow[int] { t.Error("built"); return flow.Of(1) })
				err := f.Discard().Start(t.Context(), audit(t)).Wait()
				if failed := stageError(t, err); failed.Stage != "using" || name != "Goexit" && !errors.Is(err, errBoom) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestUsing_releaseUnwinds joins the failure of release to that of the flow.
func TestUsing_releaseUnwinds(t *testing.T) {
	errRelease := errors.New("release")
	for name, release := range map[string]func(){"panic": func() { panic(errRelease) }, "Goexit": runtime.Goexit} {
		for inner, build := range map[string]func() flow.Flow[int]{
			"done":           func() flow.Flow[int] { return flow.Of(1) },
			"failed":         func() flow.Flow[int] { return flow.Fail[int](errBoom) },
			"panic of build": func() flow.Flow[int] { boom(); return flow.Of(1) },
		} {
			t.Run(name+" when "+inner, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := flow.Using(func(context.Context) (int, error) { return 1, nil }, func(int, error) error { release(); return nil }, func(int) flow.Flow[int] { return build() })
					err := f.Discard().Start(t.Context(), audit(t)).Wait()
					if err == nil || name == "panic" && !errors.Is(err, errRelease) || inner != "done" && !errors.Is(err, errBoom) {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}

func TestUsing_endsByTheRun(t *testing.T) {
	ends := map[string]struct {
		end   func(r *flow.Running) error
		cause error
	}{
		"drain": {func(r *flow.Running) error { return r.Drain(context.Background()) }, nil},
		"stop": {func(r *flow.Running) error {
			r.Stop(errBoom)
			if err := r.Wait(); err != errBoom {
				return fmt.Errorf("Wait: %w", err)
			}
			return nil
		}, errBoom},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r resource
				running := r.using(nil, counting).Discard().Start(t.Context(), audit(t))
				time.Sleep(2500 * time.Millisecond)
				if err := c.end(running); err != nil {
					t.Error(err)
				}
				if len(r.causes) != 1 || r.causes[0] != c.cause {
					t.Errorf("released with %v, want %v", r.causes, c.cause)
				}
			})
		})
	}
}

func TestUsing_insideARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened, released := 0, 0
		got, err := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
			return flow.Using(
				func(context.Context) (int, error) {
					if opened++; opened == 2 {
						return 0, errBoom
					}
					return opened, nil
				},
				func(int, error) error { released++; return nil },
				func(n int) flow.Flow[int] {
					if n < 3 {
						return failsAt(1)
					}
					return flow.Range(0, 2)
				})
		}).Collect(t.Context(), audit(t), quiet)
		if diff := cmp.Diff([]int{0, 0, 1}, got); diff != "" || err != nil || opened != 3 || released != 2 {
			t.Errorf("opened %d times, released %d, %v (-want +got):\n%s", opened, released, err, diff)
		}
	})
}

func TestUsing_misuse(t *testing.T) {
	errs := configErrors(t, flow.Using[int, int](nil, nil, nil).Run(t.Context()))
	var fields []string
	for _, e := range errs {
		fields = append(fields, e.Stage+" "+e.Field)
	}
	if diff := cmp.Diff([]string{"using function open", "using function release", "using function build"}, fields); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
