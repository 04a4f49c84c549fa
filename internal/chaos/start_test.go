package chaos

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// move is something that is done to a run from outside.
type move struct {
	after time.Duration
	late  bool // also if the run has ended by then
	do    func(*steering)
}

// steering is a run that was started, and what was done to it.
type steering struct {
	*game
	r *flow.Running

	mu     sync.Mutex
	drains []drain
	waits  []error
	before map[string]flow.StageReport // by the snapshot before
}

// drain is one call of Drain.
type drain struct {
	why  *planted // the cause of its context
	late bool     // that had ended
	err  error
}

// started draws what is done to a run that is started, and when.
func (g *gamble) started(job flow.Job) func(context.Context, ...flow.Option) error {
	moves, waiters := make([]move, 1+g.IntN(4)), g.IntN(3)
	for i := range moves {
		moves[i] = g.move()
	}
	return func(ctx context.Context, opts ...flow.Option) error {
		s := &steering{game: g.game, r: job.Start(ctx, opts...)}
		var all sync.WaitGroup
		for _, m := range moves {
			all.Go(func() { s.make(m) })
		}
		for range waiters {
			all.Go(func() { s.waited(s.r.Wait()) })
		}
		err := s.r.Wait()
		g.returned = time.Now()
		all.Wait()
		s.check(err)
		return err
	}
}

// waited takes what another Wait gave.
func (s *steering) waited(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = append(s.waits, err)
}

func (s *steering) make(m move) {
	select {
	case <-time.After(m.after):
	case <-s.r.Done():
		if !m.late {
			return
		}
	}
	m.do(s)
}

func (g *gamble) move() move {
	m := move{after: time.Duration(g.IntN(1+g.IntN(3000))) * time.Millisecond, late: g.IntN(4) == 0}
	d := time.Duration(g.IntN(1+g.IntN(2000))) * time.Millisecond
	switch why := g.plant("move"); g.IntN(8) {
	case 0, 1:
		g.note("%v:drain", m.after)
		m.do = func(s *steering) { s.drain(idle, why) }
	case 2, 3:
		g.note("%v:drain(%v)", m.after, d)
		m.do = func(s *steering) { s.drain(d, why) }
	case 4:
		g.note("%v:stop", m.after)
		m.do = func(s *steering) { s.stop(why) }
		if g.IntN(4) == 0 {
			m.do = func(s *steering) { s.stop(nil) }
		}
	case 5:
		g.note("%v:pause", m.after)
		m.do = func(s *steering) { s.happened("a pause without end"); s.r.Pause() }
	case 6:
		g.note("%v:pause(%v)", m.after, d)
		m.do = func(s *steering) { s.pause(d) }
	default:
		g.note("%v:look(%v)", m.after, d)
		m.do = func(s *steering) { s.watch(d) }
	}
	return m
}

func (s *steering) pause(d time.Duration) {
	s.r.Pause()
	time.Sleep(d)
	s.r.Resume()
}

func (s *steering) stop(cause *planted) {
	s.endAt(time.Now())
	if cause == nil {
		s.happened("a stop")
		s.r.Stop(nil)
		return
	}
	s.r.Stop(cause)
}

// drain drains the run, which has to give up when its time is up.
func (s *steering) drain(limit time.Duration, why *planted) {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, why)
	defer cancel()
	begun := time.Now()
	d := drain{why: why, err: s.r.Drain(ctx)}
	if took := time.Since(begun); took > limit+max(s.grace, time.Second) {
		s.complain("Drain took %v, and had %v", took, limit)
	}
	if d.late = ctx.Err() != nil; d.late {
		s.endAt(begun.Add(limit))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drains = append(s.drains, d)
}

// watch looks at the run some times.
func (s *steering) watch(d time.Duration) {
	for range 3 {
		s.look()
		time.Sleep(d)
	}
	s.look()
}

// look takes a snapshot: its numbers never go back.
func (s *steering) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.r.Snapshot()
	for _, text := range []string{now.String(), now.Mermaid(), now.DOT(), s.r.Plan().String(), s.r.Phase().String(), s.r.Report().String()} {
		if text == "" {
			s.complain("a view has no text")
		}
	}
	for _, row := range now.Stages {
		if bad := backwards(s.before[row.Name], row, now.Phase == flow.Ended); bad != "" {
			s.complain("the snapshot has fewer %s of %s than the one before: %+v, then\n%v", bad, row.Name, s.before[row.Name], now)
		}
	}
	s.before = make(map[string]flow.StageReport)
	for _, row := range now.Stages {
		s.before[row.Name] = row
	}
}

// backwards names a number that is smaller than it was, or negative. Until the run has ended
// what a stage has in its hands may be taken for what it has passed on, or, if it does not
// count that itself, what was taken out of its queue for what it has taken.
func backwards(was, is flow.StageReport, final bool) string {
	if is.Passed, is.Out = is.Passed+is.Held, is.Out+is.Held; final {
		was.In, was.Passed, was.Out = 0, 0, 0
	}
	old, now := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range now.NumField() {
		name := now.Type().Field(i).Name
		if now.Field(i).Kind() == reflect.Int64 && (now.Field(i).Int() < 0 || name != "Held" && now.Field(i).Int() < old.Field(i).Int()) {
			return name
		}
	}
	return ""
}

// check holds what the run and its drains came to against each other.
func (s *steering) check(err error) {
	r := s.r.Report()
	for _, other := range s.waits {
		if other != err {
			s.complain("Wait gave %v, and %v", err, other)
		}
	}
	for _, d := range s.drains {
		missed, ok := errors.AsType[*flow.DrainError](d.err)
		switch {
		case d.err == err:
		case !ok || !d.late:
			s.complain("Drain gave %v, and Wait %v", d.err, err)
		case len(missed.Culprits) > 0 && s.traced:
			s.accuse("Drain", s.endsAt(), names(missed.Culprits)...)
		}
		if d.err == nil && err == nil && !s.early && !s.restarted() {
			s.delivered(&r)
		}
	}
	if missed, ok := errors.AsType[*flow.DrainError](err); ok {
		if s.traced {
			s.accuse("Wait, after a drain,", s.endsAt(), names(missed.Culprits)...)
		}
		if got, want := fmt.Sprint(missed.Undelivered), fmt.Sprint(left(&r)); got != want {
			s.complain("DrainError says that %s was not delivered, the books %s:\n%v", got, want, r)
		}
		if s.onlyDrained() && !s.drainedBy(err) {
			s.complain("DrainError has not the cause of the drain: %v", err)
		}
	}
	if d := r.Drain; d != nil && d.Complete != (len(left(&r)) == 0) {
		s.complain("the report says of the drain that it was complete: %v\n%v", d.Complete, r)
	}
}

// delivered holds the books of a run that was drained in time against that.
func (s *steering) delivered(r *flow.Report) {
	if r.Drain != nil && (!r.Drain.Complete || len(left(r)) > 0) {
		s.complain("the drain was completed, but not all was delivered:\n%v", r)
	}
}

// left is what was not delivered by the books.
func left(r *flow.Report) (list []flow.Undone) {
	for _, row := range r.Stages {
		if row.Held != 0 {
			list = append(list, flow.Undone{Stage: row.Name, Items: row.Held})
		}
	}
	for _, e := range r.Edges {
		if e.Queued != 0 {
			list = append(list, flow.Undone{Stage: e.To, From: e.From, Items: e.Queued})
		}
	}
	return list
}

// onlyDrained tells whether nothing else than drains has ended the run.
func (s *steering) onlyDrained() bool {
	n := 0
	for _, d := range s.drains {
		if d.late {
			n++
		}
	}
	return n > 0 && n == s.told
}

func (s *steering) drainedBy(err error) bool {
	for _, d := range s.drains {
		if d.late && errors.Is(err, d.why) {
			return true
		}
	}
	return false
}

// names gives those who are said to be at work. A stage that waits, as for its pace, is in no
// call, and what a processor over channels waits for nobody sees: then there is nothing to say.
func names(culprits []flow.Culprit) (list []string) {
	for _, c := range culprits {
		if c.State != "working" || c.Op == "Then" {
			return nil
		}
		list = append(list, c.Name)
	}
	return list
}
