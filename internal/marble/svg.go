package marble

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"
)

// Sizes of a picture, in pixels.
const (
	left    = 24.0 // of the first slot
	slot    = 26.0 // width
	radius  = 11.0 // of a marble
	row     = 26.0 // from one of several marbles to the one below it
	letter  = 7.2  // width, in a marble with a text
	headTop = 30.0 // of the upper line
	box     = 26.0 // height of the operator's
	gap     = 26.0 // from a line to the box
)

// style follows the reader's colour scheme.
const style = `
text { font: 12px ui-monospace, monospace; fill: #1f2328; }
.m text { text-anchor: middle; fill: #ffffff; }
.t { font-size: 9px; fill: #8b949e; text-anchor: middle; }
path { stroke: #57606a; stroke-width: 1.5; fill: none; }
.g { stroke: #d0d7de; stroke-width: 1; stroke-dasharray: 2 3; }
.e { stroke: #cf222e; stroke-width: 2.5; }
.o { fill: none; stroke: #57606a; }
.b { font-weight: bold; text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } path, .o { stroke: #9198a1; } .g { stroke: #30363d; }
}
`

var colours = []string{"#0969da", "#1a7f37", "#9a6700", "#bc4c00", "#cf222e", "#8250df", "#bf3989", "#57606a"}

// picture is one being drawn.
type picture struct {
	bytes.Buffer
	width float64
}

// Draw makes the picture of a flow, as SVG: in is what came, out what it gave, and title
// what was done.
func Draw(title string, in, out Line) []byte {
	p := &picture{width: max(x(in.End), x(out.End), float64(len(title))*letter+2*left) + 2*left}
	above, below := layout(in.Marks), layout(out.Marks)
	boxTop := headTop + depth(above)*row + gap - row/2
	lower := boxTop + box + gap
	height := lower + depth(below)*row + 8

	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`, p.width, height, p.width, height)
	fmt.Fprintf(p, "\n<title>%s</title>\n<style>%s</style>\n", escape(title), style)
	p.grid(max(in.End, out.End), height)
	p.line(headTop, in, above)
	fmt.Fprintf(p, `<rect class="o" x="8" y="%.0f" width="%.0f" height="%.0f" rx="5"/>`+"\n", boxTop, p.width-16, box)
	fmt.Fprintf(p, `<text class="b" x="%.1f" y="%.0f">%s</text>`+"\n", p.width/2, boxTop+box-9, escape(title))
	p.line(lower, out, below)
	p.WriteString("</svg>\n")
	return p.Bytes()
}

// grid draws a line every five slots.
func (p *picture) grid(end time.Duration, height float64) {
	for t := time.Duration(0); t <= end; t += 5 * Slot {
		fmt.Fprintf(p, `<path class="g" d="M %.1f 14 V %.0f"/>`, x(t), height-4)
		fmt.Fprintf(p, `<text class="t" x="%.1f" y="10">%d</text>`+"\n", x(t), t.Milliseconds())
	}
}

// line draws a stream at height y.
func (p *picture) line(y float64, l Line, rows []int) {
	fmt.Fprintf(p, `<path d="M 8 %.1f H %.1f m -5 -4 l 5 4 l -5 4"/>`+"\n", y, p.width-8)
	end := x(l.End)
	switch l.Err {
	case "":
		fmt.Fprintf(p, `<path d="M %.1f %.1f V %.1f"/>`+"\n", end, y-radius, y+radius)
	default:
		fmt.Fprintf(p, `<path class="e" d="M %.1f %.1f l 14 14 m 0 -14 l -14 14"><title>%s</title></path>`+"\n", end-7, y-7, escape(l.Err))
	}
	for i, m := range l.Marks {
		p.marble(x(m.At), y+float64(rows[i])*row, m.Text)
	}
}

// marble draws an item: items with the same text look the same.
func (p *picture) marble(cx, cy float64, text string) {
	w := breadth(text)
	fmt.Fprintf(p, `<g class="m"><rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="%.0f" fill="%s"/>`, cx-radius, cy-radius, w, 2*radius, radius, colour(text))
	fmt.Fprintf(p, `<text x="%.1f" y="%.1f">%s</text></g>`+"\n", cx-radius+w/2, cy+4, escape(text))
}

func x(at time.Duration) float64 { return left + slot*float64(at)/float64(Slot) }

// breadth is the width of a marble, which is round if its text is short.
func breadth(text string) float64 {
	return max(2*radius, float64(len([]rune(text)))*letter+8)
}

func colour(text string) string {
	sum := 0
	for _, c := range text {
		sum += int(c)
	}
	return colours[sum%len(colours)]
}

// layout gives each marble the first row in which it has room.
func layout(marks []Mark) []int {
	var ends []float64 // of the rows
	rows := make([]int, len(marks))
	for i, m := range marks {
		from := x(m.At) - radius
		for rows[i] < len(ends) && ends[rows[i]] > from {
			rows[i]++
		}
		if rows[i] == len(ends) {
			ends = append(ends, 0)
		}
		ends[rows[i]] = from + breadth(m.Text)
	}
	return rows
}

// depth is how many rows there are, at least one.
func depth(rows []int) float64 {
	deepest := 0
	for _, r := range rows {
		deepest = max(deepest, r)
	}
	return float64(deepest + 1)
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes all
	return b.String()
}
