package sketch_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trials runs a property with random numbers whose seed a failure prints.
func trials(t *testing.T, n int, property func(t *testing.T, r *rand.Rand)) {
	t.Helper()
	for range n {
		seed := rand.Uint64()
		property(t, rand.New(rand.NewPCG(seed, 0)))
		if t.Failed() {
			t.Fatalf("failed with rand.NewPCG(%d, 0)", seed)
		}
	}
}

// skewed gives keys of which few come often: a key at a distance d from 0 does with a chance
// of about 1/d.
func skewed(r *rand.Rand, n int) []int {
	z := rand.NewZipf(r, 1.1, 1, 10_000)
	keys := make([]int, n)
	for i := range keys {
		keys[i] = int(z.Uint64())
	}
	return keys
}

// tally counts the keys exactly.
func tally(keys []int) map[int]int64 {
	counts := make(map[int]int64)
	for _, k := range keys {
		counts[k]++
	}
	return counts
}

// in2 cuts items in two at random.
func in2[T any](r *rand.Rand, items []T) (one, two []T) {
	cut := r.IntN(len(items) + 1)
	return items[:cut], items[cut:]
}

// wantPanic wants the ConfigError that a summary made wrongly is used with.
func wantPanic(t *testing.T, want string, use func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		wantConfigError(t, want, err)
	}()
	use()
}

func wantConfigError(t *testing.T, want string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*ops.ConfigError](err); !ok || fmt.Sprint(err) != "streamz: "+want {
		t.Errorf("got %v, want a ConfigError %q", err, want)
	}
}
