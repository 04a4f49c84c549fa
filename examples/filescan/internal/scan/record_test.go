package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// records parses a file, and processes it as one batch.
func records(t *testing.T, name, text string) (lines []string, result scan.Result) {
	t.Helper()
	f := &scan.File{Path: name}
	var batch []scan.Record
	for i, line := range strings.Split(text, "\n") {
		r, err := scan.Parse(scan.Line{File: f, Text: line, Number: i + 1})
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, r)
		about := [...]string{"blank", "comment", "code", "end"}[r.Class]
		if r.Comment >= 0 {
			about += fmt.Sprintf(" comment:%s", r.Text[r.Comment:])
		}
		lines = append(lines, about)
	}
	return lines, scan.Process(batch)[0]
}

func TestParse_tells_code_from_comments(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		want       []string
	}{
		"blank":                     {"a.go", " \t\r\n", []string{"blank", "blank"}},
		"line comment":              {"a.go", "\t// x // y", []string{"comment comment:// x // y"}},
		"comment behind code":       {"a.go", "x // y", []string{"code comment:// y"}},
		"comment of many lines":     {"a.go", "/* x\n\n y */\nz", []string{"comment comment:/* x", "blank", "comment comment: y */", "code"}},
		"code behind a comment":     {"a.go", "/* x\n */ y", []string{"comment comment:/* x", "code comment: */ y"}},
		"two comments":              {"a.go", "/* x */ /* y\n*/", []string{"comment comment:/* x */ /* y", "comment comment:*/"}},
		"begins and ends a comment": {"a.go", "/*/\n*/x", []string{"comment comment:/*/", "code comment:*/x"}},
		"quotes":                    {"a.go", `"//" '"' "\"//" // x`, []string{"code comment:// x"}},
		"quote without end":         {"a.go", "\"// \\\n// x", []string{"code", "comment comment:// x"}},
		"quote in a comment":        {"a.go", "// \"\nx", []string{"comment comment:// \"", "code"}},
		"raw string":                {"a.go", "`/*\n// \"\n\n` // x", []string{"code", "code", "blank", "code comment:// x"}},
		"division":                  {"a.go", "a / b", []string{"code"}},
		"character 0":               {"a.go", "\x00", []string{"code"}},
		"byte order mark":           {"a.go", "\ufeff// x", []string{"comment comment:// x"}},
		"no Go":                     {"a.c", "// x\n\ny", []string{"code comment:// x", "blank", "code comment:y"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := records(t, test.file, test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse(%q) mismatch (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestProcess_finds_what_is_declared(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"one import":           {"import \"a\"\nimport b `c`\nimport\"d\"", []string{"1 import a", "2 import c", "3 import d"}},
		"list of imports":      {"import (\n\t\"a\"\n\n\t// \"x\"\n\t_ \"b\" // y\n)\n\"c\"", []string{"2 import a", "5 import b"}},
		"list in one line":     {"import ()\n\"a\"", nil},
		"no imports":           {"// import \"a\"\n`\nimport \"a\"\n`\n\timport \"b\"\nimports \"c\"\nimport \"d", nil},
		"function":             {"func f() {\n\n}", []string{"1 func f 3"}},
		"function in one line": {"func f() {}\nfunc g() int { return '}' } // {", []string{"1 func f 1", "2 func g 1"}},
		"no body":              {"func f(x int) int\nfunc g()", []string{"1 func f 1", "2 func g 1"}},
		"parameters in lines":  {"func f(\n\tx int,\n) {\n}\nfunc g(a,\n\tb int) {\n}", []string{"1 func f 4", "5 func g 3"}},
		"brace in a string":    {"func f() {\n\t_ = `\n}\n`\n}", []string{"1 func f 5"}},
		"methods":              {"func (t T) a() {}\nfunc (*T) b() {}\nfunc (t *T[K, V]) c[X any]() {}", []string{"1 func T.a 1", "2 func T.b 1", "3 func T.c 1"}},
		"generic function":     {"func f[T any](x T) {}", []string{"1 func f 1"}},
		"function without end": {"func f() {\nfunc g() {\n}\n}", []string{"2 func g 2"}},
		"function literal":     {"var f = func() {\n}\nfunc() {\n}", nil},
		"types":                {"type A int\ntype B[T any] struct {\n}\ntype (\n\tC int\n)", []string{"1 type A", "2 type B"}},
		"markers": {"// TODO: a BUG(b): c\n/* HACK(x)\nXXX: y */ FIXME: z\nvar todo = \"TODO: no\"\n// MYTODO: no, TODO no\n// TODO TODO:",
			[]string{"1 marker TODO", "1 marker BUG", "2 marker HACK", "3 marker XXX", "3 marker FIXME", "6 marker TODO"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := records(t, "a.go", test.text)
			var got []string
			for _, f := range r.Findings {
				about := fmt.Sprint(f.Line, " ", f.Kind, " ", f.Name)
				if f.Kind == "func" {
					about += fmt.Sprint(" ", f.Lines)
				}
				got = append(got, about)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Process(%q) mismatch (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestProcess_keeps_the_beginning_of_a_marker(t *testing.T) {
	_, r := records(t, "a.md", "x TODO: "+strings.Repeat("é", 200))
	if want := "TODO: " + strings.Repeat("é", 114); r.Findings[0].Text != want {
		t.Errorf("text %q, want %q", r.Findings[0].Text, want)
	}
}

func TestProcess_counts(t *testing.T) {
	_, r := records(t, "a.go", "var x = 1\nconst (\n)\n\n// é\u00e9\u00e9é TODO: x\nvar y = 2")
	want := scan.Counts{Lines: 6, Blank: 1, Comment: 1, Code: 4, Vars: 2, Consts: 1, Markers: 1, Longest: 15, LongestAt: 5}
	if diff := cmp.Diff(want, r.Counts); diff != "" {
		t.Errorf("counts mismatch (-want +got):\n%s", diff)
	}
}
