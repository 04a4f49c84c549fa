package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// Countdown is a source of one's own: it counts down from its value to 1.
type Countdown int

func (c Countdown) Stream(ctx context.Context, emit func(int) error) error {
	for n := int(c); n > 0; n-- {
		if err := emit(n); err != nil {
			return err
		}
	}
	return nil
}

func ExampleSource() {
	got, err := flow.From(Countdown(3)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [3 2 1] <nil>
}

func ExampleFrom() {
	got, err := flow.From(Countdown(1_000_000)).Take(2).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [1000000 999999] <nil>
}

func ExampleFromFunc() {
	words := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		for _, w := range []string{"stream", "of", "words"} {
			if err := emit(w); err != nil {
				return err
			}
		}
		return errors.New("the connection was lost")
	}).Named("words")
	got, err := words.Collect(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(got, failed.Stage, failed.Err)
	// Output: [stream of words] words the connection was lost
}

// Offsets is a source that tells when all up to an offset has been processed.
type Offsets []string

func (o Offsets) Stream(ctx context.Context, out flow.Emitter[string]) error {
	for offset, v := range o {
		if err := out.Emit(v); err != nil {
			return err
		}
		err := out.Barrier(func(err error) { fmt.Println("offset", offset, "is done:", err) })
		if err != nil {
			return err
		}
	}
	return nil
}

func ExampleFromSignals() {
	err := flow.FromSignals(Offsets{"a", "b"}).
		Batch(100, 0). // a barrier makes it emit what it holds
		ForEach(func(ctx context.Context, batch []string) error {
			fmt.Println("stored", batch)
			return nil
		}).
		Run(context.Background())
	fmt.Println(err)
	// Output:
	// stored [a]
	// offset 0 is done: <nil>
	// stored [b]
	// offset 1 is done: <nil>
	// <nil>
}

func ExampleSignalSource() {
	n, err := flow.FromSignals(Offsets{"a"}).Count(context.Background())
	fmt.Println(n, err)
	// Output:
	// offset 0 is done: <nil>
	// 1 <nil>
}

// Hours is a source with event times: one item an hour.
type Hours int

func (h Hours) Stream(ctx context.Context, out flow.Emitter[int]) error {
	for n := range int(h) {
		if err := out.Emit(n); err != nil {
			return err
		}
		if err := out.Watermark(time.Unix(0, 0).Add(time.Duration(n) * time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

func ExampleEmitter() {
	got, err := flow.FromSignals(Hours(3)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [0 1 2] <nil>
}

// Shop is a source of the sales of a day, behind which there is nothing until the next one.
type Shop []int

func (s Shop) Stream(ctx context.Context, out flow.Emitter[int]) error {
	for _, sale := range s {
		if err := out.Emit(sale); err != nil {
			return err
		}
	}
	return out.Idle(time.Date(2024, 5, 15, 18, 0, 0, 0, time.UTC))
}

func ExampleEmitter_Idle() {
	got, err := flow.FromSignals(Shop{20, 5}).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [20 5] <nil>
}

func ExampleFromSlice() {
	got, err := flow.FromSlice([]string{"a", "b"}).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [a b] <nil>
}

func ExampleOf() {
	got, err := flow.Of(3, 1, 2).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [3 1 2] <nil>
}

func ExampleEmpty() {
	n, err := flow.Empty[string]().Count(context.Background())
	fmt.Println(n, err)
	// Output: 0 <nil>
}

func ExampleRange() {
	got, err := flow.Range(3, 6).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [3 4 5] <nil>
}

func ExampleRepeat() {
	got, err := flow.Repeat("again").Take(2).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [again again] <nil>
}

func ExampleFail() {
	err := flow.Fail[int](errors.New("no such table")).Named("rows").Run(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(failed.Stage, failed.Err)
	// Output: rows no such table
}

func ExampleFromSeq() {
	stock := map[string]int{"nuts": 2, "bolts": 7}
	got, err := flow.FromSeq(slices.Values(slices.Sorted(maps.Keys(stock)))).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [bolts nuts] <nil>
}

func ExampleFromSeqOnce() {
	next, stop := iter.Pull(slices.Values([]int{1, 2, 3}))
	defer stop()
	rest := func(yield func(int) bool) {
		for v, ok := next(); ok; v, ok = next() {
			if !yield(v) {
				return
			}
		}
	}
	f := flow.FromSeqOnce(rest)
	err := flow.Concat(f, f).Run(context.Background())
	_, misused := errors.AsType[*flow.ConfigError](err)
	fmt.Println("twice in one job:", misused)
	got, err := f.Collect(context.Background())
	fmt.Println(got, err)
	// Output:
	// twice in one job: true
	// [1 2 3] <nil>
}

func ExampleFromSeq2() {
	rows := func(yield func(string, error) bool) {
		_ = yield("first", nil) && yield("", errors.New("bad row"))
	}
	got, err := flow.FromSeq2(rows).Collect(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(got, failed.Err)
	// Output: [first] bad row
}

func ExampleFromChan() {
	events := make(chan string, 2)
	events <- "login"
	events <- "logout"
	close(events)
	got, err := flow.FromChan(events).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [login logout] <nil>
}

func ExampleUnfold() {
	collatz := func(n int) (v, next int, more bool) {
		switch {
		case n == 0:
			return 0, 0, false
		case n == 1:
			return 1, 0, true
		case n%2 == 0:
			return n, n / 2, true
		}
		return n, 3*n + 1, true
	}
	got, err := flow.Unfold(6, collatz).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [6 3 10 5 16 8 4 2 1] <nil>
}
