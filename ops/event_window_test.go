package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

type intWindows = ops.Processor[int, ops.Window[int]]

// second is the time of a number, so many seconds after the epoch.
func second(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }

// seconds are since the epoch.
func seconds(t time.Time) int { return int(t.Sub(epoch) / time.Second) }

// scripted makes of words items and signals: a number is an item, w7 a watermark, i7 one of a
// stream that is idle, b a barrier and f a flush.
type scripted struct{}

func (scripted) Name() string { return "scripted" }

func (scripted) Process(context.Context, <-chan string) <-chan int { panic("it is fused") }

func (p scripted) Kernel() kernel.Spec[string, int] {
	return kernel.Spec[string, int]{Self: p, Name: "scripted", Op: "Then", Start: p.start}
}

func (scripted) start(s *kernel.Stage, down kernel.Port[int]) kernel.Port[string] {
	return kernel.Port[string]{Signal: down.Signal, Push: func(word string) error {
		s.In++
		if n, err := strconv.Atoi(word); err == nil {
			s.Passed++
			s.Out++
			return down.Push(n)
		}
		s.Filtered++
		return down.Signal(signalOf(word))
	}}
}

func signalOf(word string) kernel.Signal {
	n, _ := strconv.Atoi(word[1:])
	switch word[0] {
	case 'w':
		return kernel.Signal{Kind: kernel.Watermark, Time: second(n)}
	case 'i':
		return kernel.Signal{Kind: kernel.Watermark, Time: second(n), Idle: 1}
	case 'b':
		return kernel.Signal{Kind: kernel.Barrier, ID: 1}
	case 'f':
		return kernel.Signal{Kind: kernel.Flush}
	}
	panic(word)
}

func wordOf(sig kernel.Signal) string {
	word := sig.Kind.String()[:1]
	if sig.Kind != kernel.Watermark {
		return word
	}
	if word = "w"; sig.Idle > 0 {
		word = strings.Repeat("i", int(sig.Idle))
	}
	if sig.Time.IsZero() {
		return word
	}
	return word + strconv.Itoa(seconds(sig.Time))
}

// overhearing is a processor that passes all on and says what, in words.
type overhearing[T any] struct {
	show func(T) string
	say  func(string)
}

func (*overhearing[T]) Name() string { return "overhearing" }

func (*overhearing[T]) Process(context.Context, <-chan T) <-chan T { panic("it is fused") }

func (p *overhearing[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: p, Name: "overhearing", Op: "Then", Books: kernel.Mapped, Start: p.start}
}

func (p *overhearing[T]) start(_ *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	return kernel.Port[T]{
		Push: func(v T) error {
			p.say(p.show(v))
			return down.Push(v)
		},
		Signal: func(sig kernel.Signal) error {
			p.say(wordOf(sig))
			return down.Signal(sig)
		},
	}
}

// noting is one that writes them down.
func noting[T any](show func(T) string, words *[]string) *overhearing[T] {
	return &overhearing[T]{show, func(word string) { *words = append(*words, word) }}
}

func showWindow(w ops.Window[int]) string {
	return fmt.Sprint(seconds(w.Start), "-", seconds(w.End), fmt.Sprint(w.Items))
}

// tell runs the windows over a script of words and gives what comes of them, in words.
func tell(t *testing.T, p intWindows, script string) (words []string, books flow.StageReport) {
	t.Helper()
	var r flow.Report
	err := flow.FromSlice(strings.Fields(script)).Then(scripted{}).Then(p).Named("windows").
		Then(noting(showWindow, &words)).Run(t.Context(), flow.WithReport(&r))
	if err != nil || !r.Balanced() {
		t.Errorf("error %v\n%v", err, r)
	}
	books, _ = r.Stage("windows")
	return words, books
}

type eventCase struct {
	name   string
	p      intWindows
	script string
	want   string // as cmp.Diff shows it: words by two blanks
}

func checkEvents(t *testing.T, tests []eventCase) {
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			got, _ := tell(t, tt.p, tt.script)
			if diff := cmp.Diff(tt.want+"  e", strings.Join(got, "  ")); diff != "" {
				t.Errorf("%s: mismatch (-want +got):\n%s", tt.script, diff)
			}
		})
	}
}

// eachEvent has every kind of windows by event time, of ten seconds.
func eachEvent() map[string]intWindows {
	const d = 10 * time.Second
	return map[string]intWindows{
		"tumbling": ops.NewEventTumblingWindow(second, d),
		"sliding":  ops.NewEventSlidingWindow(second, d, d),
		"session":  ops.NewEventSessionWindow(oneKey, second, d),
	}
}

// An item that is too late goes to a function, whose failures are those of the item.
func TestEventWindowsLateFunction(t *testing.T) {
	var late []int
	fn := func(_ context.Context, n int) error {
		if n == 3 {
			return errBoom
		}
		late = append(late, n)
		return nil
	}
	const d = 10 * time.Second
	all := map[string]intWindows{
		"tumbling": ops.NewEventTumblingWindow(second, d).WithLate(fn),
		"sliding":  ops.NewEventSlidingWindow(second, d, d).WithLate(fn),
		"session":  ops.NewEventSessionWindow(oneKey, second, d).WithLate(fn),
	}
	for name, p := range all {
		bubble(t, name, func(t *testing.T) {
			late = nil
			var r flow.Report
			err := flow.FromSlice(strings.Fields("1 w20 2 3 4")).Then(scripted{}).Then(p).Named("windows").
				OnError(flow.Skip()).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
			s, _ := r.Stage("windows")
			wantCounts(t, flow.StageReport{In: 4, Passed: 1, Out: 1, Dropped: 2, Failed: 1}, s)
			if diff := cmp.Diff([]int{2, 4}, late); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, late items mismatch (-want +got):\n%s", err, diff)
			}
		})
		bubble(t, name+" cancelled by it", func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stops := func(context.Context, int) error { cancel(errCause); return nil }
			p := ops.NewEventTumblingWindow(second, d).WithLate(stops)
			var r flow.Report
			err := flow.FromSlice(strings.Fields("1 w20 2 3")).Then(scripted{}).Then(p).Named("windows").Run(ctx, flow.WithReport(&r))
			s, _ := r.Stage("windows")
			wantCounts(t, flow.StageReport{In: 2, Passed: 1, Out: 1, Held: 1}, s)
			if !errors.Is(err, errCause) || !r.Balanced() {
				t.Errorf("error %v, want %v\n%v", err, errCause, r)
			}
		})
	}
}

// What is in no window that was given is held when the run is cut off, and what was given is not.
func TestEventWindowsCancel(t *testing.T) {
	for name, p := range eachEvent() {
		bubble(t, name, func(t *testing.T) {
			_, row := cutOff(t, p, 1, 2, 35)
			wantCounts(t, flow.StageReport{In: 3, Held: 3}, row)
		})
	}
}

// The slice of a window belongs to its receiver, also if the window is given again.
func TestEventWindowsBelongToTheirReceiver(t *testing.T) {
	const d, lateness = 10 * time.Second, 100 * time.Second
	all := map[string]intWindows{
		"tumbling": ops.NewEventTumblingWindow(second, d).WithLateness(lateness),
		"sliding":  ops.NewEventSlidingWindow(second, d, d).WithLateness(lateness),
		"session":  ops.NewEventSessionWindow(oneKey, second, d).WithLateness(lateness),
	}
	for name, p := range all {
		bubble(t, name, func(t *testing.T) {
			var got [][]int
			err := flow.FromSlice(strings.Fields("1 2 w50 3 4")).Then(scripted{}).Then(p).
				ForEach(func(_ context.Context, w ops.Window[int]) error {
					got = append(got, slices.Clone(w.Items))
					clear(append(w.Items, 7, 7)[:cap(w.Items)])
					return nil
				}).Run(t.Context())
			if diff := cmp.Diff([][]int{{1, 2}, {1, 2, 3}, {1, 2, 3, 4}}, got); diff != "" || err != nil {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}

// What is given while an item is in hand may be the last thing that anybody needs.
func TestEventWindowsEarlyEnd(t *testing.T) {
	const d = 10 * time.Second
	all := map[string]intWindows{
		"tumbling": ops.NewEventTumblingWindow(second, d).WithMaxWindows(1),
		"sliding":  ops.NewEventSlidingWindow(second, d, d/2).WithMaxWindows(2),
		"session":  ops.NewEventSessionWindow(oneKey, second, d).WithMaxSessions(1),
	}
	for name, p := range all {
		for n := range 5 {
			bubble(t, fmt.Sprint(name, " after ", n), func(t *testing.T) {
				var r flow.Report
				got, err := flow.Of(1, 2, 31, 32, 61, 62).Then(p).Named("windows").Take(n).Collect(t.Context(), flow.WithReport(&r))
				if len(got) > n || err != nil || !r.Balanced() {
					t.Errorf("Collect() = %v, %v\n%v", got, err, r)
				}
			})
		}
	}
}

// Windows of windows: the event time of a window is its last moment.
func TestEventWindowsOfWindows(t *testing.T) {
	bubble(t, "tumbling", func(t *testing.T) {
		var words []string
		p := ops.NewEventTumblingWindow(ops.Window[int].Last, 20*time.Second)
		err := flow.FromSlice(strings.Fields("1 11 w10 21 w20 w30")).Then(scripted{}).
			EventTumblingWindow(second, 10*time.Second).Then(p).
			Map(func(w ops.Window[ops.Window[int]]) ops.Window[int] {
				return ops.Window[int]{Start: w.Start, End: w.End, Items: []int{len(w.Items)}}
			}).Then(noting(showWindow, &words)).Run(t.Context())
		if diff := cmp.Diff([]string{"w10", "0-20[2]", "w20", "w30", "20-40[1]", "e"}, words); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// In a GroupBy each key has windows of its own, which close as the watermark rises though no
// item comes for the key.
func TestEventWindowsOfKeys(t *testing.T) {
	for name, p := range eachEvent() {
		bubble(t, name, func(t *testing.T) {
			var words []string
			err := flow.FromSlice(strings.Fields("1 2 12 w3 5 w11 21 w13 w15 w22 b 23 w40 w50")).Then(scripted{}).
				GroupBy(parity, func(f flow.Flow[int]) flow.Flow[ops.Window[int]] { return f.Then(p) }).
				Then(noting(showWindow, &words)).Run(t.Context())
			want := "w3  0-10[1 5]  0-10[2]  w11  w13  w15  10-20[12]  w22  20-30[21 23]  b  w40  w50  e"
			if name == "session" {
				want = "w3  w11  2-12[2]  w13  1-15[1 5]  w15  12-22[12]  w22  21-33[21 23]  b  w40  w50  e"
			}
			if diff := cmp.Diff(want, strings.Join(words, "  ")); diff != "" || err != nil {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}

// randomWords is a script of numbers around a time that goes on, with signals between.
func randomWords(r *rand.Rand, signals string) string {
	var words []string
	now := 0
	for range r.IntN(40) {
		now += r.IntN(6)
		switch n := r.IntN(10); {
		case n < 6:
			words = append(words, strconv.Itoa(max(now-r.IntN(30), 0)))
		case n < 9:
			words = append(words, "w"+strconv.Itoa(max(now-r.IntN(12), 0)))
		case signals != "":
			words = append(words, string(signals[r.IntN(len(signals))]))
		}
	}
	return strings.Join(words, " ")
}

// play gives a model the items and signals of a script. The model keeps the time that it is by
// the watermarks, and adds what it gives to out, as play does with the signals behind that.
func play(script string, out *[]string, now *int, take func(n int), closing func(all bool)) {
	for word := range strings.FieldsSeq(script) {
		n, err := strconv.Atoi(strings.TrimLeft(word, "wf"))
		switch {
		case word == "f":
			closing(true)
		case word[0] == 'w':
			*now = max(*now, n)
			closing(false)
		case err == nil:
			take(n)
			continue
		}
		*out = append(*out, word)
	}
	closing(true)
	*out = append(*out, "e")
}
