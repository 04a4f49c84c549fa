package sketch

import (
	"math"
	"slices"
)

// Quantiles estimates quantiles: the median, the 99th percentile and so on. It is DDSketch of
// Masson, Rim and Lee (DDSketch: a fast and fully-mergeable quantile sketch with
// relative-error guarantees, 2019) without its limit of buckets, as the range of a float64 is
// limit enough.
//
// An estimate differs from the true value by at most the relative error times that value, for
// each quantile of whatever numbers; the least and the greatest are exact. The memory is 8
// bytes for each power of (1+e)/(1-e) between the least magnitude and the greatest, in steps
// of 64, of the positive numbers and of the negative ones. With an error e of 1% that is 4 KiB
// where the greatest is 10000 times the least, and 1.2 MB for all numbers that there are.
//
// NaN is left out. Magnitudes below 2.2e-308 count as 0.
type Quantiles struct {
	config
	relativeError    float64
	gamma, logGamma  float64 // a bucket is so wide
	positive         buckets
	negative         buckets // of magnitudes
	zeros, low, high int64   // low and high are the infinite ones
	least, greatest  float64 // of the finite
	count            int64
}

// smallest is the least number of full precision.
const smallest = 0x1p-1022

// NewQuantiles makes a Quantiles. relativeError is from 0.001 to less than 1.
func NewQuantiles(relativeError float64) *Quantiles {
	q := &Quantiles{relativeError: relativeError, least: math.Inf(1), greatest: math.Inf(-1)}
	if !(relativeError >= 0.001 && relativeError < 1) {
		q.misuse("quantiles", "relative error", relativeError, "must be from 0.001 to less than 1")
	}
	q.gamma = (1 + relativeError) / (1 - relativeError)
	q.logGamma = math.Log(q.gamma)
	q.seal()
	return q
}

// Add takes a number in and gives the receiver.
func (q *Quantiles) Add(v float64) *Quantiles {
	q.need()
	if v != v {
		return q
	}
	q.count++
	switch {
	case math.IsInf(v, 1):
		q.high++
		return q
	case math.IsInf(v, -1):
		q.low++
		return q
	case v >= smallest:
		q.positive.add(q.bucket(v))
	case v <= -smallest:
		q.negative.add(q.bucket(-v))
	default:
		q.zeros++
	}
	q.least, q.greatest = min(q.least, v), max(q.greatest, v)
	return q
}

// Count is how many numbers there were.
func (q *Quantiles) Count() int64 { return q.count }

// Quantile estimates the number below which there is a share p, from 0 to 1, of the others: in
// order, the one at ⌊p·(n-1)⌋ of n, counted from 0. So 0.5 is the median, 0 the least and 1 the
// greatest. Without numbers, or with another p, it is NaN.
func (q *Quantiles) Quantile(p float64) float64 {
	q.need()
	if q.count == 0 || !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	rank, last := int64(p*float64(q.count-1)), q.count-q.high-1 // of the finite
	switch {
	case rank < q.low:
		return math.Inf(-1)
	case rank > last:
		return math.Inf(1)
	case rank == q.low:
		return q.least
	case rank == last:
		return q.greatest
	}
	return min(max(q.finite(rank-q.low), q.least), q.greatest)
}

// finite estimates the finite number at a rank.
func (q *Quantiles) finite(rank int64) float64 {
	negative := q.negative.total
	switch {
	case rank < negative:
		return -q.value(q.negative.at(negative - 1 - rank))
	case rank < negative+q.zeros:
		return 0
	}
	return q.value(q.positive.at(rank - negative - q.zeros))
}

// Merge takes the numbers of the other in. Both must be of the same relative error, else the
// result is an error.
func (q *Quantiles) Merge(other *Quantiles) error {
	q.need()
	other.need()
	if err := unlike("quantiles", "relative error", q.relativeError, other.relativeError); err != nil {
		return err
	}
	q.positive.merge(other.positive)
	q.negative.merge(other.negative)
	q.zeros += other.zeros
	q.low += other.low
	q.high += other.high
	q.count += other.count
	q.least, q.greatest = min(q.least, other.least), max(q.greatest, other.greatest)
	return nil
}

// bucket is the number i of the bucket with gamma^(i-1) < v <= gamma^i.
func (q *Quantiles) bucket(v float64) int { return int(math.Ceil(math.Log(v) / q.logGamma)) }

// value is what differs from both ends of a bucket by the same share of them. The power itself
// may be too large for a float64.
func (q *Quantiles) value(bucket int) float64 {
	return math.Exp(float64(bucket)*q.logGamma + math.Log(2/(1+q.gamma)))
}

// buckets are counts, the first of which is that of number first.
type buckets struct {
	first  int
	counts []int64
	total  int64
}

func (b *buckets) add(i int) {
	b.reach(i, i+1)
	b.counts[i-b.first]++
	b.total++
}

// at is the number of the bucket that has the item of a rank.
func (b *buckets) at(rank int64) int {
	for i, n := range b.counts {
		if rank -= n; rank < 0 {
			return b.first + i
		}
	}
	return b.first + len(b.counts) - 1
}

func (b *buckets) merge(other buckets) {
	if other.total == 0 {
		return
	}
	b.reach(other.first, other.first+len(other.counts))
	for i, n := range other.counts {
		b.counts[other.first-b.first+i] += n
	}
	b.total += other.total
}

// reach makes room for the buckets from one to before another.
func (b *buckets) reach(from, to int) {
	const step = 64
	last := b.first + len(b.counts)
	switch {
	case len(b.counts) == 0:
		b.first, last = from, to
	case from >= b.first && to <= last:
		return
	}
	first, last := min(from, b.first)&^(step-1), (max(to, last)+step-1)&^(step-1)
	counts := make([]int64, last-first)
	copy(counts[b.first-first:], b.counts)
	b.first, b.counts = first, slices.Clip(counts)
}
