// Package marble draws what a processor does in time, as the marble diagrams of
// reactive libraries do: items on a line above, what comes of them on a line below.
//
// The pictures of docs/processors.md are made by the test of this package. Each is the
// record of a flow that has run in virtual time, of what a //streamz:marble directive says.
package marble

import (
	"fmt"
	"time"
)

// Slot is how long one character of a script lasts.
const Slot = 10 * time.Millisecond

// Mark is an item and when it came.
type Mark struct {
	At   time.Duration
	Text string
}

// Line is a stream from its beginning to its end.
type Line struct {
	Marks []Mark
	End   time.Duration
	Err   string // what the stream failed with, "" if it completed
}

// Parse reads a script: a letter is an item at the beginning of its [Slot], "-" is a slot
// without one, "(ab)" is a slot with several items, and "|" is the end.
func Parse(script string) (Line, error) {
	var l Line
	group := false
	for i, c := range script {
		switch {
		case c == '(' && !group:
			group = true
			continue
		case c == ')' && group:
			group = false
		case c == '|' && !group && i == len(script)-1:
			return l, nil
		case c >= 'a' && c <= 'z':
			l.Marks = append(l.Marks, Mark{l.End, string(c)})
		case c != '-' || group:
			return Line{}, fmt.Errorf("script %q: unexpected %q at %d", script, c, i)
		}
		if !group {
			l.End += Slot
		}
	}
	return Line{}, fmt.Errorf("script %q does not end with |", script)
}
