package flow

import (
	"fmt"
	"slices"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Jobs makes one job of several, which run at the same time under the same Run: a failure
// of one ends all, a drain drains all, and Run returns when nothing of any is left. One that
// ends early, as by a Take, ends itself alone. Without jobs it ends at once.
//
// The names of their stages begin with that of Jobs, if it is given one, and policy is the
// default of all stages.
func Jobs(jobs ...Job) Job {
	jobs = slices.Clone(jobs)
	if len(jobs) == 0 {
		jobs = []Job{Empty[nothing]().Discard()} // a run has a source
	}
	return Job{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site) {
		run := seg.Run()
		run.Misused(last, "jobs", last.Plain().Err)
		seg.Within(last, func(kernel.Site) {
			for i, job := range slices.Backward(jobs) { // wiring goes backwards
				if job.wire == nil {
					run.Misused(last, "jobs", needs(fmt.Sprintf("job %d", i), "must be made by a terminal, as ForEach"))
					continue
				}
				own := seg
				if i < len(jobs)-1 {
					own = run.Last()
				}
				job.wire(own, job.last.Site)
			}
		})
	}}
}
