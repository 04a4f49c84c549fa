package docs_test

import (
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

var update = flag.Bool("update", false, "write docs/shapes.md in place of comparing it")

// TestShapes runs the example of each shape, and holds docs/shapes.md to its code, to what came
// out of it and to how it was wired. With -update it writes the page.
func TestShapes(t *testing.T) {
	file := filepath.Join(moduleRoot(t), "docs", "shapes.md")
	code := methods(t, "shape_list_test.go")
	facts := map[string][]section{"Twice": {twice.prove(t, code)}}
	for name, shapes := range groups {
		for _, s := range shapes {
			facts[name] = append(facts[name], s.prove(t, code))
		}
	}
	page := shapesPage(t, facts)
	if n := strings.Count(page, "```mermaid"); n != len(code) {
		t.Errorf("the page has %d pictures, want one for each of the %d methods of gallery", n, len(code))
	}
	if t.Failed() {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(page, read(t, file)); diff != "" {
		t.Errorf("docs/shapes.md is stale, run make generate (-want +got):\n%s", diff)
	}
}

// shape is a way to put flows together.
type shape struct {
	Name, Ways, Order, Goroutines string
	example                       sample
	want                          string // items that it gives
}

// section is a shape on the page.
type section struct {
	shape
	Text, Code string // from the source of the example
	Plan       string // of its run, for Mermaid
}

// sample is an example of a shape.
type sample struct {
	method   string // of gallery
	anyOrder bool   // of what it gives, which is sorted then
	run      func(context.Context, flow.Option) ([]string, error)
}

func of[T any](build func() flow.Flow[T]) sample {
	return sample{method: methodOf(build), run: func(ctx context.Context, opt flow.Option) ([]string, error) {
		items, err := build().Collect(ctx, opt)
		texts := make([]string, len(items))
		for i, v := range items {
			texts[i] = fmt.Sprint(v)
		}
		return texts, err
	}}
}

// ofAnyOrder is for a shape that promises no order.
func ofAnyOrder[T any](build func() flow.Flow[T]) sample {
	e := of(build)
	e.anyOrder = true
	return e
}

// methodOf gives the name of a method from its value.
func methodOf(fn any) string {
	name := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")
}

// prove runs the example, and gives what the page says of it.
func (s shape) prove(t *testing.T, code map[string]method) section {
	sec := section{shape: s}
	t.Run(s.Name, func(t *testing.T) {
		m, ok := code[s.example.method]
		if !ok {
			t.Fatalf("there is no method %s with a comment", s.example.method)
		}
		synctest.Test(t, func(t *testing.T) { sec.Plan = s.record(t) })
		prints := s.want + " <nil>"
		if s.example.anyOrder {
			prints += ", in any order"
		}
		sec.Text, sec.Code = m.text(s.Name), m.program(prints)
	})
	return sec
}

// record runs the example and gives the plan of that run.
func (s shape) record(t *testing.T) (plan string) {
	watch := flow.ObserverFunc(func(e flow.Event) {
		if e, ok := e.(flow.RunStarted); ok {
			plan = e.Run.Plan().Mermaid()
		}
	})
	got, err := s.example.run(t.Context(), flow.WithObserver(watch))
	if s.example.anyOrder {
		slices.Sort(got)
	}
	if fmt.Sprint(got) != s.want || err != nil {
		t.Errorf("%s gave %v, error %v, want %s", s.example.method, got, err, s.want)
	}
	return plan
}

// Anchor is what a link to the section says.
func (s shape) Anchor() string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s.Name), ",", ""), " ", "-")
}

// method is one of gallery, as it is in its file.
type method struct{ name, doc, body string }

// methods reads those of a file that have a comment.
func methods(t *testing.T, file string) map[string]method {
	t.Helper()
	text := read(t, file)
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]method{}
	for _, decl := range tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Doc != nil {
			body := text[fset.Position(fn.Body.Lbrace).Offset+1 : fset.Position(fn.Body.Rbrace).Offset]
			found[fn.Name.Name] = method{fn.Name.Name, fn.Doc.Text(), body}
		}
	}
	return found
}

// text is the comment. Its first word is the method, which is no word of the page unless the
// shape has that name.
func (m method) text(shape string) string {
	first := "This"
	if m.name == shape {
		first = "`" + shape + "`"
	}
	return first + strings.TrimPrefix(m.doc, m.name)
}

// program is the body with the flow that it returns run, and the comment on what that prints.
func (m method) program(prints string) string {
	body := strings.TrimSpace(strings.ReplaceAll(m.body, "\n\t", "\n"))
	before, built, _ := strings.Cut("\n"+body, "\nreturn ")
	return strings.TrimSpace(before+"\ngot, err := "+built+".Collect(ctx)") + "\nfmt.Println(got, err)\n// " + prints + "\n"
}

// shapesPage makes docs/shapes.md of the sections, by their groups.
func shapesPage(t *testing.T, facts map[string][]section) string {
	t.Helper()
	var page strings.Builder
	form := template.Must(template.New("").Option("missingkey=error").Parse(read(t, filepath.Join("testdata", "shapes.md.tmpl"))))
	if err := form.Execute(&page, facts); err != nil {
		t.Fatal(err)
	}
	return page.String()
}
