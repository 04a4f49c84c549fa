package ops

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Switch gives every item to the processor of the first case that matches it, and merges what
// comes out of all of them. The cases run side by side, each on a goroutine of its own: order
// is kept within a case, there is none between them, and none of them starves another.
//
//   - Emits: what the processors of the cases emit
//   - Holds: one item, as many as its buffer and one more in front of each case and behind it, and what the processors of the cases hold
//   - Backpressures: while a case has no room for its item
//   - Completes: when the input ends and all cases have emitted what they hold, or when all of them have ended early
//   - Cancels: drops what it holds
//
// An item that no case matches goes to the default. Without one it is discarded, counted, and
// given to the function of [Switch.OnUnmatched].
//
// A case may end before the input does, as behind a [Take]. Its items are discarded then and
// counted, and the other cases go on. If all have ended the Switch has.
//
// The predicates are called on one goroutine, one after the other until one is true, and must
// not block. In a flow a policy of the Switch is theirs and the default of its cases; the
// stages of a case are named "switch/case/stage". A barrier passes when it has come through
// all cases, unless one is a processor that only knows channels.
type Switch[T any] struct{ routes[T] }

// Names under which a Switch counts what no case matched.
const (
	caseDefault = "_default"
	caseNone    = "_none"
)

// SwitchCase is a case of a [Switch], or its default, made by [When] or [Otherwise].
type SwitchCase[T any] struct {
	route[T]
	rest bool
}

// When makes a case: items for which matches is true go to p. Neither may be nil.
func When[T any](name string, matches func(T) bool, p Processor[T, T]) SwitchCase[T] {
	return SwitchCase[T]{name: name, matches: matches, p: p}
}

// Otherwise makes the default: items that no case matches go to p, which must not be nil.
func Otherwise[T any](p Processor[T, T]) SwitchCase[T] { return SwitchCase[T]{p: p, rest: true} }

// NewSwitch makes a Switch, named "switch", of these cases and those that [Switch.Case] and
// [Switch.Default] add. It needs one at least. They are asked in this order.
//
//streamz:stage Switch
//streamz:example flow.Of(1, 2, 3, 4).Switch(
//streamz:example 	ops.When("even", func(n int) bool { return n%2 == 0 }, ops.NewMapper(func(n int) int { return 10 * n })),
//streamz:example 	ops.Otherwise(ops.NewMapper(func(n int) int { return -n })),
//streamz:example ).Scan(0, func(sum, n int) int { return sum + n }).Skip(3)
//streamz:output [56]
//streamz:marble abcdef----------| f.Switch(ops.When("slow", func(s string) bool { return s < "c" }, ops.NewCall(work)), ops.Otherwise(ops.NewMapper(strings.ToUpper)))
func NewSwitch[T any](cases ...SwitchCase[T]) *Switch[T] {
	s := &Switch[T]{routes[T]{name: "switch", size: 1}}
	s.renew()
	for _, c := range cases {
		if c.rest {
			s.otherwise(c.p)
		} else {
			s.addCase(c.route)
		}
	}
	return s
}

// addCase adds a case to what is already a copy.
func (s *Switch[T]) addCase(c route[T]) {
	switch c.name {
	case "":
		c.name = fmt.Sprint("case-", len(s.list))
	case caseDefault, caseNone:
		s.misuse("case", c.name, `must not be called "_default" or "_none"`)
	}
	s.add("case", c.name, c.matches, c.p)
}

// Case gives a copy with one more case, which is asked after those before it: items for which
// matches is true go to p. Each case has a name of its own; without one it is "case-" with its
// number, from 0.
func (s *Switch[T]) Case(name string, matches func(T) bool, p Processor[T, T]) *Switch[T] {
	c := *s
	c.addCase(route[T]{name, matches, p})
	return &c
}

// Default gives a copy whose items that no case matches go to p. Of two the later counts.
func (s *Switch[T]) Default(p Processor[T, T]) *Switch[T] {
	c := *s
	c.otherwise(p)
	return &c
}

// WithName gives a copy with another name, which counts for itself.
func (s *Switch[T]) WithName(name string) *Switch[T] {
	c := *s
	c.setName(name)
	return &c
}

// WithBufferSize gives a copy in which size items wait in front of each case at most, besides
// the next one, and as many behind it. 1 is the default; with more the goroutines wait for
// each other less often.
func (s *Switch[T]) WithBufferSize(size int) *Switch[T] {
	c := *s
	c.setSize(size)
	return &c
}

// OnUnmatched gives a copy that calls told for each item that no case matches and that has no
// default. It is called on the goroutine of the predicates and must not block.
func (s *Switch[T]) OnUnmatched(told func(T)) *Switch[T] {
	c := *s
	c.setUnmatched(told)
	return &c
}

// Process runs the Switch over channels, see [Processor].
func (s *Switch[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, s.Kernel())
}

// Kernel describes the processor to flows, which wire its cases as stages of their own.
func (s *Switch[T]) Kernel() kernel.Spec[T, T] {
	return s.merged(s, "Switch", caseDefault, s.check("case"))
}

// SwitchStats is what a Switch has done with its items, in all runs.
type SwitchStats struct {
	// CaseMatches is how many items the processor of each case was given. Those of the
	// default are under "_default", those that nobody was given under "_none".
	CaseMatches map[string]int64
	Late        int64 // matched a case that had ended, and were discarded
	TotalItems  int64 // all of these
}

// MatchRate is the share of the items, from 0 to 1, that a case was given, 0 if there were
// none.
func (s SwitchStats) MatchRate(name string) float64 {
	return share(s.CaseMatches[name], s.TotalItems)
}

// Stats gives the statistics so far. It may be called at any time, by anybody.
func (s *Switch[T]) Stats() SwitchStats {
	counts, sum := s.taken(caseDefault)
	if s.tally == nil {
		return SwitchStats{CaseMatches: counts}
	}
	if none := s.tally.none.Load(); s.rest == nil {
		counts[caseNone] = none
		sum += none
	}
	late := s.tally.late.Load()
	return SwitchStats{CaseMatches: counts, Late: late, TotalItems: sum + late}
}
