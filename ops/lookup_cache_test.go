package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("lookup-cache", 1, ints(6), referenceMap(double), caching(func() {}), caching, randomInts),
	newSubject("lookup-cache", 3, ints(6), referenceMap(double), cachingWorkers(func() {}), cachingWorkers, randomInts).with(2),
	newSubject("lookup-cache", 1, ints(6), referenceFlatMap(twice), ops.NewLookupCache(ops.NewFlatMapper(twice), same), nil, randomInts),
	newSubject("lookup-cache", 1, ints(6), referenceFilter(even), ops.NewLookupCache(ops.NewFilter(even), same), nil, randomInts),
)

var _ = misused(
	newMisuse("cache of nothing", "lookup-cache: processor must not be nil", ops.NewLookupCache[int, int](nil, same)),
	newMisuse("cache without key", "lookup-cache: key function must not be nil", ops.NewLookupCache[int, int, int](okayMapper, nil)),
	newMisuse("cache of what cannot run", "lookup-cache: attempts of retry must be at least 1, got 0", ops.NewLookupCache(ops.NewRetry(okayMapper, 0), same)),
	newMisuse("cache without time", "lookup-cache: TTL must be positive, got 0s", ops.NewLookupCache(okayMapper, same).WithTTL(0)),
	newMisuse("cache with less than no time for errors", "lookup-cache: TTL of errors must not be negative, got -1ms", ops.NewLookupCache(okayMapper, same).WithErrorTTL(-ms)),
	newMisuse("cache without keys", "lookup-cache: maximum of keys must be between 1 and 1<<30, got 0", ops.NewLookupCache(okayMapper, same).WithMaxKeys(0)),
	newMisuse("cache with too many keys", "lookup-cache: maximum of keys must be between 1 and 1<<30, got 1073741825", ops.NewLookupCache(okayMapper, same).WithMaxKeys(1<<30+1)),
	newMisuse("nil FailWhen of a cache", "lookup-cache: FailWhen must not be nil", ops.NewLookupCache(okayMapper, same).FailWhen(nil)),
	newMisuse("cache with a nil handler", "lookup-cache: OnError must not be nil", ops.NewLookupCache(okayMapper, same).OnError(nil)),
	newMisuse("cache with two clocks", "lookup-cache: clock must be given once at most, got 2", ops.NewLookupCache(okayMapper, same, nil, nil)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{"lookup-cache", caching(before), referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewLookupCache(workers(n%3+1, before), same).WithMaxKeys(n%5 + 1)
		return link{fmt.Sprint("lookup-cache of workers ", n%3+1), p, referenceMap(double), false}
	},
)

func caching(before func()) *ops.LookupCache[int, int, int] {
	return ops.NewLookupCache(tryMapper(before), same)
}

func cachingWorkers(before func()) *ops.LookupCache[int, int, int] {
	return ops.NewLookupCache(asyncMapper(before), same)
}

// TestLookupCacheModel_flights: calls take time, and two runs share the cache.
func TestLookupCacheModel_flights(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		ttl, errTTL := time.Duration(1+r.IntN(30))*2*ms, time.Duration(r.IntN(10))*2*ms
		all := requests(r)
		want, stats := referenceLookup(ttl, errTTL, all)
		var c *ops.LookupCache[request, int, int]
		wantLookedUp(t, want, all, func(l *lookedUp) ops.Processor[request, int] {
			c = ops.NewLookupCache(manyWorkers(), keyOf).WithTTL(ttl).WithErrorTTL(errTTL).OnError(l.failed)
			return c
		})
		if diff := cmp.Diff(stats, c.Stats()); diff != "" {
			t.Errorf("numbers for %v with TTL %v and %v mismatch (-want +got):\n%s", all, ttl, errTTL, diff)
		}
	})
}

// cacheRules are what a cache is configured to.
type cacheRules struct {
	TTL, ErrTTL time.Duration
	Most        int
}

// build makes a cache of what gives for each key which call of all it was, fails for 3 and filters
// 5 out.
func (c cacheRules) build() *ops.LookupCache[int, string, int] {
	calls := 0
	return ops.NewLookupCache(ops.NewTryMapper(func(key int) (string, error) {
		switch calls++; key {
		case 3:
			return "", errBoom
		case 5:
			return "", ops.ErrFiltered
		}
		return fmt.Sprint(key, " by call ", calls), nil
	}), same).WithTTL(c.TTL).WithErrorTTL(c.ErrTTL).WithMaxKeys(c.Most)
}

// reference keeps what is known in the order of use, from the oldest on.
func (c cacheRules) reference(in script[int]) (out []stamped[string], stats ops.LookupStats) {
	type known struct {
		key    int
		result string
		until  time.Duration
	}
	var kept []known
	var now time.Duration
	ask := func(key int) string {
		i := slices.IndexFunc(kept, func(k known) bool { return k.key == key })
		k := known{key: key}
		if i >= 0 {
			k = kept[i]
			kept = slices.Delete(kept, i, i+1)
		}
		if i >= 0 && now < k.until {
			stats.Hits++
			kept = append(kept, k)
			return k.result
		}
		stats.Misses++
		ttl := c.TTL
		switch k.result = fmt.Sprint(key, " by call ", stats.Misses); key {
		case 3:
			k.result, ttl = "", c.ErrTTL
		case 5:
			k.result = ""
		}
		if k.until = now + min(ttl, math.MaxInt64-now); ttl == 0 {
			return k.result
		}
		for kept = append(kept, k); len(kept) > c.Most || kept[0].until <= now; kept = kept[1:] {
			if kept[0].until > now {
				stats.Evicted++
			}
		}
		return k.result
	}
	for _, step := range in {
		now += step.After
		for _, key := range step.Items {
			if s := ask(key); s != "" {
				out = append(out, stamped[string]{now, s})
			}
		}
	}
	return out, stats
}

func (c cacheRules) check(t *testing.T, in script[int]) {
	t.Helper()
	want, stats := c.reference(in)
	var built []*ops.LookupCache[int, string, int]
	_ = captureLog(t, func() {
		checkScript(t, want, in, func() ops.Processor[int, string] {
			built = append(built, c.build())
			return skipping[int, string]{built[len(built)-1]}
		})
	})
	for i, b := range built {
		if diff := cmp.Diff(stats, b.Stats()); diff != "" {
			t.Errorf("%+v, way %d of %v: numbers mismatch (-want +got):\n%s", c, i, in, diff)
		}
	}
}

// TestLookupCacheModel: time to live, errors, and which one makes way, in all ways to run it.
func TestLookupCacheModel(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		in := randomScript(r)
		for _, step := range in {
			for i := range step.Items {
				step.Items[i] = r.IntN(9)
			}
		}
		cacheRules{time.Duration(1+r.IntN(40)) * ms, time.Duration(r.IntN(15)) * ms, 1 + r.IntN(9)}.check(t, in)
	})
}

func TestLookupCache(t *testing.T) {
	at := func(s ...step[int]) script[int] { return s }
	wide := cacheRules{50 * ms, 0, 9}
	tests := map[string]struct {
		rules cacheRules
		in    script[int]
		want  string
	}{
		"a result is used":                  {wide, at(step[int]{0, []int{1, 1, 2, 1}}), "1 by call 1, 1 by call 1, 2 by call 2, 1 by call 1"},
		"up to its time to live":            {wide, at(step[int]{0, []int{1}}, step[int]{49 * ms, []int{1}}), "1 by call 1, 1 by call 1"},
		"at just its time to live":          {wide, at(step[int]{0, []int{1}}, step[int]{50 * ms, []int{1, 1}}), "1 by call 1, 1 by call 2, 1 by call 2"},
		"using it does not lengthen that":   {wide, at(step[int]{0, []int{1}}, step[int]{30 * ms, []int{1}}, step[int]{30 * ms, []int{1}}), "1 by call 1, 1 by call 1, 1 by call 2"},
		"an error is not kept":              {wide, at(step[int]{0, []int{3, 3, 1}}), "1 by call 3"},
		"an error is kept if it is said so": {cacheRules{50 * ms, 20 * ms, 9}, at(step[int]{0, []int{3}}, step[int]{19 * ms, []int{3}}, step[int]{ms, []int{3, 1}}), "1 by call 3"},
		"that nothing comes is kept":        {wide, at(step[int]{0, []int{5, 5, 1}}), "1 by call 2"},
		"the least used makes way":          {cacheRules{50 * ms, 0, 2}, at(step[int]{0, []int{1, 2, 1, 4, 1, 2}}), "1 by call 1, 2 by call 2, 1 by call 1, 4 by call 3, 1 by call 1, 2 by call 4"},
		"of one key":                        {cacheRules{50 * ms, 0, 1}, at(step[int]{0, []int{1, 1, 2, 1}}), "1 by call 1, 1 by call 1, 2 by call 2, 1 by call 3"},
		"for nearly ever":                   {cacheRules{math.MaxInt64, 0, 9}, at(step[int]{0, []int{1}}, step[int]{time.Second, []int{1, 2, 2}}), "1 by call 1, 1 by call 1, 2 by call 2, 2 by call 2"},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			tt.rules.check(t, tt.in)
			out, _ := tt.rules.reference(tt.in)
			var got []string
			for _, s := range out {
				got = append(got, s.Item)
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("the reference gives %s, want %s", got, tt.want)
			}
		})
	}
}

// heldCache keeps what the one key of all items has, for a second.
func heldCache(h *held) *ops.LookupCache[int, string, string] {
	return ops.NewLookupCache(ops.NewCall(h.call), func(int) string { return "the key" }).WithTTL(time.Second)
}

// The time to live begins when the call has ended, and those who waited did not use it.
func TestLookupCache_timeOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCache(h)
		first, second := callIn(t.Context(), c, 1), callIn(t.Context(), c, 2)
		time.Sleep(time.Hour)
		h.gives("x")
		wantCalled(t, first, "x of call 1 for 1", nil)
		wantCalled(t, second, "x of call 1 for 1", nil)
		time.Sleep(time.Second - 1)
		wantCalled(t, callIn(t.Context(), c, 3), "x of call 1 for 1", nil)
		time.Sleep(time.Nanosecond)
		fourth := callIn(t.Context(), c, 4)
		h.gives("y")
		wantCalled(t, fourth, "y of call 2 for 4", nil)
		if diff := cmp.Diff(ops.LookupStats{Hits: 1, Misses: 2, Shared: 1}, c.Stats()); diff != "" {
			t.Errorf("numbers mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestLookupCache_Forget(t *testing.T) {
	bubble(t, "what is kept", func(t *testing.T) {
		h := newHeld()
		c := heldCache(h)
		for _, s := range []string{"x", "y"} {
			ch := callIn(t.Context(), c, 1)
			h.gives(s)
			settle()
			if got := <-ch; !strings.HasPrefix(got.out, s) {
				t.Errorf("the call gave %v, want %s", got, s)
			}
			c.Forget("the key")
			c.Forget("another key")
		}
	})
	bubble(t, "what is in flight", func(t *testing.T) {
		h := newHeld()
		c := heldCache(h)
		first, second := callIn(t.Context(), c, 1), callIn(t.Context(), c, 2)
		c.Forget("the key")
		third := callIn(t.Context(), c, 3)
		if n := h.calls.Load(); n != 2 {
			t.Errorf("%d calls, want one anew", n)
		}
		h.gives("x")
		h.gives("y")
		settle()
		a, b, d := <-first, <-second, <-third
		if a != b || a.out == d.out {
			t.Errorf("the calls gave %v, %v and %v, want the first two to share theirs", a, b, d)
		}
		wantCalled(t, callIn(t.Context(), c, 4), d.out, nil)
		if diff := cmp.Diff(ops.LookupStats{Hits: 1, Misses: 2, Shared: 1}, c.Stats()); diff != "" {
			t.Errorf("numbers mismatch (-want +got):\n%s", diff)
		}
	})
	new(ops.LookupCache[int, int, int]).Forget(1) // not made by its constructor
}

// What a run has looked up the next one knows, by the clock of the cache.
func TestLookupCache_overRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, calls := clock.NewFake(), 0
		c := ops.NewLookupCache(ops.NewTryMapper(func(n int) (int, error) {
			calls++
			return double(n), nil
		}), same, fake)
		for want := 2; want <= 4; want += 2 {
			for range 3 {
				got, err := flow.Of(1, 2, 1).Then(c).Collect(t.Context())
				if diff := cmp.Diff([]int{2, 4, 2}, got); diff != "" || err != nil || calls != want {
					t.Errorf("error %v, %d calls, want %d, mismatch (-want +got):\n%s", err, calls, want, diff)
				}
			}
			time.Sleep(time.Hour) // which is not its time
			fake.Advance(time.Minute)
		}
	})
}

// A cancelled call is neither a result nor an error.
func TestLookupCache_cancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCache(h).WithErrorTTL(time.Hour)
		wantCounts(t, flow.StageReport{In: 1, Held: 1}, cancelled(t, c, 1, 2))
		second := callIn(t.Context(), c, 2)
		h.gives("x")
		wantCalled(t, second, "x of call 2 for 2", nil)
	})
}

// The error is that of each item.
func TestLookupCache_error(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var failed []any
		c := ops.NewLookupCache(ops.NewMapper(func(n int) int { calls++; return n }), same).WithErrorTTL(time.Hour).
			FailWhen(func(n int) error {
				if n == 7 {
					return errBoom
				}
				return nil
			}).
			OnError(func(_ context.Context, e *ops.ItemError) { failed = append(failed, e.Item, errors.Is(e, errBoom)) })
		got := collect(c.Process(t.Context(), feed(7, 1, 7)))
		if diff := cmp.Diff([]int{1}, got); diff != "" || calls != 2 {
			t.Errorf("%d calls, want 2, mismatch (-want +got):\n%s", calls, diff)
		}
		if diff := cmp.Diff([]any{7, true, 7, true}, failed); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestLookupCache_NaN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ops.NewLookupCache(tryMapper(func() {}), func(int) float64 { return math.NaN() })
		got := collect(c.Process(t.Context(), feed(1, 1, 2)))
		if diff := cmp.Diff([]int{2, 2, 4}, got); diff != "" || c.Stats() != (ops.LookupStats{Misses: 3}) {
			t.Errorf("%v, mismatch (-want +got):\n%s", c.Stats(), diff)
		}
		c.Forget(math.NaN())
	})
}

// Copies begin with nothing.
func TestLookupCache_copies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := caching(func() {})
		collect(c.Process(t.Context(), feed(1, 2, 1)))
		copies := []*ops.LookupCache[int, int, int]{
			c.WithName("other"), c.WithTTL(1), c.WithErrorTTL(1), c.WithMaxKeys(1), c.EmptyOK(true),
			c.FailWhen(func(int) error { return nil }), c.OnError(func(context.Context, *ops.ItemError) {}), new(ops.LookupCache[int, int, int]),
		}
		for i, d := range copies {
			if d.Stats() != (ops.LookupStats{}) {
				t.Errorf("copy %d begins with %v, want zero", i, d.Stats())
			}
		}
		if got := c.Stats(); got != (ops.LookupStats{Hits: 1, Misses: 2}) {
			t.Errorf("the numbers are %v", got)
		}
		none := ops.NewLookupCache(bridged[int, int]{ops.NewFilter(even)}, same).EmptyOK(true)
		if got := collect(none.Process(t.Context(), feed(1, 2, 1))); !slices.Equal(got, []int{2}) || none.Stats() != (ops.LookupStats{Hits: 1, Misses: 2}) {
			t.Errorf("items %v, numbers %v", got, none.Stats())
		}
		if got := new(ops.LookupCache[int, int, int]); got.Kernel().Err == nil {
			t.Error("the zero value can run")
		}
	})
}

// However many keys come, no more are kept than it says.
func TestLookupCache_bounded(t *testing.T) {
	c := ops.NewLookupCache(tryMapper(func() {}), same).WithMaxKeys(100)
	for n := range 10_000 {
		if _, err := c.Call(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Stats(); got != (ops.LookupStats{Misses: 10_000, Evicted: 9_900}) {
		t.Errorf("the numbers are %v, want all but 100 evicted", got)
	}
}
