package sequential_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/filescan/internal/plain"
	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/filescan/internal/sequential"
	"github.com/go-streamz/streamz/examples/filescan/internal/trial"
)

func TestVerify_finds_a_planted_difference(t *testing.T) {
	for name, test := range map[string]struct{ file, old, new, want string }{
		"number of the summary":  {scan.SummaryName, `"blank": 9`, `"blank": 8`, "blank: 8 against 9"},
		"element of a list":      {scan.SummaryName, `"T.String"`, `"T.Strung"`, "longestFuncs[2].name: T.Strung against T.String"},
		"package that is lost":   {scan.SummaryName, `"path": "z",`, `"path": "zz",`, "packages[2].path: zz against z"},
		"not all was seen":       {scan.SummaryName, `"complete": true`, `"complete": false`, "complete: false against true"},
		"cell of the findings":   {scan.FindingsName, "T.String,1", "T.String,2", "finding 3: "},
		"row that is lost":       {scan.FindingsName, "type,a/a.go,5,T,,\n", "", "finding 2: "},
		"row too many":           {scan.FindingsName, "func,z/z.go,5,body,5,\n", "func,z/z.go,5,body,5,\nfunc,z,5,body,5,\n", "finding 13: "},
		"letter that is no such": {scan.LettersName, "", `{"path":"x","error":"y"}`, "letter 1: {Path:x Line:0 Error:y} against nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if _, err := plain.Run(t.Context(), trial.Small(), folder, scan.Defaults()); err != nil {
				t.Fatal(err)
			}
			if diffs, err := sequential.Verify(t.Context(), trial.Small(), folder); err != nil || diffs != nil {
				t.Fatalf("error %v, differences %q, want none", err, diffs)
			}
			file := filepath.Join(folder, test.file)
			text, err := os.ReadFile(file)
			if err != nil && test.old != "" {
				t.Fatal(err)
			}
			if !bytes.Contains(text, []byte(test.old)) {
				t.Fatalf("%s has no %q:\n%s", test.file, test.old, text)
			}
			if err := os.WriteFile(file, bytes.Replace(text, []byte(test.old), []byte(test.new), 1), 0o666); err != nil {
				t.Fatal(err)
			}
			diffs, err := sequential.Verify(t.Context(), trial.Small(), folder)
			if err != nil || len(diffs) == 0 || !strings.HasPrefix(diffs[0], test.want) {
				t.Errorf("error %v, differences %q, want one with %q", err, diffs, test.want)
			}
		})
	}
}

// FuzzScan compares the two ways to read a Go file.
func FuzzScan(f *testing.F) {
	for name, file := range trial.Small() {
		if strings.HasSuffix(name, ".go") {
			f.Add(string(file.Data))
		}
	}
	f.Add("\ufefffunc (a /* ) */ b) c() { `\n}\n` // TODO(x)\n\t\n}\r\nimport (`a`\n\"b\")\ntype é int\n'\\\n/*/ BUG:\n*/ func")
	f.Add("\r")           // no end of a line
	f.Add("``\x00\n\x00") // code, if strange
	f.Fuzz(func(t *testing.T, text string) {
		tree := trial.Tree(map[string]string{"a.go": text})
		want, err := sequential.Scan(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		got, findings := inBatches(t, tree, 3)
		got.Letters, got.Complete = want.Summary.Letters, true
		if diffs := scan.Differences(got, want.Summary); diffs != nil {
			t.Errorf("of %q: %s", text, diffs)
		}
		if diff := cmp.Diff(want.Findings, findings); diff != "" {
			t.Errorf("of %q: findings mismatch (-want +got):\n%s", text, diff)
		}
	})
}

// inBatches scans the file of a tree with the parts that the other programs have in common.
func inBatches(t *testing.T, tree fs.FS, size int) (s scan.Summary, findings []scan.Finding) {
	fold := scan.NewFold(func(f []scan.Finding) error {
		findings = append(findings, f...)
		return nil
	})
	var batch []scan.Record
	add := func() {
		for _, r := range scan.Process(batch) {
			if err := fold.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		batch = batch[:0]
	}
	for line := range scan.NewReader(tree, nil).Lines(&scan.File{Path: "a.go"}) {
		if record, err := scan.Parse(line); err == nil {
			batch = append(batch, record)
		}
		if len(batch) == size {
			add()
		}
	}
	add()
	return fold.Summary(), findings
}
