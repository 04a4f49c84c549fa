package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func atoiOf(items ...string) flow.Flow[string] { return flow.FromSlice(items) }

func TestStageError_fields(t *testing.T) {
	f, place := atoiOf("1", "private", "3").TryMap(strconv.Atoi), at()
	opt, r := audited(t)
	got, err := f.Named("parse").Collect(t.Context(), opt)
	if diff := cmp.Diff([]int{1}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	want := &flow.StageError{Stage: "parse", Op: "TryMap", At: place, Item: "private", Attempt: 1}
	failed := stageError(t, err)
	if diff := cmp.Diff(want, failed, cmpopts.IgnoreFields(flow.StageError{}, "Err"), cmpopts.IgnoreUnexported(flow.StageError{})); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s", diff)
	}
	if !errors.Is(err, strconv.ErrSyntax) {
		t.Errorf("errors.Is does not reach the cause of %v", err)
	}
	if _, ok := errors.AsType[*strconv.NumError](err); !ok {
		t.Errorf("errors.AsType does not reach the cause of %v", err)
	}
	if r.Cause != err {
		t.Errorf("the report has the cause %v, want what Run returned", r.Cause)
	}
}

func TestStageError_text(t *testing.T) {
	fail := func(string) (int, error) { return 0, errPlanted }
	f := atoiOf("private").TryMap(fail).Named("parse")
	err := f.Run(t.Context(), audit(t))
	if got := err.Error(); strings.Contains(got, "private") {
		t.Errorf("the text %q has the item", got)
	}
	place := stageError(t, err).At
	short := "flow" + place[strings.LastIndex(place, "/"):]
	if want, got := "parse (TryMap at "+short+"): planted", err.Error(); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	format := flow.WithItemFormat(func(item any) string { return fmt.Sprintf("<%v>", item) })
	err = f.Run(t.Context(), audit(t), format)
	if want, got := "parse (TryMap at "+short+"): item <private>: planted", err.Error(); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestStageError_ofASourceHasNoItem(t *testing.T) {
	err := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		_ = emit(1)
		return errPlanted
	}).Run(t.Context(), audit(t))
	if got := stageError(t, err).Item; got != nil {
		t.Errorf("Item = %v, want none", got)
	}
}

func TestStageError_ofASinkHasTheItem(t *testing.T) {
	job, place := flow.Of(7).ForEach(func(context.Context, int) error { return errPlanted }), at()
	err := job.Named("store").Run(t.Context(), audit(t))
	want := &flow.StageError{Stage: "store", Op: "ForEach", At: place, Item: 7, Attempt: 1}
	if diff := cmp.Diff(want, stageError(t, err), cmpopts.IgnoreFields(flow.StageError{}, "Err"), cmpopts.IgnoreUnexported(flow.StageError{})); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s", diff)
	}
}

func TestFailure_cancelsTheOtherStagesWithItsCause(t *testing.T) {
	var cause error
	waiting := func(ctx context.Context, emit func(int) error) error {
		if err := emit(1); err != nil {
			return err
		}
		<-ctx.Done()
		cause = context.Cause(ctx)
		return ctx.Err()
	}
	err := flow.FromFunc(waiting).Async(1).
		TryMap(func(int) (int, error) { return 0, errPlanted }).
		Run(t.Context(), audit(t))
	if failed := stageError(t, err); err != error(failed) {
		t.Errorf("Run() = %v, want the failure alone", err)
	}
	if cause == nil || cause != err {
		t.Errorf("the source was cancelled with %v, want %v", cause, err)
	}
}

func TestFailure_reachesSegmentsBelow(t *testing.T) {
	var cause error
	taken := make(chan struct{})
	wait := func(ctx context.Context, v int) error {
		close(taken)
		<-ctx.Done()
		cause = context.Cause(ctx)
		return ctx.Err()
	}
	err := flow.Of(1, 2).
		TryMap(func(v int) (int, error) {
			if v == 2 {
				<-taken
				return 0, errPlanted
			}
			return v, nil
		}).Async(1).
		ForEach(wait).Run(t.Context(), audit(t))
	if failed := stageError(t, err); err != error(failed) || failed.Op != "TryMap" {
		t.Errorf("Run() = %v, want the failure of TryMap alone", err)
	}
	if cause == nil || cause != err {
		t.Errorf("the sink was cancelled with %v, want %v", cause, err)
	}
}

func TestFailure_laterOnesAreJoinedBehindTheFirst(t *testing.T) {
	errClose := errors.New("close failed")
	closeFails := func(method string) error {
		if method == "Close" {
			return errClose
		}
		return nil
	}
	fails := func(v int) (int, error) { return 0, errPlanted }
	chains := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"fused":              func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fails) },
		"a boundary above":   func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2).TryMap(fails) },
		"a boundary below":   func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fails).Async(2) },
		"boundaries on both": func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2).TryMap(fails).Async(2) },
	}
	for name, chain := range chains {
		t.Run(name, func(t *testing.T) {
			book := &journal{}
			err := chain(flow.Range(0, 100)).
				Gather(&gatherPart{part{name: "gatherer", book: book, hook: closeFails}}).
				To(&sinkPart{part{name: "sink", book: book, hook: closeFails}}).
				Run(t.Context(), audit(t))
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok {
				t.Fatalf("Run() = %v, want several errors", err)
			}
			var got []string
			for _, err := range joined.Unwrap() {
				failed := stageError(t, err)
				got = append(got, failed.Stage+": "+failed.Err.Error())
			}
			want := []string{"try-mapper: planted", "gatherer: close failed", "sink: close failed"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("errors mismatch (-want +got):\n%s", diff)
			}
			cause := joined.Unwrap()[0]
			wantBook := []string{fmt.Sprintf("gatherer closed: %v", cause), fmt.Sprintf("sink closed: %v", cause)}
			if diff := cmp.Diff(wantBook, book.all()); diff != "" {
				t.Errorf("closed mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailure_ofClosingAlone(t *testing.T) {
	fails := func(method string) error {
		if method == "Close" {
			return errPlanted
		}
		return nil
	}
	err := flow.Of(1).To(&sinkPart{part{hook: fails}}).Run(t.Context(), audit(t))
	failed := stageError(t, err)
	if failed.Stage != "sink" || failed.Item != nil || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want that of closing the sink", err)
	}
}

func TestFailure_ofOpeningEndsTheRunBeforeItBegins(t *testing.T) {
	book := &journal{}
	fails := func(method string) error {
		if method == "Start" {
			return errPlanted
		}
		return nil
	}
	calls := 0
	err := flow.Of(1).Tap(func(int) { calls++ }).
		Gather(&gatherPart{part{name: "above", book: book}}).
		Gather(&gatherPart{part{name: "failing", book: book, hook: fails}}).Named("failing").Async(1).
		To(&sinkPart{part{name: "sink", book: book}}).
		Run(t.Context(), audit(t))
	failed := stageError(t, err)
	if want, got := "failing", failed.Stage; got != want {
		t.Errorf("stage = %q, want %q", got, want)
	}
	if calls != 0 {
		t.Errorf("%d items were processed", calls)
	}
	want := []string{fmt.Sprintf("sink closed: %v", err)}
	if diff := cmp.Diff(want, book.all()); diff != "" {
		t.Errorf("closed mismatch (-want +got):\n%s", diff)
	}
}

// recorder is a slog.Handler that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	records []slog.Record
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }
func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record)
	return nil
}

// attrs gives the level, the message and the attributes of every record, but for
// errors, of which it gives the stage's name.
func (r *recorder) attrs() []string {
	var all []string
	for _, record := range r.records {
		line := record.Level.String() + " " + record.Message
		record.Attrs(func(a slog.Attr) bool {
			v := a.Value.Any()
			if err, ok := v.(error); ok {
				failed, _ := errors.AsType[*flow.StageError](err)
				v = failed.Stage + ": " + failed.Err.Error()
			}
			line += fmt.Sprintf(" %s=%v", a.Key, v)
			return true
		})
		all = append(all, line)
	}
	return all
}

func TestSkip_countsAllAndLogsPowersOfTen(t *testing.T) {
	log := &recorder{}
	opt, r := audited(t)
	n, err := flow.Range(0, 500).
		TryMap(func(v int) (int, error) {
			if v%2 == 1 {
				return 0, errPlanted
			}
			return v, nil
		}).Named("parse").OnError(flow.Skip()).
		Count(t.Context(), opt, flow.WithLogger(slog.New(log)))
	if err != nil || n != 250 {
		t.Errorf("Count() = %d, %v, want 250 items", n, err)
	}
	s := stageReport(t, r, "parse")
	want := flow.StageReport{Name: "parse", Op: "TryMap", At: s.At, Busy: s.Busy, In: 500, Passed: 250, Out: 250, Failed: 250}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
	wantLog := []string{
		"WARN item skipped stage=parse skipped=1 error=parse: planted",
		"WARN item skipped stage=parse skipped=10 error=parse: planted",
		"WARN item skipped stage=parse skipped=100 error=parse: planted",
	}
	if diff := cmp.Diff(wantLog, log.attrs()); diff != "" {
		t.Errorf("log mismatch (-want +got):\n%s", diff)
	}
}

func TestSkip_ofPanics(t *testing.T) {
	opt, r := audited(t)
	got, err := flow.Of(1, 2, 3).
		Map(func(v int) int {
			if v == 2 {
				boom()
			}
			return v
		}).OnError(flow.Skip()).
		Collect(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 3}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	if want, got := int64(1), stageReport(t, r, "mapper").Failed; got != want {
		t.Errorf("Failed = %d, want %d", got, want)
	}
}

func TestHandle_decidesForEachItem(t *testing.T) {
	log := &recorder{}
	var seen []string
	some := func(v int) (int, error) {
		if v%3 == 1 {
			return 0, fmt.Errorf("item %d: %w", v, errPlanted)
		}
		return v, nil
	}
	f, place := flow.Range(0, 10).TryMap(some), at()
	opt, r := audited(t)
	got, err := f.OnError(flow.Handle(func(ctx context.Context, e *flow.StageError) flow.Policy {
		seen = append(seen, fmt.Sprint(e.Stage, e.Op, e.Item, e.Attempt, e.At == place, errors.Is(e, errPlanted), ctx.Err()))
		if e.Item == 7 {
			return flow.Stop()
		}
		return flow.Skip()
	})).Collect(t.Context(), opt, flow.WithLogger(slog.New(log)))
	if diff := cmp.Diff([]int{0, 2, 3, 5, 6}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	if failed := stageError(t, err); failed.Item != 7 {
		t.Errorf("Run() = %v, want the failure of item 7", err)
	}
	want := []string{
		fmt.Sprint("try-mapper", "TryMap", 1, 1, true, true, nil),
		fmt.Sprint("try-mapper", "TryMap", 4, 1, true, true, nil),
		fmt.Sprint("try-mapper", "TryMap", 7, 1, true, true, nil),
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("asked mismatch (-want +got):\n%s", diff)
	}
	if want, got := int64(3), stageReport(t, r, "try-mapper").Failed; got != want {
		t.Errorf("Failed = %d, want %d", got, want)
	}
	if got := log.attrs(); got != nil {
		t.Errorf("logged %q, want nothing", got)
	}
}

func TestHandle_thatReturnsTheZeroPolicyStops(t *testing.T) {
	err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).
		OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return flow.Policy{} })).
		Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want %v", err, errPlanted)
	}
}

func TestPolicy_doesNotActOnOtherStages(t *testing.T) {
	fails := func(v int) (int, error) { return v, errPlanted }
	works := func(v int) (int, error) { return v, nil }
	tests := map[string]flow.Flow[int]{
		"above a failing stage":        flow.Of(1).TryMap(works).OnError(flow.Skip()).TryMap(fails).Named("failing"),
		"below a failing stage":        flow.Of(1).TryMap(fails).Named("failing").TryMap(works).OnError(flow.Skip()),
		"above, with a boundary":       flow.Of(1).TryMap(works).OnError(flow.Skip()).Async(1).TryMap(fails).Named("failing"),
		"above, on what emits":         flow.Of(1).FlatMap(one).OnError(flow.Skip()).TryMap(fails).Named("failing"),
		"taken back by a later policy": flow.Of(1).TryMap(fails).Named("failing").OnError(flow.Skip()).OnError(flow.Stop()),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			if got := stageError(t, f.Run(t.Context(), audit(t))).Stage; got != "failing" {
				t.Errorf("the failing stage is %q", got)
			}
		})
	}
}

func TestPolicy_ofPipeIsDefaultOfItsStages(t *testing.T) {
	fails := func(at int) func(int) (int, error) {
		return func(v int) (int, error) {
			if v == at {
				return 0, errPlanted
			}
			return v, nil
		}
	}
	inner := func(outer, policy flow.Policy) error {
		p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return f.TryMap(fails(1)).Take(10).TryMap(fails(2)).Named("own").OnError(policy)
		})
		got, err := flow.Range(0, 5).Then(p).OnError(outer).Collect(t.Context(), audit(t), quiet)
		if diff := cmp.Diff([]int{0, 3, 4}, got); err == nil && diff != "" {
			t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
		}
		return err
	}
	if err := inner(flow.Skip(), flow.Skip()); err != nil {
		t.Errorf("the default did not skip: %v", err)
	}
	if got := stageError(t, inner(flow.Skip(), flow.Stop())).Stage; got != "own" {
		t.Errorf("the failing stage is %q, want the one with a Stop of its own", got)
	}
	if got := stageError(t, inner(flow.Stop(), flow.Skip())).Stage; got != "try-mapper" {
		t.Errorf("the failing stage is %q, want the one without a policy", got)
	}
}

func TestPolicy_ofNestedPipes(t *testing.T) {
	fails := func(v int) (int, error) { return v, errPlanted }
	innermost := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fails) })
	run := func(outer, middle flow.Policy, set bool) error {
		p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			f = f.Then(innermost)
			if set {
				f = f.OnError(middle)
			}
			return f
		})
		return flow.Of(1).Then(p).OnError(outer).Run(t.Context(), audit(t), quiet)
	}
	if err := run(flow.Skip(), flow.Policy{}, false); err != nil {
		t.Errorf("the outermost policy did not reach the innermost stage: %v", err)
	}
	if err := run(flow.Skip(), flow.Stop(), true); !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the nearer policy to win", err)
	}
	if err := run(flow.Stop(), flow.Skip(), true); err != nil {
		t.Errorf("Run() = %v, want the nearer policy to win", err)
	}
}

func TestPolicy_ofASink(t *testing.T) {
	odd := func(v int) error {
		if v%2 == 1 {
			return errPlanted
		}
		return nil
	}
	opt, r := audited(t)
	var got []int
	err := flow.Range(0, 6).ForEach(func(_ context.Context, v int) error {
		got = append(got, v)
		return odd(v)
	}).OnError(flow.Skip()).Run(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, got); diff != "" {
		t.Errorf("put mismatch (-want +got):\n%s", diff)
	}
	s := stageReport(t, r, "for-each")
	want := flow.StageReport{Name: "for-each", Op: "ForEach", At: s.At, Busy: s.Busy, In: 6, Passed: 3, Failed: 3}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}

	opt, r = audited(t)
	n := 0
	put := func(method string) error {
		if method == "Put" {
			n++
			return odd(n)
		}
		return nil
	}
	if err := flow.Range(0, 6).To(&sinkPart{part{hook: put}}).OnError(flow.Skip()).Run(t.Context(), opt, quiet); err != nil {
		t.Fatal(err)
	}
	if want, got := int64(3), stageReport(t, r, "sink").Failed; got != want {
		t.Errorf("Failed = %d, want %d", got, want)
	}
}

func TestPolicy_doesNotActOutsideOfItems(t *testing.T) {
	for _, method := range []string{"Open", "Flush", "Close"} {
		hook := func(called string) error {
			if called == method {
				return errPlanted
			}
			return nil
		}
		err := flow.Of(1).To(&sinkPart{part{hook: hook}}).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
		if !errors.Is(err, errPlanted) {
			t.Errorf("%s: Run() = %v, want its error", method, err)
		}
	}
	for _, method := range []string{"Start", "Flush", "End", "Close"} {
		hook := func(called string) error {
			if called == method {
				return errPlanted
			}
			return nil
		}
		err := barriered(ignore).Gather(&gatherPart{part{hook: hook}}).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
		if !errors.Is(err, errPlanted) {
			t.Errorf("%s: Run() = %v, want its error", method, err)
		}
	}
}

func TestPolicy_decidesAndHandlerOfProcessorIsTold(t *testing.T) {
	var told []any
	p := ops.NewTryMapper(func(v int) (int, error) {
		if v == 2 {
			return 0, errPlanted
		}
		return v, nil
	}).OnError(func(_ context.Context, e *ops.ItemError) { told = append(told, e.Item) })
	if err := flow.Of(1, 2, 3).Then(p).Run(t.Context(), audit(t)); !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the handler not to decide", err)
	}
	if err := flow.Of(1, 2, 3).Then(p).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet); err != nil {
		t.Errorf("Run() = %v, want the policy to decide", err)
	}
	if diff := cmp.Diff([]any{2, 2}, told); diff != "" {
		t.Errorf("told mismatch (-want +got):\n%s", diff)
	}
}

func TestErrStop_mayBeWrapped(t *testing.T) {
	err := flow.Repeat(1).ForEach(func(context.Context, int) error {
		return fmt.Errorf("enough: %w", flow.ErrStop)
	}).Run(t.Context(), audit(t))
	if err != nil {
		t.Errorf("Run() = %v, want an early end", err)
	}
}

func TestErrStop_isAFailureWhereItIsNotAllowed(t *testing.T) {
	opt, _ := audited(t)
	err := flow.Of(1).TryMap(func(int) (int, error) { return 0, flow.ErrStop }).Run(t.Context(), opt)
	if failed := stageError(t, err); failed.Op != "TryMap" {
		t.Errorf("Run() = %v, want a failure of TryMap", err)
	}
	err = flow.Of(1).Map(func(int) int { panic(flow.ErrStop) }).Run(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Op != "Map" {
		t.Errorf("Run() = %v, want a failure of Map", err)
	}
}

// TestStageError_tellsWhichCallFailed where a call was repeated.
func TestStageError_tellsWhichCallFailed(t *testing.T) {
	err := flow.Of("x").TryMap(strconv.Atoi).Named("parse").OnError(flow.Retry(3, flow.Constant(0))).
		Run(t.Context(), audit(t))
	if err == nil || !strings.Contains(err.Error(), "), call 3: strconv.Atoi") {
		t.Errorf("Run() = %v, want an error that says that the third call failed", err)
	}
}

// TestErrStop_whereItEndsNothing is a failure, and one that a sink with a flow of its own
// does not take for an early stop.
func TestErrStop_whereItEndsNothing(t *testing.T) {
	inner := func(ctx context.Context) error {
		return flow.Range(0, 5).TryMap(func(n int) (int, error) { return n, flow.ErrStop }).Run(ctx, audit(t))
	}
	err := inner(t.Context())
	if stageError(t, err).Stage != "try-mapper" || errors.Is(err, flow.ErrStop) {
		t.Errorf("Run() = %v, want a failure that is not ErrStop", err)
	}
	items := 0
	err = flow.Range(0, 3).ForEach(func(ctx context.Context, _ int) error { items++; return inner(ctx) }).Run(t.Context(), audit(t))
	if stageError(t, err).Stage != "for-each" || items != 1 {
		t.Errorf("Run() = %v after %d items, want the failure of the first", err, items)
	}
}
