package stage_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func double(v int) int { return 2 * v }

// audit gives the option with which every run of these tests is made: when the test
// ends the books of the run must balance.
func audit(t testing.TB) flow.Option {
	t.Helper()
	opt, _ := audited(t)
	return opt
}

func audited(t testing.TB) (flow.Option, *flow.Report) {
	t.Helper()
	r := new(flow.Report)
	t.Cleanup(func() {
		if len(r.Stages) == 0 || !r.Balanced() {
			t.Errorf("the books do not balance:\n%v", r)
		}
	})
	return flow.WithReport(r), r
}

func names(r *flow.Report) []string {
	var all []string
	for _, s := range r.Stages {
		all = append(all, s.Name)
	}
	return all
}

func feed[T any](items ...T) <-chan T {
	ch := make(chan T, len(items))
	for _, v := range items {
		ch <- v
	}
	close(ch)
	return ch
}

func drain[T any](ch <-chan T) (items []T) {
	for v := range ch {
		items = append(items, v)
	}
	return items
}

// own is a processor that only knows channels.
func own(ctx context.Context, in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			select {
			case out <- v + 1:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

var ownProcessor = ops.ProcessorFunc[int, int](own)

// all are the stages of the package, each with what it makes of 1, 2, 3.
func all() map[string]struct {
	s    stage.Stage[int, int]
	want []int
} {
	sum := func(a, v int) int { return a + v }
	twice := func(v int) iter.Seq[int] {
		return slices.Values([]int{v, v})
	}
	last := ops.NewGatherer(nil, func(last *int, v int, _ func(int) error) error { *last = v; return nil },
		func(last *int, emit func(int) error) error { return emit(*last) })
	type row = struct {
		s    stage.Stage[int, int]
		want []int
	}
	return map[string]row{
		"Map":                  {stage.Map(double), []int{2, 4, 6}},
		"TryMap":               {stage.Map(strconv.Itoa).Then(stage.TryMap(strconv.Atoi)), []int{1, 2, 3}},
		"Filter":               {stage.Filter(func(v int) bool { return v != 2 }), []int{1, 3}},
		"FlatMap":              {stage.FlatMap(twice), []int{1, 1, 2, 2, 3, 3}},
		"Scan":                 {stage.Scan(0, sum), []int{1, 3, 6}},
		"Tap":                  {stage.Tap(func(int) {}), []int{1, 2, 3}},
		"Take":                 {stage.Take[int](2), []int{1, 2}},
		"Skip":                 {stage.Skip[int](2), []int{3}},
		"Batch and Unbatch":    {stage.Batch[int](2, 0).Then(stage.Unbatch[int]()), []int{1, 2, 3}},
		"Gather":               {stage.Gather(last), []int{3}},
		"Of":                   {stage.Of[int, int](ownProcessor), []int{2, 3, 4}},
		"a Stage of a Stage":   {stage.Of[int, int](stage.Map(double)), []int{2, 4, 6}},
		"several in a row":     {stage.Map(double).Then(ownProcessor).Then(stage.Skip[int](1)), []int{5, 7}},
		"a row in a row":       {stage.Map(double).Then(stage.Map(double).Then(stage.Map(double))), []int{8, 16, 24}},
		"a sub-flow in a row":  {stage.Map(double).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(double) })), []int{4, 8, 12}},
		"one that has a name":  {stage.Map(double).Named("x"), []int{2, 4, 6}},
		"a row that has one":   {stage.Map(double).Then(stage.Map(double)).Named("x"), []int{4, 8, 12}},
		"a foreign one's name": {stage.Of[int, int](ownProcessor).Named("x"), []int{2, 3, 4}},
	}
}

func TestStage_inAFlow(t *testing.T) {
	for name, tt := range all() {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got, err := flow.Of(1, 2, 3).Then(tt.s).Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestStage_overChannels(t *testing.T) {
	for name, tt := range all() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			first, second := tt.s.Process(ctx, feed(1, 2, 3)), tt.s.Process(ctx, feed(1, 2, 3))
			for _, out := range []<-chan int{first, second} {
				if diff := cmp.Diff(tt.want, drain(out)); diff != "" {
					t.Errorf("Process() mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestStage_overChannelsEndsWithItsContext(t *testing.T) {
	for name, tt := range all() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				in := make(chan int)
				out := tt.s.Process(ctx, in)
				select {
				case in <- 1:
				case <-out:
				}
				cancel()
				close(in)
				drain(out)
			})
		})
	}
}

func TestStage_name(t *testing.T) {
	tests := map[string]struct {
		s    stage.Stage[int, int]
		want string
	}{
		"of a processor":     {stage.Map(double), "mapper"},
		"its own":            {stage.Map(double).Named("x"), "x"},
		"a later one":        {stage.Map(double).Named("x").Named("y"), "y"},
		"of a named one":     {stage.Of[int, int](ops.NewMapper(double).WithName("p")), "p"},
		"of a row":           {stage.Map(double).Then(stage.Take[int](1)), "mapper"},
		"a row's own":        {stage.Map(double).Then(stage.Take[int](1)).Named("row"), "row"},
		"of the zero Stage":  {stage.Stage[int, int]{}, "stage"},
		"of nothing":         {stage.Of[int, int](nil), "stage"},
		"of the zero, named": {stage.Stage[int, int]{}.Named("x"), "stage"},
	}
	for name, tt := range tests {
		if got := tt.s.Name(); got != tt.want {
			t.Errorf("%s: Name() = %q, want %q", name, got, tt.want)
		}
	}
}

func TestStage_namesInAFlow(t *testing.T) {
	row := stage.Map(double).Then(stage.Take[int](5).Named("five"))
	opt, r := audited(t)
	err := flow.Of(1).
		Then(stage.Map(double)).
		Then(stage.Map(double).Named("own")).
		Then(stage.Map(double).Named("own")).Named("flow's").
		Then(row).
		Then(row.Named("row")).
		Then(row.Named("row")).Named("path").
		Then(row.Then(row.Named("inner")).Named("outer")).
		Then(stage.Of[int, int](ownProcessor).Named("foreign")).
		Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"items", "mapper", "own", "flow's",
		"mapper#2", "five",
		"row/mapper", "row/five",
		"path/mapper", "path/five",
		"outer/mapper", "outer/five", "outer/inner/mapper", "outer/inner/five",
		"foreign", "discard",
	}
	if diff := cmp.Diff(want, names(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

func TestStage_isImmutable(t *testing.T) {
	s := stage.Map(double)
	_ = s.Named("other")
	_ = s.Then(stage.Take[int](1))
	if want, got := "mapper", s.Name(); got != want {
		t.Errorf("Name() = %q, want %q", got, want)
	}
	if diff := cmp.Diff([]int{2, 4}, drain(s.Process(t.Context(), feed(1, 2)))); diff != "" {
		t.Errorf("Process() mismatch (-want +got):\n%s", diff)
	}
}

func TestStage_canBeCompared(t *testing.T) {
	a, b := stage.Map(double), stage.Map(double)
	same := a
	if a != same || a == b || a == (stage.Stage[int, int]{}) {
		t.Errorf("stages do not compare as what was made once")
	}
	if named := a.Named("x"); named == a {
		t.Errorf("a named stage is the one without the name")
	}
}

func TestStage_failureNamesStageAndPolicyDecides(t *testing.T) {
	parse := stage.TryMap(strconv.Atoi).Named("parse")
	row := stage.Map(strings.TrimSpace).Then(parse)
	_, err := flow.Of("1", "x", "3").Then(row).Collect(t.Context(), audit(t))
	failed, ok := errors.AsType[*flow.StageError](err)
	if !ok || failed.Stage != "parse" || failed.Item != "x" {
		t.Errorf("Collect() = %v, want the failure of the stage", err)
	}
	var asked []string
	skip := flow.Handle(func(_ context.Context, e *flow.StageError) flow.Policy {
		asked = append(asked, e.Stage)
		return flow.Skip()
	})
	got, err := flow.Of("1", "x", "3").Then(row).OnError(skip).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 3}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"parse"}, asked); diff != "" {
		t.Errorf("asked mismatch (-want +got):\n%s", diff)
	}
}

func TestStage_placeIsThatOfTheFlowsCall(t *testing.T) {
	opt, r := audited(t)
	s := stage.Map(double).Then(stage.Map(double))
	if err := flow.Of(1).Then(s).Run(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	if r.Stages[1].At != r.Stages[2].At || r.Stages[1].At != r.Stages[3].At || !strings.Contains(r.Stages[1].At, "stage_test.go:") {
		t.Errorf("the stages stand at %s and %s", r.Stages[1].At, r.Stages[2].At)
	}
}

// counting is a processor that embeds another and counts what goes in.
type counting struct {
	*ops.Mapper[int, int]
	n *int
}

func (c counting) Process(ctx context.Context, in <-chan int) <-chan int {
	*c.n++
	return c.Mapper.Process(ctx, in)
}

func TestStage_ofAnEmbeddingProcessorIsNotFusedPastIt(t *testing.T) {
	n := 0
	p := counting{ops.NewMapper(double), &n}
	for _, s := range []stage.Stage[int, int]{
		stage.Of[int, int](p),
		stage.Of[int, int](p).Named("x"),
		stage.Map(double).Then(p),
		stage.Of[int, int](p).Then(stage.Map(double)),
	} {
		if err := flow.Of(1).Then(s).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
	}
	if want := 4; n != want {
		t.Errorf("its Process was called %d times, want %d", n, want)
	}
}

// embedding has a Stage's methods and a Process of its own.
type embedding struct {
	stage.Stage[int, int]
	n *int
}

func (e embedding) Process(ctx context.Context, in <-chan int) <-chan int {
	*e.n++
	return e.Stage.Process(ctx, in)
}

func TestStage_embeddedIsNotFusedPastTheOuterProcess(t *testing.T) {
	n := 0
	got, err := flow.Of(1, 2).Then(embedding{stage.Map(double), &n}).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{2, 4}, got); diff != "" || n != 1 {
		t.Errorf("%d calls of Process, Collect() mismatch (-want +got):\n%s", n, diff)
	}
}

func TestStage_batchKeepsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		start := time.Now()
		out := stage.Map(double).Then(stage.Batch[int](10, time.Second)).Process(t.Context(), in)
		in <- 1
		if diff := cmp.Diff([]int{2}, <-out); diff != "" {
			t.Errorf("batch mismatch (-want +got):\n%s", diff)
		}
		if want, got := time.Second, time.Since(start); got != want {
			t.Errorf("the batch came after %v, want %v", got, want)
		}
		close(in)
		drain(out)
	})
}

func TestStage_rowOverChannelsPanicsWithTheConfigErrorOfItsPart(t *testing.T) {
	rows := []stage.Stage[int, int]{
		stage.Map[int, int](nil).Then(stage.Map(double)),
		stage.Map(double).Then(stage.Map[int, int](nil)),
		stage.Map(double).Then(stage.Stage[int, int]{}),
		stage.Stage[int, int]{}.Then(stage.Map(double)),
	}
	for i, row := range rows {
		func() {
			defer func() {
				if _, ok := errors.AsType[*ops.ConfigError](asError(recover())); !ok {
					t.Errorf("row %d: Process did not panic with a *ConfigError", i)
				}
			}()
			row.Process(t.Context(), feed[int]())
		}()
	}
}

func asError(v any) error {
	err, _ := v.(error)
	return err
}

func TestStage_rowOfManyParts(t *testing.T) {
	s := stage.Map(double)
	for range 20 {
		s = s.Then(stage.Map(func(v int) int { return v + 1 }))
	}
	got, err := flow.Of(1, 2).Then(s).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{22, 24}; !slices.Equal(want, got) {
		t.Errorf("Collect() = %v, want %v", got, want)
	}
}
