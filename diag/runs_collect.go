package diag

import (
	"maps"
	"slices"

	"github.com/go-streamz/streamz/flow"
)

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
