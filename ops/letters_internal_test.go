package ops // what a ring keeps shows before there is a processor that has one

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLetterRing_keepsTheLatest compares a ring with a slice.
func TestLetterRing_keepsTheLatest(t *testing.T) {
	for range 200 {
		size := 1 + rand.IntN(5)
		ring, lost := newLetterRing[int](size), int64(0)
		var want []int
		var text bytes.Buffer
		for i := range 60 {
			if want = append(want, i); len(want) > size {
				want, lost = want[1:], lost+1
			}
			ring.put(t.Context(), slog.New(slog.NewTextHandler(&text, nil)), Letter[int]{Item: i})
			got := ring.all()
			if rand.IntN(10) == 0 {
				got = ring.take()
			}
			if diff := cmp.Diff(want, items(got)); diff != "" {
				t.Fatalf("ring of %d after %d letters mismatch (-want +got):\n%s", size, i+1, diff)
			}
			if len(ring.all()) == 0 {
				want = nil
			}
		}
		if got := ring.losses(); got != lost {
			t.Fatalf("losses() = %d, want %d", got, lost)
		}
		lines := 0
		for n := int64(1); n <= lost; n *= 10 {
			lines++
		}
		if got := strings.Count(text.String(), "\n"); got != lines {
			t.Fatalf("%d lines for %d losses, want %d:\n%s", got, lost, lines, &text)
		}
	}
}

func items(letters []Letter[int]) (all []int) {
	for _, l := range letters {
		all = append(all, l.Item)
	}
	return all
}
