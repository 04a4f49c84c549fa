package diag

import (
	"slices"

	"github.com/go-streamz/streamz/flow"
)

// RunStats are the figures of all runs with a name, those that go on included.
type RunStats struct {
	Name     string       `json:"name"`
	Started  int64        `json:"started"`
	Ended    int64        `json:"ended"`
	Failed   int64        `json:"failed"`   // of those that ended, with an error
	Restarts int64        `json:"restarts"` // of the flows in a flow.Restart
	Stalls   int64        `json:"stalls"`   // see flow.WithWatchdog
	Missed   int64        `json:"missed"`   // drains that did not finish in their time
	Duration Latency      `json:"duration"` // of the runs that ended
	Stages   []StageStats `json:"stages"`
	Queues   []flow.Edge  `json:"queues"` // between the stages of those that go on, where items can wait
}

// StageStats are the figures of a stage in all runs with a name. Held are the items that it
// had in its hands when runs ended; Busy is 0.
type StageStats struct {
	flow.StageReport
	Latency Latency `json:"latency"` // of the calls that were timed, see [Metrics.WithEvery]
}

// runFigures are what RunStats tell. The mutex of the Metrics guards them.
type runFigures struct {
	RunStats
	duration Histogram
	stages   []*stageFigures
}

// stageFigures are those of a stage in the runs that have ended, and of its calls.
type stageFigures struct {
	flow.StageReport
	latency Histogram
}

// Observe takes in what happens in a run: it makes a Metrics a flow.Observer.
func (m *Metrics) Observe(e flow.Event) {
	switch e := e.(type) {
	case flow.RunStarted:
		m.started(e.Run)
	case flow.RunEnded:
		m.ended(e.Run, e.Report)
	case flow.CallTimed:
		m.of(e.Run, func(r *runFigures) {
			if s := m.stage(r, e.Stage); s != nil {
				s.latency.Record(e.Took)
			}
		})
	case flow.Restarted:
		m.of(e.Run, func(r *runFigures) { r.Restarts++ })
	case flow.Stalled:
		m.of(e.Run, func(r *runFigures) { r.Stalls++ })
	case flow.DrainMissed:
		m.of(e.Run, func(r *runFigures) { r.Missed++ })
	}
}

// of calls fn with the figures of a run that goes on, if there is room for them.
func (m *Metrics) of(run *flow.View, fn func(*runFigures)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.live[run]; r != nil {
		fn(r)
	}
}

func (m *Metrics) started(run *flow.View) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !admit(m, &m.runs, run.Name()) {
		return
	}
	r := m.runs[run.Name()]
	if r == nil {
		r = &runFigures{Name: run.Name()}
		m.runs[run.Name()] = r
	}
	r.Started++
	for _, s := range run.Plan().Stages { // so that they stand in their order
		m.stage(r, s.StageRef)
	}
	if m.live == nil {
		m.live = make(map[*flow.View]*runFigures)
	}
	m.live[run] = r
}

// ended adds the books of a run to those of the runs before.
func (m *Metrics) ended(run *flow.View, report flow.Report) {
	m.of(run, func(r *runFigures) {
		delete(m.live, run)
		r.Ended++
		if report.Cause != nil {
			r.Failed++
		}
		r.duration.Record(report.Duration)
		for _, books := range report.Stages {
			if s := m.stage(r, refOf(books)); s != nil {
				add(&s.StageReport, books)
			}
		}
	})
}

// stage gives the figures of a stage, nil if there is no room for them.
func (m *Metrics) stage(r *runFigures, ref flow.StageRef) *stageFigures {
	i := slices.IndexFunc(r.stages, func(s *stageFigures) bool { return s.Name == ref.Name })
	if i >= 0 {
		return r.stages[i]
	}
	if !m.room() {
		return nil
	}
	m.staged++
	s := &stageFigures{Name: ref.Name, Op: ref.Op, At: ref.At}
	r.stages = append(r.stages, s)
	return s
}

func refOf(s flow.StageReport) flow.StageRef { return flow.StageRef{Name: s.Name, Op: s.Op, At: s.At} }

func add(to *flow.StageReport, books flow.StageReport) {
	to.In += books.In
	to.Passed += books.Passed
	to.Out += books.Out
	to.Filtered += books.Filtered
	to.Dropped += books.Dropped
	to.DeadLettered += books.DeadLettered
	to.Failed += books.Failed
	to.Held += books.Held
	to.Retried += books.Retried
}
