package flow_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func TestLines(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing":                 {"", nil},
		"one line":                {"a\n", []string{"a"}},
		"no final newline":        {"a\nb", []string{"a", "b"}},
		"ends of DOS":             {"a\r\nb\r\n", []string{"a", "b"}},
		"a bare carriage return":  {"a\rb\n", []string{"a\rb"}},
		"empty lines":             {"\n\na\n\n", []string{"", "", "a", ""}},
		"a final carriage return": {"a\r", []string{"a"}},
		"no text but UTF-8":       {"ä\n\xff\n", []string{"ä", "\xff"}},
	}
	for name, tt := range tests {
		for how, wrap := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader,
			"with the end beside the data": iotest.DataErrReader,
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				got, err := flow.Lines(wrap(strings.NewReader(tt.text))).Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// file is a reader with a name.
type file struct {
	io.Reader
	name string
}

func (f file) Name() string { return f.name }

const mebibyte = 1 << 20

// long is a line of n bytes, without an end.
func long(n int) io.Reader { return io.LimitReader(repeating('x'), int64(n)) }

type repeating byte

func (b repeating) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestLines_longestLine(t *testing.T) {
	text := io.MultiReader(strings.NewReader("short\n"), long(16*mebibyte), strings.NewReader("\nafter\n"))
	var lengths []int
	err := flow.Lines(text).ForEach(func(_ context.Context, line string) error {
		lengths = append(lengths, len(line))
		return nil
	}).Run(t.Context(), audit(t))
	if err != nil {
		t.Errorf("a line of 16 MiB: %v", err)
	}
	if diff := cmp.Diff([]int{5, 16 * mebibyte, 5}, lengths); diff != "" {
		t.Errorf("lengths mismatch (-want +got):\n%s", diff)
	}
}

func TestLines_longerThanTheLongestIsAnError(t *testing.T) {
	text := io.MultiReader(strings.NewReader("a\nb\n"), long(16*mebibyte+1), strings.NewReader("\nafter\n"))
	n, err := flow.Lines(file{text, "big.log"}).Count(t.Context(), audit(t))
	if n != 2 {
		t.Errorf("Count() = %d, want 2", n)
	}
	if err == nil {
		t.Fatal("a line of more than 16 MiB is no error")
	}
	for _, part := range []string{"big.log", "line 3"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q does not name %s", err, part)
		}
	}
}

func TestLines_failingReader(t *testing.T) {
	text := io.MultiReader(strings.NewReader("a\nb\nhal"), iotest.ErrReader(errPlanted))
	got, err := flow.Lines(file{text, "x.log"}).Collect(t.Context(), audit(t))
	failed := stageError(t, err)
	if !errors.Is(failed, errPlanted) || failed.Op != "Lines" {
		t.Errorf("Collect() = %v, want %v", err, errPlanted)
	}
	if want := "x.log: line "; !strings.Contains(err.Error(), want) {
		t.Errorf("the error %q does not say %q", err, want)
	}
	if len(got) < 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("Collect() = %q, want the lines before the error", got)
	}
}

func TestLines_errorNamesTheFileOnce(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	_, err = flow.Lines(dir).Collect(t.Context(), audit(t))
	if _, ok := errors.AsType[*fs.PathError](err); !ok {
		t.Fatalf("Collect() = %v, want a *fs.PathError", err)
	}
	if got := strings.Count(err.Error(), dir.Name()); got != 1 {
		t.Errorf("the error %q names the file %d times", err, got)
	}
}

func TestLines_ofAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := flow.Lines(f).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	if err := f.Close(); err != nil {
		t.Errorf("the file was closed by the flow: %v", err)
	}
}

type point struct{ X, Y int }

func TestJSON(t *testing.T) {
	got, err := flow.JSON[point](strings.NewReader(`{"X":1} {"Y":2}`+"\n"+`{"X":3,"Y":4}`)).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]point{{X: 1}, {Y: 2}, {X: 3, Y: 4}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestJSON_badValue(t *testing.T) {
	tests := map[string]struct {
		text string
		want string
		as   func(error) bool
	}{
		"a wrong type": {`{"X":1} {"X":"a"}`, "value 2, at byte ", func(err error) bool {
			_, ok := errors.AsType[*json.UnmarshalTypeError](err)
			return ok
		}},
		"no JSON": {`{"X":1} nonsense`, "value 2, at byte ", func(err error) bool {
			_, ok := errors.AsType[*json.SyntaxError](err)
			return ok
		}},
		"cut off": {`{"X":1} {"X":`, "value 2, at byte ", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := flow.JSON[point](file{strings.NewReader(tt.text), "in.json"}).Collect(t.Context(), audit(t))
			if diff := cmp.Diff([]point{{X: 1}}, got); diff != "" {
				t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
			}
			if !tt.as(err) {
				t.Errorf("Collect() = %v, which does not unwrap to its cause", err)
			}
			if text := fmt.Sprint(err); !strings.Contains(text, tt.want) || !strings.Contains(text, "in.json") {
				t.Errorf("the error %q does not say %q", text, tt.want)
			}
		})
	}
}

func TestCSV(t *testing.T) {
	got, err := flow.CSV(strings.NewReader("a,b\n\"1,5\",2\n")).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"1,5", "2"}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestCSV_badRecord(t *testing.T) {
	tests := map[string]struct {
		text string
		want error
		line int
	}{
		"too few fields": {"a,b\n1,2\n3\n", csv.ErrFieldCount, 3},
		"a stray quote":  {"a,b\n1,\"2\"x\n", csv.ErrQuote, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := flow.CSV(file{strings.NewReader(tt.text), "in.csv"}).Collect(t.Context(), audit(t))
			parse, ok := errors.AsType[*csv.ParseError](err)
			if !ok || !errors.Is(err, tt.want) || parse.Line != tt.line {
				t.Errorf("Collect() = %v, want %v in line %d", err, tt.want, tt.line)
			}
			if !strings.Contains(fmt.Sprint(err), "in.csv") {
				t.Errorf("the error %q does not name the file", err)
			}
		})
	}
}

func TestReaders_keepWhatIsReadForEveryItem(t *testing.T) {
	var kept [][]string
	err := flow.CSV(strings.NewReader("a,b\nc,d\n")).ForEach(func(_ context.Context, r []string) error {
		kept = append(kept, r)
		return nil
	}).Run(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c", "d"}}, kept); diff != "" {
		t.Errorf("records mismatch (-want +got):\n%s", diff)
	}
}

func TestFiles_missingRoot(t *testing.T) {
	_, err := flow.Files(os.DirFS(filepath.Join(t.TempDir(), "missing")), "*").Collect(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Op != "Files" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Collect() = %v, want %v", err, fs.ErrNotExist)
	}
}

func TestFiles_earlyStop(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := flow.Files(os.DirFS(dir), "*").Take(2).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestFiles_directoryThatCannotBeRead(t *testing.T) {
	_, err := flow.Files(unreadable{}, "*").Collect(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Collect() = %v, want %v", err, errPlanted)
	}
}

type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, errPlanted }

// slowFailure fails after a minute. Nobody can interrupt it.
type slowFailure struct{}

func (slowFailure) Read([]byte) (int, error) {
	time.Sleep(time.Minute)
	return 0, errPlanted
}

func TestReaders_failureWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := flow.Lines(slowFailure{}).Discard().Start(t.Context())
		time.Sleep(time.Second)
		if err := running.Drain(t.Context()); !errors.Is(err, errPlanted) {
			t.Errorf("Drain() = %v, want the failure of the reader", err)
		}
	})
}
