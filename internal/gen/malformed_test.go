package gen_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-streamz/streamz/internal/gen"
	"github.com/google/go-cmp/cmp"
)

// tail completes a constructor that stands at the end of a source.
const tail = `
// Tap calls a function.
type Tap[T any] struct{}

func (t *Tap[T]) Process(ctx context.Context, in <-chan T) <-chan T { return nil }
`

// malformed are sources with an import of context in line 3, so that the text
// begins in line 5.
var malformed = []struct {
	name, text string
	want       []string
}{{
	name: "no Go",
	text: "x := 1",
	want: []string{"ops/tap.go:5: expected declaration, found x"},
}, {
	name: "unknown word",
	text: "//streamz:stages Tap\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: unknown directive //streamz:stages, want stage, doc, example, output or marble"},
}, {
	name: "space before the word",
	text: "// streamz:stage Tap\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: no space between // and streamz:stage, else it is no directive"},
}, {
	name: "above a type",
	text: "//streamz:stage Tap\ntype X int",
	want: []string{"ops/tap.go:5: //streamz:stage does not stand above a constructor"},
}, {
	name: "above a method",
	text: "//streamz:stage Tap\nfunc (t *Tap[T]) New() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: //streamz:stage does not stand above a constructor"},
}, {
	name: "inside a function",
	text: "func x() {\n//streamz:output 1\n}",
	want: []string{"ops/tap.go:6: //streamz:output does not stand above a constructor"},
}, {
	name: "example first",
	text: "//streamz:example flow.Of(1)\n//streamz:output [1]\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{
		"ops/tap.go:5: //streamz:example without a //streamz:stage above it",
		"ops/tap.go:6: //streamz:output without a //streamz:stage above it",
	},
}, {
	name: "example without output",
	text: "//streamz:stage Tap\n//streamz:example flow.Of(1)\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: //streamz:example without //streamz:output"},
}, {
	name: "output without example",
	text: "//streamz:stage Tap\n//streamz:output 1\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: //streamz:output without //streamz:example"},
}, {
	name: "marble without code",
	text: "//streamz:stage Tap\n//streamz:example flow.Of(1).Tap()\n//streamz:output [1]\n//streamz:marble abc|\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:8: malformed marble \"abc|\", want SCRIPT EXPRESSION: expected operand, found 'EOF'"},
}, {
	name: "marble of unknown names",
	text: "//streamz:stage Tap\n//streamz:example flow.Of(1).Tap()\n//streamz:output [1]\n//streamz:marble abc| f.Call(slow)\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:8: undefined: slow"},
}, {
	name: "doc first",
	text: "//streamz:doc Tap calls a function.\n//streamz:stage Tap\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: //streamz:doc without a //streamz:stage above it"},
}, {
	name: "doc that begins with another word",
	text: "//streamz:stage Tap\n//streamz:doc Taps calls a function,\n//streamz:doc Tap.\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: //streamz:doc must begin with Tap"},
}, {
	name: "doc without a text",
	text: "//streamz:stage Tap\n//streamz:doc\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: //streamz:doc must begin with Tap"},
}, {
	name: "space before doc",
	text: "//streamz:stage Tap\n// streamz:doc Tap calls a function.\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: no space between // and streamz:doc, else it is no directive"},
}, {
	name: "example that is no Go",
	text: "//streamz:stage Tap\n//streamz:example flow.Of(\n//streamz:output 1\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{`ops/tap.go:6: malformed example "flow.Of(": expected ')', found 'EOF'`},
}, {
	name: "example with an unknown package",
	text: "//streamz:stage Tap\n//streamz:example flaw.Of(1).Tap(len)\n//streamz:output 1\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: undefined: flaw"},
}, {
	name: "example of a name that needs its package",
	text: "//streamz:stage Tap\n//streamz:example flow.Of(Tap{})\n//streamz:output 1\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: undefined: Tap"},
}, {
	name: "no name",
	text: "//streamz:stage\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{`ops/tap.go:5: malformed stage, want NAME or NAME(params) EXPR, got ""`},
}, {
	name: "words after the name",
	text: "//streamz:stage Tap it\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{`ops/tap.go:5: malformed stage, want NAME or NAME(params) EXPR, got "Tap it"`},
}, {
	name: "open parenthesis",
	text: "//streamz:stage Tap(n func(int) NewTap[T]()\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{`ops/tap.go:5: malformed stage, want NAME or NAME(params) EXPR: the parenthesis is not closed, got "Tap(n func(int) NewTap[T]()"`},
}, {
	name: "parameters that are none",
	text: "//streamz:stage Tap(1) NewTap[T]()\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: malformed parameters (1): expected ')', found 1"},
}, {
	name: "parameter without a name",
	text: "//streamz:stage Tap(int, string) NewTap[T]()\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{
		"ops/tap.go:5: stage Tap: parameter int has no name",
		"ops/tap.go:5: stage Tap: parameter string has no name",
	},
}, {
	name: "parameters called like what is generated",
	text: "//streamz:stage Tap\nfunc NewTap[T any](_ int, ops int) *Tap[T] { return nil }",
	want: []string{
		"ops/tap.go:5: stage Tap: no parameter can be called _",
		"ops/tap.go:5: stage Tap: no parameter can be called ops",
	},
}, {
	name: "no expression",
	text: "//streamz:stage Tap(n int)\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{`ops/tap.go:5: malformed expression "": expected operand, found 'EOF'`},
}, {
	name: "undefined and unexported names",
	text: "var limit int\n\n//streamz:stage Tap(n size) NewTap[T](limit, other)\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{
		"ops/tap.go:7: undefined: size",
		"ops/tap.go:7: limit is not exported: generated code cannot use it",
		"ops/tap.go:7: undefined: other",
	},
}, {
	name: "unexported type in a constructor",
	text: "type option int\n\n//streamz:stage Tap\nfunc NewTap[T any](\n\to option,\n) *Tap[T] { return nil }",
	want: []string{"ops/tap.go:9: option is not exported: generated code cannot use it"},
}, {
	name: "unexported stage",
	text: "//streamz:stage tap\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: stage name tap is not exported"},
}, {
	name: "duplicate stage",
	text: "//streamz:stage Tap\n//streamz:stage Tap\nfunc NewTap[T any]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:6: stage name Tap is taken at ops/tap.go:5"},
}, {
	name: "no result, two results, foreign result",
	text: "//streamz:stage A\nfunc NewA() {}\n\n//streamz:stage B\nfunc NewB[T any]() (*Tap[T], error) { return nil, nil }\n\n" +
		"//streamz:stage C\nfunc NewC() context.Context { return nil }",
	want: []string{
		"ops/tap.go:6: NewA must return one processor",
		"ops/tap.go:9: NewB must return one processor",
		"ops/tap.go:12: NewC returns context.Context, which is no struct of this package",
	},
}, {
	name: "result without Process",
	text: "type X struct{}\n\n//streamz:stage X\nfunc NewX() *X { return nil }",
	want: []string{"ops/tap.go:8: NewX returns *X, which has no Process method"},
}, {
	name: "result that is its own alias",
	text: "type X = X\n\n//streamz:stage X\nfunc NewX() *X { return nil }",
	want: []string{"ops/tap.go:8: NewX returns *X, which is no struct of this package"},
}, {
	name: "result that embeds itself",
	text: "type X struct{ *X }\n\n//streamz:stage X\nfunc NewX() *X { return nil }",
	want: []string{"ops/tap.go:8: NewX returns *X, which has no Process method"},
}, {
	name: "Process with many outputs",
	text: "// X is.\ntype X struct{}\n\nfunc (X) Process(ctx context.Context, in <-chan int) []<-chan int { return nil }\n\n//streamz:stage X\nfunc NewX() X { return X{} }",
	want: []string{"ops/tap.go:8: Process of X is not func(context.Context, <-chan X) <-chan Y, so it cannot be stage X"},
}, {
	name: "input that is no type parameter",
	text: "// X is.\ntype X struct{}\n\nfunc (X) Process(ctx context.Context, in <-chan int) <-chan int { return nil }\n\n//streamz:stage X\nfunc NewX() X { return X{} }",
	want: []string{"ops/tap.go:10: stage X cannot be a method: its input int is not a type parameter of constraint any; list X among the exceptions"},
}, {
	name: "input with a constraint",
	text: "//streamz:stage Tap\nfunc NewTap[T comparable]() *Tap[T] { return nil }",
	want: []string{"ops/tap.go:5: stage Tap cannot be a method: its input T is not a type parameter of constraint any; list Tap among the exceptions"},
}, {
	name: "result that is an interface",
	text: "type Y[T any] interface{ M(T) }\n\n// X is.\ntype X[T any] struct{}\n\n" +
		"func (X[T]) Process(ctx context.Context, in <-chan T) <-chan Y[T] { return nil }\n\n//streamz:stage X\nfunc NewX[T any]() X[T] { return X[T]{} }",
	want: []string{"ops/tap.go:12: stage X cannot infer its result ops.Y[T]: it is an interface"},
}, {
	name: "comment that does not begin with the type",
	text: "// An X is.\ntype X[T any] struct{}\n\nfunc (X[T]) Process(ctx context.Context, in <-chan T) <-chan T { return nil }\n\n//streamz:stage X\nfunc NewX[T any]() X[T] { return X[T]{} }",
	want: []string{"ops/tap.go:6: the comment of type X must begin with its name"},
}}

func TestMalformed(t *testing.T) {
	for _, tt := range malformed {
		t.Run(tt.name, func(t *testing.T) {
			files, err := gen.Generate(gen.Config{Sources: opsFile(tt.text + "\n" + tail)})
			if diff := cmp.Diff(tt.want, problemLines(t, err)); diff != "" {
				t.Errorf("Generate() errors mismatch (-want +got):\n%s", diff)
			}
			if files != nil {
				t.Errorf("Generate() gave files beside an error")
			}
		})
	}
}

// opsFile is one file of package ops that imports context in line 3.
func opsFile(text string) map[string][]byte {
	return map[string][]byte{"ops/tap.go": []byte("package ops\n\nimport \"context\"\n\n" + text)}
}

// problemLines splits a joined error, each part of which must be a Problem.
func problemLines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	p, ok := errors.AsType[*gen.Problem](err)
	if !ok || p.File == "" || p.Line < 1 {
		t.Errorf("%v is no Problem with a place", err)
	}
	return strings.Split(err.Error(), "\n")
}

func TestMalformedPackage(t *testing.T) {
	const text = `package mine

import "context"

type X struct{}

func (X) Process(ctx context.Context, in <-chan int) <-chan int { return nil }

//streamz:stage Taken
//streamz:stage Shown
//streamz:example flow.Of(1).Shown()
//streamz:output [1]
func New() X { return X{} }

func Taken() {}
`
	_, err := gen.GeneratePackage(gen.Config{Sources: map[string][]byte{"x.go": []byte(text)}})
	want := []string{
		"x.go:9: stage name Taken is declared at x.go:15",
		"x.go:11: //streamz:example of stage Shown, which has no method",
	}
	if diff := cmp.Diff(want, problemLines(t, err)); diff != "" {
		t.Errorf("GeneratePackage() errors mismatch (-want +got):\n%s", diff)
	}
}

// TestBroken shows that one source that is no Go brings no problems of others.
func TestBroken(t *testing.T) {
	sources := opsFile("//streamz:stage Tap\nfunc NewTap[T any](n Size) *Tap[T] { return nil }\n" + tail)
	sources["ops/size.go"] = []byte("package ops\n\ntype Size struct {\n")
	cfg := gen.Config{Sources: sources}
	want := []string{"ops/size.go:3: expected '}', found 'EOF'"}
	_, err := gen.Generate(cfg)
	for _, err := range []error{err, gen.Check(cfg)} {
		if diff := cmp.Diff(want, problemLines(t, err)); diff != "" {
			t.Errorf("errors mismatch (-want +got):\n%s", diff)
		}
	}
}

func TestOtherPackage(t *testing.T) {
	_, err := gen.Generate(gen.Config{Sources: map[string][]byte{
		"ops/a.go": []byte("package ops\n"),
		"ops/b.go": []byte("package other\n"),
	}})
	want := []string{"ops/b.go:1: package other, but ops/a.go is package ops"}
	if diff := cmp.Diff(want, problemLines(t, err)); diff != "" {
		t.Errorf("Generate() errors mismatch (-want +got):\n%s", diff)
	}
}

func TestImportClash(t *testing.T) {
	const process = "func (t *Tap[T]) Process(ctx context.Context, in <-chan T) <-chan other.Seq[T] { return nil }\n"
	_, err := gen.Generate(gen.Config{Sources: map[string][]byte{
		"ops/a.go": []byte("package ops\n\nimport (\n\t\"context\"\n\tother \"iter\"\n)\n\n// Tap is.\ntype Tap[T any] struct{}\n\n" + process),
		"ops/b.go": []byte("package ops\n\nimport other \"time\"\n\n//streamz:stage Tap\nfunc NewTap[T any](d other.Duration) *Tap[T] { return nil }\n"),
	}})
	want := []string{"ops/b.go:6: import name other stands for iter and for time"}
	if diff := cmp.Diff(want, problemLines(t, err)); diff != "" {
		t.Errorf("Generate() errors mismatch (-want +got):\n%s", diff)
	}
}

// TestImportClashPackage: all stages of a user's package share one file, its
// sources do not share their imports.
func TestImportClashPackage(t *testing.T) {
	constructor := func(name, target string) []byte {
		return []byte("package mine\n\nimport other \"" + target + "\"\n\n//streamz:stage " + name +
			"\nfunc New" + name + "[T any](v other.Value) *Tap[T] { return nil }\n")
	}
	_, err := gen.GeneratePackage(gen.Config{Sources: map[string][]byte{
		"a.go":   constructor("A", "reflect"),
		"b.go":   constructor("B", "log/slog"),
		"tap.go": []byte("package mine\n\nimport \"context\"\n" + tail),
	}})
	want := []string{"b.go:5: stage B: import name other stands for reflect and for log/slog"}
	if diff := cmp.Diff(want, problemLines(t, err)); diff != "" {
		t.Errorf("GeneratePackage() errors mismatch (-want +got):\n%s", diff)
	}
}
