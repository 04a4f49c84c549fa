package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// writeTable writes a line a contender. Only the first of a row carries its name.
func writeTable(w io.Writer, results []result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nrow\tcontender\t%9s\t%9s\t%7s\t%7s\t%7s\tbudget\n", "min", "median", "allocs", "x twin", "x ours")
	for _, r := range results {
		name := r.Row
		for _, f := range r.Contenders {
			fmt.Fprintf(t, "%s\t%s\t%9s\t%9s\t%7.2f\t%7s\t%7s%s\n", name, f.Name,
				r.Unit.format(f.Min), r.Unit.format(f.Median), f.Allocs,
				ratio(f.Min, r.first(twin).Min), ratio(f.Min, r.first(ours).Min), r.budget(f))
			name = ""
		}
	}
	return t.Flush()
}

// budget is the cell that says what is allowed, and whether it is kept.
func (r result) budget(f figure) string {
	var texts []string
	for _, l := range r.limits(f) {
		if !l.kept {
			l.text += " (over)"
		}
		texts = append(texts, l.text)
	}
	if texts == nil {
		return "" // no cell, so that no line ends in spaces
	}
	return "\t" + strings.Join(texts, ", ")
}
