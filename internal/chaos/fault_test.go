package chaos

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// errPlanted is in every error that this package has made.
var errPlanted = errors.New("planted")

// planted is the error of one fault.
type planted struct{ name string }

func (p *planted) Error() string        { return "planted by " + p.name }
func (p *planted) Is(target error) bool { return target == errPlanted }

func (g *gamble) plant(what string) *planted {
	return &planted{fmt.Sprintf("%s %s", g.node.path, what)}
}

// kind is how a function goes wrong.
type kind int

const (
	fails       kind = iota // once
	panics                  // once
	cancels                 // the run, and goes on
	exits                   // its goroutine
	dawdles                 // for a second
	failsOften              // two times out of three from then on
	failsOn                 // every time from then on
	panicsOften             // every fourth time from then on
	waits                   // until its context ends
	stops                   // says that it wants no more
	cancelled               // returns the error of another context
	sticks                  // until the run has returned, if that has a grace
	leaves                  // a goroutine behind: until the run has returned, if that looks for it
)

// kinds are drawn from, some of them more often than others.
var kinds = []kind{fails, panics, cancels, exits, dawdles, failsOften, failsOften, failsOn, panicsOften, panicsOften, waits, stops, cancelled, sticks, leaves}

func (k kind) String() string {
	return [...]string{
		"fails at", "panics at", "cancels at", "exits at", "dawdles at", "fails often from", "fails from", "panics often from",
		"waits for its context at", "stops at", "fails as another's context at",
		"sticks at", "leaves a goroutine at",
	}[k]
}

// fault is what goes wrong in a function of the user's, at one of its calls. It may be
// called by several goroutines.
type fault struct {
	g      *gamble
	err    *planted // nil if nothing goes wrong
	kind   kind
	at     int64
	calls  atomic.Int64
	inside bool // the function is called in the run
	tells  bool // the function can return an error
	fatal  bool // nothing but a policy of its stage lets the run survive it
	judge  bool // it is a policy's own, which none forgives
}

// fault draws one for a function, a third of the time.
func (g *gamble) fault(name string, t reflect.Type) *fault {
	f := &fault{g: g, judge: g.judge, kind: kinds[g.IntN(len(kinds))], at: int64(max(0, g.IntN(1+g.IntN(40))-g.IntN(10)))}
	for out := range t.Outs() {
		f.tells = f.tells || out == errorType
	}
	if t.NumIn() > 0 && t.In(t.NumIn()-1) == reflect.TypeFor[func(int, error) bool]() {
		f.tells = true
	}
	f.inside = !g.outside && !takes(t, flowType) && (t.NumOut() == 0 || t.Out(0) != flowType)
	if g.IntN(3) == 0 {
		g.node.faulty = true
		f.err = g.plant(name)
		g.note("%s=func{%v call %d}", name, f.kind, f.at)
	} else {
		g.note("%s=func", name)
	}
	return f
}

// strike does what the fault does in this call. The error is for the function to return.
// After the function's emit has refused an item, that matters more.
func (f *fault) strike(in given, refused bool) error {
	n := f.calls.Add(1) - 1
	if f.err == nil || n < f.at || f.g.trial || !f.g.wild.Load() {
		return nil
	}
	switch {
	case f.kind == failsOften && (n-f.at)%3 > 0, f.kind == failsOn:
		return f.fail(in, f.err, refused)
	case f.kind == panicsOften && (n-f.at)%4 == 3:
		f.panic(in)
	case n > f.at:
		return nil
	}
	switch f.kind {
	case fails:
		return f.fail(in, f.err, refused)
	case panics:
		f.panic(in)
	case cancels:
		f.g.happened("a cancellation")
		f.g.cancel(f.err)
	case exits:
		f.g.happened("a Goexit")
		f.g.struck(f, nil, in.about)
		runtime.Goexit()
	case dawdles:
		time.Sleep(time.Second)
	case waits:
		return f.wait(in.ctx)
	case sticks:
		if f.g.grace > 0 && f.inside {
			f.g.happened("a function that sticks")
			<-f.g.release
		}
	case leaves:
		f.leave()
	case stops:
		if f.tells {
			f.g.happened("an ErrStop")
			f.g.endEarly()
			return flow.ErrStop
		}
	case cancelled:
		return f.fail(in, fmt.Errorf("%w: %w", f.err, context.Canceled), refused)
	}
	return nil
}

// fail is for the function to return, or else panics.
func (f *fault) fail(in given, err error, refused bool) error {
	if !f.tells {
		f.panic(in)
	}
	f.g.happened("an error")
	switch {
	case refused:
	case f.kind == cancelled && f.g.draining.Load(): // a source may say that
	case f.kind == cancelled:
		f.g.struck(f, nil, nil) // in a context that has ended it says nothing new
	default:
		f.g.struck(f, f.err, in.about)
	}
	return err
}

func (f *fault) panic(in given) {
	f.g.happened("a panic")
	f.g.struck(f, f.err, in.about)
	panic(f.err)
}

func (f *fault) wait(ctx context.Context) error {
	if ctx == nil || ctx.Done() == nil {
		return nil
	}
	f.g.happened("a wait")
	<-ctx.Done()
	if f.tells {
		return ctx.Err()
	}
	return nil
}

// leave leaves a goroutine behind, every other time one that soon ends.
func (f *fault) leave() {
	switch {
	case !f.g.leaks || !f.inside:
	case f.at%2 == 0:
		go time.Sleep(time.Millisecond)
	default:
		f.g.leftBy(f.g.node)
		go func() { <-f.g.release }()
	}
}

// events is what has gone wrong in a run.
type events struct {
	wild atomic.Bool // things go wrong

	mu     sync.Mutex
	early  bool       // something may end the flow early
	fatal  []string   // faults that the run cannot have survived
	errs   []*planted // of these, those that have an error
	what   []string
	ending time.Time // when the run was told to end
	told   int       // how often that was

	barriers [][]atomic.Int32 // how often the functions of each were called, a source at a time
	draining atomic.Bool
	returned time.Time       // when Wait did, if the run was started
	looped   bool            // a loop's body runs on the caller's goroutine, which may be slow to see the end
	behind   map[*node]int64 // goroutines that were left behind
}

// expect gives counters for the barriers that a source may send.
func (e *events) expect(n int) []atomic.Int32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.barriers = append(e.barriers, make([]atomic.Int32, n))
	return e.barriers[len(e.barriers)-1]
}

func (e *events) leftBy(n *node) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.behind == nil {
		e.behind = make(map[*node]int64)
	}
	e.behind[n]++
}

func (e *events) restarted() bool { return e.has("a restart") }

// endEarly notes that what happens later may not matter.
func (e *events) endEarly() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.early = true
}

func (e *events) happened(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.what, what) {
		e.what = append(e.what, what)
	}
}

func (e *events) has(what string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.what, what)
}

// struck notes a fault that the run cannot survive, and with it the failure that a policy
// was asked about, which is then told as well.
func (e *events) struck(f *fault, err *planted, about error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !f.fatal || f.g.pardons || !f.judge && f.g.node.forgives() || slices.Contains(e.fatal, f.err.name) {
		return
	}
	e.fatal = append(e.fatal, f.err.name)
	if asked, ok := errors.AsType[*planted](about); ok && f.judge {
		e.errs = append(e.errs, asked)
	}
	if err != nil {
		e.errs = append(e.errs, err)
	}
}

func (e *events) happenings() string { return strings.Join(e.what, ", ") }
