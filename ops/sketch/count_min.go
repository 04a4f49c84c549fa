package sketch

import (
	"math"
	"math/bits"
)

// CountMin estimates how often each key came, also keys that nobody thought of before. It is
// the Count-Min sketch of Cormode and Muthukrishnan (An improved data stream summary, 2005).
//
// An estimate is never too small. With the probability that was asked for it is too large by
// at most the relative error times the number of all items. The memory is
// ⌈e/relativeError⌉ · ⌈ln(1/(1-probability))⌉ numbers of 8 bytes: 11 KiB for 1% and 99%.
type CountMin[K comparable] struct {
	config
	width, depth int
	cells        []int64 // one row of width after the other
	total        int64
}

const leastShare = 1e-6 // of the items: at 22 MB a row

// NewCountMin makes a CountMin. relativeError is from 0.000001 to less than 1, probability
// from more than 0 to 0.999999999.
func NewCountMin[K comparable](relativeError, probability float64) *CountMin[K] {
	c := new(CountMin[K])
	if !(relativeError >= leastShare && relativeError < 1) {
		c.misuse("count-min", "relative error", relativeError, "must be from 0.000001 to less than 1")
	}
	if !(probability > 0 && probability <= 0.999999999) {
		c.misuse("count-min", "probability", probability, "must be from more than 0 to 0.999999999")
	}
	if c.seal() {
		c.width = int(math.Ceil(math.E / relativeError))
		c.depth = int(math.Ceil(-math.Log1p(-probability)))
		c.cells = make([]int64, c.width*c.depth)
	}
	return c
}

// Add counts a key, once in each row, and gives the receiver.
func (c *CountMin[K]) Add(key K) *CountMin[K] {
	c.need()
	c.total++
	h := hash(key)
	for row := range c.depth {
		c.cells[c.cell(h, row)]++
	}
	return c
}

// Count estimates how often a key came.
func (c *CountMin[K]) Count(key K) int64 {
	c.need()
	h, least := hash(key), int64(math.MaxInt64)
	for row := range c.depth {
		least = min(least, c.cells[c.cell(h, row)])
	}
	return least
}

// Total is the number of all items.
func (c *CountMin[K]) Total() int64 { return c.total }

// Merge adds the counts of the other. Both must be made alike, else the result is an error.
func (c *CountMin[K]) Merge(other *CountMin[K]) error {
	c.need()
	other.need()
	if err := unlike("count-min", "width", c.width, other.width); err != nil {
		return err
	}
	if err := unlike("count-min", "depth", c.depth, other.depth); err != nil {
		return err
	}
	for i, n := range other.cells {
		c.cells[i] += n
	}
	c.total += other.total
	return nil
}

// cell is the place of a key in a row. Each row hashes the key anew.
func (c *CountMin[K]) cell(h uint64, row int) int {
	const golden = 0x9e3779b97f4a7c15 // the step of SplitMix64
	at, _ := bits.Mul64(mix(h+uint64(row)*golden), uint64(c.width))
	return row*c.width + int(at)
}
