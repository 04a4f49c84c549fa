package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// dated is an item with a key and a time in it.
type dated struct {
	key string
	at  int // seconds
}

func (d dated) String() string  { return d.key + strconv.Itoa(d.at) }
func (d dated) Key() string     { return d.key }
func (d dated) Time() time.Time { return time.Unix(int64(d.at), 0) }

var byKey = flow.JoinOn(dated.Key, dated.Time, dated.Key, dated.Time)

type datedPairs = flow.Flow[flow.Pair[dated, dated]]

// acting plays the words of a line that are of one input, each at its second: "0:a5" is an item of
// the first with the key a and the time 5, "^7" a watermark, "=" a barrier, "!" a failure, and "."
// the end.
func acting(input int, line string, told func(error)) flow.Flow[dated] {
	return flow.FromSignals(datedSignals(func(ctx context.Context, out flow.Emitter[dated]) error {
		start := time.Now()
		for i, word := range strings.Fields(line) {
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second)))
			if word[0] != byte('0'+input) {
				continue
			}
			at, _ := strconv.Atoi(word[3:])
			var err error
			switch word[2] {
			case '^':
				err = out.Watermark(time.Unix(int64(at), 0))
			case '=':
				err = out.Barrier(told)
			case '!':
				return errPlanted
			case '.':
				return nil
			default:
				err = out.Emit(dated{word[2:3], at})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

type datedSignals func(ctx context.Context, out flow.Emitter[dated]) error

func (fn datedSignals) Stream(ctx context.Context, out flow.Emitter[dated]) error {
	return fn(ctx, out)
}

// joined plays a line for a join.
func joined(line string, join func(a, b flow.Flow[dated]) datedPairs) datedPairs {
	line += " -" // so that the last item comes before the end of the other flow
	return join(acting(0, line, ignore), acting(1, line, ignore))
}

func within(lower, upper int) func(a, b flow.Flow[dated]) datedPairs {
	return func(a, b flow.Flow[dated]) datedPairs {
		return a.IntervalJoin(b, byKey, time.Duration(lower)*time.Second, time.Duration(upper)*time.Second)
	}
}

func windows(size int) func(a, b flow.Flow[dated]) datedPairs {
	return func(a, b flow.Flow[dated]) datedPairs { return a.WindowJoin(b, byKey, time.Duration(size)*time.Second) }
}

// joinBooks are the columns of a join.
type joinBooks struct{ In, Passed, Filtered, Dropped, Held int64 }

// joinCase is a line and what comes of it: pairs, each with the second at which it comes.
type joinCase struct {
	name, line string
	join       func(a, b flow.Flow[dated]) datedPairs
	want       string
	books      joinBooks
}

func (c joinCase) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		opt, r := audited(t)
		err := each(joined(c.line, c.join).Named("join"), func(p flow.Pair[dated, dated]) {
			got = append(got, fmt.Sprintf("%v+%v@%d", p.A, p.B, int(time.Since(start).Seconds())))
		}).Run(t.Context(), opt)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("pairs mismatch (-want +got):\n%s", diff)
		}
		row := stageReport(t, r, "join")
		if diff := cmp.Diff(c.books, joinBooks{row.In, row.Passed, row.Filtered, row.Dropped, row.Held}); diff != "" {
			t.Errorf("books mismatch (-want +got):\n%s", diff)
		}
		if row.Out != int64(len(got)) {
			t.Errorf("%d pairs are booked, %d came", row.Out, len(got))
		}
	})
}

func TestIntervalJoin(t *testing.T) {
	for _, c := range []joinCase{
		{"both bounds are included", "0:a5 1:a4 1:a5 1:a7 1:a8", within(0, 2), "a5+a5@2 a5+a7@3", joinBooks{In: 5, Passed: 3, Filtered: 2}},
		{"a negative lower bound", "0:a5 1:a3 1:a4 1:a6 1:a7", within(-1, 1), "a5+a4@2 a5+a6@3", joinBooks{In: 5, Passed: 3, Filtered: 2}},
		{"both are negative", "0:a9 1:a6 1:a7 1:a8 1:a9", within(-2, -1), "a9+a7@2 a9+a8@3", joinBooks{In: 5, Passed: 3, Filtered: 2}},
		{"both are positive, and B comes first", "1:a9 0:a6 0:a7 0:a8 0:a9", within(1, 2), "a7+a9@2 a8+a9@3", joinBooks{In: 5, Passed: 3, Filtered: 2}},
		{"no width", "0:a5 1:a5 1:a6 0:a6", within(0, 0), "a5+a5@1 a6+a6@3", joinBooks{In: 4, Passed: 4}},
		{"any time", "0:a5 1:a900000 1:a0", within(-1e9, 1e9), "a5+a900000@1 a5+a0@2", joinBooks{In: 3, Passed: 3}},
		{"other keys", "0:a5 1:b5 0:c5 1:a5", within(0, 0), "a5+a5@3", joinBooks{In: 4, Passed: 2, Filtered: 2}},
		{"several of a key, by their times", "0:a7 0:a5 0:a6 0:a6 1:a7", within(0, 9), "a5+a7@4 a6+a7@4 a6+a7@4 a7+a7@4", joinBooks{In: 5, Passed: 5}},
		{"a late item", "0:^6 0:a5 0:a6 1:a6", within(0, 9), "a6+a6@3", joinBooks{In: 3, Passed: 2, Dropped: 1}},
		{"late in its own flow alone", "0:^6 1:a5 0:a6", within(-9, 0), "a6+a5@2", joinBooks{In: 2, Passed: 2}},
		{"kept up to the upper bound", "0:a5 1:^7 1:a7", within(0, 2), "a5+a7@2", joinBooks{In: 2, Passed: 2}},
		{"kept up to the lower bound", "1:a7 0:^7 0:a7 0:^8 0:a8", within(0, 2), "a7+a7@2", joinBooks{In: 3, Passed: 2, Filtered: 1}},
		{"it ends when what is kept of a flow that has ended has gone", "0:a5 0:. 1:a6 1:^8 1:a9 1:a9", within(0, 2), "a5+a6@2", joinBooks{In: 2, Passed: 2}},
		{"it ends with an empty flow", "0:. 1:a1 1:a2", within(0, 2), "", joinBooks{}},
		{"behind the end of the other nothing is kept", "0:a5 1:. 0:a6", within(0, 2), "", joinBooks{In: 1, Filtered: 1}},
	} {
		t.Run(c.name, c.run)
	}
}

func TestWindowJoin(t *testing.T) {
	for _, c := range []joinCase{
		{"all pairs of a window, by A and then by B", "0:a1 1:a4 0:a0 1:a2 0:^5 1:^5", windows(5), "a1+a4@5 a1+a2@5 a0+a4@5 a0+a2@5", joinBooks{In: 4, Passed: 4}},
		{"an item at its end is in the next", "0:a5 1:a4 1:a5 1:a9 1:a10", windows(5), "a5+a5@5 a5+a9@5", joinBooks{In: 5, Passed: 3, Filtered: 2}},
		{"before the epoch", "0:a-1 1:a-5 1:a0", windows(5), "a-1+a-5@3", joinBooks{In: 3, Passed: 2, Filtered: 1}},
		{"other keys", "0:a1 1:b1 0:b2 1:c3", windows(5), "b2+b1@4", joinBooks{In: 4, Passed: 2, Filtered: 2}},
		{"windows come by their time", "0:a6 1:a7 0:a1 1:a2 0:^10 1:^10", windows(5), "a1+a2@5 a6+a7@5", joinBooks{In: 4, Passed: 4}},
		{"a watermark of one is not enough", "0:a1 1:a2 0:^9 1:a3 1:^4 1:a4 1:^5 1:a6", windows(5), "a1+a2@6 a1+a3@6 a1+a4@6", joinBooks{In: 5, Passed: 4, Filtered: 1}},
		{"late when the window is over in its own flow", "0:a4 0:^5 0:a4 0:a5 1:a3 1:a6", windows(5), "a4+a3@6 a5+a6@6", joinBooks{In: 5, Passed: 4, Dropped: 1}},
		{"behind a watermark in a window that is not over", "0:^4 0:a1 1:a3", windows(5), "a1+a3@3", joinBooks{In: 2, Passed: 2}},
		{"the watermark of the other when one has ended", "0:a1 0:. 1:a2 1:^5 1:a6 1:a7", windows(5), "a1+a2@3", joinBooks{In: 2, Passed: 2}},
		{"it ends with an empty flow", "0:. 1:a1 1:a2", windows(5), "", joinBooks{}},
		{"behind the end of the other", "0:a1 1:a2 1:. 0:b1 0:a3 0:a6", windows(5), "a1+a2@6 a3+a2@6", joinBooks{In: 5, Passed: 3, Filtered: 2}},
	} {
		t.Run(c.name, c.run)
	}
}

// Times that carry a reading of the monotonic clock are compared with those that do not.
func TestIntervalJoin_timesOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		same := func(t time.Time) string { return "" }
		id := func(t time.Time) time.Time { return t }
		f := flow.Of(now, now.Add(time.Hour)).IntervalJoin(flow.Of(now.Round(0), now.Add(time.Hour).UTC().Round(0)), flow.JoinOn(same, id, same, id), 0, 0)
		if n, err := f.Count(t.Context(), audit(t)); n != 2 || err != nil {
			t.Errorf("Count() = %d, %v, want 2", n, err)
		}
	})
}

func TestIntervalJoin_allBounds(t *testing.T) {
	for _, bounds := range [][2]time.Duration{{math.MinInt64, math.MaxInt64}, {math.MinInt64, 0}, {0, math.MaxInt64}, {math.MinInt64, math.MinInt64}} {
		want := int64(0)
		for _, lead := range []time.Duration{0, 1, math.MaxInt64} {
			if bounds[0] <= lead && lead <= bounds[1] {
				want++
			}
		}
		at := func(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }
		on := flow.JoinOn(func(time.Duration) int { return 0 }, at, func(time.Duration) int { return 0 }, at)
		f := flow.Of(time.Duration(0)).IntervalJoin(flow.Of[time.Duration](0, 1, math.MaxInt64), on, bounds[0], bounds[1])
		if n, err := f.Count(t.Context(), audit(t)); n != want || err != nil {
			t.Errorf("within %v: Count() = %d, %v, want %d", bounds, n, err, want)
		}
	}
}

// A key that is not equal to itself has no partner and is not kept.
func TestJoins_keysWithoutEqual(t *testing.T) {
	at := func(float64) time.Time { return time.Unix(0, 0) }
	on := flow.JoinOn(identityOf[float64], at, identityOf[float64], at).WithMaxItems(2)
	a, b := flow.Of(math.NaN(), 1, math.NaN()), flow.Of(math.NaN(), math.NaN(), 1)
	for name, f := range map[string]flow.Flow[flow.Pair[float64, float64]]{
		"interval": a.IntervalJoin(b, on, 0, 0), "window": a.WindowJoin(b, on, time.Second),
	} {
		got, err := f.Collect(t.Context(), audit(t))
		if err != nil || !slices.Equal(got, []flow.Pair[float64, float64]{{A: 1, B: 1}}) {
			t.Errorf("%s: Collect() = %v, %v, want the pair of 1", name, got, err)
		}
	}
}

func identityOf[T any](v T) T { return v }

// A key that cannot be compared is a panic of the stage's own, which a policy may skip.
func TestJoins_keysThatCannotBeCompared(t *testing.T) {
	at := func(any) time.Time { return time.Unix(0, 0) }
	on := flow.JoinOn(identityOf[any], at, identityOf[any], at)
	a, b := flow.Of[any](1, []int{1}), flow.Of[any]([]int{1}, 1)
	for name, f := range map[string]flow.Flow[flow.Pair[any, any]]{
		"interval": a.IntervalJoin(b, on, 0, 0), "window": a.WindowJoin(b, on, time.Second),
	} {
		err := f.Named("join").Run(t.Context(), audit(t), quiet)
		if failed := stageError(t, err); failed.Stage != "join" {
			t.Errorf("%s: Run() = %v, want a panic of the join", name, err)
		}
		if n, err := f.OnError(flow.Skip()).Count(t.Context(), audit(t), quiet); n != 1 || err != nil {
			t.Errorf("%s: Count() = %d, %v, want 1", name, n, err)
		}
	}
}

// datedJoins are both joins, of items whose times are near each other.
var datedJoins = map[string]func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs{
	"IntervalJoin": func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs {
		return a.IntervalJoin(b, on, -5*time.Second, 5*time.Second)
	},
	"WindowJoin": func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs {
		return a.WindowJoin(b, on, 10*time.Second)
	},
}

func eachDatedJoin(t *testing.T, test func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs)) {
	for name, join := range datedJoins {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, join) })
		})
	}
}

func TestJoins_maxItems(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		line := "0:a1 1:b2 0:c3 1:a1 0:b2 -"
		a, b := acting(0, line, ignore), acting(1, line, ignore)
		err := join(a, b, byKey.WithMaxItems(3)).Named("join").Run(t.Context(), audit(t), quiet)
		failed := stageError(t, err)
		if failed.Stage != "join" || failed.Item != (dated{"a", 1}) || !errors.Is(err, flow.ErrJoinFull) {
			t.Errorf("Run() = %v, want %v for the fourth item", err, flow.ErrJoinFull)
		}
		opt, r := audited(t)
		n, err := join(a, b, byKey.WithMaxItems(3)).Named("join").OnError(flow.Skip()).Count(t.Context(), opt, quiet)
		if row := stageReport(t, r, "join"); n != 0 || err != nil || row.Failed != 2 || row.Filtered != 3 {
			t.Errorf("Count() = %d, %v, want no pair, two failed and three filtered items\n%v", n, err, r)
		}
		if n, err := join(a, b, byKey.WithMaxItems(5)).Count(t.Context(), audit(t)); n != 2 || err != nil {
			t.Errorf("Count() = %d, %v, want 2", n, err)
		}
	})
}

// What is let go makes room.
func TestJoins_keepWhatTheyMust(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		ticking := func(n int) flow.Flow[dated] {
			return flow.FromSignals(datedSignals(func(_ context.Context, out flow.Emitter[dated]) error {
				for i := range n {
					time.Sleep(time.Second)
					if err := out.Emit(dated{"a", i}); err != nil {
						return err
					}
					if err := out.Watermark(time.Unix(int64(i), 0)); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		ctx, cancel := context.WithCancel(t.Context())
		opt, r := audited(t)
		running := join(ticking(1000), ticking(1000), byKey.WithMaxItems(24)).Named("join").Discard().Start(ctx, opt)
		time.Sleep(500*time.Second + time.Millisecond)
		cancel()
		_ = running.Wait()
		if row := stageReport(t, r, "join"); row.Held > 20 || row.Held == 0 || row.Passed+row.Held != 1000 {
			t.Errorf("after 500 items of each 20 at most are to be held:\n%v", r)
		}
	})
}

// The flow whose time is behind goes first, whichever it is. Both have given all of theirs while the
// first pair is being dealt with.
func TestJoins_theFlowThatIsBehindGoesFirst(t *testing.T) {
	later := func(items ...int) flow.Flow[dated] {
		return flow.FromFunc(func(_ context.Context, emit func(dated) error) error {
			err := emit(dated{"a", 0})
			time.Sleep(time.Second)
			for _, at := range items {
				err = errors.Join(err, emit(dated{"a", at}))
			}
			return err
		})
	}
	for _, swapped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var order []string
			noting := func(name string) func(d dated) string {
				return func(d dated) string { order = append(order, name); return d.key }
			}
			old, young := later(1, 2, 3), later(100, 101)
			on := flow.JoinOn(noting("old"), dated.Time, noting("young"), dated.Time)
			if swapped {
				old, young = young, old
				on = flow.JoinOn(noting("young"), dated.Time, noting("old"), dated.Time)
			}
			slow := each(old.IntervalJoin(young, on, 0, 0), func(flow.Pair[dated, dated]) { time.Sleep(time.Minute) })
			if err := slow.Run(t.Context(), audit(t)); err != nil {
				t.Error(err)
			}
			order = order[2:]
			slices.Sort(order[:2]) // where both were as far as each other
			if want := []string{"old", "young", "old", "old", "young"}; !slices.Equal(order, want) {
				t.Errorf("swapped %v: items were taken of %v, want %v", swapped, order, want)
			}
		})
	}
}

// One that is always behind, as its clock is wrong, does not starve the other.
func TestJoins_noFlowStarves(t *testing.T) {
	for i := range 2 {
		synctest.Test(t, func(t *testing.T) {
			fill := func(d dated, n int) flow.Flow[dated] { // while the first pair is being dealt with
				return flow.Concat(flow.Of(dated{"a", 0}), flow.Of(d).Delay(time.Second), flow.Repeat(d).Take(n))
			}
			inputs := []flow.Flow[dated]{fill(dated{"b", 1}, 20_000), fill(dated{"c", 1e6}, 2)}
			if i == 1 {
				slices.Reverse(inputs)
			}
			taken, before := map[string]int{}, 0
			key := func(d dated) string {
				if taken[d.key]++; taken["c"] == 3 && before == 0 {
					before = taken["b"]
				}
				return d.key
			}
			f := inputs[0].IntervalJoin(inputs[1], flow.JoinOn(key, dated.Time, key, dated.Time), 0, 0)
			err := each(f, func(flow.Pair[dated, dated]) { time.Sleep(time.Minute) }).Run(t.Context(), audit(t))
			if err != nil || before < 200 || before > 1000 {
				t.Errorf("Run() = %v, and %d items were taken of the flow that is behind before all three of the other", err, before)
			}
		})
	}
}

func TestJoins_maxLead(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		for i := range 2 {
			var given atomic.Int64
			quick := flow.Range(0, 5000).Map(func(n int) dated { given.Add(1); return dated{"a", n} })
			slow := acting(1, strings.Repeat("- ", 9)+"1:^10 "+strings.Repeat("- ", 9)+"1:a1000", ignore)
			inputs := []flow.Flow[dated]{slow, slow}
			inputs[i] = quick
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			running := join(inputs[0], inputs[1], byKey.WithMaxLead(30*time.Second)).Named("join").Discard().Start(ctx, audit(t))
			for _, step := range []struct {
				after time.Duration
				in    int64
			}{{0, 1}, {10 * time.Second, 42}, {20 * time.Second, 5001}} {
				time.Sleep(time.Until(start.Add(step.after)))
				synctest.Wait()
				if got := taken(running, "join"); got != step.in {
					t.Errorf("input %d: %d items were taken after %v, want %d", i, got, step.after, step.in)
				}
			}
			cancel()
			_ = running.Wait()
		}
	})
}

// taken is how many items a stage has taken so far.
func taken(r *flow.Running, name string) int64 {
	for _, s := range r.Snapshot().Stages {
		if s.Name == name {
			return s.In
		}
	}
	return -1
}

// A barrier arrives when the items of its flow that came before it can be in no further pair, in
// order with the others of its flow.
func TestJoins_barriersWaitForWhatIsKept(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		start := time.Now()
		var got [2][]int
		told := func(input int) func(error) {
			return func(err error) {
				if err != nil {
					t.Errorf("a barrier was left: %v", err)
				}
				got[input] = append(got[input], int(time.Since(start).Seconds()))
			}
		}
		//       0    1    2    3    4    5     6    7     8     9    10    11
		line := "0:= 0:a1 0:= 1:a2 0:= 0:a11 0:= 1:^9 0:^10 1:^10 1:= 1:a20 - - - 1:^22 0:^22"
		f := join(acting(0, line, told(0)), acting(1, line, told(1)), byKey)
		if n, err := f.Count(t.Context(), audit(t)); n != 1 || err != nil {
			t.Errorf("Count() = %d, %v, want the pair of the first two", n, err)
		}
		want := [2][]int{{0, 7, 7, 15}, {10}}
		if name(t) == "WindowJoin" {
			want = [2][]int{{0, 9, 9, 16}, {10}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("barriers arrived at other times (-want +got):\n%s", diff)
		}
	})
}

func TestJoins_anyWayToEnd(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		line := "0:a1 1:a1 0:a2 1:a2 0:a3 1:a3 0:^10 1:^10 0:a11 1:a11"
		f := join(acting(0, line, ignore), acting(1, line, ignore), byKey)
		for n := range int64(12) {
			if got, err := f.Take(int(n)).Count(t.Context(), audit(t)); got != min(n, 10) || err != nil {
				t.Errorf("Take(%d): Count() = %d, %v", n, got, err)
			}
		}
		for i := range 2 {
			failing := line + fmt.Sprintf(" %d:!", i)
			f := join(acting(0, failing, ignore).Named("source 0"), acting(1, failing, ignore).Named("source 1"), byKey)
			if err := f.Run(t.Context(), audit(t), quiet); stageError(t, err).Stage != fmt.Sprint("source ", i) || !errors.Is(err, errPlanted) {
				t.Errorf("Run() = %v, want %v of source %d", err, errPlanted, i)
			}
		}
		for i := range 12 {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(i)*time.Second-time.Millisecond, errPlanted)
			if err := f.Run(ctx, audit(t)); (i < 10) != errors.Is(err, errPlanted) {
				t.Errorf("Run() = %v after %ds", err, i)
			}
			cancel()
			running := f.Discard().Start(t.Context(), audit(t))
			time.Sleep(time.Duration(i)*time.Second - time.Millisecond)
			if err := running.Drain(t.Context()); err != nil {
				t.Errorf("Drain() = %v after %ds", err, i)
			}
		}
		if err := f.Call(func(context.Context, flow.Pair[dated, dated]) (int, error) { return 0, errPlanted }).Named("bad").
			Run(t.Context(), audit(t), quiet); stageError(t, err).Stage != "bad" {
			t.Errorf("Run() = %v, want a failure of bad", err)
		}
	})
}

// A failure of the functions is one of the join, and its policy is theirs and no one else's.
func TestJoins_policies(t *testing.T) {
	eachDatedJoin(t, func(t *testing.T, join func(a, b flow.Flow[dated], on flow.JoinSpec[dated, dated, string]) datedPairs) {
		line := "0:a1 1:x1 0:x1 1:a1 0:x2"
		for name, on := range map[string]flow.JoinSpec[dated, dated, string]{
			"key":  flow.JoinOn(panicsOfX(dated.Key), dated.Time, panicsOfX(dated.Key), dated.Time),
			"time": flow.JoinOn(dated.Key, panicsOfX(dated.Time), dated.Key, panicsOfX(dated.Time)),
		} {
			f := join(acting(0, line, ignore), acting(1, line, ignore), on).Named("join")
			if err := f.Run(t.Context(), audit(t), quiet); stageError(t, err).Stage != "join" || !errors.Is(err, errBoom) {
				t.Errorf("%s: Run() = %v, want %v of the join", name, err, errBoom)
			}
			var letters []dated
			opt, r := audited(t)
			for _, p := range []flow.Policy{
				flow.Skip(), flow.Retry(2, flow.Constant(time.Second)).RetryPanics().Then(flow.Skip()),
				flow.DeadLetters(func(_ context.Context, l flow.Letter[dated]) error { letters = append(letters, l.Item); return nil }),
			} {
				if n, err := f.OnError(p).Count(t.Context(), opt, quiet); n != 1 || err != nil {
					t.Errorf("%s: Count() = %d, %v, want 1", name, n, err)
				}
			}
			if want := []dated{{"x", 1}, {"x", 1}, {"x", 2}}; !slices.Equal(letters, want) || stageReport(t, r, "join").DeadLettered != 3 {
				t.Errorf("%s: the letters are %v, want %v\n%v", name, letters, want, r)
			}
			below := f.OnError(flow.Skip()).Map(func(flow.Pair[dated, dated]) int { boom(); return 0 }).Named("below")
			if err := below.Run(t.Context(), audit(t), quiet); stageError(t, err).Stage != "below" {
				t.Errorf("%s: Run() = %v, want a failure of below", name, err)
			}
		}
	})
}

func panicsOfX[T any](fn func(dated) T) func(dated) T {
	return func(d dated) T {
		if d.key == "x" {
			boom()
		}
		return fn(d)
	}
}

// A policy for letters of one type does not fit a join of two.
func TestJoins_lettersOfTwoTypes(t *testing.T) {
	key, at := func(string) string { return "" }, func(string) time.Time { return time.Time{} }
	f := flow.Of("a").IntervalJoin(flow.Of(dated{}), flow.JoinOn(key, at, dated.Key, dated.Time), 0, 0)
	for _, p := range []flow.Policy{
		flow.DeadLetters(func(context.Context, flow.Letter[string]) error { return nil }),
		flow.DeadLetters(func(context.Context, flow.Letter[dated]) error { return nil }),
	} {
		if errs := configErrors(t, f.OnError(p).Run(t.Context())); len(errs) != 1 || errs[0].Field != "OnError" {
			t.Errorf("Run() = %v, want a ConfigError of OnError", errs)
		}
	}
	if err := f.OnError(flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return nil })).Run(t.Context(), audit(t)); err != nil {
		t.Error(err)
	}
}

func TestJoins_specMisuse(t *testing.T) {
	f := flow.Of(dated{})
	for name, tt := range map[string]struct {
		f    datedPairs
		want flow.ConfigError
	}{
		"no key":          {f.IntervalJoin(f, flow.JoinOn(nil, dated.Time, dated.Key, dated.Time), 0, 0), flow.ConfigError{Stage: "interval-join", Field: "key function", Want: "must not be nil"}},
		"no time":         {f.WindowJoin(f, flow.JoinOn(dated.Key, nil, dated.Key, dated.Time), 1), flow.ConfigError{Stage: "window-join", Field: "time function", Want: "must not be nil"}},
		"no other key":    {f.IntervalJoin(f, flow.JoinOn(dated.Key, dated.Time, nil, dated.Time), 0, 0), flow.ConfigError{Stage: "interval-join", Field: "key function of the other flow", Want: "must not be nil"}},
		"no other time":   {f.IntervalJoin(f, flow.JoinOn(dated.Key, dated.Time, dated.Key, nil), 0, 0), flow.ConfigError{Stage: "interval-join", Field: "time function of the other flow", Want: "must not be nil"}},
		"bounds":          {f.IntervalJoin(f, byKey, 2, 1), flow.ConfigError{Stage: "interval-join", Field: "lower bound", Value: time.Duration(2), Want: "must not be greater than the upper one, 1ns"}},
		"no size":         {f.WindowJoin(f, byKey, 0).Named("x"), flow.ConfigError{Stage: "x", Field: "size", Value: time.Duration(0), Want: "must be positive"}},
		"a negative size": {f.WindowJoin(f, byKey, -1), flow.ConfigError{Stage: "window-join", Field: "size", Value: time.Duration(-1), Want: "must be positive"}},
		"items":           {f.WindowJoin(f, byKey.WithMaxItems(-1), 1), flow.ConfigError{Stage: "window-join", Field: "MaxItems", Value: -1, Want: "must not be negative"}},
		"lead":            {f.WindowJoin(f, byKey.WithMaxLead(-1), 1), flow.ConfigError{Stage: "window-join", Field: "MaxLead", Value: time.Duration(-1), Want: "must not be negative"}},
	} {
		errs := configErrors(t, tt.f.Run(t.Context()))
		if len(errs) != 1 {
			t.Errorf("%s: Run() = %v, want one error", name, errs)
			continue
		}
		got := *errs[0]
		got.At = ""
		if got != tt.want {
			t.Errorf("%s: Run() = %+v, want %+v", name, got, tt.want)
		}
	}
	if errs := configErrors(t, f.IntervalJoin(f, flow.JoinSpec[dated, dated, string]{}, 2, 1).Run(t.Context())); len(errs) != 5 {
		t.Errorf("the zero JoinSpec: Run() = %v, want five errors", errs)
	}
}
