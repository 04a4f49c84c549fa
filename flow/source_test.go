package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func seq2(fail bool, items ...int) func(func(int, error) bool) {
	return func(yield func(int, error) bool) {
		for _, v := range items {
			if !yield(v, nil) {
				return
			}
		}
		if fail && yield(99, errPlanted) {
			yield(100, nil)
		}
	}
}

func giving(items ...int) func(context.Context, func(int) error) error {
	return func(_ context.Context, emit func(int) error) error {
		for _, v := range items {
			if err := emit(v); err != nil {
				return err
			}
		}
		return nil
	}
}

func countdown(n int) (v, next int, more bool) { return n, n - 1, n > 0 }

func TestSource_givesItsItemsInOrder(t *testing.T) {
	type ints []int
	signalling := signals(func(_ context.Context, out flow.Emitter[int]) error {
		_ = out.Emit(3)
		_ = out.Emit(2)
		return out.Emit(1)
	})
	tests := map[string]struct {
		f    flow.Flow[int]
		want []int
	}{
		"FromSlice":                {flow.FromSlice([]int{3, 2, 1}), []int{3, 2, 1}},
		"FromSlice of a type":      {flow.FromSlice(ints{3, 2, 1}), []int{3, 2, 1}},
		"FromSlice of nil":         {flow.FromSlice([]int(nil)), nil},
		"Of":                       {flow.Of(3, 2, 1), []int{3, 2, 1}},
		"Of nothing":               {flow.Of[int](), nil},
		"Empty":                    {flow.Empty[int](), nil},
		"Range":                    {flow.Range(-1, 2), []int{-1, 0, 1}},
		"Range of nothing":         {flow.Range(2, 2), nil},
		"Range backwards":          {flow.Range(3, 1), nil},
		"Repeat":                   {flow.Repeat(7).Take(3), []int{7, 7, 7}},
		"FromSeq":                  {flow.FromSeq(slices.Values([]int{3, 2, 1})), []int{3, 2, 1}},
		"FromSeq of nothing":       {flow.FromSeq(func(func(int) bool) {}), nil},
		"FromSeq2":                 {flow.FromSeq2(seq2(false, 3, 2, 1)), []int{3, 2, 1}},
		"FromSeq2 of nothing":      {flow.FromSeq2(seq2(false)), nil},
		"FromFunc":                 {flow.FromFunc(giving(3, 2, 1)), []int{3, 2, 1}},
		"FromFunc of nothing":      {flow.FromFunc(giving()), nil},
		"From":                     {flow.From(source(giving(3, 2, 1))), []int{3, 2, 1}},
		"FromSignals":              {flow.FromSignals(signalling), []int{3, 2, 1}},
		"Unfold":                   {flow.Unfold(3, countdown), []int{3, 2, 1}},
		"Unfold of nothing":        {flow.Unfold(0, countdown), nil},
		"a slice larger than most": {flow.FromSlice(make([]int, 1000)), make([]int, 1000)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for run := range 2 {
				got, err := tt.f.Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("run %d: Collect() mismatch (-want +got):\n%s", run, diff)
				}
			}
			got := atOnce(t, tt.f)
			for _, items := range got {
				if diff := cmp.Diff(tt.want, items); diff != "" {
					t.Errorf("at once: Collect() mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// atOnce runs a flow twice at the same time.
func atOnce(t *testing.T, f flow.Flow[int]) [2][]int {
	t.Helper()
	var got [2][]int
	var wg sync.WaitGroup
	for i := range got {
		opt := audit(t)
		wg.Go(func() {
			var err error
			if got[i], err = f.Collect(t.Context(), opt); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return got
}

func TestFromChan_givesWhatItReceives(t *testing.T) {
	got, err := filled(3, 2, 1).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{3, 2, 1}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	if n, err := filled().Count(t.Context(), audit(t)); n != 0 || err != nil {
		t.Errorf("Count() of a closed channel = %d, %v", n, err)
	}
}

func TestFromChan_runsAtOnceShareTheItems(t *testing.T) {
	f := filled(make([]int, 1000)...)
	got := atOnce(t, f)
	if sum := len(got[0]) + len(got[1]); sum != 1000 {
		t.Errorf("two runs got %d items of 1000", sum)
	}
}

func TestFromChan_receivesNoMoreThanItNeeds(t *testing.T) {
	ch := make(chan int, 10)
	for i := range 10 {
		ch <- i
	}
	if _, err := flow.FromChan(ch).Take(3).Collect(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if want, got := 7, len(ch); got != want {
		t.Errorf("%d items are left in the channel, want %d", got, want)
	}
}

func TestFromSlice_isReadWhileTheFlowRuns(t *testing.T) {
	s := []int{1, 2, 3}
	f := flow.FromSlice(s)
	s[1] = 7
	got, err := f.Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 7, 3}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestSource_thatFails(t *testing.T) {
	tests := map[string]struct {
		f         flow.Flow[int]
		stage, op string
		want      []int
	}{
		"Fail":     {flow.Fail[int](errPlanted), "fail", "Fail", nil},
		"FromSeq2": {flow.FromSeq2(seq2(true, 1, 2)), "seq", "FromSeq2", []int{1, 2}},
		"FromFunc": {flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			_ = emit(1)
			return errPlanted
		}), "func", "FromFunc", []int{1}},
		"From": {flow.From(source(func(context.Context, func(int) error) error { return errPlanted })), "source", "From", nil},
		"FromSignals": {flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
			_ = out.Emit(1)
			return errPlanted
		})), "source", "FromSignals", []int{1}},
	}
	for name, tt := range tests {
		for _, async := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, boundary %v", name, async), func(t *testing.T) {
				f := tt.f
				if async {
					f = f.Async(64)
				}
				got, err := f.Collect(t.Context(), audit(t))
				failed := stageError(t, err)
				if failed.Stage != tt.stage || failed.Op != tt.op || failed.Err != errPlanted {
					t.Errorf("Collect() = %v, want the failure of %s (%s)", err, tt.stage, tt.op)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" && !async {
					t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestSource_thatFailsBreaksAPartialBatchOff(t *testing.T) {
	got, err := flow.FromSeq2(seq2(true, 1, 2, 3)).Batch(2, 0).Collect(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Collect() = %v", err)
	}
	if diff := cmp.Diff([][]int{{1, 2}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestFlow_isImmutable(t *testing.T) {
	base := flow.Of(1, 2, 3).Map(double)
	named := base.Named("named").OnError(flow.Skip()).Async(4)
	taken := base.Take(1)
	opt, r := audited(t)
	if n, err := base.Count(t.Context(), opt); n != 3 || err != nil {
		t.Errorf("Count() = %d, %v, want 3", n, err)
	}
	if diff := cmp.Diff([]string{"items", "mapper", "count"}, stageNames(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
	opt, r = audited(t)
	if n, err := named.Count(t.Context(), opt); n != 3 || err != nil || stageNames(r)[1] != "named" {
		t.Errorf("Count() = %d, %v of %v", n, err, stageNames(r))
	}
	if n, err := taken.Count(t.Context(), audit(t)); n != 1 || err != nil {
		t.Errorf("Count() = %d, %v, want 1", n, err)
	}
}

func TestFlow_isCold(t *testing.T) {
	starts := 0
	f := flow.FromFunc(func(_ context.Context, emit func(int) error) error { starts++; return emit(starts) })
	got, err := flow.Concat(f, f.Map(double), f).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 4, 3}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

var tree = fstest.MapFS{
	"b.txt":        {Data: []byte("b")},
	"a.txt":        {Data: []byte("a")},
	"a.go":         {},
	"sub/c.txt":    {},
	"sub/x/d.txt":  {},
	"txt/e.go":     {},
	"odd [1].txt":  {},
	"sub/dir.txt/": {},
}

func TestFiles(t *testing.T) {
	tests := map[string]struct {
		pattern string
		want    []string
	}{
		"by base name":          {"*.txt", []string{"a.txt", "b.txt", "odd [1].txt", "sub/c.txt", "sub/x/d.txt"}},
		"by path":               {"sub/*.txt", []string{"sub/c.txt"}},
		"by path, deeper":       {"*/*/*.txt", []string{"sub/x/d.txt"}},
		"all":                   {"*", []string{"a.go", "a.txt", "b.txt", "odd [1].txt", "sub/c.txt", "sub/x/d.txt", "txt/e.go"}},
		"none":                  {"*.rs", nil},
		"one":                   {"c.txt", []string{"sub/c.txt"}},
		"with a class":          {"[ab].txt", []string{"a.txt", "b.txt"}},
		"with an escape":        {`odd \[1\].txt`, []string{"odd [1].txt"}},
		"nothing matches empty": {"", nil},
	}
	files := fstest.MapFS{}
	for name, file := range tree {
		if !strings.HasSuffix(name, "/") {
			files[name] = file
		}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := flow.Files(files, tt.pattern).Collect(t.Context(), audit(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
