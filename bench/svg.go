package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// Sizes of the picture, in pixels.
const (
	width    = 960
	labels   = 300 // to the left of the bars
	numbers  = 170 // to the right of them
	lineHigh = 18
	titleTop = 64 // above the first row
)

// The scale is logarithmic, from a hundredth of our time to a hundred times it.
const (
	lowest  = 0.01
	highest = 100
)

var colours = map[role]string{ours: "#1a7f5a", twin: "#57606a", peer: "#b35900", other: "#a8b1bb"}

// picture draws the times of each row as multiples of ours. The bars begin at ours: who
// is faster goes to the left, who is slower to the right.
func picture(headline string, results []result) []byte {
	var b bytes.Buffer
	high := titleTop + 12
	for _, r := range results {
		high += (len(r.Contenders) + 2) * lineHigh
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, high)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, high)
	text(&b, 12, 24, `font-size="15" font-weight="bold"`, "Time an item as a multiple of ours: left is faster, right is slower (minimum, logarithmic)")
	text(&b, 12, 42, `fill="#57606a"`, headline)
	grid(&b, high)
	top := titleTop
	for _, r := range results {
		top = drawRow(&b, r, top)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// grid draws a line for each power of ten.
func grid(b *bytes.Buffer, high int) {
	for v := float64(lowest); v <= highest; v *= 10 {
		x := position(v)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#e1e4e8"/>`+"\n", x, x, titleTop, high)
		text(b, x, titleTop-6, `text-anchor="middle" fill="#57606a"`, fmt.Sprintf("%g x", v))
	}
}

// drawRow draws a row from top on and gives where the next one begins.
func drawRow(b *bytes.Buffer, r result, top int) int {
	text(b, 12, float64(top+lineHigh), `font-weight="bold"`, r.Row)
	top += lineHigh + 6
	for _, f := range r.Contenders {
		drawBar(b, r, f, top)
		top += lineHigh
	}
	return top + lineHigh - 6
}

func drawBar(b *bytes.Buffer, r result, f figure, top int) {
	x0, x1 := position(1), position(1)
	times := ratio(f.Min, r.first(ours).Min)
	if times != "-" {
		x1 = position(f.Min / r.first(ours).Min)
	}
	left, long := min(x0, x1), math.Abs(x1-x0)
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
		left-1, top+3, long+2, lineHigh-6, colours[f.Role])
	y := float64(top + lineHigh - 5)
	text(b, labels-8, y, `text-anchor="end"`, f.Name)
	text(b, width-numbers+12, y, `fill="#57606a"`, fmt.Sprintf("%s x, %s", times, r.Unit.format(f.Min)))
}

// position gives the x of a multiple of ours.
func position(times float64) float64 {
	share := math.Log(min(max(times, lowest), highest)/lowest) / math.Log(highest/lowest)
	return labels + share*(width-labels-numbers)
}

func text(b *bytes.Buffer, x, y float64, style, s string) {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(s)) // a strings.Builder takes everything
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, style, escaped.String())
}
