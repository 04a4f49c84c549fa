package docs_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// block is a piece of Go code in a document.
type block struct {
	doc      string // path from the root of the module
	line     int    // of its first line
	code     string
	place    string // the file it is to be, from <!-- file: ops/changes.go -->
	after    string // the line of that file it follows, from <!-- file: ops/x_test.go, after: LINE -->
	preamble string // declarations it relies on, from <!-- preamble: var ctx context.Context -->
}

const fence = "```"

// blocks cuts the Go code out of a document. A comment counts for the block that
// follows it. Code marked "go ignore" is left out if its first line says that it does
// not compile.
func blocks(doc, text string) ([]block, error) {
	var found []block
	var b block
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		switch line := lines[i]; {
		case strings.HasPrefix(line, "<!--"):
			start := i
			for !strings.HasSuffix(lines[i], "-->") && i < len(lines)-1 {
				i++
			}
			b.comment(strings.Join(lines[start:i+1], "\n"))
		case strings.HasPrefix(line, fence):
			start := i + 1
			for i++; i < len(lines) && lines[i] != fence; i++ {
			}
			if i == len(lines) {
				return nil, fmt.Errorf("%s:%d: the code has no end", doc, start)
			}
			b.doc, b.line, b.code = doc, start+1, strings.Join(lines[start:i], "\n")+"\n"
			switch info := strings.TrimPrefix(line, fence); {
			case info == "go":
				found = append(found, b)
			case strings.HasPrefix(info, "go") && !(info == "go ignore" && strings.HasPrefix(b.code, "// does not compile")):
				return nil, fmt.Errorf("%s:%d: code marked %q", doc, start, info)
			}
			b = block{}
		case line != "":
			b = block{}
		}
	}
	return found, nil
}

// comment reads what a comment says of the block below it.
func (b *block) comment(text string) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "<!--"), "-->"))
	if place, ok := strings.CutPrefix(text, "file: "); ok {
		b.place, b.after, _ = strings.Cut(place, ", after: ")
	}
	if preamble, ok := strings.CutPrefix(text, "preamble:"); ok {
		b.preamble = strings.TrimSpace(preamble)
	}
}

// packages are those that a block may use without an import of its own.
var packages = map[string]string{
	"cmp": "cmp", "context": "context", "errors": "errors", "fmt": "fmt", "iter": "iter", "os": "os", "slices": "slices",
	"slog": "log/slog", "strconv": "strconv", "strings": "strings", "time": "time",
	"clock": "github.com/go-streamz/streamz/clock",
	"flow":  "github.com/go-streamz/streamz/flow",
	"ops":   "github.com/go-streamz/streamz/ops",
	"stage": "github.com/go-streamz/streamz/stage",
}

// file makes a file of the block, with the lines of its document. Statements become
// the body of a function.
func (b block) file(root string) ([]byte, error) {
	line := fmt.Sprintf("//line %s/%s:%d\n", root, b.doc, b.line)
	if b.place != "" {
		return []byte(line + b.code), nil
	}
	body := "func _() {\n" + b.preamble + "\n" + line + b.code + "}\n"
	tree, err := parser.ParseFile(token.NewFileSet(), "", "package docs_test\n"+body, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", b.doc, b.line, err)
	}
	var out bytes.Buffer
	out.WriteString("package docs_test\n\n")
	for _, name := range uses(tree) {
		fmt.Fprintf(&out, "import %q\n", packages[name])
	}
	out.WriteString(body)
	return out.Bytes(), nil
}

// uses lists the known packages that a file refers to.
func uses(tree *ast.File) []string {
	used := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && packages[id.Name] != "" {
				used[id.Name] = true
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(used))
}

// unformatted shows how gofmt would write the block, "" if it is written so.
func (b block) unformatted() string {
	out, err := format.Source([]byte(b.code))
	if err != nil || string(out) == b.code {
		return "" // the compiler has more to say of an error
	}
	return string(out)
}
