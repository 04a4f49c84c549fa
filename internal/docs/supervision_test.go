package docs_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSupervision holds docs/supervision.md to Examples that run: each row of its table has
// one, no link leads nowhere, and the texts of errors are those that an Example prints.
func TestSupervision(t *testing.T) {
	root := moduleRoot(t)
	text := read(t, filepath.Join(root, "docs", "supervision.md"))
	runs := examples(t, filepath.Join(root, "flow"))
	for _, fault := range unproved(text, runs) {
		t.Error(fault)
	}
	if n := len(rows(text)); n < 30 {
		t.Errorf("the table has %d rows", n)
	}
}

// TestUnproved breaks the rules: a check that cannot fail proves nothing.
func TestUnproved(t *testing.T) {
	runs := map[string]example{"flow/a_test.go:ExampleA": {"said\n"}, "flow/a_test.go:ExampleSilent": {""}}
	head := "| what | Example |\n|---|---|\n"
	for _, tt := range []struct{ name, text, want string }{
		{"all is there", head + "| a | [ExampleA](../flow/a_test.go) |\n```text\nsaid\n```\n", "[]"},
		{"no Example", head + "| a | ExampleA |\n", "[line 3: the row has no Example]"},
		{"no such Example", head + "| a | [ExampleB](../flow/a_test.go) |\n", "[there is no ExampleB in flow/a_test.go]"},
		{"another file", head + "| a | [ExampleA](../flow/b_test.go) |\n", "[there is no ExampleA in flow/b_test.go]"},
		{"an Example that is not run", head + "| a | [ExampleSilent](../flow/a_test.go) |\n", "[ExampleSilent in flow/a_test.go has no output to check]"},
		{"outside of the table", "see [ExampleB](../flow/a_test.go)\n", "[there is no ExampleB in flow/a_test.go]"},
		{"a text that nobody prints", "```text\nnot said\n```\n", `[no Example prints "not said"]`},
		{"a table of something else", "| what | cost |\n|---|---|\n| a | 1 |\n", "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(unproved(tt.text, runs)); got != tt.want {
				t.Errorf("unproved() = %s, want %s", got, tt.want)
			}
		})
	}
}

type example struct{ output string }

// examples gives the Examples in the tests of a folder, by file and name.
func examples(t *testing.T, folder string) map[string]example {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tests in %s, error %v", folder, err)
	}
	found := map[string]example{}
	for _, name := range names {
		tree, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, ex := range doc.Examples([]*ast.File{tree}...) {
			found[filepath.Base(folder)+"/"+filepath.Base(name)+":Example"+ex.Name] = example{ex.Output}
		}
	}
	return found
}

// link leads from the document to an Example.
var link = regexp.MustCompile(`\[(Example\w*)\]\(\.\./([\w/]+_test\.go)\)`)

// unproved lists what a document says without an Example that runs.
func unproved(text string, runs map[string]example) []string {
	var faults []string
	for _, row := range rows(text) {
		if !link.MatchString(row.text) {
			faults = append(faults, fmt.Sprintf("line %d: the row has no Example", row.line))
		}
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		ex, ok := runs[m[2]+":"+m[1]]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("there is no %s in %s", m[1], m[2]))
		case ex.output == "":
			faults = append(faults, fmt.Sprintf("%s in %s has no output to check", m[1], m[2]))
		}
	}
	return append(faults, unsaid(text, runs)...)
}

type row struct {
	line int
	text string
}

// rows gives those of the tables whose last column is that of the Examples.
func rows(text string) []row {
	var found []row
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasSuffix(line, "| Example |") {
			continue
		}
		for j := i + 2; j < len(lines) && strings.HasPrefix(lines[j], "|"); j++ {
			found = append(found, row{j + 1, lines[j]})
		}
	}
	return found
}

// said is a block of text of one line.
var said = regexp.MustCompile("(?m)^```text\n(.*)\n```$")

// unsaid lists the blocks of text that no Example prints, except for the first line of a
// goroutine in a traceback.
func unsaid(text string, runs map[string]example) []string {
	var outputs []string
	for _, ex := range runs {
		outputs = append(outputs, strings.Split(ex.output, "\n")...)
	}
	var faults []string
	for _, m := range said.FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "goroutine ") && !slices.Contains(outputs, m[1]) {
			faults = append(faults, fmt.Sprintf("no Example prints %q", m[1]))
		}
	}
	return faults
}
