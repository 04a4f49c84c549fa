package gen

// An Exception is a processor that cannot be a fluent method, or not even a
// stage, of its own.
type Exception struct {
	Replacement string // what a user writes instead
	Stage       bool   // a stage is generated all the same
}

// Exceptions returns the list, by the name of the processor's type. Check
// rejects an entry that names nothing or is needed no more.
func Exceptions() map[string]Exception {
	return map[string]Exception{
		// A method cannot ask that the T of its own Flow[T] be a slice.
		"Unbatcher": {Replacement: "flow.Unbatch(f) or f.FlatMap(slices.Values)", Stage: true},
		"Flatten":   {Replacement: "flow.Unbatch(f) or f.FlatMap(slices.Values)", Stage: true},
		// Several inputs or several outputs are no step of a chain.
		"FanIn":     {Replacement: "flow.Merge(flows...)"},
		"Partition": {Replacement: "f.Route(key, cases...), or f.AsyncMapKeyed(workers, key, fn)"},
		"Router":    {Replacement: "f.Route(key, cases...), or f.Switch(cases...)"},
		"Split":     {Replacement: "f.Partition(matches, yes, no)"},
		"FanOut":    {Replacement: "f.Branch(builds...)"},
	}
}
