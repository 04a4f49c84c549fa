package sketch

import (
	"cmp"
	"slices"
)

// HeavyHitters finds the most frequent keys and counts them. It is Space-Saving of Metwally,
// Agrawal and El Abbadi (Efficient computation of frequent and top-k elements in data
// streams, 2005), merged as by Agarwal and others (Mergeable summaries, 2012).
//
// Of n items with c counters it has every key that came more often than n/c times. No count
// is too small, and none is too large by more than n/c; how much at most, each [Hit] says
// itself. While there are no more keys than counters it is exact. It holds c keys.
type HeavyHitters[K comparable] struct {
	config
	size  int
	total int64
	heap  []*counter[K] // the least on top
	keys  map[K]*counter[K]
}

// Hit is a key of [HeavyHitters]. It came at most Count times and at least Count - Excess.
type Hit[K comparable] struct {
	Key           K
	Count, Excess int64
}

// counter is a Hit in its place in the heap.
type counter[K comparable] struct {
	Hit[K]
	at int
}

// NewHeavyHitters makes a HeavyHitters with so many counters, at least 1. Ten times as many
// as keys are looked for is a good beginning.
func NewHeavyHitters[K comparable](counters int) *HeavyHitters[K] {
	h := &HeavyHitters[K]{size: counters, keys: make(map[K]*counter[K])}
	if counters < 1 {
		h.misuse("heavy-hitters", "counters", counters, "must be at least 1")
	}
	h.seal()
	return h
}

// Add counts a key and gives the receiver. A key that is not equal to itself, as NaN, counts
// in the total only.
func (h *HeavyHitters[K]) Add(key K) *HeavyHitters[K] {
	h.need()
	h.total++
	if key != key {
		return h
	}
	c := h.keys[key]
	if c == nil {
		c = h.enter(key)
	}
	c.Count++
	h.down(c)
	return h
}

// enter gives the key a counter: where all are taken the least one, whose key goes. The new
// key may have come before, but no more often than that count.
func (h *HeavyHitters[K]) enter(key K) *counter[K] {
	if len(h.heap) < h.size {
		c := &counter[K]{Hit[K]{Key: key}, len(h.heap)}
		h.heap = append(h.heap, c)
		h.keys[key] = c
		h.up(c)
		return c
	}
	c := h.heap[0]
	delete(h.keys, c.Key)
	c.Key, c.Excess = key, c.Count
	h.keys[key] = c
	return c
}

// Hits gives the keys, the most frequent first. Equal counts are in no particular order.
func (h *HeavyHitters[K]) Hits() []Hit[K] {
	h.need()
	hits := make([]Hit[K], len(h.heap))
	for i, c := range h.heap {
		hits[i] = c.Hit
	}
	slices.SortFunc(hits, byCount)
	return hits
}

func byCount[K comparable](a, b Hit[K]) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Excess, b.Excess))
}

// Total is the number of all items.
func (h *HeavyHitters[K]) Total() int64 { return h.total }

// Merge adds the counts of the other. Both must have as many counters, else the result is an
// error.
func (h *HeavyHitters[K]) Merge(other *HeavyHitters[K]) error {
	h.need()
	other.need()
	if err := unlike("heavy-hitters", "counters", h.size, other.size); err != nil {
		return err
	}
	hits := h.joined(other)
	slices.SortFunc(hits, byCount)
	h.reset(hits[:min(h.size, len(hits))], h.total+other.total)
	return nil
}

// joined has the keys of both. One that only one of them has may have come to the other as
// often as what has the least count there.
func (h *HeavyHitters[K]) joined(other *HeavyHitters[K]) []Hit[K] {
	var hits []Hit[K]
	for _, c := range h.heap {
		o := other.hit(c.Key)
		hits = append(hits, Hit[K]{c.Key, c.Count + o.Count, c.Excess + o.Excess})
	}
	for _, c := range other.heap {
		if h.keys[c.Key] == nil {
			o := h.hit(c.Key)
			hits = append(hits, Hit[K]{c.Key, c.Count + o.Count, c.Excess + o.Excess})
		}
	}
	return hits
}

// hit is what there is to say of any key.
func (h *HeavyHitters[K]) hit(key K) Hit[K] {
	if c := h.keys[key]; c != nil {
		return c.Hit
	}
	if len(h.heap) < h.size {
		return Hit[K]{Key: key}
	}
	least := h.heap[0].Count
	return Hit[K]{key, least, least}
}

// reset begins anew with the hits, which the greatest leads: from behind they are a heap.
func (h *HeavyHitters[K]) reset(hits []Hit[K], total int64) {
	h.total, h.heap = total, h.heap[:0]
	clear(h.keys)
	for i, hit := range slices.Backward(hits) {
		c := &counter[K]{hit, len(hits) - 1 - i}
		h.heap = append(h.heap, c)
		h.keys[hit.Key] = c
	}
}

func (h *HeavyHitters[K]) up(c *counter[K]) {
	for c.at > 0 && c.Count < h.heap[(c.at-1)/2].Count {
		h.swap(c, h.heap[(c.at-1)/2])
	}
}

func (h *HeavyHitters[K]) down(c *counter[K]) {
	for {
		least := c
		for _, below := range [...]int{2*c.at + 1, 2*c.at + 2} {
			if below < len(h.heap) && h.heap[below].Count < least.Count {
				least = h.heap[below]
			}
		}
		if least == c {
			return
		}
		h.swap(c, least)
	}
}

func (h *HeavyHitters[K]) swap(a, b *counter[K]) {
	a.at, b.at = b.at, a.at
	h.heap[a.at], h.heap[b.at] = a, b
}
