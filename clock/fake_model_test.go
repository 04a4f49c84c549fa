package clock_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func randomScript(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	code := make([]byte, 2*r.IntN(200))
	for i := range code {
		code[i] = byte(r.Uint32())
	}
	return code
}

func TestFake_matchesReference(t *testing.T) {
	for seed := range uint64(100) {
		code := randomScript(seed)
		want := runScript(referenceSubject(), code)
		got := runScript(fakeSubject(), code)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("runScript(seed %d) mismatch (-want +got):\n%s", seed, diff)
		}
	}
}

// A bubble starts at the same time as a Fake and moves only when told to, so
// package time itself can be the oracle.
func TestFake_matchesReal(t *testing.T) {
	for seed := range uint64(100) {
		code := randomScript(seed)
		var want []string
		synctest.Test(t, func(*testing.T) { want = runScript(realSubject(), code) })
		fake := fakeSubject()
		fake.waiters = nil // package time does not count them
		got := runScript(fake, code)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("runScript(seed %d) mismatch (-want +got):\n%s", seed, diff)
		}
	}
}

func FuzzFake(f *testing.F) {
	f.Add([]byte{0, 4, 3, 1, 1, 16, 1, 3, 3, 1}) // a timer stopped, then reset
	f.Add([]byte{0, 130, 3, 9, 2, 32, 3, 1})     // a ticker with a slow receiver
	f.Add([]byte{0, 130, 3, 9, 2, 1, 2, 32})     // a ticker reset with a tick unread
	f.Add([]byte{0, 0, 1, 0, 1, 16, 1, 32})      // a timer with a negative duration
	f.Add(randomScript(1))
	f.Fuzz(func(t *testing.T, code []byte) {
		want := runScript(referenceSubject(), code)
		got := runScript(fakeSubject(), code)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("runScript(%v) mismatch (-want +got):\n%s", code, diff)
		}
	})
}
