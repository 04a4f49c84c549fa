package heap

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type weight struct{ n, at int }

func (w *weight) Before(other *weight) bool { return w.n < other.n }
func (w *weight) Rank() *int                { return &w.at }

// TestHeap_model holds a heap against a slice, through random puts, moves and removals.
func TestHeap_model(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var h Heap[*weight]
		var in []*weight
		all := make([]weight, 1+r.IntN(20))
		for range 200 {
			w := &all[r.IntN(len(all))]
			switch r.IntN(3) {
			case 0:
				h.Remove(w)
				in = slices.DeleteFunc(in, func(v *weight) bool { return v == w })
			default:
				w.n = r.IntN(50)
				h.Put(w)
				if !slices.Contains(in, w) {
					in = append(in, w)
				}
			}
			if h.Len() != len(in) {
				t.Fatalf("seed %d: it holds %d, want %d", seed, h.Len(), len(in))
			}
			if len(in) == 0 {
				if h.First() != nil {
					t.Fatalf("seed %d: an empty heap has a first", seed)
				}
				continue
			}
			least := slices.MinFunc(in, func(a, b *weight) int { return a.n - b.n })
			if got := h.First(); got.n != least.n || h.All()[got.at-1] != got {
				t.Fatalf("seed %d: the first is %v, want %v", seed, *got, *least)
			}
		}
	}
}
