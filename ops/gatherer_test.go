package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("gatherer", 1, ints(5), referenceFlatMap(twice), gatherer(func() {}), gatherer, randomInts))

var _ = misused(
	newMisuse("gather of nil", "gatherer: gatherer must not be nil", ops.Gather[int, int](nil)),
	newMisuse("gatherer without push", "gatherer: push must not be nil", ops.Gather(ops.NewGatherer[int, int, int](nil, nil, nil))),
	newMisuse("gatherer with a nil handler", "gatherer: OnError must not be nil", gatherer(func() {}).OnError(nil)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{"gather", gatherer(before), referenceFlatMap(twice), true}
	},
	func(n int, before func()) link {
		return link{fmt.Sprint("until ", 8*n), ops.Gather(until(8 * n)), func(in ...int) []int { return referenceUntil(8*n, in...) }, false}
	},
	func(n int, before func()) link {
		return link{fmt.Sprint("largest ", n), ops.Gather(largest(n)), func(in ...int) []int { return referenceLargest(n, in...) }, false}
	},
)

// neighbours pairs each item with the one before it.
type neighbours struct{}

func (neighbours) Start(context.Context) (ops.Pusher[int, [2]int], error) { return new(pairing), nil }

type pairing struct {
	last int
	some bool
}

func (p *pairing) Push(_ context.Context, v int, emit func([2]int) error) error {
	last, some := p.last, p.some
	p.last, p.some = v, true
	if !some {
		return nil
	}
	return emit([2]int{last, v})
}

func (p *pairing) End(context.Context, func([2]int) error) error { return nil }

func referenceNeighbours(in ...int) (out [][2]int) {
	for i := 1; i < len(in); i++ {
		out = append(out, [2]int{in[i-1], in[i]})
	}
	return out
}

// largest emits the n largest items at the end.
func largest(n int) ops.Gatherer[int, int] {
	return ops.NewGatherer(nil, func(top *[]int, v int, _ func(int) error) error {
		*top = append(*top, v)
		slices.Sort(*top)
		slices.Reverse(*top)
		*top = (*top)[:min(n, len(*top))]
		return nil
	}, func(top *[]int, emit func(int) error) error {
		for _, v := range *top {
			if err := emit(v); err != nil {
				return err
			}
		}
		return nil
	})
}

func referenceLargest(n int, in ...int) []int {
	out := slices.Clone(in)
	slices.Sort(out)
	slices.Reverse(out)
	return out[:min(n, len(out))]
}

// until ends the stream behind the first item that is at least n.
func until(n int) ops.Gatherer[int, int] {
	return ops.NewGatherer(nil, func(_ *struct{}, v int, emit func(int) error) error {
		if err := emit(v); err != nil || v < n {
			return err
		}
		return ops.ErrStop
	}, nil)
}

func referenceUntil(n int, in ...int) []int {
	if i := slices.IndexFunc(in, func(v int) bool { return v >= n }); i >= 0 {
		return in[:i+1]
	}
	return in
}

func TestGatherer(t *testing.T) {
	bubble(t, "pairs neighbours", func(t *testing.T) {
		check(t, [][2]int{{1, 2}, {2, 3}}, ints(3), func() ops.Processor[int, [2]int] { return ops.Gather(neighbours{}) })
	})
	bubble(t, "emits at the end", func(t *testing.T) {
		check(t, []int{9, 7}, []int{3, 9, 1, 7}, func() ops.Processor[int, int] { return ops.Gather(largest(2)) })
	})
	bubble(t, "ends the stream by itself", func(t *testing.T) {
		check(t, []int{1, 5}, []int{1, 5, 2, 7}, func() ops.Processor[int, int] { return ops.Gather(until(4)) })
	})
	bubble(t, "state from a function", func(t *testing.T) {
		countdown := ops.NewGatherer(func() int { return 3 }, func(n *int, _ string, emit func(int) error) error {
			*n--
			return emit(*n)
		}, nil)
		check(t, []int{2, 1, 0}, []string{"a", "b", "c"}, func() ops.Processor[string, int] { return ops.Gather(countdown) })
	})
}

func TestGathererModel(t *testing.T) {
	trials(t, 15, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), r.IntN(100)
		check(t, referenceNeighbours(in...), in, func() ops.Processor[int, [2]int] { return ops.Gather(neighbours{}) })
		check(t, referenceLargest(n%10, in...), in, func() ops.Processor[int, int] { return ops.Gather(largest(n % 10)) })
		check(t, referenceUntil(n, in...), in, func() ops.Processor[int, int] { return ops.Gather(until(n)) })
	})
}

// probe is a gatherer of functions that notes its life in a diary.
type probe struct {
	start func() error
	push  func(v int, emit func(int) error) error
	end   func(emit func(int) error) error
	close func() error
	diary []string
}

func (p *probe) notef(format string, args ...any) {
	p.diary = append(p.diary, fmt.Sprintf(format, args...))
}

func (p *probe) Start(context.Context) (ops.Pusher[int, int], error) {
	p.notef("start")
	if p.start != nil {
		return nil, p.start()
	}
	return p, nil
}

func (p *probe) Push(_ context.Context, v int, emit func(int) error) error {
	p.notef("push %d", v)
	if p.push != nil {
		return p.push(v, emit)
	}
	return emit(v)
}

func (p *probe) End(_ context.Context, emit func(int) error) error {
	p.notef("end")
	if p.end != nil {
		return p.end(emit)
	}
	return nil
}

func (p *probe) Flush(_ context.Context, emit func(int) error) error {
	p.notef("flush")
	return emit(0)
}

func (p *probe) Close(cause error) error {
	p.notef("close %v", cause)
	if p.close != nil {
		return p.close()
	}
	return nil
}

func TestGathererStart(t *testing.T) {
	fails := func() *probe { return &probe{start: func() error { return errBoom }} }
	empty := func() *probe { return &probe{start: func() error { return nil }} }
	tests := []struct {
		name, want string
		probe      *probe
	}{
		{"an error ends the run before its first item", "boom", fails()},
		{"so does a nil Pusher", "Start returned a nil Pusher", empty()},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			sup := new(listener)
			got := collect(ops.Gather(tt.probe).Process(ops.WithSupervisor(t.Context(), sup), feed(1)))
			if len(got) > 0 || len(sup.failures()) != 1 || sup.failures()[0].Error() != "gatherer: "+tt.want {
				t.Errorf("got %v, Failed() was told %q, want %q", got, sup.failures(), "gatherer: "+tt.want)
			}
			var r flow.Report
			_, err := flow.Of(1).Gather(tt.probe).Collect(t.Context(), flow.WithReport(&r))
			e, ok := errors.AsType[*flow.StageError](err)
			if !ok || e.Err.Error() != tt.want || e.Item != nil || !r.Balanced() {
				t.Errorf("Collect() error = %v, want %s\n%v", err, tt.want, r)
			}
			if diff := cmp.Diff([]string{"start", "start"}, tt.probe.diary); diff != "" {
				t.Errorf("diary mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// life is a way for a gatherer's run to end.
type life struct {
	name  string
	probe probe
	run   func(t *testing.T, g *probe) error // in a flow
	err   error                              // to be found in what run returns
	want  []string
}

func fails(int, func(int) error) error { return errBoom }
func panics(int, func(int) error) error {
	deliberatePanic()
	return nil
}

// runProbe runs it between a source of two items and a sink, in a flow that balances.
func runProbe(ctx context.Context, t *testing.T, g *probe, below func(flow.Flow[int]) flow.Flow[int]) error {
	t.Helper()
	var r flow.Report
	_, err := below(flow.Of(1, 2).Gather(g)).Collect(ctx, flow.WithReport(&r))
	if !r.Balanced() {
		t.Errorf("the books do not balance:\n%v", r)
	}
	return err
}

func alone(t *testing.T, g *probe) error {
	t.Helper()
	return runProbe(t.Context(), t, g, func(f flow.Flow[int]) flow.Flow[int] { return f })
}

func beforeTake(t *testing.T, g *probe) error {
	t.Helper()
	return runProbe(t.Context(), t, g, func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) })
}

func beforeFailure(t *testing.T, g *probe) error {
	t.Helper()
	return runProbe(t.Context(), t, g, func(f flow.Flow[int]) flow.Flow[int] {
		return f.TryMap(func(int) (int, error) { return 0, errBoom })
	})
}

func cancelledBelow(t *testing.T, g *probe) error {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return runProbe(ctx, t, g, func(f flow.Flow[int]) flow.Flow[int] {
		return f.Tap(func(int) { cancel(errCause) })
	})
}

func lives() []life {
	stops := func(_ int, emit func(int) error) error { return ops.ErrStop }
	swallows := func(v int, emit func(int) error) error {
		_ = emit(v)
		return nil
	}
	closeFails := func() error { return errCause }
	return []life{
		{"completion", probe{}, alone, nil, []string{"start", "push 1", "push 2", "end", "close <nil>"}},
		{"early stop below", probe{}, beforeTake, nil, []string{"start", "push 1", "close " + ops.ErrStop.Error()}},
		{"early stop below that push ignores", probe{push: swallows}, beforeTake, nil, []string{"start", "push 1", "close " + ops.ErrStop.Error()}},
		{"early stop of its own", probe{push: stops}, alone, nil, []string{"start", "push 1", "close " + ops.ErrStop.Error()}},
		{"error in push", probe{push: fails}, alone, errBoom, []string{"start", "push 1", "close gatherer: boom"}},
		{"panic in push", probe{push: panics}, alone, errBoom, []string{"start", "push 1", "close gatherer: panic"}},
		{"failure below", probe{}, beforeFailure, errBoom, []string{"start", "push 1", "close try-mapper: boom"}},
		{"failure below that push ignores", probe{push: swallows}, beforeFailure, errBoom, []string{"start", "push 1", "close try-mapper: boom"}},
		{"cancel", probe{}, cancelledBelow, errCause, []string{"start", "push 1", "close " + errCause.Error()}},
		{"error in close", probe{close: closeFails}, alone, errCause, []string{"start", "push 1", "push 2", "end", "close <nil>"}},
		{"error in close after another", probe{push: fails, close: closeFails}, alone, errBoom, []string{"start", "push 1", "close gatherer: boom"}},
	}
}

func TestGathererCloseIsCalledOnce(t *testing.T) {
	for _, life := range lives() {
		bubble(t, life.name, func(t *testing.T) {
			g := life.probe
			err := life.run(t, &g)
			if !errors.Is(err, life.err) {
				t.Errorf("Collect() error = %v, want %v", err, life.err)
			}
			if diff := cmp.Diff(life.want, withoutPlaces(g.diary)); diff != "" {
				t.Errorf("diary mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// withoutPlaces shortens what a StageError says to the stage and the cause.
func withoutPlaces(diary []string) []string {
	diary = slices.Clone(diary)
	for i, line := range diary {
		diary[i] = placed.ReplaceAllString(line, "$1$2")
	}
	return diary
}

func TestGathererOverChannelsCloses(t *testing.T) {
	tests := []struct {
		name   string
		probe  probe
		cancel bool
		want   string
	}{
		{"completion", probe{}, false, "close <nil>"},
		{"cancel", probe{}, true, "close " + errCause.Error()},
		{"early stop of its own", probe{push: func(int, func(int) error) error { return ops.ErrStop }}, false, "close " + ops.ErrStop.Error()},
		{"panic", probe{push: panics}, false, "close gatherer: panic: boom"},
		{"failed items do not end the run", probe{push: fails}, false, "close <nil>"},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(ops.WithSupervisor(t.Context(), new(listener)))
			g := tt.probe
			out := ops.Gather(&g).Process(ctx, feed(1, 2))
			settle()
			if tt.cancel {
				cancel(errCause)
			}
			collect(out)
			settle()
			closes := slices.DeleteFunc(g.diary, func(line string) bool { return line[0] != 'c' })
			if diff := cmp.Diff([]string{tt.want}, closes); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
			cancel(nil)
		})
	}
}

func TestGathererEmitError(t *testing.T) {
	bubble(t, "sticks", func(t *testing.T) {
		var errs []error
		p := &probe{push: func(v int, emit func(int) error) error {
			for range 3 {
				errs = append(errs, emit(v))
			}
			return nil
		}}
		if err := beforeTake(t, p); err != nil {
			t.Errorf("Collect() error = %v, want nil", err)
		}
		if want := []error{ops.ErrStop, ops.ErrStop, ops.ErrStop}; !slices.Equal(want, errs) {
			t.Errorf("emit returned %v, want %v", errs, want)
		}
	})
	bubble(t, "outranks what push makes of it", func(t *testing.T) {
		rewraps := &probe{push: func(v int, emit func(int) error) error { return fmt.Errorf("sending: %w", emit(v)) }}
		if err := beforeTake(t, rewraps); err != nil {
			t.Errorf("Collect() error = %v, want nil", err)
		}
	})
	bubble(t, "is told once, by the stage that failed", func(t *testing.T) {
		rewraps := &probe{push: func(v int, emit func(int) error) error { return fmt.Errorf("sending: %w", emit(v)) }}
		e, ok := beforeFailure(t, rewraps).(*flow.StageError)
		if !ok || e.Stage != "try-mapper" || e.Err != errBoom {
			t.Errorf("Collect() error = %v, want that of try-mapper", e)
		}
	})
	bubble(t, "outranks what end makes of it", func(t *testing.T) {
		p := &probe{
			push: func(int, func(int) error) error { return nil },
			end:  func(emit func(int) error) error { return fmt.Errorf("sending: %w", emit(1)) },
		}
		if err := beforeTake(t, p); err != nil {
			t.Errorf("Collect() error = %v, want nil", err)
		}
	})
}

func TestGathererItemErrors(t *testing.T) {
	odd := func(v int, emit func(int) error) error {
		if err := emit(v); err != nil {
			return err
		}
		if v == 1 {
			return errBoom
		}
		return emit(-v)
	}
	bubble(t, "what was emitted stays", func(t *testing.T) {
		check(t, []int{1, 2, -2}, ints(2), func() ops.Processor[int, int] {
			return skipping[int, int]{ops.Gather(&probe{push: odd})}
		})
	})
	bubble(t, "the handler is told", func(t *testing.T) {
		var got []string
		p := ops.Gather(&probe{push: odd}).OnError(func(_ context.Context, e *ops.ItemError) {
			got = append(got, fmt.Sprint(e.Processor, e.Item, e.Err, e.Attempts))
		})
		collect(p.Process(t.Context(), feed(1, 2)))
		if diff := cmp.Diff([]string{fmt.Sprint("gatherer", 1, errBoom, 1)}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "an error of end ends the run", func(t *testing.T) {
		sup := new(listener)
		g := &probe{end: func(func(int) error) error { return errBoom }}
		got := collect(ops.Gather(g).Process(ops.WithSupervisor(t.Context(), sup), feed(1)))
		if diff := cmp.Diff([]int{1}, got); diff != "" || len(sup.failures()) != 1 || !errors.Is(sup.failures()[0], errBoom) {
			t.Errorf("Failed() was told %v, output mismatch (-want +got):\n%s", sup.failures(), diff)
		}
	})
}

// barriers is a source that sends a barrier behind each item.
type barriers struct {
	items []int
	done  []error
}

func (b *barriers) Stream(_ context.Context, out flow.Emitter[int]) error {
	for _, v := range b.items {
		if err := out.Emit(v); err != nil {
			return err
		}
		if err := out.Barrier(func(err error) { b.done = append(b.done, err) }); err != nil {
			return err
		}
	}
	return nil
}

func TestGathererFlushesBeforeABarrier(t *testing.T) {
	src := &barriers{items: ints(2)}
	g := new(probe)
	var r flow.Report
	got, err := flow.FromSignals(src).Gather(g).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff([]int{1, 0, 2, 0}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	want := []string{"start", "push 1", "flush", "push 2", "flush", "end", "close <nil>"}
	if diff := cmp.Diff(want, g.diary); diff != "" {
		t.Errorf("diary mismatch (-want +got):\n%s", diff)
	}
	if !slices.Equal([]error{nil, nil}, src.done) {
		t.Errorf("the barriers are done with %v, want two times nil", src.done)
	}
}

// shouting has a Process of its own beside that of the mapper it embeds.
type shouting struct{ *ops.Mapper[int, int] }

func (s shouting) Process(ctx context.Context, in <-chan int) <-chan int {
	return ops.NewMapper(func(n int) int { return 100 * n }).Process(ctx, s.Mapper.Process(ctx, in))
}

func TestEmbeddingAProcessor(t *testing.T) {
	bubble(t, "with a Process of its own is not fused past it", func(t *testing.T) {
		check(t, []int{200, 400}, ints(2), func() ops.Processor[int, int] { return shouting{ops.NewMapper(double)} })
	})
	bubble(t, "by pointer neither", func(t *testing.T) {
		check(t, []int{200, 400}, ints(2), func() ops.Processor[int, int] { return &shouting{ops.NewMapper(double)} })
	})
	bubble(t, "without one behaves as the processor", func(t *testing.T) {
		check(t, []int{2, 4}, ints(2), func() ops.Processor[int, int] { return struct{ *ops.Mapper[int, int] }{ops.NewMapper(double)} })
	})
}

var placed = regexp.MustCompile(`^(close [a-z-]+) \([^)]*\)(: (?:boom|panic)).*$`)
