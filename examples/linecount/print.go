package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

const shortList = 5

// printTotals writes the result for people.
func printTotals(w io.Writer, dir string, t totals, top int) {
	sum, edges := t.all()
	fmt.Fprintf(w, "%s: %s packages, %s files, %s lines, %s bytes, %s imports, %s markers\n", dir,
		grouped(len(t)), grouped(sum.files), grouped(sum.lines), grouped(sum.bytes), grouped(edges), grouped(sum.markers.sum()))

	table(w, "LINES\tBYTES\tFILES\tIMPORTS\tMARKERS\t  LARGEST PACKAGES", t.largest(top, (*pkg).byLines), func(name string) string {
		p := t[name]
		return row(name, p.lines, p.bytes, p.files, len(p.imports), p.markers.sum())
	})
	n := t.importers()
	table(w, "PACKAGES\t  MOST IMPORTED", largest(n, shortList), func(path string) string {
		return row(path, n[path])
	})
	table(w, "TODO\tFIXME\tBUG\t  MOST MARKERS", t.largest(shortList, (*pkg).byMarkers), func(name string) string {
		m := t[name].markers
		return row(name, m.todo, m.fixme, m.bug)
	})
}

func (p *pkg) byLines() int   { return p.lines }
func (p *pkg) byMarkers() int { return p.markers.sum() }

// largest gives the names of the n packages for which size is largest, and not zero.
func (t totals) largest(n int, size func(*pkg) int) []string {
	sizes := make(map[string]int)
	for name, p := range t {
		sizes[name] = size(p)
	}
	return largest(sizes, n)
}

// largest gives the names of the n largest sizes that are not zero.
func largest(sizes map[string]int, n int) []string {
	var names []string
	for name, size := range sizes {
		if size > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), strings.Compare(a, b))
	})
	return names[:min(n, len(names))]
}

// table writes a table, unless it would be empty. The names stand last in a row, where
// they align to the left and the numbers before them to the right.
func table(w io.Writer, head string, names []string, line func(name string) string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, head)
	for _, name := range names {
		fmt.Fprintln(tw, line(name))
	}
	_ = tw.Flush() // w is a buffer
}

func row(name string, numbers ...int) string {
	var b strings.Builder
	for _, n := range numbers {
		b.WriteString(grouped(n) + "\t")
	}
	return b.String() + "  " + name
}

// grouped writes a number that is not negative with a comma between the thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
