package chaos

import (
	"context"
	"reflect"

	"github.com/go-streamz/streamz/flow"
)

// piece is something that flows are made of, with the code that makes it at random. One of
// the functions is set.
type piece struct {
	name string // as in code: ops.NewTake, Flow.Take
	file string

	source func(g *gamble) flow.Flow[int]
	stage  func(g *gamble, f flow.Flow[int]) flow.Flow[int]
	sink   func(g *gamble, f flow.Flow[int]) flow.Job
	job    func(g *gamble) flow.Job
	run    func(g *gamble, ctx context.Context, f flow.Flow[int], opts ...flow.Option) error
	value  *maker
	option *changer

	why string // none is
}

// maker makes a value of a type, such as a policy.
type maker struct {
	typ  reflect.Type
	make func(*gamble) any
}

func value[T any](fn func(*gamble) T) *maker {
	return &maker{reflect.TypeFor[T](), func(g *gamble) any { return fn(g) }}
}

// changer makes another value of one, as a policy with a timeout.
type changer struct {
	typ    reflect.Type
	change func(*gamble, any) any
}

func option[T any](fn func(*gamble, T) T) *changer {
	return &changer{reflect.TypeFor[T](), func(g *gamble, v any) any { return fn(g, v.(T)) }}
}

// exceptions are pieces that are not drawn from the registry, each with the reason.
var exceptions = map[string]string{
	"Flow.Named":              "dress names the stages",
	"Flow.OnError":            "dress gives policies to stages that can have them",
	"Flow.Async":              "dress puts boundaries behind stages",
	"Flow.Scaled":             "dress gives scales to stages with workers",
	"Job.Scaled":              "drive gives scales to sinks with workers",
	"Flow.ReportUnused":       "dress asks for it, since a policy would be that of the stage before",
	"Job.OnError":             "drive gives policies to sinks that can have them",
	"Job.Run":                 "drive runs the jobs",
	"Job.Start":               "drive runs the jobs",
	"Job.Plan":                "drive asks for plans",
	"Policy.String":           "is for people",
	"flow.WithReport":         "every run has one, which is looked at",
	"flow.WithLogger":         "every run has one that keeps quiet",
	"flow.WithGrace":          "runOptions gives it, since what comes of it is looked at",
	"flow.WithLeakCheck":      "runOptions gives it, since what comes of it is looked at",
	"flow.WithWatchdog":       "runOptions gives it, since what comes of it is looked at",
	"flow.WithStallLimit":     "runOptions gives it, since what comes of it is looked at",
	"flow.WithObserver":       "runOptions gives it, since what comes of it is looked at",
	"flow.WithClock":          "time is that of the bubble",
	"flow.RunUntilSignal":     "signals come from outside of the bubble; its parts are Start, Drain and Stop",
	"diag.WithFlightRecorder": "there is one of it in a program, and it writes files",
	"diag.WatchChan":          "it looks at a channel, and is no part of a flow",
	"diag.GoroutinesOf":       "it reads the profile of the program, which stops it: thousands of runs would take too long",
	"diag.Logger":             "the observers of the test hear the same events, and more",
	"flow.JoinOn":             "joinSpec has keys of which few pairs come",
	"ops.WithSupervisor":      "flows make the supervisors of the processors in them",
	"ops.SupervisorFrom":      "flows make the supervisors of the processors in them",
	"ops.Permanent":           "it is for the errors of functions",
	"ops.DefaultPartitioner":  "is what a Partition asks by itself",
}

// parts are the pieces by what they do.
type parts struct {
	sources, stages, ends []*piece
	sinks                 []*piece // of the ends
	values                map[reflect.Type][]*piece
	options               map[reflect.Type][]*piece
	taught                lessons
	traits                map[*piece]traits
}

// traits is what is found out about a piece by running it.
type traits struct {
	endless bool // a source that does not end
	stops   bool // a stage or a terminal that may end the flow early
	mixes   bool // what comes of several flows, in the order in which they are ready
}

// newParts sorts the registry, and adds what only tests have.
func newParts() *parts {
	p := &parts{
		values: make(map[reflect.Type][]*piece), options: make(map[reflect.Type][]*piece), traits: make(map[*piece]traits),
		taught: taught(),
	}
	for _, piece := range registry() {
		if exceptions[piece.name] == "" {
			p.add(piece)
		}
	}
	return p
}

func (p *parts) add(piece *piece) {
	switch {
	case piece.source != nil:
		p.sources = append(p.sources, piece)
	case piece.stage != nil:
		p.stages = append(p.stages, piece)
	case piece.value != nil:
		p.values[piece.value.typ] = append(p.values[piece.value.typ], piece)
	case piece.option != nil:
		p.options[piece.option.typ] = append(p.options[piece.option.typ], piece)
	case piece.sink != nil, piece.job != nil, piece.run != nil:
		p.ends = append(p.ends, piece)
	}
	if piece.sink != nil {
		p.sinks = append(p.sinks, piece)
	}
}
