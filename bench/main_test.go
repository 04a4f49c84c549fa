package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onlyRow is a table of one row whose contender of ours is run.
func onlyRow(run runner) []row {
	return []row{{name: "only", want: wantSum, contenders: []contender{
		{name: "by hand", role: twin, run: plain(seqSum)},
		{name: "flow", role: ours, run: run},
	}}}
}

var sink []int // what is stored here is allocated

func TestRunExitCode(t *testing.T) {
	allocating := plain(func(n int) int {
		for range n {
			sink = make([]int, 8)
		}
		return wantSum(n)
	})
	exempt := onlyRow(allocating)
	exempt[0].contenders[1].slices = true
	for _, c := range []struct {
		name string
		rows []row
		args string
		code int
		said string // on stderr
	}{
		{"right", onlyRow(flowSum), "-rounds 1", 0, "1/1 only: "},
		{"smoke", onlyRow(flowSum), "-smoke", 0, "1/1 only: "},
		{"wrong result", onlyRow(flowBatch10), "-smoke", 1, "only: flow: want 124750 over 500 items, got 49"},
		{"error", onlyRow(failing), "-smoke", 1, "only: flow: no luck"},
		{"allocates an item", onlyRow(allocating), "-rounds 1", 1, "only: flow: 1 allocations an item"},
		{"allocates, in a smoke run", onlyRow(allocating), "-smoke", 0, ""},
		{"may allocate", exempt, "-rounds 1", 0, ""},
		{"help", nil, "-h", 0, "-smoke"},
		{"unknown flag", nil, "-x", 2, "flag provided but not defined: -x"},
		{"bad pattern", nil, "-rows (", 2, "missing closing )"},
		{"no rounds", nil, "-rounds 0", 2, "rounds must be at least 1, got 0"},
		{"an argument", nil, "here", 2, "arguments are not expected: here"},
		{"no such row", onlyRow(flowSum), "-rows other", 2, `no row matches "other"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if got := run(c.rows, strings.Fields(c.args), &out, &errs); got != c.code {
				t.Errorf("exit code: want %d, got %d\n%s", c.code, got, &errs)
			}
			if !strings.Contains(errs.String(), c.said) {
				t.Errorf("stderr: want %q in\n%s", c.said, &errs)
			}
		})
	}
}

func flowBatch10(n int) (int, error) { return wantSum(n) / 2500, nil }

func failing(int) (int, error) { return 0, errors.New("no luck") }

func TestSmokeOfAllRows(t *testing.T) {
	dir := t.TempDir()
	svg, doc := filepath.Join(dir, "bench.svg"), filepath.Join(dir, "bench.json")
	var progress bytes.Buffer
	if code := run(table(), []string{"-smoke", "-svg", svg, "-json", doc}, io.Discard, &progress); code != 0 {
		t.Fatalf("exit code: want 0, got %d", code)
	}
	for _, r := range table() {
		if !strings.Contains(progress.String(), r.name+": ok") {
			t.Errorf("nothing is told of the row %q", r.name)
		}
	}
	checkXML(t, svg)
	checkDocument(t, doc)
}

func checkXML(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := xml.NewDecoder(f); ; {
		switch _, err := d.Token(); err {
		case nil:
		case io.EOF:
			return
		default:
			t.Fatal(err)
		}
	}
}

func checkDocument(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if got, want := len(doc.Rows), len(table()); got != want {
		t.Errorf("rows: want %d, got %d", want, got)
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing", "file")
	for _, name := range []string{"-svg", "-json"} {
		var errs bytes.Buffer
		if got := run(onlyRow(flowSum), []string{"-smoke", name, nowhere}, io.Discard, &errs); got != 1 {
			t.Errorf("%s: exit code: want 1, got %d\n%s", name, got, &errs)
		}
	}
}
