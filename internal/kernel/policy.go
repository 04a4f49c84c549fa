package kernel

import (
	"context"
	"time"
)

// Policy says what follows when the function of a stage fails for an item. It is an
// immutable description, from which each stage of a run makes a Decider of its own.
type Policy struct {
	Start func() Decider

	// Fits, if set, tells why a stage cannot have the policy, nil if it can.
	Fits func(Use) error

	Name    string        // for plans
	Blocks  bool          // the Decider may block, or answers Again with a wait
	Repeats bool          // the Decider may answer Again
	Timeout time.Duration // of one call, 0 for none; only with Repeats
	Counts  bool          // the Decider asks for Fault.Seen
}

// Decider decides about the failure of one item. It is asked on the goroutine that the
// function failed on, about one item of the stage at a time. blame is the failure as the
// user will see it.
type Decider func(ctx context.Context, f *Fault, blame error) Verdict

// Verdict is what a Decider decides. The zero Verdict stops the run with the failure as
// its cause.
type Verdict struct {
	Action Action
	Wait   time.Duration // before Again
	Err    error         // the cause of Stop in place of the failure, if set; why to Keep
}

// cause is what Stop ends the run with.
func (v Verdict) cause(blame error) error {
	if v.Err != nil {
		return v.Err
	}
	return blame
}

// Action is what happens to a failed item.
type Action uint8

const (
	// Stop ends the run.
	Stop Action = iota
	// Skip goes on without the item.
	Skip
	// Aside goes on without the item, which was taken care of elsewhere.
	Aside
	// Again calls the function once more.
	Again
	// Keep leaves the item with the stage, whose context has ended meanwhile.
	Keep
)

// String says it in words.
func (a Action) String() string {
	return [...]string{"stop", "skip", "dead letter", "retry", "keep"}[a]
}

// settles tells whether it is known what becomes of the item.
func (a Action) settles() bool { return a < Again }

// Use is what a policy may want to know of the stage that it is for.
type Use struct {
	Item    any   // a nil pointer to the type of the stage's items
	Calls   Calls // what it does with user code
	Heeds   bool  // its function is given a context
	Default bool  // the policy stands on a composition around the stage
}

// StopAll is the policy of a stage that has none, for one that must not take the
// default of the sub-flow around it.
var StopAll = &Policy{Start: func() Decider {
	return func(context.Context, *Fault, error) Verdict { return Verdict{} }
}}

// policyAt is the policy of a stage: its own, or the default around it.
func (r *Run) policyAt(site Site) *Policy {
	if site.Policy == nil {
		return r.policy
	}
	return site.Policy
}

// fit books the misuse of a policy on a stage that cannot have it, be it the stage's own
// or the default around it. A stage with inputs of several types has a use for each.
func (r *Run) fit(site Site, name string, uses ...Use) {
	for _, use := range uses {
		if err := r.misfit(site, use); err != nil {
			r.Misused(site, name, err)
			return
		}
	}
}

func (r *Run) misfit(site Site, use Use) error {
	p := r.policyAt(site)
	use.Default = site.Policy == nil
	switch {
	case p == nil:
		return nil
	case use.Calls == CallsNothing:
		return noPolicy(site)
	case p.Fits != nil:
		return p.Fits(use)
	}
	return nil
}

// blocks tells whether the policy of a stage may block the goroutine that its function
// fails on.
func (r *Run) blocks(site Site, calls Calls) bool {
	p := r.policyAt(site)
	return p != nil && p.Blocks && calls != CallsNothing
}

// noPolicy is the misuse of a policy on a stage that has no function to fail. A default
// does not concern such a stage.
func noPolicy(site Site) error {
	if site.Policy == nil {
		return nil
	}
	return ErrNoPolicy
}

// Tenfold tells 1, 10, 100 and so on: what is logged of a number that grows, so that the log
// neither hides it nor drowns in it.
func Tenfold(n int64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
