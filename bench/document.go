package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// The part of a document that a run renews stands between these lines.
const (
	tableBegins = "<!-- table -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

var errNoTable = errors.New("the document has no lines " + strings.TrimSpace(tableBegins) + " and " + strings.TrimSpace(tableEnds))

// renew puts the results into a document, in place of those of another run.
func renew(doc []byte, headline string, results []result) ([]byte, error) {
	before, rest, ok := bytes.Cut(doc, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ends {
		return nil, errNoTable
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(tableBegins)
	writeMarkdown(&b, headline, results)
	b.WriteString(tableEnds)
	b.Write(after)
	return b.Bytes(), nil
}

// writeMarkdown is writeTable without the medians. Only the first line of a row carries its
// name.
func writeMarkdown(b *bytes.Buffer, headline string, results []result) {
	fmt.Fprintf(b, "One run on %s.\n\n", headline)
	b.WriteString("| work | contender | min | allocs | x twin | x ours | aim |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		name := r.Row
		for _, f := range r.Contenders {
			aim := strings.ReplaceAll(strings.TrimSpace(r.budget(f)), "<=", "≤")
			fmt.Fprintf(b, "| %s | %s | %s | %.2f | %s | %s | %s |\n", name, f.Name, r.Unit.format(f.Min), f.Allocs,
				ratio(f.Min, r.first(twin).Min), ratio(f.Min, r.first(ours).Min), strings.ReplaceAll(aim, ">=", "≥"))
			name = ""
		}
	}
}
