package main

import (
	"fmt"
	"testing"
)

// BenchmarkRows runs the contenders of the table one after the other, for benchstat. An
// operation is a number of items; where a contender is a difference both sides are
// there.
func BenchmarkRows(b *testing.B) {
	for _, r := range table() {
		for _, c := range r.contenders {
			name := fmt.Sprintf("%s/%s", r.name, c.name)
			b.Run(name, func(b *testing.B) { benchmark(b, c.run) })
			if c.base != nil {
				b.Run(name+"/base", func(b *testing.B) { benchmark(b, c.base) })
			}
		}
	}
}

func benchmark(b *testing.B, run runner) {
	const items = 10_000
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run(items); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/items, "ns/item")
}
