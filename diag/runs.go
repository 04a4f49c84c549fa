package diag

import (
	"maps"
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

// collectRuns gives the figures of all runs. It looks at those that go on without the lock,
// since their own observers may wait for that; those that end meanwhile are then among those
// that have.
func (m *Metrics) collectRuns() []RunStats {
	m.mu.Lock()
	live := slices.Collect(maps.Keys(m.live))
	m.mu.Unlock()
	seen := make(map[*flow.View]flow.Snapshot, len(live))
	for _, run := range live {
		seen[run] = run.Snapshot()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := make(map[*runFigures]*going)
	for run, snapshot := range seen {
		if r := m.live[run]; r != nil {
			if now[r] == nil {
				now[r] = &going{stages: make(map[*stageFigures]*flow.StageReport)}
			}
			now[r].add(m, r, snapshot)
		}
	}
	var all []RunStats
	for _, name := range slices.Sorted(maps.Keys(m.runs)) {
		all = append(all, m.runs[name].stats(now[m.runs[name]]))
	}
	return all
}

// going is what the runs of a name that go on add to the figures.
type going struct {
	stages map[*stageFigures]*flow.StageReport
	queues []flow.Edge
}

func (g *going) add(m *Metrics, r *runFigures, snapshot flow.Snapshot) {
	for _, books := range snapshot.Stages {
		s := m.stage(r, refOf(books))
		if s == nil {
			continue
		}
		if g.stages[s] == nil {
			g.stages[s] = new(flow.StageReport)
		}
		books.Held = 0 // is in work, and may yet become anything
		add(g.stages[s], books)
	}
	for _, e := range snapshot.Edges {
		if e.Capacity > 0 {
			g.queue(e)
		}
	}
}

func (g *going) queue(e flow.Edge) {
	i := slices.IndexFunc(g.queues, func(q flow.Edge) bool { return q.From == e.From && q.To == e.To })
	if i < 0 {
		g.queues = append(g.queues, e)
		return
	}
	q := &g.queues[i]
	q.Queued, q.Capacity = q.Queued+e.Queued, q.Capacity+e.Capacity
	q.Fill = float64(q.Queued) / float64(q.Capacity)
}

func (r *runFigures) stats(now *going) RunStats {
	stats := r.RunStats
	stats.Duration = r.duration.Latency()
	for _, s := range r.stages {
		row := StageStats{StageReport: s.StageReport, Latency: s.latency.Latency()}
		if now != nil && now.stages[s] != nil {
			add(&row.StageReport, *now.stages[s])
		}
		stats.Stages = append(stats.Stages, row)
	}
	if now != nil {
		stats.Queues = now.queues
	}
	return stats
}
