package flow

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// WithGrace bounds how long the run may take to end once it was told to: by its context, by
// a failure, by [Running.Stop], or because nobody needs the items of a part of it any more.
// After d by the clock of the run it is given up: Run returns a *[StuckError] that names the
// stages whose functions have not returned, with their stacks. Their goroutines go on until
// they do, and no other function is called then; nothing else is left. The report has the
// numbers that were published last, which may be some items old, and what is missing in them
// as held; of [Flow.Collect] and its like there is no result.
//
// All stages then run on goroutines of the run and none on the caller's, as with
// [Job.Start], and each call of a user function costs some nanoseconds more.
func WithGrace(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithGrace")
		o.grace, o.live, o.traced = d, true, true
	}}
}

// guard gives the run up when it does not end in time, or when a part of it does not that was
// told to.
func (r *running) guard() {
	alarm := r.o.clock.NewTimer(r.o.grace)
	defer alarm.Stop()
	told := make(map[kernel.Place]time.Time)
	for {
		select {
		case <-r.over:
			return
		case <-r.run.Done():
			r.end()
			return
		case <-r.run.Told():
		case <-alarm.C():
		}
		late, wait := r.overdue(told)
		if len(late) > 0 {
			r.giveUpPart(late)
			return
		}
		if wait > 0 {
			alarm.Reset(wait)
		}
	}
}

// end gives the run up if it does not end in time. If nobody is at work then, it is ending at
// this very moment, and has once more as much time for that.
func (r *running) end() {
	var err *StuckError
	for range 2 {
		if r.within(r.o.grace, r.over) {
			return
		}
		if err = r.stuckError(tarries, r.run.Cause()); len(err.Stages) > 0 {
			break
		}
	}
	r.giveUp(err)
}

// overdue gives the goroutines that were told to end long ago, and how long it is until the
// next one will be. told has since when that is known.
func (r *running) overdue(told map[kernel.Place]time.Time) (late map[kernel.Place]bool, wait time.Duration) {
	now := r.view.Snapshot()
	late = make(map[kernel.Place]bool)
	for _, g := range now.Segments {
		if !tarries(now, g) {
			delete(told, g.place)
			continue
		}
		since, known := told[g.place]
		if !known {
			since = now.Time
			told[g.place] = since
		}
		switch left := r.o.grace - now.Time.Sub(since); {
		case left <= 0:
			late[g.place] = true
		case wait == 0 || left < wait:
			wait = left
		}
	}
	return late, wait
}

// tarries tells the goroutines that were told to end and have not.
func tarries(_ Snapshot, g SegmentSnapshot) bool { return g.told && g.activity != kernel.Finished }

// within tells whether c is closed within d by the clock of the run, and waits for that.
func (r *running) within(d time.Duration, c <-chan struct{}) bool {
	timer := r.o.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C():
		return false
	}
}

// giveUpPart ends the run because a part of it did not end in time, and gives it up if that
// does not help.
func (r *running) giveUpPart(late map[kernel.Place]bool) {
	err := r.stuckError(func(now Snapshot, g SegmentSnapshot) bool { return late[g.place] && tarries(now, g) }, nil)
	r.run.Fail(err)
	if !r.within(r.o.grace, r.over) {
		r.giveUp(err)
	}
}

// stuckError names the stages that who tells, which all had the time of the grace. It is
// complete: as the cause of the run others read it from here on.
func (r *running) stuckError(who func(Snapshot, SegmentSnapshot) bool, cause error) *StuckError {
	err := &StuckError{Stages: r.culprits(who), Grace: r.o.grace, Err: cause}
	for i := range err.Stages {
		err.Stages[i].For = r.o.grace
	}
	return err
}

// giveUp settles the run while some of it still goes on.
func (r *running) giveUp(err *StuckError) {
	now := r.view.Snapshot()
	for i := range now.Stages {
		now.Stages[i].Held += now.Stages[i].missing()
	}
	report := Report{Name: r.o.name, Stages: now.Stages, Edges: now.Edges, Duration: r.view.ended(), Stuck: err.Stages}
	report.Goroutines.Started, report.Goroutines.Ended = r.run.Goroutines()
	r.settle(r.explain(err, r.run.Cause(), report), report)
}

// StuckError says which stages did not end in the time of [WithGrace].
type StuckError struct {
	Stages []Culprit
	Grace  time.Duration
	Err    error // why the run was to end, nil if only a part of it was
}

// Error names the stages, and says where their functions are.
func (e *StuckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not ended %v after it was told to: ", e.Grace)
	if len(e.Stages) == 0 {
		b.WriteString("no stage is at work")
	}
	b.WriteString(list("", "; ", e.Stages, func(c Culprit) string { return c.StageRef.String() + inCode(c.Stack) }))
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	return b.String()
}

// Unwrap gives why the run was to end.
func (e *StuckError) Unwrap() error { return e.Err }
