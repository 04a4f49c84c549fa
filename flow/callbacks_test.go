package flow_test

import (
	"context"
	"iter"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// callbacks are jobs of n items that call act in a user function, each in another kind of it.
// The stage that it belongs to is named "acts". With one item act is called once.
func callbacks(n int, act func()) map[string]flow.Job {
	items := flow.Range(0, n)
	failing := items.TryMap(func(int) (int, error) { return 0, errBoom })
	call := func(_ context.Context, v int) (int, error) { act(); return v, nil }
	pass := func(_ context.Context, v int) (int, error) { return v, nil }
	gather := func(method string) flow.Flow[int] { return items.Then(ops.Gather(&gatherPart{actsAt(method, act)})) }
	put := func(method string) flow.Job { return items.To(&sinkPart{actsAt(method, act)}).Named("acts") }
	jobs := map[string]flow.Job{
		"Open": put("Open"), "Put": put("Put"), "Flush": put("Flush"),
		"sink": each(items, func(int) { act() }).Named("acts"),
		"sink with workers": items.AsyncForEach(3, func(context.Context, int) error { act(); return nil }).
			Named("acts"),
		"inside a Restart": flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
			return items.Map(func(v int) int { act(); return v }).Named("acts")
		}).Named("r").Discard(),
	}
	for name, f := range map[string]flow.Flow[int]{
		"Map":     items.Map(func(v int) int { act(); return v }),
		"Filter":  items.Filter(func(int) bool { act(); return true }),
		"Scan":    items.Scan(0, func(int, int) int { act(); return 0 }),
		"FlatMap": items.FlatMap(func(int) iter.Seq[int] { act(); return func(func(int) bool) {} }),
		"the sequence of a FlatMap": items.FlatMap(func(int) iter.Seq[int] {
			return func(func(int) bool) { act() }
		}),
		"Call":         items.Map(identity).Call(call),
		"worker":       items.AsyncMap(2, call),
		"key function": items.AsyncMapKeyed(2, func(v int) int { act(); return v }, pass),
		"source":       flow.FromFunc(func(_ context.Context, emit func(int) error) error { defer act(); return emit(1) }),
		"sequence":     flow.FromSeq(func(func(int) bool) { act() }),
		"Poll":         flow.Poll(time.Second, func(context.Context) (int, error) { act(); return 0, flow.ErrStop }),
		"handler": failing.OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy {
			act()
			return flow.Skip()
		})),
		"letter": failing.OnError(flow.DeadLetter(func(context.Context, ops.Letter[any]) error { act(); return nil })),
		"Start":  gather("Start"), "Push": gather("Push"), "End": gather("End"), "Close": gather("Close"),
		"foreign": items.Then(foreign(func(context.Context, <-chan int, chan<- int) { act() })),
		"release": flow.Using(func(context.Context) (int, error) { return 1, nil },
			func(int, error) error { act(); return nil },
			func(int) flow.Flow[int] { return items.Named("inner") }),
	} {
		jobs[name] = f.Named("acts").Map(identity).Discard()
	}
	return jobs
}

// actsAt makes a sink or gatherer call act in one of its methods.
func actsAt(method string, act func()) part {
	return part{hook: func(called string) error {
		if called == method {
			act()
		}
		return nil
	}}
}
