package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/goroutines"
	"github.com/go-streamz/streamz/internal/kernel"
)

// WithGrace bounds how long the run may take to end once it was told to: by its context, by
// a failure, by [Running.Stop], or because nobody needs the items of a part of it any more.
// After d by the clock of the run it is given up: Run returns a *[StuckError] that names the
// stages whose functions have not returned, with their stacks. Their goroutines go on until
// they do; nothing else is left.
//
// All stages then run on goroutines of the run and none on the caller's, as with
// [Job.Start], and each call of a user function costs some nanoseconds more.
func WithGrace(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithGrace")
		o.grace, o.live, o.traced = d, true, true
	}}
}

// WithLeakCheck has the run look, when its own goroutines have ended, for others that user
// functions started and left behind. It then returns a *[LeakError], which names the stages
// and has the stacks.
//
// They are found by the profiler labels that goroutines inherit, so one that has set labels
// of its own outside the function's context is missed. The search reads the profile of all
// goroutines, which stops the program for a moment: about a millisecond for a thousand. Each
// call of a user function costs some nanoseconds more.
func WithLeakCheck() Option {
	return Option{func(o *options) { o.leaks, o.live, o.traced = true, true, true }}
}

// WithWatchdog looks for stages that hold things up: one that has worked on the same call
// for d, by the clock of the run, while items wait in front of it or its source shares its
// goroutine. That is logged as a warning, and told to observers as [Stalled], once a call. It
// looks four times in d.
func WithWatchdog(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithWatchdog")
		o.stall, o.live, o.traced = d, true, true
	}}
}

// WithStallLimit is [WithWatchdog] that also ends the run, with the *[StallError]. A
// function that does not watch its context has to be bounded by [WithGrace] besides.
func WithStallLimit(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithStallLimit")
		o.stall, o.stallEnds, o.live, o.traced = d, true, true, true
	}}
}

// Culprit is a stage that holds up a run.
type Culprit struct {
	StageRef
	State string        `json:"state"`           // of its goroutine: "working", or what it waits for
	For   time.Duration `json:"for"`             // how long at least, 0 if that is not known
	Holds int64         `json:"holds"`           // items in its hands
	Stack string        `json:"stack,omitempty"` // of its goroutine
}

// String gives all but the stack.
func (c Culprit) String() string {
	s := c.StageRef.String()
	if c.State != "" && c.State != kernel.Working.String() {
		s += ", " + c.State
	}
	if c.For > 0 {
		s += fmt.Sprintf(", for %v", c.For)
	}
	if c.Holds > 0 {
		s += fmt.Sprintf(", with %d item%s", c.Holds, plural(c.Holds))
	}
	return s
}

func plural(n int64) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// guard gives the run up when it does not end in time.
func (r *running) guard() {
	for {
		select {
		case <-r.over:
			return
		case <-r.run.Done():
		case <-r.run.Told():
		}
		if r.bide(r.o.grace) {
			return
		}
		stuck := r.culprits(func(s SegmentSnapshot, _ bool) bool { return s.told && s.activity != kernel.Finished })
		if len(stuck) > 0 || isDone(r.run.Done()) {
			r.giveUp(stuck)
			return
		}
	}
}

// bide waits for d, and tells whether the run has ended meanwhile.
func (r *running) bide(d time.Duration) bool {
	timer := r.o.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.over:
		return true
	case <-timer.C():
		return false
	}
}

// giveUp settles the run while some of it still goes on.
func (r *running) giveUp(stuck []Culprit) {
	for i := range stuck {
		stuck[i].For = r.o.grace
	}
	err := &StuckError{Stages: stuck, Grace: r.o.grace}
	if isDone(r.run.Done()) {
		err.Err = r.run.Cause()
	} else { // only a part of it was told
		r.run.Cancel(err)
		r.bide(r.o.grace)
	}
	now := r.view.Snapshot()
	report := Report{Name: r.o.name, Stages: now.Stages, Edges: now.Edges, Duration: r.view.ended(), Stuck: stuck}
	report.Goroutines.Started, report.Goroutines.Ended = r.run.Goroutines()
	r.settle(err, report)
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
	for i, c := range e.Stages {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.StageRef.String())
		if at := goroutines.Top(c.Stack); at != "" {
			b.WriteString(" in " + at)
		}
	}
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	return b.String()
}

// Unwrap gives why the run was to end.
func (e *StuckError) Unwrap() error { return e.Err }

// LeakError lists the goroutines that user functions left behind.
type LeakError struct{ Leaks []Leak }

// Leak is one or more goroutines with the same stack.
type Leak struct {
	Stage string `json:"stage"` // whose function started them
	Count int    `json:"count"`
	Stack string `json:"stack"`
}

// Error names the stages and what their goroutines do.
func (e *LeakError) Error() string {
	var b strings.Builder
	b.WriteString("goroutines left behind: ")
	for i, l := range e.Leaks {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d of %s", l.Count, l.Stage)
		if at := goroutines.Top(l.Stack); at != "" {
			b.WriteString(" in " + at)
		}
	}
	return b.String()
}

// leaked looks for goroutines that carry the label of the run.
func (r *running) leaked() error {
	left, err := goroutines.Gone(goroutines.Run, r.o.id, leakPatience)
	if len(left) == 0 {
		return err
	}
	found := &LeakError{}
	for _, g := range left {
		stage := g.Labels[goroutines.Stage]
		if stage == "" {
			stage = g.Labels[goroutines.Segment]
		}
		found.Leaks = append(found.Leaks, Leak{Stage: stage, Count: g.Count, Stack: g.Stack})
	}
	return found
}

// leakPatience is how long a goroutine that was told to end may take to do so.
const leakPatience = 100 * time.Millisecond

// missedDrain is the cause of a run that was ended because a drain took too long.
type missedDrain struct {
	cause    error // of the drain's context
	culprits []Culprit
}

func (m *missedDrain) Error() string { return "the drain was not completed: " + m.cause.Error() }

func (m *missedDrain) Unwrap() error { return m.cause }

// error makes the error of what the run came to, or of m while it has not ended.
func (m *missedDrain) error(err error, stages []StageReport, edges []Edge) *DrainError {
	e := &DrainError{Culprits: slices.Clone(m.culprits), Undelivered: undone(stages, edges), Err: err}
	for i := range e.Culprits {
		c := &e.Culprits[i]
		c.Holds = max(c.Holds, holding(stages, c.Name)) // a call that has not come back is told of late
	}
	return e
}

// DrainError says what a drain did not deliver in its time, and who held it up.
type DrainError struct {
	Culprits    []Culprit // when the time was up
	Undelivered []Undone
	Err         error // the end of the drain's context, and what the run failed with besides
}

// Error says it in a line.
func (e *DrainError) Error() string {
	var b strings.Builder
	b.WriteString(e.Err.Error())
	for i, c := range e.Culprits {
		b.WriteString([]string{", held up by ", "; "}[min(i, 1)] + c.String())
		if at := goroutines.Top(c.Stack); at != "" {
			b.WriteString(" in " + at)
		}
	}
	for i, u := range e.Undelivered {
		b.WriteString([]string{": not delivered: ", ", "}[min(i, 1)] + u.String())
	}
	return b.String()
}

// Unwrap gives the end of the drain's context, and what the run failed with.
func (e *DrainError) Unwrap() error { return e.Err }

// delaysDrain tells the goroutines that a drain waits for: those at work, sources included
// that do not heed their context, and those in front of a processor that takes no more.
func delaysDrain(s SegmentSnapshot, foreign bool) bool {
	return s.activity == kernel.Working || s.activity == kernel.AwaitsTime || s.activity == kernel.AwaitsRoom && foreign
}

// culprits gives the stages that segments are in that which approves. foreign says that the
// segment sends to a processor over channels.
func (r *running) culprits(which func(s SegmentSnapshot, foreign bool) bool) []Culprit {
	now := r.view.Snapshot()
	var found []Culprit
	var stacks []goroutines.Group
	for _, g := range now.Segments {
		next, foreign := r.receiver(g)
		if !which(g, foreign) {
			continue
		}
		c := Culprit{StageRef: r.view.plan.stage(g.Name), State: g.State}
		if g.at != nil {
			c.StageRef = refOf(g.at)
		}
		if foreign && g.activity == kernel.AwaitsRoom {
			c.StageRef, c.State = next, kernel.Working.String()
		}
		c.Holds = holding(now.Stages, c.Name)
		if stacks == nil {
			stacks, _ = goroutines.Labelled(goroutines.Run, r.o.id) // the names are worth more than the stacks
		}
		c.Stack = stackOf(stacks, g.Name)
		found = append(found, c)
	}
	return found
}

// receiver gives the stage that a segment sends to, and whether that is a processor over
// channels.
func (r *running) receiver(g SegmentSnapshot) (StageRef, bool) {
	if g.to == nil {
		return StageRef{}, false
	}
	return refOf(g.to), g.to.Foreign()
}

// holding is how many items a stage has in its hands.
func holding(stages []StageReport, name string) int64 {
	s, _ := stageNamed(stages, name)
	return max(s.In-s.Passed-s.Filtered-s.Dropped-s.DeadLettered-s.Failed, 0)
}

// stackOf gives the stack of the goroutine that runs a segment.
func stackOf(stacks []goroutines.Group, segment string) string {
	for _, g := range stacks {
		if g.Labels[goroutines.Segment] == segment && strings.Contains(g.Stack, "kernel.(*Segment).work") {
			return g.Stack
		}
	}
	return ""
}

// stage gives the one with a name.
func (p Plan) stage(name string) StageRef {
	for _, s := range p.Stages {
		if s.Name == name {
			return s.StageRef
		}
	}
	return StageRef{Name: name}
}

// StallError says which stage holds things up.
type StallError struct {
	Culprit
	Queue   int64    // items that wait in front of it
	Size    int64    // how many can
	Blocked []string // the stages whose goroutines wait for room behind it
}

// Error says it in a line.
func (e *StallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has been at the same call for %v", e.StageRef, e.For)
	if e.Size > 0 {
		fmt.Fprintf(&b, ", %d of %d wait in front of it", e.Queue, e.Size)
	}
	if len(e.Blocked) > 0 {
		b.WriteString(", which blocks " + strings.Join(e.Blocked, ", "))
	}
	if at := goroutines.Top(e.Stack); at != "" {
		b.WriteString("; it is in " + at)
	}
	return b.String()
}

// watch looks for stalls.
func (r *running) watch() {
	tick := r.o.clock.NewTicker(max(r.o.stall/4, 1))
	defer tick.Stop()
	seen := make(map[int]*sighting)
	for {
		select {
		case <-r.over:
			return
		case <-tick.C():
		}
		now := r.view.Snapshot()
		for i, g := range now.Segments {
			if s := seen[i]; s == nil || s.turn != g.turn || s.name != g.Name {
				seen[i] = &sighting{name: g.Name, turn: g.turn, since: now.Time}
			} else if took := now.Time.Sub(s.since); took >= r.o.stall && !s.told && r.stalls(g) {
				s.told = true
				r.stalled(now, g, took)
			}
		}
	}
}

// sighting is a goroutine that was seen at something.
type sighting struct {
	name  string
	turn  uint64
	since time.Time
	told  bool
}

// stalls tells whether a goroutine that does not get on holds others up: a source that waits
// for the world does not.
func (r *running) stalls(g SegmentSnapshot) bool {
	_, foreign := r.receiver(g)
	switch {
	case g.activity == kernel.AwaitsRoom && foreign:
		return true
	case g.activity != kernel.Working || g.at == nil || g.at.Source():
		return false
	}
	return g.size == 0 || g.queued > 0
}

// stalled tells everybody who wants to know.
func (r *running) stalled(now Snapshot, g SegmentSnapshot, took time.Duration) {
	found := r.culprits(func(s SegmentSnapshot, _ bool) bool { return s.Name == g.Name && s.turn == g.turn })
	if len(found) == 0 { // it got on
		return
	}
	err := &StallError{Culprit: found[0], Queue: g.queued, Size: g.size}
	err.For = took
	for _, s := range now.Segments {
		if s.activity == kernel.AwaitsRoom && s.Name != g.Name {
			err.Blocked = append(err.Blocked, s.Name)
		}
	}
	r.o.logger.Warn("stage holds up the flow", "run", r.o.name, "stage", err.Name, "for", took, "queued", err.Queue, "error", err)
	r.o.tell(Stalled{r.view, err})
	if r.o.stallEnds {
		r.run.Fail(err)
	}
}
