package main // a program has no exported surface

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkersIn(t *testing.T) {
	for line, want := range map[string]markers{
		"":                              {},
		"// TODO: x":                    {todo: 1},
		"// TODO(rsc): x":               {todo: 1},
		"//TODO:TODO(x) FIXME: BUG(":    {todo: 2, fixme: 1, bug: 1},
		"// TODO x, TODO, TODO :":       {},
		"TODO:":                         {todo: 1},
		"TODO":                          {},
		"aTODO: _TODO: 1BUG( TODOTODO:": {},
		"éTODO:":                        {todo: 1},
		"// todo: x DEBUG: x":           {},
	} {
		if got := markersIn(line); got != want {
			t.Errorf("markersIn(%q) = %v, want %v", line, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"single":                  {"package p\nimport \"a\"\nimport `b/c`\n", []string{"a", "b/c"}},
		"list":                    {"package p\nimport (\n\t\"a\"\n\n\t\"b\"\n)\nimport \"c\"\n", []string{"a", "b", "c"}},
		"names":                   {"import x \"a\"\nimport (\n\t. \"b\"\n\t_ \"c\"\n\té1 \"d\"\n)", []string{"a", "b", "c", "d"}},
		"one line":                {"package p; import \"a\"; import (\"b\"; x \"c\"); var x int", []string{"a", "b", "c"}},
		"no space":                {"package p\nimport\"a\"\nimport(\"b\")", []string{"a", "b"}},
		"path on the next line":   {"import\n\"a\"\nimport\n(\n\"b\"\n)", []string{"a", "b"}},
		"empty list":              {"import ()\nimport \"a\"", []string{"a"}},
		"comments":                {"// import \"no\"\n/* import \"no\" */ package p /* a\nimport \"no\"\n*/ import /**/ \"a\" // \"no\"\nimport (\n// \"no\"\n/* \"no\" */ \"b\"\n)", []string{"a", "b"}},
		"cgo preamble":            {"package p\n/*\n#include \"no.h\"\nint f() { return 1; }\n*/\nimport \"C\"\n", []string{"C"}},
		"comment in a path":       {"import \"a//b\"\nimport \"/*\"\nimport \"c\"", []string{"a//b", "/*", "c"}},
		"no import behind a func": {"package p\nimport \"a\"\nfunc f() {}\nimport \"no\"\n", []string{"a"}},
		"raw string":              {"package p\nvar s = `\nimport \"no\"\n`\n", nil},
		"words like import":       {"package p\nimports \"no\"\n", nil},
		"string without end":      {"import \"a\nimport \"no\"", nil},
		"backslash in a path":     {`import "a\"b"`, nil},
		"comment without end":     {"package p /* \nimport \"no\"", nil},
		"slash":                   {"package p / import \"no\"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			var place header
			for line := range strings.Lines(test.text) {
				var paths []string
				paths, place = place.parse(line)
				got = append(got, paths...)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parse() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
