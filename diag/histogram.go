package diag

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// The buckets of a Histogram are log-linear: each power of two is divided into as many
// equal ones. The values below that number have a bucket each.
const (
	perOctave = 16
	octave    = 4 // bits of perOctave
	buckets   = (63-octave)*perOctave + perOctave
)

// Histogram counts durations in a fixed number of buckets, which takes about 8 kB whatever
// is recorded. The zero Histogram is empty and ready to use. It is safe for concurrent use,
// and must not be copied after the first.
//
// Count, sum (up to 292 years), least and greatest are exact. A quantile is off by at most 1/32 of its value:
// it is the middle of its bucket, and a bucket is at most 1/16 of its own beginning wide.
// Below 32 ns it is exact.
type Histogram struct {
	counts [buckets]atomic.Int64
	sum    atomic.Int64
	min    atomic.Int64 // the least + 1, 0 before the first
	max    atomic.Int64
}

// Record counts a duration. A negative one, as a clock that was set back gives it, counts as 0.
// It does not block and allocates nothing.
func (h *Histogram) Record(d time.Duration) {
	v := max(int64(d), 0)
	h.extend(v, v)
	h.sum.Add(v)
	h.counts[bucketOf(v)].Add(1)
}

// extend takes the least and the greatest value into account. It comes before the counts:
// whoever sees a count can rely on both.
func (h *Histogram) extend(least, greatest int64) {
	least = min(least, math.MaxInt64-1)
	for {
		known := h.min.Load()
		if known != 0 && known <= least+1 || h.min.CompareAndSwap(known, least+1) {
			break
		}
	}
	for {
		known := h.max.Load()
		if known >= greatest || h.max.CompareAndSwap(known, greatest) {
			return
		}
	}
}

// Merge adds what other has counted, as if it had been recorded here. other stays as it is.
func (h *Histogram) Merge(other *Histogram) {
	if other.min.Load() == 0 {
		return
	}
	h.extend(other.min.Load()-1, other.max.Load())
	h.sum.Add(other.sum.Load())
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
}

// Quantile gives the duration that the share q of those recorded does not exceed, 0 if
// there is none: Quantile(0.99) is exceeded by one in a hundred. q is from 0 to 1; what lies
// outside counts as the nearer of both.
func (h *Histogram) Quantile(q float64) time.Duration {
	counts, total := h.load()
	return h.quantile(q, counts, total)
}

// load takes the counts, so that several questions get answers of one moment.
func (h *Histogram) load() (counts *[buckets]int64, total int64) {
	counts = new([buckets]int64)
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
		total += counts[i]
	}
	return counts, total
}

// quantile gives the middle of the bucket in which the rank of q lies, but nothing beyond
// what was recorded.
func (h *Histogram) quantile(q float64, counts *[buckets]int64, total int64) time.Duration {
	if total == 0 {
		return 0
	}
	least, greatest := h.min.Load()-1, h.max.Load()
	rank := max(int64(math.Ceil(min(max(q, 0), 1)*float64(total))), 1)
	if rank >= total {
		return time.Duration(greatest)
	}
	for i, n := range counts {
		if rank -= n; rank <= 0 {
			return time.Duration(min(max(middle(i), least), greatest))
		}
	}
	return time.Duration(greatest)
}

// Latency gives the figures of what was recorded so far.
func (h *Histogram) Latency() Latency {
	counts, total := h.load()
	if total == 0 {
		return Latency{}
	}
	sum := h.sum.Load()
	return Latency{
		Count: total,
		Sum:   time.Duration(sum),
		Mean:  time.Duration(sum / total),
		Min:   time.Duration(h.min.Load() - 1),
		Max:   time.Duration(h.max.Load()),
		P50:   h.quantile(0.5, counts, total),
		P90:   h.quantile(0.9, counts, total),
		P99:   h.quantile(0.99, counts, total),
	}
}

// bucketOf gives the bucket of a value that is not negative.
func bucketOf(v int64) int {
	if v < perOctave {
		return int(v)
	}
	shift := bits.Len64(uint64(v)) - octave - 1
	return shift*perOctave + int(v>>shift)
}

// middle gives the middle of a bucket, of two the lower.
func middle(i int) int64 {
	if i < 2*perOctave {
		return int64(i)
	}
	shift := i/perOctave - 1
	first := int64(perOctave+i%perOctave) << shift
	return first + (int64(1)<<shift-1)/2
}
