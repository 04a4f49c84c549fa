package ops // what letters keep and lose shows through processors only in part

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLetters_keepTheLatest compares letters with a slice.
func TestLetters_keepTheLatest(t *testing.T) {
	for range 200 {
		size := 1 + rand.IntN(5)
		kept, lost := &letters[int]{size: size}, int64(0)
		var want []int
		for i := range 60 {
			before := lost
			if want = append(want, i); len(want) > size {
				want, lost = want[1:], lost+1
			}
			if made := kept.add(Letter[int]{Item: i}); made != (lost > before) {
				t.Fatalf("add() = %t for letter %d of %d", made, i, size)
			}
			got := kept.all()
			if rand.IntN(10) == 0 {
				got = kept.take()
			}
			if diff := cmp.Diff(want, items(got)); diff != "" {
				t.Fatalf("%d letters after %d mismatch (-want +got):\n%s", size, i+1, diff)
			}
			if len(kept.all()) == 0 { // they were taken
				want = nil
			}
		}
		if kept.lost != lost {
			t.Fatalf("%d lost, want %d", kept.lost, lost)
		}
	}
}

// A number that grows is logged at powers of ten.
func TestWarnLost(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	for n := range int64(2000) {
		warnLost(t.Context(), log, "dlq", n)
	}
	if got, want := strings.Count(text.String(), "\n"), 4; got != want {
		t.Errorf("%d lines, want %d:\n%s", got, want, &text)
	}
}

func items(letters []Letter[int]) (all []int) {
	for _, l := range letters {
		all = append(all, l.Item)
	}
	return all
}
