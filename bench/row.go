package main

// row is one piece of work and all who do it. Its first twin and its first contender of
// ours are what the ratios refer to.
type row struct {
	name       string
	unit       unit
	want       func(n int) int // the result over n items
	least      int             // items an operation, 0 for fewest
	contenders []contender
}

// contender does the work of a row.
type contender struct {
	name string
	role role
	run  runner
	// base and times, if set, make the contender a part of run: what run costs beyond
	// base, divided by times.
	base  runner
	times int

	budget budget // of ours
	slices bool   // new slices are its work, or it is set up anew for each item
}

// runner does the work over n items and gives a result that depends on all of them.
type runner func(n int) (int, error)

// plain is a runner that cannot fail.
func plain(run func(n int) int) runner {
	return func(n int) (int, error) { return run(n), nil }
}

type role string

const (
	other role = "other"
	peer  role = "peer" // another library
	twin  role = "twin" // what one writes by hand without a library
	ours  role = "ours"
)

// budget is what DESIGN.md allows, 0 for no limit.
type budget struct {
	Most  float64 `json:"most,omitzero"`  // nanoseconds an item
	Above float64 `json:"above,omitzero"` // nanoseconds an item beyond the twin
	Peer  float64 `json:"peer,omitzero"`  // so many times as fast as the fastest peer
}
