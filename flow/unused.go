package flow

import (
	"runtime"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// ReportUnused finds a flow that is built and never run, which does nothing and says
// nothing. It gives the same flow. If that, and all that was made of it, becomes garbage
// without any of it having been run, report is called with the file:line of this call. A
// run that a configuration error kept from starting counts as one.
//
// When the garbage is collected nobody can say, and at the end of a program it is not. So
// this is a help in a program under development; a test finds out at its end, see
// package flowtest. A flow that a package variable or report itself holds is no garbage.
//
// report runs on a goroutine that it shares with other cleanups of the program, and must
// not block. It must not be nil. It is no stage: [Flow.Named] and its kin go on acting on
// the one before.
func (f Flow[T]) ReportUnused(report func(at string)) Flow[T] {
	if f.last.Err = kernel.Join(f.last.Err, notNil(report, "report of ReportUnused")); report == nil || f.wire == nil {
		return f
	}
	unused, wire := remind(callsite.Here(), report), f.wire
	f.wire = func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T]) {
		unused.settle()
		wire(seg, last, down)
	}
	return f
}

// ReportUnused is [Flow.ReportUnused] for a job that is built and never run.
func (j Job) ReportUnused(report func(at string)) Job {
	if j.last.Err = kernel.Join(j.last.Err, notNil(report, "report of ReportUnused")); report == nil || j.wire == nil {
		return j
	}
	unused, wire := remind(callsite.Here(), report), j.wire
	j.wire = func(seg *kernel.Segment, last kernel.Site) {
		unused.settle()
		wire(seg, last)
	}
	return j
}

// reminder speaks up if it becomes garbage before it is settled. Whatever must not be
// forgotten holds it.
type reminder struct{ settled *atomic.Bool }

// remind makes a reminder, which will call report with the place at. Nothing that report
// or at hold may hold the reminder.
func remind(at callsite.Site, report func(at string)) *reminder {
	settled := new(atomic.Bool)
	r := &reminder{settled}
	runtime.AddCleanup(r, func(at callsite.Site) {
		if !settled.Load() {
			report(place(at))
		}
	}, at)
	return r
}

// settle silences the reminder, any number of times.
func (r *reminder) settle() {
	r.settled.Store(true)
	// The last use of r is before the store: it could be garbage already.
	runtime.KeepAlive(r)
}
