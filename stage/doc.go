// Package stage holds typed, named, composable blueprints of one step or several.
//
// A [Stage] is what a flow's fluent methods are made of, as a value: it can be
// stored, named, joined with others and used in many flows.
//
//	words := stage.FlatMap(strings.FieldsSeq).Named("words")
//	short := words.Then(stage.Filter(func(w string) bool { return len(w) < 4 }))
//	got, err := flow.Of("to be or not").Then(short).Collect(ctx)
//
// The comment of a constructor says in five lines when the stage Emits, what it Holds at
// most, when it Backpressures (lets what is above wait), when it Completes, and what it
// does when the run is cancelled (Cancels).
//
// The constructors are generated from the processors of package ops and take what
// nearly every caller sets; for every other option configure the processor and hand
// it to [Of], or directly to a flow's Then.
package stage
