package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

// misused is a job that cannot run. The place is the line of the builder call to blame.
type misused struct {
	what  string
	job   flow.Job
	place string
	want  string // stage: field want
}

func misuses() []misused {
	ok := flow.Of(1)
	var all []misused
	add := func(what string, job flow.Job, want string) {
		all = append(all, misused{what, job, callerPlace(), want})
	}
	// Functions.
	add("Map", ok.Map[int](nil).Discard(), "mapper: function must not be nil")
	add("TryMap", ok.TryMap[int](nil).Discard(), "try-mapper: function must not be nil")
	add("Filter", ok.Filter(nil).Discard(), "filter: function must not be nil")
	add("FlatMap", ok.FlatMap[int](nil).Discard(), "flat-mapper: function must not be nil")
	add("Scan", ok.Scan[int](0, nil).Discard(), "scan: function must not be nil")
	add("Tap", ok.Tap(nil).Discard(), "tap: function must not be nil")
	add("Gather", ok.Gather[int](nil).Discard(), "gatherer: gatherer must not be nil")
	add("Gather of a nil pointer", ok.Gather((*gatherPart)(nil)).Discard(), "gatherer: gatherer must not be nil")
	add("NewGatherer", ok.Gather(ops.NewGatherer[int, int, int](nil, nil, nil)).Discard(), "gatherer: push must not be nil")
	add("ForEach", ok.ForEach(nil), "for-each: function must not be nil")
	add("AsyncForEach", ok.AsyncForEach(1, nil), "async-for-each: function must not be nil")
	add("AsyncForEach of no workers", ok.AsyncForEach(0, func(context.Context, int) error { return nil }), "async-for-each: workers must be between 1 and 1<<20, got 0")
	add("AsyncMap", ok.AsyncMap[int](1, nil).Discard(), "async-mapper: function must not be nil")
	// Scales.
	auto, none := flow.Auto(1, 8), "Scaled cannot be: the stage has no workers of its own"
	add("Scaled by nothing", ok.AsyncMap(1, slowly).Scaled(flow.Scale{}).Discard(), "async-mapper: scale must be made by Auto or Manual")
	add("Scaled without workers", ok.Map(identity).Scaled(auto).Discard(), "mapper: "+none)
	add("Scaled source", flow.Of(1).Scaled(auto).Discard(), "items: "+none)
	add("Scaled sub-flow", ok.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(1, slowly) })).Scaled(auto).Discard(), "pipe: "+none)
	add("Scaled parameter", ok.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Scaled(auto).AsyncMap(1, slowly) })).Discard(), "pipe: "+none)
	add("Scaled Then", ok.Then(stage.Map(identity).Then(stage.AsyncMap(1, slowly))).Scaled(auto).Discard(), "mapper: "+none)
	add("Scaled Merge", flow.Merge(ok, ok).Scaled(auto).Discard(), "merge: "+none)
	add("Scaled Interleave", flow.Interleave(1, ok, ok).Scaled(auto).Discard(), "interleave: "+none)
	add("Scaled Branch", ok.Branch(func(f flow.Flow[int]) flow.Flow[int] { return f }).Scaled(auto).Discard(), "branch: "+none)
	add("Scaled Jobs", flow.Jobs(ok.Discard()).Scaled(auto), "jobs: "+none)
	add("Scaled sink", ok.Discard().Scaled(auto), "discard: "+none)
	add("Scaled keys", ok.AsyncMapKeyed(1, identity, slowly).Scaled(auto).Discard(), "async-mapper: Scaled cannot be: each key has its worker, and its items would overtake each other on the way to another one")
	add("Scaled buffer", ok.Then(ops.NewAsyncMapper(slowly).WithWorkers(1).WithBufferSize(4)).Scaled(auto).Discard(), "async-mapper: Scaled cannot be: the buffer of the stage must have room for an item of each worker, of the most that there can be")
	add("Auto of none", ok.AsyncMap(1, slowly).Scaled(flow.Auto(0, 8)).Discard(), "async-mapper: least workers must be between 1 and the most that there can be, got 0")
	add("Auto of fewer than least", ok.AsyncMap(1, slowly).Scaled(flow.Auto(9, 8)).Discard(), "async-mapper: least workers must be between 1 and the most that there can be, got 9")
	add("Auto of too many", ok.AsyncMap(1, slowly).Scaled(flow.Auto(1, 1<<20+1)).Discard(), "async-mapper: most workers must be between 1 and 1<<20, got 1048577")
	add("Manual of nothing", ok.AsyncMap(1, slowly).Scaled(flow.Manual(nil)).Discard(), "async-mapper: workers must be made by NewWorkers")
	add("Manual of zero Workers", ok.AsyncMap(1, slowly).Scaled(flow.Manual(new(flow.Workers))).Discard(), "async-mapper: workers must be made by NewWorkers")
	add("Manual of none", ok.AsyncMap(1, slowly).Scaled(flow.Manual(flow.NewWorkers(0, 8))).Discard(), "async-mapper: workers must be between 1 and the most that there can be, got 0")
	add("Manual of too many", ok.AsyncForEach(1, func(context.Context, int) error { return nil }).Scaled(flow.Manual(flow.NewWorkers(1, 1<<20+1))), "async-for-each: most workers must be between 1 and 1<<20, got 1048577")
	add("AsyncMapKeyed", ok.AsyncMapKeyed[int, int](1, nil, slowly).Discard(), "async-mapper: key function must not be nil")
	add("FromFunc", flow.FromFunc[int](nil).Discard(), "func: function must not be nil")
	add("Unfold", flow.Unfold[int, int](0, nil).Discard(), "unfold: function must not be nil")
	add("Pipe", ok.Then(flow.Pipe[int, int](nil)).Discard(), "pipe: function must not be nil")
	// Sources and sinks.
	add("From", flow.From[int](nil).Discard(), "source: source must not be nil")
	add("From a nil pointer", flow.From[int]((*nilSource)(nil)).Discard(), "source: source must not be nil")
	add("From a nil function", flow.From[int](source(nil)).Discard(), "source: source must not be nil")
	add("FromSignals", flow.FromSignals[int](nil).Discard(), "source: source must not be nil")
	add("FromSeq", flow.FromSeq[int](nil).Discard(), "seq: sequence must not be nil")
	add("FromSeqOnce", flow.FromSeqOnce[int](nil).Discard(), "seq: sequence must not be nil")
	add("FromSeq2", flow.FromSeq2[int](nil).Discard(), "seq: sequence must not be nil")
	add("FromChan", flow.FromChan[int](nil).Discard(), "chan: channel must not be nil")
	add("Lines", flow.Lines(nil).Discard(), "lines: reader must not be nil")
	add("Lines of a nil pointer", flow.Lines((*strings.Reader)(nil)).Discard(), "lines: reader must not be nil")
	add("JSON", flow.JSON[int](nil).Discard(), "json: reader must not be nil")
	add("CSV", flow.CSV(nil).Discard(), "csv: reader must not be nil")
	add("Files", flow.Files(nil, "*").Discard(), "files: file system must not be nil")
	add("Files with a bad pattern", flow.Files(fstest.MapFS{}, "[").Discard(), "files: pattern must be one of path.Match, got [")
	add("Fail", flow.Fail[int](nil).Discard(), "fail: error must not be nil")
	add("To", ok.To(nil), "sink: sink must not be nil")
	add("To a nil pointer", ok.To((*sinkPart)(nil)), "sink: sink must not be nil")
	add("To a sink with the Close of an io.Closer", ok.To(ioCloser{}), "sink: Close must be Close(cause error) error")
	add("To a sink whose Open fails never", ok.To(bareOpener{}), "sink: Open must be Open(context.Context) error")
	add("To a sink whose Flush takes nothing", ok.To(bareFlusher{}), "sink: Flush must take a context.Context and return an error")
	// Processors.
	add("Then", ok.Then[int](nil).Discard(), "processor: processor must not be nil")
	add("Then a nil pointer", ok.Then((*ops.Mapper[int, int])(nil)).Discard(), "processor: processor must not be nil")
	add("Then a nil function", ok.Then(ops.ProcessorFunc[int, int](nil)).Discard(), "processor: processor must not be nil")
	add("Then the zero Stage", ok.Then(stage.Stage[int, int]{}).Discard(), "stage: processor must not be nil")
	add("Then a Stage of nothing", ok.Then(stage.Of[int, int](nil)).Discard(), "processor: processor must not be nil")
	add("Then a Stage before nothing", ok.Then(stage.Map(identity).Then[int](nil)).Discard(), "processor: processor must not be nil")
	// Numbers.
	add("Batch of nothing", ok.Batch(0, 0).Discard(), "batcher: size must be at least 1 where there is no latency, got 0")
	add("Batch of less", ok.Batch(-1, 0).Discard(), "batcher: size must not be negative, got -1")
	add("Batch before now", ok.Batch(1, -time.Second).Discard(), "batcher: latency must not be negative, got -1s")
	add("Take", ok.Take(-1).Discard(), "take: count must not be negative, got -1")
	add("Buffer", ok.Buffer(-1).Discard(), "buffer: size must be between 0 and 1<<30, got -1")
	add("DroppingBuffer", ok.DroppingBuffer(-1).Discard(), "dropping-buffer: size must be between 0 and 1<<30, got -1")
	add("SlidingBuffer", ok.SlidingBuffer(0).Discard(), "sliding-buffer: size must be between 1 and 1<<30, got 0")
	add("Skip", ok.Skip(-1).Discard(), "skip: count must not be negative, got -1")
	add("Async without a buffer", flow.Of(1).Async(0).Discard(), "items: buffer of Async must be between 1 and 1<<30, got 0")
	add("Async of less", ok.Map(identity).Async(-1).Discard(), "mapper: buffer of Async must be between 1 and 1<<30, got -1")
	add("Async of far too much", ok.Map(identity).Async(1<<30+1).Discard(), "mapper: buffer of Async must be between 1 and 1<<30, got 1073741825")
	add("Async of a Concat", flow.Concat(ok, ok).Async(0).Discard(), "concat: buffer of Async must be between 1 and 1<<30, got 0")
	// Names and policies.
	add("Named", ok.Map(identity).Named("").Discard(), "mapper: name must not be empty")
	add("Named of a sink", ok.Discard().Named(""), "discard: name must not be empty")
	add("Named of a source", flow.Of(1).Named("").Discard(), "items: name must not be empty")
	add("Named of a Concat", flow.Concat(ok, ok).Named("").Discard(), "concat: name must not be empty")
	add("Named of a Merge", flow.Merge(ok, ok).Named("").Discard(), "merge: name must not be empty")
	add("Named of a Pipe", ok.Then(flow.Pipe(mapping)).Named("").Discard(), "pipe: name must not be empty")
	add("Handle", ok.Map(identity).OnError(flow.Handle(nil)).Discard(), "mapper: policy must not be Handle of nil")
	add("Handle of a Concat", flow.Concat(ok, ok).OnError(flow.Handle(nil)).Discard(), "concat: policy must not be Handle of nil")
	const inVain = "OnError has no effect: the stage calls no function that could fail"
	add("OnError of Take", ok.Take(1).OnError(flow.Skip()).Discard(), "take: "+inVain)
	add("OnError of Skip", ok.Skip(1).OnError(flow.Skip()).Discard(), "skip: "+inVain)
	add("OnError of Buffer", ok.Buffer(1).OnError(flow.Skip()).Discard(), "buffer: "+inVain)
	add("OnError of Batch", ok.Batch(1, 0).OnError(flow.Skip()).Discard(), "batcher: "+inVain)
	add("OnError of Unbatch", flow.Unbatch(ok.Batch(1, 0)).OnError(flow.Skip()).Discard(), "unbatcher: "+inVain)
	add("OnError of Discard", ok.Discard().OnError(flow.Skip()), "discard: "+inVain)
	add("OnError of a named Take", ok.Take(1).Named("head").OnError(flow.Skip()).Discard(), "head: "+inVain)
	return all
}

type bare struct{}

func (bare) Put(context.Context, int) error { return nil }

type (
	ioCloser    struct{ bare }
	bareOpener  struct{ bare }
	bareFlusher struct{ bare }
)

func (ioCloser) Close() error    { return nil }
func (bareOpener) Open()         {}
func (bareFlusher) Flush() error { return nil }

// mapping is the build function of a sub-flow.
func mapping(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity) }

// callerPlace is at for a helper of the test.
func callerPlace() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", file, line)
}

type nilSource struct{ items []int }

func (s *nilSource) Stream(_ context.Context, emit func(int) error) error { return emit(s.items[0]) }

// told writes a ConfigError without its place.
func told(e *flow.ConfigError) string {
	c := *e
	c.At = ""
	return strings.TrimPrefix(c.Error(), "streamz: ")
}

func TestConfigError_namesStageFieldAndPlace(t *testing.T) {
	for _, tt := range misuses() {
		t.Run(tt.what, func(t *testing.T) {
			errs := configErrors(t, tt.job.Run(t.Context()))
			if len(errs) != 1 {
				t.Fatalf("got %d errors, want 1: %v", len(errs), errs)
			}
			if diff := cmp.Diff(tt.want, told(errs[0])); diff != "" {
				t.Errorf("error mismatch (-want +got):\n%s", diff)
			}
			if errs[0].At != tt.place {
				t.Errorf("At = %q, want %q", errs[0].At, tt.place)
			}
		})
	}
}

func TestConfigError_ofPolicyOnSource(t *testing.T) {
	chan1 := make(chan int)
	close(chan1)
	sources := map[string]flow.Flow[int]{
		"Of":          flow.Of(1),
		"Range":       flow.Range(0, 1),
		"Empty":       flow.Empty[int](),
		"FromChan":    flow.FromChan(chan1),
		"FromFunc":    flow.FromFunc(func(context.Context, func(int) error) error { return nil }),
		"FromSeq":     flow.FromSeq(slices.Values([]int{1})),
		"Concat of 0": flow.Concat[int](),
	}
	for name, f := range sources {
		t.Run(name, func(t *testing.T) {
			err := f.OnError(flow.Skip()).Run(t.Context())
			if err == nil {
				t.Fatal("Run() = nil, want a *ConfigError: a source has no items to skip")
			}
			if got := configErrors(t, err); len(got) != 1 || got[0].Field != "OnError" {
				t.Errorf("Run() = %v, want one error of OnError", err)
			}
		})
	}
}

func TestConfigError_everywhereAtOnceInOrder(t *testing.T) {
	started := 0
	src := flow.FromFunc(func(context.Context, func(int) error) error { started++; return nil }).Async(0).Named("")
	book := &journal{}
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map[int](nil).Take(-1) })
	job := flow.Concat(src, flow.FromChan[int](nil)).
		Filter(nil).Named("odd").
		Then(p).Named("outer").
		Batch(-1, -1).
		Map[int](nil).Async(-1).OnError(flow.Handle(nil)).
		Gather(&gatherPart{part{name: "gatherer", book: book}}).
		To(nil).Named("").OnError(flow.Handle(nil))
	r := &flow.Report{}
	err := job.Run(t.Context(), flow.WithReport(r))
	var got []string
	for _, e := range configErrors(t, err) {
		got = append(got, e.Stage+" "+e.Field)
	}
	want := []string{
		"func buffer of Async", "func name", "chan channel", "odd function",
		"outer/mapper function", "outer/take count",
		"batcher size", "batcher latency", "mapper function", "mapper buffer of Async", "mapper policy",
		"sink sink", "sink name", "sink policy",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors mismatch (-want +got):\n%s", diff)
	}
	if started != 0 || len(book.all()) != 0 || len(r.Stages) != 0 {
		t.Errorf("something was started: the source %d times, %v, %v", started, book, r.Stages)
	}
}

func TestConfigError_ofEveryTerminal(t *testing.T) {
	bad := flow.Of(1).Map[int](nil)
	ctx := t.Context()
	terminals := map[string]func() error{
		"Run":     func() error { return bad.Run(ctx) },
		"Discard": func() error { return bad.Discard().Run(ctx) },
		"Collect": func() error { _, err := bad.Collect(ctx); return err },
		"First":   func() error { _, err := bad.First(ctx); return err },
		"Last":    func() error { _, err := bad.Last(ctx); return err },
		"Count":   func() error { _, err := bad.Count(ctx); return err },
		"Reduce":  func() error { _, err := bad.Reduce(ctx, 0, func(a, _ int) int { return a }); return err },
		"All": func() error {
			var errs []error
			for _, err := range bad.All(ctx) {
				errs = append(errs, err)
			}
			if len(errs) != 1 {
				return fmt.Errorf("%d rounds of the loop", len(errs))
			}
			return errs[0]
		},
		"Chan": func() error {
			items, wait := bad.Chan(ctx)
			for range items {
				return errors.New("got an item")
			}
			return wait()
		},
	}
	for name, run := range terminals {
		t.Run(name, func(t *testing.T) {
			if got := configErrors(t, run()); len(got) != 1 || got[0].Stage != "mapper" {
				t.Errorf("got %v, want one of the mapper", got)
			}
		})
	}
	_, err := flow.Of(1).Reduce[int](ctx, 0, nil)
	if got := configErrors(t, err); len(got) != 1 || told(got[0]) != "reduce: function must not be nil" {
		t.Errorf("Reduce(nil) = %v", err)
	}
}

func TestConfigError_ofOptions(t *testing.T) {
	started := 0
	f := flow.Of(1).Tap(func(int) { started++ })
	tests := map[string]flow.Option{
		"WithClock":      flow.WithClock(nil),
		"WithLogger":     flow.WithLogger(nil),
		"WithReport":     flow.WithReport(nil),
		"WithItemFormat": flow.WithItemFormat(nil),
	}
	for name, opt := range tests {
		t.Run(name, func(t *testing.T) {
			got := configErrors(t, f.Run(t.Context(), opt))
			if len(got) != 1 || got[0].Field != name {
				t.Errorf("Run() = %v, want one of %s", got, name)
			}
		})
	}
	all := f.Run(t.Context(), slices.Collect(valuesOf(tests))...)
	if got := configErrors(t, all); len(got) != len(tests) {
		t.Errorf("Run() = %v, want %d errors", all, len(tests))
	}
	if started != 0 {
		t.Errorf("the flow was started")
	}
}

func valuesOf[K comparable, V any](m map[K]V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func TestConfigError_ofOptionsDoesNotHideThoseOfStages(t *testing.T) {
	err := flow.Of(1).Map[int](nil).Run(t.Context(), flow.WithLogger(nil))
	if got := configErrors(t, err); len(got) != 2 {
		t.Errorf("Run() = %v, want the error of the option and that of the stage", err)
	}
}

func TestConfigError_ofNilContext(t *testing.T) {
	var none context.Context
	err := flow.Of(1).Run(none)
	if got := configErrors(t, err); len(got) != 1 || got[0].Field != "context" {
		t.Errorf("Run(nil) = %v, want one of the context", err)
	}
}

func TestNilMapsAndSlices_areUsable(t *testing.T) {
	if n, err := flow.Files(fstest.MapFS(nil), "*").Count(t.Context(), audit(t)); n != 0 || err != nil {
		t.Errorf("Files() of a nil map: Count() = %d, %v", n, err)
	}
	if n, err := flow.From(rows(nil)).Count(t.Context(), audit(t)); n != 0 || err != nil {
		t.Errorf("From() of a nil slice: Count() = %d, %v", n, err)
	}
}

// rows is a source whose nil value is empty.
type rows []int

func (r rows) Stream(ctx context.Context, emit func(int) error) error { return giving(r...)(ctx, emit) }

func TestZeroOption_isIgnored(t *testing.T) {
	if err := flow.Of(1).Run(t.Context(), audit(t), flow.Option{}); err != nil {
		t.Error(err)
	}
}

func TestConfigError_ofZeroValues(t *testing.T) {
	tests := map[string]error{
		"Flow":             flow.Flow[int]{}.Run(t.Context()),
		"Flow with stages": flow.Flow[int]{}.Map(identity).Run(t.Context()),
		"Flow in a Concat": flow.Concat(flow.Of(1), flow.Flow[int]{}).Run(t.Context()),
		"Flow in a Merge":  flow.Merge(flow.Of(1), flow.Flow[int]{}).Run(t.Context()),
		"Flow in a Pipe":   flow.Of(1).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, flow.Flow[int]{}) })).Run(t.Context()),
		"Job":              flow.Job{}.Run(t.Context()),
		"named Job":        flow.Job{}.Named("job").OnError(flow.Skip()).Run(t.Context()),
	}
	for name, err := range tests {
		if err == nil {
			t.Errorf("%s: Run() = nil, want a *ConfigError", name)
		} else if got := configErrors(t, err); len(got) != 1 {
			t.Errorf("%s: Run() = %v, want one error", name, err)
		}
	}
}

func TestConfigError_ofThingsThatCanBeUsedOnce(t *testing.T) {
	ch := make(chan int)
	file := strings.NewReader("")
	seq := flow.FromSeqOnce(slices.Values([]int{1}))
	tests := map[string]func() (f flow.Flow[int], first, second string){
		"a channel": func() (flow.Flow[int], string, string) {
			a, first := flow.FromChan(ch), at()
			b, second := flow.FromChan(ch), at()
			return flow.Concat(a, b), first, second
		},
		"one flow of a channel": func() (flow.Flow[int], string, string) {
			a, first := flow.FromChan(ch), at()
			return flow.Merge(a.Map(identity), a), first, first
		},
		"a reader": func() (flow.Flow[int], string, string) {
			a, first := flow.Lines(file).Map(length), at()
			b, second := flow.JSON[int](file), at()
			return flow.Concat(a, b), first, second
		},
		"a sequence": func() (flow.Flow[int], string, string) {
			f, place := flow.FromSeqOnce(slices.Values([]int{1})), at()
			return flow.Concat(f, flow.Of(2), f), place, place
		},
		"inside a Pipe": func() (flow.Flow[int], string, string) {
			a, first := flow.FromChan(ch), at()
			p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, a) })
			b, second := flow.FromChan(ch), at()
			return b.Then(p), second, first
		},
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			f, first, second := build()
			err := f.Run(t.Context())
			if err == nil {
				t.Fatal("Run() = nil, want a *ConfigError")
			}
			errs := configErrors(t, err)
			if len(errs) != 1 {
				t.Fatalf("Run() = %v, want one error", err)
			}
			for _, place := range []string{first, second} {
				if !strings.Contains(err.Error(), place) {
					t.Errorf("Run() = %v, which does not name %s", err, place)
				}
			}
		})
	}
	for range 2 { // in two jobs, one after the other
		if err := seq.Run(t.Context(), audit(t)); err != nil {
			t.Error(err)
		}
	}
}

func length(s string) int { return len(s) }

func TestConfigError_ofReaderThatCannotBeCompared(t *testing.T) {
	f := flow.Lines(parts{"a", "b"})
	if got := configErrors(t, flow.Concat(f, f).Run(t.Context())); len(got) != 1 {
		t.Errorf("Run() = %v, want one error", got)
	}
}

// parts is a reader whose type cannot be compared.
type parts []string

func (p parts) Read([]byte) (int, error) { return 0, io.EOF }

func TestConfigError_ofParameterOfPipe(t *testing.T) {
	var kept flow.Flow[int]
	keep := func(f flow.Flow[int]) flow.Flow[int] { kept = f; return f }
	tests := map[string]struct {
		build func(flow.Flow[int]) flow.Flow[int]
		want  []string
	}{
		"never used":        {func(flow.Flow[int]) flow.Flow[int] { return flow.Of(1) }, []string{"must be used in what build returns"}},
		"nothing returned":  {func(flow.Flow[int]) flow.Flow[int] { return flow.Flow[int]{} }, []string{"must be used in what build returns", "must begin with a source, as From"}},
		"used twice":        {func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, f) }, []string{"must be used once"}},
		"used thrice":       {func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f.Map(identity), f, f) }, []string{"must be used once", "must be used once"}},
		"with a name":       {func(f flow.Flow[int]) flow.Flow[int] { return f.Named("in").Map(identity) }, []string{"is no stage: it can have no name and no policy"}},
		"with an empty one": {func(f flow.Flow[int]) flow.Flow[int] { return f.Named("").Map(identity) }, []string{"must not be empty"}},
		"with a policy":     {func(f flow.Flow[int]) flow.Flow[int] { return f.OnError(flow.Skip()) }, []string{"is no stage: it can have no name and no policy"}},
		"with a bad buffer": {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(0) }, []string{"must be between 1 and 1<<30"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := flow.Of(1).Then(flow.Pipe(tt.build)).Run(t.Context())
			if err == nil {
				t.Fatal("Run() = nil, want a *ConfigError")
			}
			var got []string
			for _, e := range configErrors(t, err) {
				got = append(got, e.Want)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors mismatch (-want +got):\n%s", diff)
			}
		})
	}
	pipe := flow.Pipe(keep)
	err := kept.Map(identity).Run(t.Context())
	if got := configErrors(t, err); len(got) != 1 || got[0].Want != "belongs to what build returns: it cannot be run or used elsewhere" {
		t.Errorf("used outside: Run() = %v", err)
	}
	if err := flow.Of(1).Then(pipe).Run(t.Context(), audit(t)); err != nil {
		t.Errorf("the sub-flow itself: %v", err)
	}
	other := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, kept) })
	err = flow.Of(1).Then(other).Run(t.Context())
	if got := configErrors(t, err); len(got) != 1 || got[0].Want != "belongs to what build returns: it cannot be run or used elsewhere" {
		t.Errorf("used in another: Run() = %v", err)
	}
}

func TestConfigError_insidePipeNamesPathAndLine(t *testing.T) {
	var place string
	inner := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		f, place = f.Map[int](nil), at()
		return f
	})
	outer := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(inner).Named("inner") })
	err := flow.Of(1).Then(outer).Named("outer").Run(t.Context())
	errs := configErrors(t, err)
	if len(errs) != 1 || errs[0].Stage != "outer/inner/mapper" || errs[0].At != place {
		t.Errorf("Run() = %v, want that of outer/inner/mapper at %s", err, place)
	}
}

func TestConfigError_panicsOverChannels(t *testing.T) {
	in := make(chan int)
	var none context.Context
	tests := map[string]func(){
		"a bad Pipe": func() { flow.Pipe[int, int](nil).Process(t.Context(), in) },
		"a bad stage in a Pipe": func() {
			flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(-1) }).Process(t.Context(), in)
		},
		"a Pipe and no context":    func() { flow.Pipe(mapping).Process(none, in) },
		"a Pipe and no channel":    func() { flow.Pipe(mapping).Process(t.Context(), nil) },
		"a bad stage":              func() { stage.Map[int, int](nil).Process(t.Context(), in) },
		"the zero stage":           func() { stage.Stage[int, int]{}.Process(t.Context(), in) },
		"a stage of nothing":       func() { stage.Of[int, int](nil).Process(t.Context(), in) },
		"a stage before a bad one": func() { stage.Map(identity).Then(stage.Map[int, int](nil)).Process(t.Context(), in) },
		"a processor":              func() { ops.NewBatcher[int](ops.BatchConfig{}).Process(t.Context(), in) },
	}
	for name, process := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				v := recover()
				err, ok := v.(error)
				if !ok {
					t.Fatalf("panicked with %v, want a *ConfigError", v)
				}
				for _, e := range configErrors(t, err) {
					if e.At != "" && !strings.HasSuffix(strings.Split(e.At, ":")[0], "_test.go") {
						t.Errorf("At = %q, which is no line of the user's", e.At)
					}
				}
			}()
			process()
		})
	}
}

func TestAt_isTheLineOfTheBuilderCall(t *testing.T) {
	opt, r := audited(t)
	base, place0 := flow.Of([]int{1}), at()
	first, place1 := flow.Unbatch(base), at()
	second, place2 := first.Then(stage.Map(identity)), at()
	third, place3 := second.Batch(1, 0), at()
	fourth, place4 := third.FlatMap(slices.Values), at()
	pipe, place5 := fourth.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return f.Take(3)
	})), at()
	_ = place5 // the stages of a Pipe know better where they stand
	job, place6 := pipe.
		Filter(func(int) bool { return true }).
		ForEach(func(context.Context, int) error { return nil }), at()
	if err := job.Run(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range r.Stages {
		got[s.Name] = s.At
	}
	want := map[string]string{
		"items": place0, "unbatcher": place1, "mapper": place2, "batcher": place3,
		"flat-mapper": place4, "take": got["take"], "filter": lineBefore(place6, 1), "for-each": place6,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places mismatch (-want +got):\n%s", diff)
	}
	if want, got := lineBefore(place5, 1), got["take"]; got != want {
		t.Errorf("the place of the stage in the Pipe is %s, want %s", got, want)
	}
}

// lineBefore gives a place some lines above.
func lineBefore(place string, lines int) string {
	i := strings.LastIndex(place, ":")
	var n int
	_, _ = fmt.Sscan(place[i+1:], &n)
	return fmt.Sprintf("%s:%d", place[:i], n-lines)
}

func TestAt_ofTerminals(t *testing.T) {
	f := flow.Of(1)
	ctx := t.Context()
	var place string
	last := func(r *flow.Report) string { return r.Stages[len(r.Stages)-1].At }
	tests := map[string]func(flow.Option) string{
		"Run":     func(o flow.Option) string { _, place = f.Run(ctx, o), at(); return place },
		"Collect": func(o flow.Option) string { _, _ = f.Collect(ctx, o); return at() },
		"First":   func(o flow.Option) string { _, _ = f.First(ctx, o); return at() },
		"Last":    func(o flow.Option) string { _, _ = f.Last(ctx, o); return at() },
		"Count":   func(o flow.Option) string { _, _ = f.Count(ctx, o); return at() },
		"Reduce":  func(o flow.Option) string { _, _ = f.Reduce(ctx, 0, func(a, _ int) int { return a }, o); return at() },
		"All": func(o flow.Option) string {
			for range f.All(ctx, o) {
				place = at()
			}
			return lineBefore(place, 1)
		},
		"Chan": func(o flow.Option) string {
			items, wait := f.Chan(ctx, o)
			place = at()
			for range items {
				continue
			}
			_ = wait()
			return lineBefore(place, 1)
		},
	}
	for name, run := range tests {
		t.Run(name, func(t *testing.T) {
			opt, r := audited(t)
			want := run(opt)
			if got := last(r); got != want {
				t.Errorf("At = %q, want %q", got, want)
			}
		})
	}
}

func TestAt_ofSources(t *testing.T) {
	ch := make(chan int)
	close(ch)
	var _ fs.FS = fstest.MapFS{}
	type made struct {
		run   func(context.Context, ...flow.Option) error
		place string
	}
	of := func(f flow.Flow[int]) made { return made{f.Run, callerPlace()} }
	ofText := func(f flow.Flow[string]) made { return made{f.Run, callerPlace()} }
	for name, m := range map[string]made{
		"Of":          of(flow.Of(1)),
		"FromSlice":   of(flow.FromSlice([]int{1})),
		"FromSeq":     of(flow.FromSeq(slices.Values([]int{1}))),
		"FromSeqOnce": of(flow.FromSeqOnce(slices.Values([]int{1}))),
		"FromSeq2":    of(flow.FromSeq2(func(func(int, error) bool) {})),
		"FromChan":    of(flow.FromChan(ch)),
		"FromFunc":    of(flow.FromFunc(func(context.Context, func(int) error) error { return nil })),
		"From":        of(flow.From(source(func(context.Context, func(int) error) error { return nil }))),
		"FromSignals": of(flow.FromSignals(signals(func(context.Context, flow.Emitter[int]) error { return nil }))),
		"Range":       of(flow.Range(0, 1)),
		"Empty":       of(flow.Empty[int]()),
		"Fail":        of(flow.Fail[int](errPlanted)),
		"Unfold":      of(flow.Unfold(0, func(int) (int, int, bool) { return 0, 0, false })),
		"JSON":        of(flow.JSON[int](strings.NewReader(""))),
		"Concat":      of(flow.Concat[int]()),
		"Merge":       of(flow.Merge[int]()),
		"Race":        of(flow.Race[int]()),
		"Interleave":  of(flow.Interleave[int](1)),
		"MergeSorted": of(flow.MergeSorted(ascending)),
		"Repeat":      of(flow.Repeat(1).Take(1)),
		"Lines":       ofText(flow.Lines(strings.NewReader(""))),
		"Files":       ofText(flow.Files(fstest.MapFS{}, "*")),
	} {
		t.Run(name, func(t *testing.T) {
			opt, r := audited(t)
			_ = m.run(t.Context(), opt)
			if got := r.Stages[0].At; got != m.place {
				t.Errorf("At = %q, want %q", got, m.place)
			}
		})
	}
}
