package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// printSummary writes the summary for people, with the first rows of its lists.
func printSummary(w io.Writer, dir string, s scan.Summary, top int) {
	fmt.Fprintf(w, "%s: %s files, %s bytes\n", dir, grouped(s.Files), grouped(s.Bytes))
	fmt.Fprintf(w, "%s lines: %s code, %s comment, %s blank\n", grouped(s.Lines), grouped(s.Code), grouped(s.Comment), grouped(s.Blank))
	fmt.Fprintf(w, "%s functions, %s types, %s var and %s const declarations, in %s packages\n",
		grouped(s.Funcs), grouped(s.Types), grouped(s.Vars), grouped(s.Consts), grouped(len(s.Packages)))
	var markers []string
	for _, word := range slices.Sorted(maps.Keys(s.Markers)) {
		markers = append(markers, grouped(s.Markers[word])+" "+word)
	}
	fmt.Fprintln(w, "markers:", cmp.Or(strings.Join(markers, ", "), "none"))

	lengths(w, "LINES", "LONGEST FUNCTIONS", s.LongestFuncs, top)
	lengths(w, "LINES", "LONGEST FILES", s.LongestFiles, top)
	lengths(w, "CHARACTERS", "LONGEST LINES", s.LongestLines, top)
	list(w, "PACKAGES", "MOST IMPORTED", s.MostImported, top, func(i scan.Imported) (int, string) { return i.Packages, i.Name })
	list(w, "MARKERS", "PACKAGES WITH MOST", mostMarkers(s.Packages), top, func(p scan.Package) (int, string) { return p.Markers, p.Path })
}

func lengths(w io.Writer, head, what string, all []scan.Length, top int) {
	list(w, head, what, all, top, func(l scan.Length) (int, string) {
		place := l.Path
		if l.Line > 0 {
			place += ":" + strconv.Itoa(l.Line)
		}
		return l.Length, strings.TrimRight(place+"  "+l.Name, " ")
	})
}

// mostMarkers gives the packages that have some, those with most first.
func mostMarkers(packages []scan.Package) []scan.Package {
	some := slices.DeleteFunc(slices.Clone(packages), func(p scan.Package) bool { return p.Markers == 0 })
	slices.SortStableFunc(some, func(a, b scan.Package) int { return cmp.Compare(b.Markers, a.Markers) })
	return some
}

// list writes the first rows of a list, unless it would be empty.
func list[T any](w io.Writer, head, what string, all []T, top int, row func(T) (n int, text string)) {
	if all = all[:min(top, len(all))]; len(all) == 0 {
		return
	}
	rows := [][]string{{head, "  " + what}}
	for _, v := range all {
		n, text := row(v)
		rows = append(rows, []string{grouped(n), "  " + text})
	}
	table(w, rows)
}

// table writes rows behind an empty line, with all columns but the last aligned to the
// right.
func table(w io.Writer, rows [][]string) {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	_ = tw.Flush() // w is a buffer
}

// printStages writes what the run says of its stages: how many items each took and gave and
// what became of the others, how busy its goroutines were, and how full the queue before it. A
// stage that had no items was busy with nothing.
func printStages(w io.Writer, books flow.Report) {
	rows := [][]string{{"IN", "OUT", "FILTERED", "DROPPED", "FAILED", "ITEMS/S", "BUSY", "QUEUE", "  STAGE"}}
	for _, s := range books.Stages {
		rate := float64(cmp.Or(s.In, s.Out)) / max(books.Duration.Seconds(), 1e-9) // a source takes nothing
		rows = append(rows, []string{
			grouped(s.In), grouped(s.Out), grouped(s.Filtered), grouped(s.Dropped), grouped(s.Failed + s.DeadLettered),
			grouped(int(rate)), busy(s), queue(books.Edges, s.Name), "  " + s.Name,
		})
	}
	table(w, rows)
}

func busy(s flow.StageReport) string {
	if s.In == 0 && s.Out == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*s.Busy)
}

// queue is how full the queue before a stage was, if it has one.
func queue(edges []flow.Edge, stage string) string {
	i := slices.IndexFunc(edges, func(e flow.Edge) bool { return e.To == stage && e.Capacity > 0 })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%% of %s", 100*edges[i].Fill, grouped(edges[i].Capacity))
}

// printSaved says where the results are, and how much of the tree is in them.
func printSaved(w io.Writer, out outcome) {
	if out.saved == (scan.Saved{}) {
		return
	}
	what := "results"
	if !out.summary.Complete {
		what = fmt.Sprintf("results of the %s files that were read as a whole", grouped(out.summary.Files))
	}
	fmt.Fprintf(w, "\n%s: %s, %s\n", what, out.saved.Findings, out.saved.Summary)
	if out.saved.Letters != "" {
		fmt.Fprintf(w, "files that could not be read: %s, see %s\n", grouped(out.summary.Letters), out.saved.Letters)
	}
}

// grouped writes a number that is not negative with a comma between the thousands.
func grouped[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
