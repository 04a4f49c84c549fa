package kernel

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Hedge says how calls are hedged: a call for an item that has not returned after some time
// gets company by another one for it, and the first that succeeds is the result.
type Hedge[In, Out any] struct {
	Call  func(ctx context.Context, v In) (Out, error)
	Fork  func(context.Context) (context.Context, context.CancelFunc) // the context of one call
	Good  func(error) bool                                            // whether what a call gave is a result
	Began func()                                                      // hears of each further call
	Won   func()                                                      // hears of each result of a further call
	Clock clock.Clock
	After time.Duration
	Most  int // further calls for an item
}

// Hedged makes the calls of one goroutine. The first one for an item runs there, so that quick
// calls start none. Another goroutine waits for the time, and starts one for each further call.
// What is thrown there is thrown on the goroutine of the first.
type Hedged[In, Out any] struct {
	Hedge[In, Out]
	run   *Run          // nil outside of a stage
	timer clock.Timer   // nil before the first item
	quit  chan struct{} // ends the goroutine that waits for the time
	gone  chan struct{} // closed when that has ended
	back  chan struct{} // has room: a further call has returned

	own    context.Context // of first calls, as long as it has not ended
	ownOf  context.Context // what it is derived from
	endOwn context.CancelFunc

	mu sync.Mutex // guards what follows, and the setting of the timer
	hand[In, Out]
}

// hand is the item in hand.
type hand[In, Out any] struct {
	open     bool // there is one
	item     In
	ctx      context.Context
	due      time.Time // of the next further call
	begun    int       // further calls
	launched int       // of these on goroutines of their own
	received int       // of these are back
	flying   int       // calls that have not returned
	cancels  []context.CancelFunc

	decided bool
	won     bool // by a further call
	out     Out
	err     error   // what is Good, with the result
	errs    []error // of calls, that of the first call first
	thrown  Thrown
}

// Hedging makes calls outside of any stage. Close has to be called.
func Hedging[In, Out any](h Hedge[In, Out]) *Hedged[In, Out] {
	return &Hedged[In, Out]{Hedge: h, back: make(chan struct{}, h.Most)}
}

// HedgingIn makes those of a stage, or of one of its workers, on the goroutine of its segment.
func HedgingIn[In, Out any](s *Stage, h Hedge[In, Out]) *Hedged[In, Out] {
	c := Hedging(h)
	c.run = s.seg.run
	s.onExit(c.Close)
	return c
}

// Close waits until nothing of it is left running.
func (h *Hedged[In, Out]) Close() {
	if h.endOwn != nil {
		h.endOwn()
	}
	if h.timer != nil {
		close(h.quit)
		<-h.gone
		h.timer.Stop()
		h.timer = nil
	}
}

// Do makes the calls for an item, and returns when all of them have. If none succeeds it gives
// their errors, that of the first call first.
func (h *Hedged[In, Out]) Do(ctx context.Context, v In) (out Out, errs []error, err error) {
	h.begin(ctx, v)
	h.calls(v)
	h.thrown.Again()
	if h.won {
		h.Won()
	}
	return h.out, h.errs, h.err
}

// begin takes an item in hand.
func (h *Hedged[In, Out]) begin(ctx context.Context, v In) {
	if h.own == nil || h.own.Err() != nil || h.ownOf != ctx {
		if h.endOwn != nil {
			h.endOwn()
		}
		h.own, h.endOwn = h.Fork(ctx)
		h.ownOf = ctx
	}
	now := h.Clock.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hand = hand[In, Out]{open: true, item: v, ctx: ctx, due: now.Add(h.After), flying: 1}
	if h.timer != nil {
		h.timer.Reset(h.After)
		return
	}
	h.timer, h.quit, h.gone = h.Clock.NewTimer(h.After), make(chan struct{}), make(chan struct{})
	h.starts()
	go h.watch(h.timer, h.quit, h.gone)
}

// calls makes the first call, and whatever it comes to waits for those beside it.
func (h *Hedged[In, Out]) calls(v In) {
	defer h.settle()
	out, err := h.Call(h.own, v)
	h.came(false, out, err)
	for ctx, ok := h.further(false); ok; ctx, ok = h.further(false) { // it was due when the call failed
		h.Began()
		out, err := h.Call(ctx, v)
		h.came(true, out, err)
	}
	for h.undecided() {
		<-h.back
		h.received++
	}
}

// settle ends the calls that are still in flight.
func (h *Hedged[In, Out]) settle() {
	h.mu.Lock()
	h.open = false
	h.timer.Stop()
	cancels, left := h.cancels, h.launched-h.received
	h.mu.Unlock()
	for _, cancel := range cancels {
		cancel()
	}
	for range left {
		<-h.back
	}
}

// undecided tells whether there is a call in flight that may bring the result.
func (h *Hedged[In, Out]) undecided() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.decided && h.flying > 0
}

// watch waits for the time of further calls.
func (h *Hedged[In, Out]) watch(timer clock.Timer, quit, gone chan struct{}) {
	defer close(gone)
	defer h.ends()
	for {
		select {
		case <-timer.C():
			h.launch()
		case <-quit:
			return
		}
	}
}

// launch begins a further call, unless the item that it is for is not in hand any more.
func (h *Hedged[In, Out]) launch() {
	if ctx, ok := h.further(true); ok {
		h.Began()
		h.starts()
		go h.fly(ctx, h.item)
	}
}

// further takes the next further call: beside one in flight, or when there is none.
func (h *Hedged[In, Out]) further(beside bool) (ctx context.Context, ok bool) {
	now := h.Clock.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open || h.decided || h.begun == h.Most || now.Before(h.due) || beside != (h.flying > 0) || h.ctx.Err() != nil {
		return nil, false
	}
	h.begun++
	h.flying++
	if beside {
		h.launched++
	}
	ctx, cancel := h.Fork(h.ctx)
	h.cancels = append(h.cancels, cancel)
	h.due = now.Add(h.After)
	if h.begun < h.Most {
		h.timer.Reset(h.After)
	}
	return ctx, true
}

// fly makes a further call on a goroutine of its own.
func (h *Hedged[In, Out]) fly(ctx context.Context, v In) {
	var thrown Thrown
	defer func() { // also after a Goexit
		if thrown.Value != nil {
			h.threw(thrown)
		}
		h.ends()
		h.back <- struct{}{}
	}()
	thrown.Catch(func() {
		out, err := h.Call(ctx, v)
		h.came(true, out, err)
	})
}

// came takes what a call gave. With a result the others are over.
func (h *Hedged[In, Out]) came(further bool, out Out, err error) {
	good := err == nil || h.Good(err)
	h.mu.Lock()
	h.flying--
	switch {
	case h.decided:
		good = false
	case good:
		h.decided, h.won, h.out, h.err, h.errs = true, further, out, err, nil
	case further:
		h.errs = append(h.errs, err)
	default:
		h.errs = slices.Insert(h.errs, 0, err)
	}
	cancels := h.cancels
	h.mu.Unlock()
	if good && further { // else settle sees to it
		h.end(cancels)
	}
}

// threw takes that a further call did not return.
func (h *Hedged[In, Out]) threw(thrown Thrown) {
	if again, ok := thrown.Value.(*Thrown); ok {
		thrown = *again
	}
	h.mu.Lock()
	h.flying--
	h.decided, h.won = true, false
	h.thrown = thrown
	cancels := h.cancels
	h.mu.Unlock()
	h.end(cancels)
}

// end ends all calls for the item, the first as well.
func (h *Hedged[In, Out]) end(cancels []context.CancelFunc) {
	h.endOwn()
	for _, cancel := range cancels {
		cancel()
	}
}

// starts and ends count the goroutines as those of the run.
func (h *Hedged[In, Out]) starts() {
	if h.run != nil {
		h.run.started.Add(1)
	}
}

func (h *Hedged[In, Out]) ends() {
	if h.run != nil {
		h.run.ended.Add(1)
	}
}
