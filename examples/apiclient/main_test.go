package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ways are the two ways to ask for items, ten a millisecond.
var ways = map[string]func(ctx context.Context, c *client, count int, into *results) error{
	"flow": func(ctx context.Context, c *client, count int, into *results) error {
		return pipeline(c, count, 10_000, into).Run(ctx)
	},
	"bare": func(ctx context.Context, c *client, count int, into *results) error {
		return runBare(ctx, c, count, 10_000, into)
	},
}

// bothWays runs a test for each of them, in virtual time.
func bothWays(t *testing.T, test func(*testing.T, func(context.Context, *client, int, *results) error)) {
	for name, ask := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, ask) })
		})
	}
}

// direct hands requests to a handler without a network, which virtual time would not see.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	return w.Result(), nil
}

func newClient(h http.Handler) *client {
	return &client{http: &http.Client{Transport: direct{h}}, base: "http://server"}
}

// down is a server of which nothing comes but 500.
func down(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusInternalServerError)
}

// Only what the server does not have has failed in the end.
func TestAsk(t *testing.T) {
	bothWays(t, func(t *testing.T, ask func(context.Context, *client, int, *results) error) {
		s := &server{pause: 3 * time.Second}
		c, into := newClient(s.handler()), newResults()
		if err := errors.Join(ask(t.Context(), c, 200, into), into.check(200, s)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{50, 100, 150, 200}, slices.Sorted(maps.Keys(into.failures))); diff != "" {
			t.Errorf("failures mismatch (-want +got):\n%s", diff)
		}
		requests, refused, _ := s.numbers()
		if int64(requests) != c.sent.Load() || int64(refused) != c.refused.Load() {
			t.Errorf("the server has seen %d requests and refused %d, the client %d and %d", requests, refused, c.sent.Load(), c.refused.Load())
		}
		if refused < 2 || c.opened.Load() == 0 || c.repeated.Load() < outageTo-outageFrom {
			t.Errorf("%d refusals, the breaker opened %d times, %d calls repeated, want the troubles of the server", refused, c.opened.Load(), c.repeated.Load())
		}
	})
}

func TestFlow_books(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, into := &server{pause: time.Second}, newResults()
		c := newClient(s.handler())
		var books flow.Report
		if err := pipeline(c, 100, 500, into).Run(t.Context(), flow.WithReport(&books)); err != nil {
			t.Fatal(err)
		}
		call, _ := books.Stage("call")
		got := []int64{call.In, call.Passed, call.DeadLettered, call.Retried}
		if diff := cmp.Diff([]int64{100, 98, 2, c.repeated.Load()}, got); diff != "" || !books.Balanced() {
			t.Errorf("balanced %t, items taken, passed and dead-lettered, calls repeated: mismatch (-want +got):\n%s", books.Balanced(), diff)
		}
	})
}

// Of a server that is down come failures alone, and the breaker keeps most calls from it.
func TestAsk_serverIsDown(t *testing.T) {
	bothWays(t, func(t *testing.T, ask func(context.Context, *client, int, *results) error) {
		c, into := newClient(http.HandlerFunc(down)), newResults()
		if err := ask(t.Context(), c, 100, into); err != nil {
			t.Fatal(err)
		}
		if len(into.failures) != 100 || into.twice != 0 {
			t.Errorf("%d failures, %d items twice, want 100 and 0", len(into.failures), into.twice)
		}
		if calls := 100 + c.repeated.Load(); c.sent.Load() >= calls/2 || calls != 100*tries {
			t.Errorf("%d requests sent for %d calls, want %d calls and less than half of them sent", c.sent.Load(), calls, 100*tries)
		}
	})
}

var errOver = errors.New("over")

// The end of the context ends either way, also while the gate is closed.
func TestAsk_endsWithItsContext(t *testing.T) {
	bothWays(t, func(t *testing.T, ask func(context.Context, *client, int, *results) error) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOver)
		defer cancel()
		s := &server{pause: longest, requests: tooManyFirst - 1}
		if err := ask(ctx, newClient(s.handler()), 200, newResults()); !errors.Is(err, errOver) {
			t.Errorf("error %v, want %v", err, errOver)
		}
		if requests, refused, _ := s.numbers(); refused == 0 || refused != requests-tooManyFirst+1 {
			t.Errorf("%d requests refused of %d, want all since the one that closes the gate", refused, requests-tooManyFirst+1)
		}
	})
}

// What the server does not have is asked for once.
func TestGuarded_gone(t *testing.T) {
	s := new(server)
	_, err := newClient(s.handler()).guarded().Call(t.Context(), goneEvery)
	if requests, _, _ := s.numbers(); !errors.Is(err, errGone) || requests != 1 {
		t.Errorf("error %v after %d requests, want %v after one", err, requests, errGone)
	}
}

func TestServer_noticesWhoDoesNotWait(t *testing.T) {
	s := &server{pause: time.Hour, requests: tooManyFirst - 1}
	ask := func(after string) *http.Response {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/items/7", nil)
		r.Header.Set(afterHeader, after)
		s.handler().ServeHTTP(w, r)
		return w.Result()
	}
	for i, test := range []struct {
		after string
		early int
	}{{"", 0}, {"", 0}, {"1", 1}, {"99", 1}, {"x", 1}, {"2", 2}} {
		resp := ask(test.after)
		if _, refused, early := s.numbers(); early != test.early || refused != i+1 || resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("request %d after refusal %q: %s, %d refusals, %d too early, want 429, %d, %d", i, test.after, resp.Status, refused, early, i+1, test.early)
		}
	}
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		begin := time.Now()
		pass := func(ctx context.Context, want time.Duration, cause string) error {
			t.Helper()
			got, err := g.pass(ctx)
			if at := time.Since(begin); at != want || got != cause {
				t.Errorf("through at %v after refusal %q, want %v and %q", at, got, want, cause)
			}
			return err
		}
		check := func(err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		}
		check(pass(t.Context(), 0, ""), nil)
		g.close(2*time.Second, "1")
		g.close(time.Second, "2") // over before the first
		time.AfterFunc(1500*time.Millisecond, func() { g.close(3*time.Second, "3") })
		check(pass(t.Context(), 4500*time.Millisecond, "3"), nil)
		g.close(longest, "4")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOver)
		defer cancel()
		check(pass(ctx, 5500*time.Millisecond, ""), errOver)
		g.close(longest+1, "5")
		check(pass(t.Context(), 5500*time.Millisecond, ""), errTooMany)
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]time.Duration{
			"0":  0,
			"7":  7 * time.Second,
			"":   time.Second,
			"-7": time.Second,
			"x":  time.Second,
			time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat): 9 * time.Second,
		} {
			if got := retryAfter(http.Header{"Retry-After": {text}}); got != want {
				t.Errorf("retryAfter(%q) = %v, want %v", text, got, want)
			}
		}
	})
}

func TestResults_check(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*results, *server)
		want   string
	}{
		"right":        {func(*results, *server) {}, "<nil>"},
		"out of tries": {func(r *results, _ *server) { delete(r.successes, 3); r.fail(3, errOver) }, "<nil>"},
		"missing":      {func(r *results, _ *server) { delete(r.successes, 3) }, "50 requests have 49 results, and 0 more than one"},
		"twice":        {func(r *results, _ *server) { r.fail(50, errGone) }, "50 requests have 50 results, and 1 more than one"},
		"another":      {func(r *results, _ *server) { r.successes[3] = 8 }, "item 3 has the answer 8"},
		"not gone":     {func(r *results, _ *server) { r.failures[50] = errOver }, "item 50, which is not there, has the answer 0 and the error over"},
		"too early":    {func(_ *results, s *server) { s.early = 2 }, "2 requests were sent before the time that the server had named"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := new(server), newResults()
			for item := 1; item < 50; item++ {
				if err := r.succeed(t.Context(), answer{item, item * item}); err != nil {
					t.Fatal(err)
				}
			}
			r.fail(50, ops.Permanent(errGone))
			test.change(r, s)
			if got := fmt.Sprint(r.check(50, s)); got != test.want {
				t.Errorf("check: %s, want %s", got, test.want)
			}
		})
	}
}

// The program itself, with a network. A slow machine may run out of tries, and that is no error.
func TestRun(t *testing.T) {
	for name, args := range map[string][]string{
		"flow": {"-requests", "100"},
		"bare": {"-requests", "100", "-bare"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), args, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
				t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, &stderr)
			}
			if want := "failed: item 50: "; !strings.Contains(stdout.String(), want) {
				t.Errorf("stdout %q, want %q in it", &stdout, want)
			}
		})
	}
}

func TestRun_usage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no rate":     {[]string{"-rate", "0"}, 2, "apiclient: -rate must be positive, got 0\n"},
		"no requests": {[]string{"-requests", "-1"}, 2, "apiclient: -requests must be at least 0, got -1\n"},
		"a folder":    {[]string{"x"}, 2, "apiclient: there are flags only"},
		"help":        {[]string{"-h"}, 0, "usage: apiclient [flags]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code || !strings.HasPrefix(stderr.String(), test.want) {
				t.Errorf("exit code %d, stderr %q, want %d and %q", code, &stderr, test.code, test.want)
			}
		})
	}
}
