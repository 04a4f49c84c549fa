package chaos

import (
	"reflect"
	"sync"

	"github.com/go-streamz/streamz/flow"
)

// witness is an observer that notes what it hears, and panics now and then.
type witness struct {
	g     *game
	fault *fault

	mu     sync.Mutex
	events int
	begun  int // of RunStarted
	over   int // of RunEnded
	after  []flow.Event
	known  map[verdict]int64 // items
	vague  map[string]int64  // failures of which the item is not told
	report flow.Report
}

// verdict is what became of items.
type verdict struct{ stage, action string }

// sampler is one that wants calls timed.
type sampler struct {
	*witness
	every int
}

func (s sampler) Every() int { return s.every }

func (g *gamble) witness() flow.Observer {
	w := &witness{g: g.game, fault: g.fault("observer", reflect.TypeFor[func()]()), known: make(map[verdict]int64), vague: make(map[string]int64)}
	if w.fault.kind > panics {
		w.fault.err = nil // it has to be quick
	}
	w.fault.fatal = true
	g.witnesses = append(g.witnesses, w)
	if g.IntN(3) == 0 {
		return sampler{w, g.IntN(4)}
	}
	return w
}

func (w *witness) Observe(e flow.Event) {
	w.note(e)
	switch e.(type) {
	case flow.RunStarted, flow.ItemFailed, flow.CallTimed, flow.Restarted, flow.RunEnded:
		_ = w.fault.strike(given{}, false)
	}
}

func (w *witness) note(e flow.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, outside := e.(flow.PhaseChanged); w.over > 0 && !outside {
		w.after = append(w.after, e)
	}
	if w.events++; w.events == 1 {
		if _, ok := e.(flow.RunStarted); !ok {
			w.after = append(w.after, e)
		}
	}
	switch e := e.(type) {
	case flow.RunStarted:
		w.begun++
	case flow.RunEnded:
		w.over++
		w.report = e.Report
	case flow.ItemFailed:
		if e.Err.Item != nil {
			w.known[verdict{e.Err.Stage, e.Action}]++
		} else {
			w.vague[e.Err.Stage]++
		}
	case flow.Restarted:
		w.g.happened("a restart")
	}
}

// check holds what the witness has heard against the report.
func (w *witness) check(r *flow.Report, stuck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun != 1 || w.over != 1 || len(w.after) > 0 && !stuck {
		w.g.complain("an observer heard %d times of the beginning and %d times of the end, and out of order of %T %+v", w.begun, w.over, w.after, w.after)
	}
	if stuck {
		return
	}
	for _, row := range r.Stages {
		w.compare(row)
	}
}

// aside are the stages that make letters of items without a failure.
var aside = map[string]bool{"DLQ": true}

// compare holds what was heard of one stage against its books. Of a panic that unwound it the
// item is not known, and a processor over channels may fail for more items than it took.
func (w *witness) compare(row flow.StageReport) {
	known := func(action string) verdict { return verdict{row.Name, action} }
	sure, all := w.known[known("stop")]+w.known[known("skip")], w.vague[row.Name]
	wrong := row.Failed < sure || row.DeadLettered != w.known[known("dead letter")]
	switch {
	case row.Op == "Then":
		wrong = row.DeadLettered > w.known[known("dead letter")]
	case aside[row.Op]:
		wrong = row.Failed < sure || row.DeadLettered < w.known[known("dead letter")]
	}
	// The wait before a call that is repeated may be cut short.
	if wrong || row.Failed > sure+all || row.Retried > w.known[known("retry")] {
		w.g.complain("an observer heard of the failures %v and %v, the books have %+v", w.known, w.vague, row)
	}
}
