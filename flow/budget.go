package flow

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Budget leaves up to n failed items of a stage in a run to what follows, see
// [Policy.Then], and that is Skip without it. One more ends the run, with a [*BudgetError] as
// the Err of its [StageError], which sums up how the items failed.
func Budget(n int) Policy {
	p := Policy{kind: budget, budget: budgeting{limit: n}}
	if n < 0 {
		p.err = &ConfigError{Field: "items of Budget", Value: n, Want: "must not be negative"}
	}
	return p
}

// BudgetShare is [Budget] for streams without end: it leaves failed items to what follows
// as long as they are no more than share of the last window items of the stage. Before
// that many have come the others count as good. share is from 0 to 1.
//
// The items of a stage with workers count in the order in which they are done with, so one
// whose key function fails comes before those that wait for their worker.
func BudgetShare(share float64, window int) Policy {
	p := Policy{kind: budget, budget: budgeting{share: share, window: window}}
	if !(share >= 0 && share <= 1) {
		p.err = &ConfigError{Field: "share of BudgetShare", Value: share, Want: "must be between 0 and 1"}
	}
	p.err = kernel.Join(p.err, countTo("window of BudgetShare", window, maxBuffer))
	return p
}

// budgeting is the part of a policy that Budget and BudgetShare set.
type budgeting struct {
	limit  int
	share  float64
	window int // 0 for Budget
}

func (b budgeting) decider(next kernel.Decider) kernel.Decider {
	within := func(f *kernel.Fault) bool { return f.Nth <= int64(b.limit) }
	if b.window > 0 {
		within = b.recent()
	}
	var so failures
	return func(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
		e := *stageError(blame)
		so.add(e.Err)
		if within(f) {
			return next(ctx, f, blame)
		}
		e.Err = so.summary(b, f, e.Err)
		return kernel.Verdict{Err: &e}
	}
}

// room is how many items may fail, in the run or among the last window items.
func (b budgeting) room() int64 {
	if b.window == 0 {
		return int64(b.limit)
	}
	// 0.29 of 100 is a little less than 29 in floating point.
	return int64(b.share * float64(b.window) * (1 + 1e-15))
}

// fits keeps a share from where nobody sees the items that do not fail.
func (b budgeting) fits(use kernel.Use) error {
	if b.window > 0 && use.Calls == kernel.CallsElsewhere {
		return needs("OnError", "must not have a BudgetShare: a processor over channels does not tell which items went well")
	}
	return nil
}

// recent remembers where in the stream the last failures stood: as many as the window may
// have, and one more.
func (b budgeting) recent() func(*kernel.Fault) bool {
	room := b.room() + 1
	var places []int64 // of the failure n at (n-1) % room
	return func(f *kernel.Fault) bool {
		if at := (f.Nth - 1) % room; at < int64(len(places)) {
			places[at] = f.Seen
		} else {
			places = append(places, f.Seen)
		}
		return f.Nth < room || places[f.Nth%room] <= f.Seen-int64(b.window)
	}
}
