package flow

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Plan is how a job is wired: its stages, which of them share a goroutine, and the queues
// between those that do not. Stages of a [Restart] or [Using] are made while the flow runs
// and are not in it.
type Plan struct {
	Name     string      `json:"name"`
	Stages   []PlanStage `json:"stages"`   // from the source to the sink
	Edges    []PlanEdge  `json:"edges"`    // from the source to the sink
	Segments int         `json:"segments"` // goroutines
}

// PlanStage is a stage. Those with the same Segment share a goroutine; Workers is how many
// more a stage has whose function runs on several. Where that number changes, see
// [Flow.Scaled], Workers is the most that work at once, and LeastWorkers the least.
type PlanStage struct {
	StageRef
	Segment      int    `json:"segment"` // from 0, in the order of their first stages
	Workers      int    `json:"workers,omitempty"`
	LeastWorkers int    `json:"leastWorkers,omitempty"` // 0 where the number does not change
	Policy       string `json:"policy,omitempty"`       // as "Retry, then DeadLetter"; empty for Stop
}

// PlanEdge leads from one stage to the next. Capacity is how many items can wait on it, 0
// where the stages are fused.
type PlanEdge struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Capacity int64  `json:"capacity"`
}

// Plan wires the job without running it. The error is what Run would return for the same
// reason: the configuration errors of all stages.
func (j Job) Plan(opts ...Option) (Plan, error) {
	o := newOptions(context.Background(), opts)
	run, err := j.prepare(context.Background(), o)
	if err != nil {
		return Plan{Name: o.name}, err
	}
	run.Abort()
	return newPlan(o.name, run), nil
}

func newPlan(name string, run *kernel.Run) Plan {
	p := Plan{Name: name, Segments: run.Segments()}
	numbers := make(map[kernel.Place]int)
	for _, s := range run.Stages() {
		at := s.Place()
		if _, known := numbers[at]; !known {
			numbers[at] = len(numbers)
		}
		stage := PlanStage{StageRef: refOf(s), Segment: numbers[at], Workers: s.Workers(), Policy: s.PolicyName()}
		if r := s.Roster(); r != nil {
			stage.LeastWorkers = r.Least()
		}
		p.Stages = append(p.Stages, stage)
	}
	for _, e := range run.Edges() {
		size, _ := e.Level()
		p.Edges = append(p.Edges, PlanEdge{From: e.From.Name(), To: e.To.Name(), Capacity: size})
	}
	return p
}
