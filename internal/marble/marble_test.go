package marble

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

var update = flag.Bool("update", false, "write the pictures in place of comparing them")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject is a marble directive.
type subject struct {
	name, script, code string
	record             func(flow.Flow[string]) (Line, error)
}

const folder = "../../docs/processors"

// TestPictures holds the pictures to what the processors do. With -update it makes them.
func TestPictures(t *testing.T) {
	wanted := []string{}
	for _, s := range subjects() {
		file := filepath.Join(folder, s.name+".svg")
		wanted = append(wanted, file)
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { compare(t, file, s.draw(t)) })
		})
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch {
		case slices.Contains(wanted, file):
		case *update:
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s: no directive asks for it (run: make generate)", file)
		}
	}
}

func compare(t *testing.T, file string, picture []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, picture, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(old, picture) {
		t.Errorf("%s is stale or missing: %v (run: make generate)", file, err)
	}
}

func (s subject) draw(t *testing.T) []byte {
	t.Helper()
	in, err := Parse(s.script)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.record(source(in))
	if err != nil {
		out.Err = failure(err)
	}
	return Draw(strings.TrimPrefix(s.code, "f."), in, out)
}

// failure is the text of an error without the place in this package.
func failure(err error) string {
	if failed, ok := errors.AsType[*flow.StageError](err); ok {
		err = failed.Err
	}
	return err.Error()
}

// source gives the items of a line when their time has come.
func source(l Line) flow.Flow[string] {
	return flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		start := time.Now()
		until := func(at time.Duration) error { return clock.Sleep(ctx, clock.Real(), at-time.Since(start)) }
		for _, m := range l.Marks {
			if err := until(m.At); err != nil {
				return err
			}
			if err := emit(m.Text); err != nil {
				return err
			}
		}
		return until(l.End)
	})
}

// work is a function for the processors of pictures to call. Its times are such that no two
// things happen at the same moment, whose order would be anybody's.
func work(ctx context.Context, item string) (string, error) {
	took, ok := map[string]time.Duration{"a": 47, "b": 33, "c": 21, "d": 14}[item]
	if !ok {
		took = 8
	}
	return item, clock.Sleep(ctx, clock.Real(), took*time.Millisecond)
}

// echoes gives an item, and after some time twice more.
func echoes(ctx context.Context, item string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for more := yield(item, nil); more; more = yield(item+"'", nil) {
			if err := clock.Sleep(ctx, clock.Real(), 23*time.Millisecond); err != nil || len(item) > 2 {
				return
			}
			item += "'"
		}
	}
}

// after gives a channel that is closed after some time, as a signal for pictures.
func after(d time.Duration) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(d, func() { close(ch) })
	return ch
}

// at gives the event time of an item: 0 for an a, 10 ms for a b and so on.
func at(item string) time.Time { return time.UnixMilli(int64(item[0]-'a') * 10) }

// record runs a flow and notes what comes out of it, and when.
func record[T any](f flow.Flow[T]) (Line, error) {
	var l Line
	start := time.Now()
	err := f.ForEach(func(_ context.Context, v T) error {
		l.Marks = append(l.Marks, Mark{time.Since(start), label(v)})
		return nil
	}).Run(context.Background())
	l.End = time.Since(start)
	return l, err
}

// label is the text of an item: of a window, and the like, what it is of.
func label(v any) string {
	if value := reflect.ValueOf(v); value.Kind() == reflect.Struct {
		for _, name := range []string{"Items", "Result", "Item"} {
			if part := value.FieldByName(name); part.IsValid() {
				return fmt.Sprint(part)
			}
		}
	}
	return fmt.Sprint(v)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		script string
		want   Line
		err    string
	}{
		{"|", Line{}, ""},
		{"a-b|", Line{Marks: []Mark{{0, "a"}, {20 * time.Millisecond, "b"}}, End: 30 * time.Millisecond}, ""},
		{"-(ab)c|", Line{Marks: []Mark{{Slot, "a"}, {Slot, "b"}, {2 * Slot, "c"}}, End: 3 * Slot}, ""},
		{"ab", Line{}, `script "ab" does not end with |`},
		{"a|b", Line{}, `script "a|b": unexpected '|' at 1`},
		{"a1|", Line{}, `script "a1|": unexpected '1' at 1`},
		{"(a-)|", Line{}, `script "(a-)|": unexpected '-' at 2`},
		{"(a|", Line{}, `script "(a|": unexpected '|' at 2`},
	} {
		got, err := Parse(tt.script)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) mismatch (-want +got):\n%s", tt.script, diff)
		}
		if err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
			t.Errorf("Parse(%q) error = %v, want %q", tt.script, err, tt.err)
		}
	}
}

// Marbles that would cover one another stand below one another.
func TestLayout(t *testing.T) {
	marks := []Mark{{0, "a"}, {0, "b"}, {Slot, "c"}, {2 * Slot, "[d e f g]"}, {3 * Slot, "h"}, {9 * Slot, "i"}}
	if diff := cmp.Diff([]int{0, 1, 0, 0, 1, 0}, layout(marks)); diff != "" {
		t.Errorf("layout() mismatch (-want +got):\n%s", diff)
	}
}
