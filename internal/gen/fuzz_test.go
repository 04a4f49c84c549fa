package gen_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/go-streamz/streamz/internal/gen"
)

// FuzzDirective reads any text as the rest of a stage directive.
func FuzzDirective(f *testing.F) {
	for _, seed := range []string{
		"Map", "Batch(n int, wait time.Duration) NewX[T](Config{Size: n})", "A()", "A(", "A(f func(", "A(a, b int) x +", "A(x ...T) f(x...)",
		"A(s string) f(\")\", `(`)", "A(n int) func() { for i := range n { goto L; L: _ = i } }()", "A(_ int) 1", "\x00", "A(a int) T{a: {b: 1}}",
	} {
		f.Add(seed, "flow.Of(1)")
	}
	f.Fuzz(func(t *testing.T, directive, example string) {
		text := "// X is.\ntype X[T any] struct{}" + process +
			"\n//streamz:stage " + oneLine(directive) + "\n//streamz:example " + oneLine(example) + "\n//streamz:output 1\n" +
			"func NewX[T any](n int) X[T] { return X[T]{} }\n"
		generate(t, opsFile(text))
	})
}

func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
}

// FuzzGenerate reads any text as a source.
func FuzzGenerate(f *testing.F) {
	for _, name := range []string{"exception", "names", "nested", "plain"} {
		for _, src := range readTree(f, "testdata/"+name+"/in") {
			f.Add([]byte(src))
		}
	}
	for _, tt := range malformed {
		f.Add(opsFile(tt.text + "\n" + tail)["ops/tap.go"])
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		generate(t, map[string][]byte{"ops/x.go": src})
	})
}

// generate does everything with the sources that must not panic, and demands
// that what comes of them is Go.
func generate(t *testing.T, sources map[string][]byte) {
	t.Helper()
	cfg := gen.Config{Sources: sources, Exceptions: gen.Exceptions()}
	files, err := gen.Generate(cfg)
	if (files == nil) != (err != nil) {
		t.Errorf("Generate() gave %d files and error %v", len(files), err)
	}
	if err != nil {
		problemLines(t, err)
	}
	_ = gen.Check(cfg)
	user, _ := gen.GeneratePackage(cfg)
	for _, set := range []map[string][]byte{files, user} {
		for name, content := range set {
			if _, err := parser.ParseFile(token.NewFileSet(), name, content, 0); err != nil {
				t.Errorf("%v\n%s", err, content)
			}
		}
	}
}
