package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// onePartition is a Partition of one output: it is held to the contract as a processor.
type onePartition[T any] struct{ *ops.Partition[T] }

func (p onePartition[T]) WithName(name string) onePartition[T] {
	return onePartition[T]{p.Partition.WithName(name)}
}

func (p onePartition[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return p.Partition.Process(ctx, in).GetPartition(0)
}

var _ = conforms(
	named("Partition", newSubject("partition", 1, ints(6), referenceMap(same), singlePartition(func() {}), singlePartition, randomInts)),
)

func singlePartition(before func()) onePartition[int] {
	return onePartition[int]{ops.NewPartitionBy(func(v int) int {
		before()
		return v
	}).WithPartitions(1)}
}

// partitioned reads all outputs at once.
func partitioned(t *testing.T, p *ops.Partition[int], items []int) [][]int {
	t.Helper()
	in, _ := offer(t.Context(), items)
	outs := make(map[int]<-chan int)
	for i, out := range p.Process(t.Context(), in).Partitions {
		outs[i] = out
	}
	read := readAll(outs)
	got := make([][]int, len(outs))
	for i := range got {
		got[i] = read[i]
	}
	return got
}

func TestPartitionModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), 1+r.IntN(6)
		key := func(v int) string { return strconv.Itoa(v % 10) }
		p := ops.NewPartition(key).WithPartitions(n).WithBufferSize(r.IntN(3))
		want := make([][]int, n)
		for _, v := range in {
			to := ops.DefaultPartitioner(key(v), n)
			want[to] = append(want[to], v)
		}
		if diff := cmp.Diff(want, partitioned(t, p, in)); diff != "" {
			t.Errorf("%d of %v: mismatch (-want +got):\n%s", n, in, diff)
		}
		if diff := cmp.Diff(want, partitioned(t, p.WithPartitioner(ops.DefaultPartitioner), in)); diff != "" {
			t.Errorf("%d of %v with the default as a partitioner: mismatch (-want +got):\n%s", n, in, diff)
		}
		stats := p.Stats()
		for i := range want {
			if stats.ItemsPerPartition[i] != int64(len(want[i])) {
				t.Errorf("Stats() = %v, want the numbers of %v", stats, want)
			}
		}
	})
}

func TestPartitionPinned(t *testing.T) {
	bubble(t, "a thousand keys are spread evenly", func(t *testing.T) {
		for name, p := range map[string]*ops.Partition[int]{
			"text":    ops.NewPartition(func(v int) string { return "key-" + strconv.Itoa(v) }),
			"numbers": ops.NewPartitionBy(func(v int) int { return v }),
			"structs": ops.NewPartitionBy(func(v int) struct{ A, B any } { return struct{ A, B any }{v % 7, strconv.Itoa(v)} }),
		} {
			partitioned(t, p, ints(1000))
			s := p.Stats()
			for _, n := range s.ItemsPerPartition {
				if n < 200 || n > 300 {
					t.Errorf("%s: %v, want within 20%% of even", name, s)
				}
			}
			if s.TotalItems != 1000 || s.NumPartitions != 4 || s.DistributionBalance() > 0.5 {
				t.Errorf("%s: %v, want 1000 items in 4 partitions and a balance of 0.5 at most", name, s)
			}
		}
	})
	bubble(t, "even and odd by a partitioner", func(t *testing.T) {
		p := ops.NewPartition(strconv.Itoa).WithPartitions(2).WithPartitioner(func(key string, _ int) int {
			v, _ := strconv.Atoi(key)
			return v % 2
		})
		want := [][]int{{2, 4, 6, 8, 10}, {1, 3, 5, 7, 9}}
		if diff := cmp.Diff(want, partitioned(t, p.WithPartitioner(nil), ints(10))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "nil keeps the default", func(t *testing.T) {
		p := ops.NewPartition(strconv.Itoa)
		want := partitioned(t, p, ints(20))
		if diff := cmp.Diff(want, partitioned(t, p.WithPartitioner(nil), ints(20))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "an empty input", func(t *testing.T) {
		if diff := cmp.Diff(make([][]int, 4), partitioned(t, ops.NewPartition(strconv.Itoa), nil)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "one after the other", func(t *testing.T) {
		p := ops.NewPartitionBy(func(int) struct{} { return struct{}{} }).WithPartitions(3).WithPartitioner(ops.RoundRobin())
		if diff := cmp.Diff([][]int{{1, 4, 7}, {2, 5}, {3, 6}}, partitioned(t, p, ints(7))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "there is no partition outside", func(t *testing.T) {
		out := ops.NewPartition(strconv.Itoa).Process(t.Context(), feed[int]())
		for i, want := range map[int]bool{-1: false, 0: true, 3: true, 4: false} {
			if got := out.GetPartition(i) != nil; got != want {
				t.Errorf("GetPartition(%d) exists: %t, want %t", i, got, want)
			}
		}
	})
}

func TestPartitionRegressions(t *testing.T) {
	bubble(t, "partition-stats-first", func(t *testing.T) {
		p := ops.NewPartition(strconv.Itoa)
		want := ops.PartitionStats{NumPartitions: 4, ItemsPerPartition: make([]int64, 4)}
		if diff := cmp.Diff(want, p.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		if got := p.Stats().DistributionBalance(); got != 0 {
			t.Errorf("DistributionBalance() = %v, want 0", got)
		}
		partitioned(t, p, ints(10))
		partitioned(t, p, ints(10))
		if got := p.Stats().TotalItems; got != 20 {
			t.Errorf("%d items after two runs, want 20", got)
		}
		if got := new(ops.Partition[int]).Stats(); got.TotalItems != 0 || got.DistributionBalance() != 0 {
			t.Errorf("Stats() of the zero Partition = %v", got)
		}
	})
	bubble(t, "partition-out-of-range", func(t *testing.T) {
		wrong := func(key string, n int) int {
			v, _ := strconv.Atoi(key)
			return []int{0, n, -1}[v%3]
		}
		var failed []any
		var text error
		p := ops.NewPartition(strconv.Itoa).WithPartitions(2).WithPartitioner(wrong).OnError(func(_ context.Context, e *ops.ItemError) {
			failed, text = append(failed, e.Item), e
		})
		if diff := cmp.Diff([][]int{{3, 6}, nil}, partitioned(t, p, ints(6))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{1, 2, 4, 5}, failed); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
		if want := "partition: there is no partition -1, only 0 to 1"; text == nil || text.Error() != want {
			t.Errorf("error %v, want %s", text, want)
		}
		if got := p.Stats().TotalItems; got != 2 {
			t.Errorf("%d items were counted, want the 2 that were delivered", got)
		}
	})
	bubble(t, "partition-unread", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := ops.NewPartition(strconv.Itoa)
		out := p.Process(ctx, filled(1, 2, 3))
		synctest.Wait()
		if got := p.Stats().TotalItems; got != 0 {
			t.Errorf("%d items were counted before one was received", got)
		}
		cancel()
		for _, ch := range out.Partitions {
			wantClosed(t, ch)
		}
	})
}

func TestPartitionCountsForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ops.NewPartition(strconv.Itoa)
		partitioned(t, p, ints(10))
		for name, other := range map[string]*ops.Partition[int]{
			"WithName": p.WithName("x"), "WithPartitions": p.WithPartitions(2), "WithPartitioner": p.WithPartitioner(nil),
			"WithBufferSize": p.WithBufferSize(1), "OnError": p.OnError(func(context.Context, *ops.ItemError) {}),
		} {
			if got := other.Stats().TotalItems; got != 0 {
				t.Errorf("a copy by %s has counted %d items", name, got)
			}
		}
	})
}

// The balance is the standard deviation over the mean.
func TestPartitionStats(t *testing.T) {
	s := ops.PartitionStats{TotalItems: 8, NumPartitions: 2, ItemsPerPartition: []int64{6, 2}}
	if got := s.DistributionBalance(); got != 0.5 {
		t.Errorf("DistributionBalance() = %v, want 0.5", got)
	}
	if want, got := "8 items in 2 partitions [6 2], balance 0.50", s.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// Known values of the hash: they must be the same in every process, for ever.
func TestDefaultPartitioner(t *testing.T) {
	const many = math.MaxInt32
	for key, want := range map[string]uint32{"": 2166136261, "a": 0xe40c292c, "foobar": 0xbf9cf968} {
		if got := ops.DefaultPartitioner(key, many); got != int(want%many) {
			t.Errorf("DefaultPartitioner(%q) = %d, want %d", key, got, want%many)
		}
	}
}

type (
	text  string
	point struct {
		x, y float64
		tag  any
	}
)

// Equal keys have one partition, whatever they are made of and wherever they lie.
func TestPartitionByEqualKeys(t *testing.T) {
	word := func() string { return string([]byte("word")) }
	n := new(int)
	ch := make(chan int)
	checkKeys(t, "text", text(word()), text("word"))
	checkKeys(t, "zeros", 0.0, math.Copysign(0, -1))
	checkKeys(t, "points", point{0, 1, word()}, point{math.Copysign(0, -1), 1, "word"})
	checkKeys(t, "arrays", [2]any{word(), nil}, [2]any{"word", nil})
	checkKeys(t, "complex", complex(0, 1), complex(math.Copysign(0, -1), 1))
	checkKeys(t, "pointers", n, n)
	checkKeys(t, "channels", ch, ch)
	checkKeys(t, "bytes", byte(7), byte(7))
	checkKeys[any](t, "of any type", true, true)
	checkKeys[any](t, "of no value", nil, nil)
}

// checkKeys wants the two keys in one partition of many, in two runs of two processors.
func checkKeys[K comparable](t *testing.T, name string, a, b K) {
	t.Helper()
	bubble(t, name, func(t *testing.T) {
		keys := []K{a, b}
		var places []int
		for range 2 {
			p := ops.NewPartitionBy(func(i int) K { return keys[i] }).WithPartitions(1000)
			for i, items := range partitioned(t, p, []int{0, 1}) {
				for range items {
					places = append(places, i)
				}
			}
		}
		if len(slices.Compact(places)) != 1 {
			t.Errorf("%s: partitions %v, want one", fmt.Sprint(keys), places)
		}
	})
}

// Keys of one hash would all be in one partition.
func TestPartitionByDifferentKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := []any{1, "1", true, false, 1.5, 2i, [2]int{1, 2}, [2]int{2, 1}, struct{ a, b int }{1, 2}, int8(1), nil, new(int), "2", uint(1)}
		p := ops.NewPartitionBy(func(i int) any { return keys[i] }).WithPartitions(1 << 12)
		used := 0
		for _, items := range partitioned(t, p, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}) {
			if len(items) > 0 {
				used++
			}
		}
		if used < 11 {
			t.Errorf("%d keys are in %d partitions", len(keys), used)
		}
	})
}

func TestPartitionMisuse(t *testing.T) {
	for want, p := range map[string]*ops.Partition[int]{
		"streamz: partition: key function must not be nil":                              ops.NewPartition[int](nil),
		"streamz: by: key function must not be nil":                                     ops.NewPartitionBy[int, int](nil).WithName("by"),
		"streamz: partition: partitions must be between 1 and 1<<20, got 0":             ops.NewPartition(strconv.Itoa).WithPartitions(0),
		"streamz: partition: partitions must be between 1 and 1<<20, got 1048577":       ops.NewPartition(strconv.Itoa).WithPartitions(1<<20 + 1),
		"streamz: partition: buffer size must be between 0 and 1<<30, got -1":           ops.NewPartition(strconv.Itoa).WithBufferSize(-1),
		"streamz: partition: OnError must not be nil":                                   ops.NewPartition(strconv.Itoa).OnError(nil),
		"streamz: processor: processor must be made by its constructor and have a name": new(ops.Partition[int]),
	} {
		err, _ := thrown(func() { p.Process(t.Context(), make(chan int)) }).(error)
		wantConfigError(t, want, err)
	}
}
