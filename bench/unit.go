package main

import (
	"fmt"
	"math"
)

// unit is what the nanoseconds of a row are shown in.
type unit string

const (
	nano  unit = ""
	micro unit = "us"
)

func (u unit) format(ns float64) string {
	if u == micro {
		return fmt.Sprintf("%.2f us", ns/1000)
	}
	return fmt.Sprintf("%.1f ns", ns)
}

// ratio of two times. What remains of a difference may be nothing, and has none.
func ratio(a, b float64) string {
	if r := a / b; a > 0 && b > 0 && !math.IsInf(r, 0) {
		return fmt.Sprintf("%.2f", r)
	}
	return "-"
}
