package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Report is what a run has to say of itself when it has ended: its books, how it ended,
// and that nothing is left of it.
type Report struct {
	Name       string
	Stages     []StageReport // from the source to the sink
	Edges      []Edge
	Cause      error // what Run returned
	Goroutines Goroutines
	Duration   time.Duration

	Drain *DrainReport // what a drain came to, nil if there was none
	Stuck []Culprit    // who had not ended when the run was given up, see WithGrace
	Leaks []Leak       // goroutines that were left behind, see WithLeakCheck
}

// StageReport holds the books of a stage, in items of its input:
//
//	In = Passed + Filtered + Dropped + DeadLettered + Failed + Held
//
// Out counts what it gave to the next stage. A source has no input, a sink no output.
type StageReport struct {
	Name string `json:"name"`
	Op   string `json:"op"`
	At   string `json:"at"`

	In           int64 `json:"in"`           // taken
	Passed       int64 `json:"passed"`       // the next stage has accepted all that comes of them
	Out          int64 `json:"out"`          // given to the next stage
	Filtered     int64 `json:"filtered"`     // discarded for what they are or where they stand
	Dropped      int64 `json:"dropped"`      // discarded for load or time
	DeadLettered int64 `json:"deadLettered"` // failed, and handed to a dead letter function
	Failed       int64 `json:"failed"`       // the function failed for them: skipped, or what ended the run
	Held         int64 `json:"held"`         // inside the stage when the run ended early
	Retried      int64 `json:"retried"`      // calls repeated

	// Busy is the share of its time, from 0 to 1, in which the goroutine of the stage was
	// at work and did not wait: for items, for room below, for the pace of a Throttle, for
	// the next try. What a function of the user waits for is work. Stages that share a
	// goroutine have the same; one with workers has their mean; a processor that only knows
	// channels, whose goroutines are its own, has 0.
	Busy float64 `json:"busy"`
}

// Edge leads from one stage to the next. Queued items were given by the one and not
// taken by the other when the run ended.
//
// Capacity is how many items can wait on the way, 0 where the stages are fused, and Fill
// the share of that which was in use, from 0 to 1: the mean over the moments at which the
// receiver had done with the items, 64 at most, that it takes at once. A queue that several
// edges lead to is that of each of them.
type Edge struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	Queued   int64   `json:"queued"`
	Capacity int64   `json:"capacity"`
	Fill     float64 `json:"fill"`
}

// Goroutines counts those of a run, besides the caller's own.
type Goroutines struct {
	Started int64 `json:"started"`
	Ended   int64 `json:"ended"`
}

// newReport reads the books of a run that has ended.
func newReport(run *kernel.Run, name string, d time.Duration) Report {
	r := Report{Name: name, Cause: run.Result(), Duration: d}
	r.Goroutines.Started, r.Goroutines.Ended = run.Goroutines()
	for _, s := range run.Stages() {
		row := stageReport(s, s.Final())
		row.Busy = s.Busy()
		r.Stages = append(r.Stages, row)
	}
	for _, e := range run.Edges() {
		size, fill := e.Level()
		r.Edges = append(r.Edges, Edge{
			From: e.From.Name(), To: e.To.Name(), Queued: e.Queued, Capacity: size, Fill: fill,
		})
	}
	return r
}

func stageReport(s *kernel.Stage, c kernel.Counts) StageReport {
	return StageReport{
		Name: s.Name(), Op: s.Op(), At: place(s.At()),
		In: c.In, Passed: c.Passed, Out: c.Out, Filtered: c.Filtered, Dropped: c.Dropped,
		DeadLettered: c.DeadLettered, Failed: c.Failed, Held: c.Held, Retried: c.Retried,
	}
}

// Balanced tells whether every item that a stage took is accounted for, and every item
// that it gave was taken or queued.
func (r Report) Balanced() bool {
	for _, s := range r.Stages {
		if s.In != s.Passed+s.Filtered+s.Dropped+s.DeadLettered+s.Failed+s.Held {
			return false
		}
	}
	return r.missing() == 0 && r.Goroutines.Started == r.Goroutines.Ended
}

// missing is how many items were lost between stages. The flows that a [Restart] builds may
// differ: then a stage leads to several, of which each got some of its items and not all.
func (r Report) missing() int64 {
	given, edges := make(map[string]int64), make(map[string]int64)
	for _, s := range r.Stages {
		given[s.Name] = s.Out
	}
	lost := make(map[string]int64) // in front of a stage
	for _, e := range r.Edges {
		edges[e.From]++
		lost[e.To] += given[e.From] - e.Queued
	}
	for _, s := range r.Stages {
		if n, fed := lost[s.Name]; fed {
			lost[s.Name] = n - s.In
		}
	}
	return r.unshared(lost, given, edges)
}

// unshared adds up what was lost, without what was counted once for each of several.
func (r Report) unshared(lost, given, edges map[string]int64) (sum int64) {
	shared := make(map[string]bool)
	for _, e := range r.Edges {
		if n := edges[e.From]; n > 1 && lost[e.To] > 0 && !shared[e.From] {
			shared[e.From] = true
			sum -= (n - 1) * given[e.From]
		}
	}
	for _, n := range lost {
		if len(shared) == 0 && n < 0 {
			n = -n // else one could make up for another
		}
		sum += n
	}
	return sum
}

// Stage gives the books of the stage with a name.
func (r Report) Stage(name string) (StageReport, bool) {
	return stageNamed(r.Stages, name)
}

func stageNamed(stages []StageReport, name string) (StageReport, bool) {
	i := slices.IndexFunc(stages, func(s StageReport) bool { return s.Name == name })
	if i < 0 {
		return StageReport{}, false
	}
	return stages[i], true
}

// String writes the report as a table. Columns that are zero throughout are left out,
// and so is what a source or a sink does not have. Where there are queues two columns more
// tell how busy the goroutine of each stage was, and how full the queue in front of it.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Name, r.outcome())
	if len(r.Stages) == 0 {
		return b.String()
	}
	writeTable(&b, r.table(r.queues()))
	for _, e := range r.Edges {
		if e.Queued > 0 {
			fmt.Fprintf(&b, "%d queued from %s to %s\n", e.Queued, e.From, e.To)
		}
	}
	r.writeRest(&b)
	return b.String()
}

// writeRest writes what there is beside the books: what a drain came to, and what is left.
func (r Report) writeRest(b *strings.Builder) {
	if r.Drain != nil {
		b.WriteString(r.Drain.String() + "\n")
	}
	if n := r.Goroutines.Started - r.Goroutines.Ended; n != 0 {
		fmt.Fprintf(b, "%d of %d goroutines have not ended\n", n, r.Goroutines.Started)
	}
	for _, c := range r.Stuck {
		fmt.Fprintf(b, "not ended: %v\n%s", c, indent(c.Stack))
	}
	for _, l := range r.Leaks {
		fmt.Fprintf(b, "left behind: %d of %s\n%s", l.Count, l.Stage, indent(l.Stack))
	}
}

func indent(stack string) string {
	var b strings.Builder
	for line := range strings.Lines(stack) {
		b.WriteString("    " + line)
	}
	return b.String()
}

// table gives the rows of String, the heads first.
func (r Report) table(loads bool) [][]string {
	columns := r.columns()
	rows := [][]string{{"stage", "op"}}
	for _, c := range columns {
		rows[0] = append(rows[0], c.name)
	}
	for i, s := range r.Stages {
		row := []string{s.Name, s.Op}
		for _, c := range columns {
			row = append(row, r.cell(i, c))
		}
		rows = append(rows, row)
	}
	if loads {
		r.addLoads(rows)
	}
	return rows
}

// queues tells whether there are any between the stages. Where there are none all stages
// share one goroutine, and how busy that was says nothing.
func (r Report) queues() bool {
	return slices.ContainsFunc(r.Edges, func(e Edge) bool { return e.Capacity > 0 })
}

// addLoads adds the columns that say which stage is the slow one: the busy one behind a
// full queue.
func (r Report) addLoads(rows [][]string) {
	rows[0] = append(rows[0], "busy", "queue")
	for i, s := range r.Stages {
		queue := ""
		for _, e := range r.Edges {
			if e.To == s.Name && e.Capacity > 0 {
				queue = fmt.Sprintf("%.0f%% of %d", 100*e.Fill, e.Capacity)
			}
		}
		rows[i+1] = append(rows[i+1], fmt.Sprintf("%.0f%%", 100*s.Busy), queue)
	}
}

// cell is empty where the number does not exist: a source takes nothing, a sink gives
// nothing.
func (r Report) cell(i int, c column) string {
	s := r.Stages[i]
	source := !slices.ContainsFunc(r.Edges, func(e Edge) bool { return e.To == s.Name })
	sink := i == len(r.Stages)-1
	if n := c.get(s); n != 0 || !source && !(sink && c.name == "out") || source && c.name == "out" {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// writeTable aligns two columns of names to the left and the numbers to the right.
func writeTable(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		line.WriteString(fmt.Sprintf("%-*s  %-*s", widths[0], row[0], widths[1], row[1]))
		for i, cell := range row[2:] {
			line.WriteString(fmt.Sprintf("  %*s", widths[i+2], cell))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// outcome says how the run ended, and after how long.
func (r Report) outcome() string {
	d := r.Duration.Round(time.Microsecond)
	switch {
	case r.Cause == nil:
		return fmt.Sprintf("done in %v", d)
	case len(r.Stages) == 0:
		return fmt.Sprintf("not started: %v", r.Cause)
	}
	return fmt.Sprintf("ended after %v: %v", d, r.Cause)
}

type column struct {
	name string
	get  func(StageReport) int64
}

// columns are those worth showing.
func (r Report) columns() []column {
	all := []column{
		{"in", func(s StageReport) int64 { return s.In }},
		{"passed", func(s StageReport) int64 { return s.Passed }},
		{"out", func(s StageReport) int64 { return s.Out }},
		{"filtered", func(s StageReport) int64 { return s.Filtered }},
		{"dropped", func(s StageReport) int64 { return s.Dropped }},
		{"lettered", func(s StageReport) int64 { return s.DeadLettered }},
		{"failed", func(s StageReport) int64 { return s.Failed }},
		{"held", func(s StageReport) int64 { return s.Held }},
		{"retried", func(s StageReport) int64 { return s.Retried }},
	}
	var shown []column
	for i, c := range all {
		used := i < 3
		for _, s := range r.Stages {
			used = used || c.get(s) != 0
		}
		if used {
			shown = append(shown, c)
		}
	}
	return shown
}

// MarshalJSON writes the report with the cause as text and the duration in seconds.
func (r Report) MarshalJSON() ([]byte, error) {
	out := struct {
		Name       string        `json:"name"`
		Cause      string        `json:"cause,omitempty"`
		Seconds    float64       `json:"seconds"`
		Balanced   bool          `json:"balanced"`
		Goroutines Goroutines    `json:"goroutines"`
		Stages     []StageReport `json:"stages"`
		Edges      []Edge        `json:"edges"`
		Drain      *DrainReport  `json:"drain,omitempty"`
		Stuck      []Culprit     `json:"stuck,omitempty"`
		Leaks      []Leak        `json:"leaks,omitempty"`
	}{r.Name, "", r.Duration.Seconds(), r.Balanced(), r.Goroutines, r.Stages, r.Edges, r.Drain, r.Stuck, r.Leaks}
	if r.Cause != nil {
		out.Cause = r.Cause.Error()
	}
	return json.Marshal(out)
}
