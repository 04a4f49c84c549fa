package flow

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Snapshot is what a run looks like while it goes on. The goroutines of a run publish their
// numbers before they wait, every few items, and with the next item after somebody asked;
// so those of a stage may be some items old, and of two stages not of quite the same moment.
// What is in work shows as the difference between In and the rest.
type Snapshot struct {
	Run      string            `json:"run"` // its name
	ID       string            `json:"id"`
	Phase    Phase             `json:"phase"`
	Time     time.Time         `json:"time"`
	Elapsed  time.Duration     `json:"-"`
	Stages   []StageReport     `json:"stages"` // from the source to the sink; Busy is 0
	Edges    []Edge            `json:"edges"`  // Fill is that of the moment
	Segments []SegmentSnapshot `json:"segments"`
	Scales   []ScaleSnapshot   `json:"scales,omitempty"` // of the stages whose number of workers changes
}

// SegmentSnapshot is what a goroutine of the run is doing.
type SegmentSnapshot struct {
	Name  string `json:"name"`  // of its first stage
	State string `json:"state"` // "working", "waiting for items", "waiting for room", "waiting for time", "ended"
	Stage string `json:"stage"` // whose function runs, or ran last; "" if that is not known

	activity kernel.Activity
	turn     uint64
	at       *kernel.Stage
	place    kernel.Place
	label    string
	item     bool
	told     bool          // to end
	sends    *kernel.Stage // see kernel.SegmentView
	hears    *kernel.Stage
	queued   int64
	size     int64
}

// Snapshot looks at the run.
func (v *View) Snapshot() Snapshot {
	s := Snapshot{Run: v.o.name, ID: v.o.id, Phase: v.Phase(), Time: v.o.clock.Now()}
	if s.Elapsed = time.Duration(v.took.Load()); s.Elapsed == 0 {
		s.Elapsed = clock.Since(v.o.clock, v.start)
	}
	if v.run == nil {
		return s
	}
	seen := v.run.View()
	for _, st := range seen.Stages {
		s.Stages = append(s.Stages, stageReport(st.Stage, st.Counts))
		if scale, ok := scaleSnapshot(st.Stage); ok {
			s.Scales = append(s.Scales, scale)
		}
	}
	for _, e := range seen.Edges {
		edge := Edge{From: e.From.Name(), To: e.To.Name(), Queued: e.Queued, Capacity: e.Size}
		if e.Size > 0 {
			edge.Fill = min(float64(e.Queued)/float64(e.Size), 1)
		}
		s.Edges = append(s.Edges, edge)
	}
	for _, g := range seen.Segments {
		seg := SegmentSnapshot{
			Name: g.Name, State: g.Activity.String(), activity: g.Activity, turn: g.Turn, at: g.Stage, told: g.Told,
			place: g.Place, label: g.Label, item: g.Item, sends: g.Sends, hears: g.Hears, queued: g.Queued, size: g.Size,
		}
		if g.Stage != nil {
			seg.Stage = g.Stage.Name()
		}
		s.Segments = append(s.Segments, seg)
	}
	return s
}

// Stage gives the numbers of the stage with a name.
func (s Snapshot) Stage(name string) (StageReport, bool) { return stageNamed(s.Stages, name) }

// String writes the snapshot as a table, as [Report.String] does, with what each goroutine
// is doing below it.
func (s Snapshot) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v for %v\n", s.Run, s.Phase, s.Elapsed.Round(time.Microsecond))
	r := Report{Stages: s.Stages, Edges: s.Edges}
	if len(r.Stages) > 0 {
		writeTable(&b, r.table(false))
	}
	for _, e := range s.Edges {
		if e.Capacity > 0 {
			fmt.Fprintf(&b, "%d of %d queued from %s to %s\n", e.Queued, e.Capacity, e.From, e.To)
		}
	}
	for _, scale := range s.Scales {
		b.WriteString(scale.String() + "\n")
	}
	for _, g := range s.Segments {
		fmt.Fprintf(&b, "goroutine of %s: %s", g.Name, g.State)
		if g.Stage != "" && g.activity == kernel.Working {
			fmt.Fprintf(&b, " in %s", g.Stage)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// MarshalJSON adds the elapsed time in seconds.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	type plain Snapshot
	return json.Marshal(struct {
		plain
		Seconds float64 `json:"seconds"`
	}{plain(s), s.Elapsed.Seconds()})
}
