package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var (
	errBoom  = errors.New("boom")
	errCause = errors.New("the caller had enough")
)

// bubble runs fn as a subtest in a bubble of its own, which fails if a goroutine is
// left behind.
func bubble(t *testing.T, name string, fn func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, fn) })
}

// feed gives a closed channel that holds the items.
func feed[T any](items ...T) <-chan T {
	in := filled(items...)
	close(in)
	return in
}

// filled gives an open channel that holds the items.
func filled[T any](items ...T) chan T {
	in := make(chan T, len(items))
	for _, v := range items {
		in <- v
	}
	return in
}

// offer sends the items one by one until ctx ends, then closes the channel. taken
// counts those that somebody received.
func offer[T any](ctx context.Context, items []T) (in <-chan T, taken *atomic.Int64) {
	ch, taken := make(chan T), new(atomic.Int64)
	go func() {
		defer close(ch)
		for _, v := range items {
			select {
			case ch <- v:
				taken.Add(1)
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch, taken
}

// collect receives until the channel is closed.
func collect[T any](out <-chan T) []T {
	var items []T
	for v := range out {
		items = append(items, v)
	}
	return items
}

// wantClosed fails unless out is closed and empty by now.
func wantClosed[T any](t *testing.T, out <-chan T) {
	t.Helper()
	synctest.Wait()
	select {
	case v, ok := <-out:
		if ok {
			t.Errorf("the output gave %v, want it closed", v)
		}
	default:
		t.Error("the output is open, want it closed")
	}
}

// wantOpen fails unless out is open and nobody is sending.
func wantOpen[T any](t *testing.T, out <-chan T) {
	t.Helper()
	synctest.Wait()
	select {
	case v, ok := <-out:
		t.Errorf("the output gave %v, %t, want nothing yet", v, ok)
	default:
	}
}

// wantNext fails unless out has an item to give right now.
func wantNext[T any](t *testing.T, out <-chan T) (v T) {
	t.Helper()
	synctest.Wait()
	select {
	case v, ok := <-out:
		if !ok {
			t.Error("the output is closed, want an item")
		}
		return v
	default:
		t.Error("the output gives nothing, want an item")
	}
	return v
}

// ints gives 1 to n.
func ints(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i + 1
	}
	return items
}

// trials runs a property with random numbers whose seed a failure prints.
func trials(t *testing.T, n int, property func(t *testing.T, r *rand.Rand)) {
	t.Helper()
	for range n {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) { property(t, rand.New(rand.NewPCG(seed, 0))) })
		if t.Failed() {
			t.Fatalf("failed with rand.NewPCG(%d, 0)", seed)
		}
	}
}

// randomInts gives up to 40 numbers.
func randomInts(r *rand.Rand) []int {
	items := make([]int, r.IntN(40))
	for i := range items {
		items[i] = r.IntN(100)
	}
	return items
}

// listener is a Supervisor that remembers what it hears.
type listener struct {
	onFailed func(error)

	mu     sync.Mutex
	items  []ops.ItemError
	failed []error
}

func (l *listener) ItemFailed(_ context.Context, e *ops.ItemError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, *e)
}

func (l *listener) Failed(err error) {
	l.mu.Lock()
	l.failed = append(l.failed, err)
	l.mu.Unlock()
	if l.onFailed != nil {
		l.onFailed(err)
	}
}

func (l *listener) itemErrors() []ops.ItemError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]ops.ItemError(nil), l.items...)
}

func (l *listener) failures() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.failed...)
}

// leaves gives the errors that err joins, itself if it joins none.
func leaves(err error) []error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range many.Unwrap() {
		all = append(all, leaves(err)...)
	}
	return all
}

// thrown gives the value with which fn panics, nil if it does not.
func thrown(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// goroutine names the goroutine of the caller.
func goroutine() string {
	buf := make([]byte, 64)
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), " [")
	return head
}

const ms = time.Millisecond

// settle waits until every other goroutine of the bubble is blocked.
func settle() { synctest.Wait() }

// wantBooks runs a flow, of which the stage behind the source has to have the books wanted.
func wantBooks[T any](t *testing.T, want flow.StageReport, f flow.Flow[T]) {
	t.Helper()
	var r flow.Report
	if _, err := f.Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard)); err != nil || !r.Balanced() {
		t.Errorf("error %v\n%v", err, r)
	}
	got := r.Stages[1]
	got.At, got.Busy = "", 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

// wantEarlyEnd holds a processor to it that ends by itself: of 1, 2, 3 and so on it takes so
// many and gives what is wanted. Over channels its output closes then, and nothing more is
// taken; in a flow the source is stopped.
func wantEarlyEnd(t *testing.T, p ops.Processor[int, int], taken int, want ...int) {
	t.Helper()
	bubble(t, "over channels", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, received := offer(ctx, ints(1000))
		if diff := cmp.Diff(want, collect(p.Process(ctx, in))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		settle()
		if got := int(received.Load()); got != taken {
			t.Errorf("%d items were taken, want %d", got, taken)
		}
		cancel()
	})
	bubble(t, "in a flow", func(t *testing.T) {
		emits, stopped := 0, false
		endless := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for {
				emits++
				if err := emit(emits); err != nil {
					stopped = err == ops.ErrStop
					return err
				}
			}
		})
		var r flow.Report
		got, err := endless.Then(p).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Collect() error %v, mismatch (-want +got):\n%s", err, diff)
		}
		if emits != taken || !stopped || !r.Balanced() {
			t.Errorf("%d emits, stopped with ErrStop: %t, want %d, true\n%v", emits, stopped, taken, r)
		}
	})
}
