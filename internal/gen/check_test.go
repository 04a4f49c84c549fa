package gen_test

import (
	"testing"

	"github.com/go-streamz/streamz/internal/gen"
	"github.com/google/go-cmp/cmp"
)

const contract = `//
//   - Emits: each item
//   - Holds: nothing
//   - Backpressures: while its item waits
//   - Completes: when the input ends
//   - Cancels: drops the item
`

const process = `

func (X[T]) Process(ctx context.Context, in <-chan T) <-chan T { return nil }
`

const constructor = `
//streamz:stage X
//streamz:example flow.Of(1).X()
//streamz:output [1]
func NewX[T any]() X[T] { return X[T]{} }
`

// TestCheck breaks one rule of package ops after the other.
func TestCheck(t *testing.T) {
	listed := func(e gen.Exception) map[string]gen.Exception { return map[string]gen.Exception{"X": e} }
	for _, tt := range []struct {
		name, text string
		exceptions map[string]gen.Exception
		want       []string
	}{{
		name: "all is well",
		text: "// X is.\n" + contract + "type X[T any] struct{}" + process + constructor,
	}, {
		name: "no contract",
		text: "// X is.\ntype X[T any] struct{}" + process + constructor,
		want: []string{"ops/tap.go:6: the comment of X has no contract list: Emits, Holds, Backpressures, Completes, Cancels"},
	}, {
		name: "short contract",
		text: "// X is.\n//\n//   - Emits: it\n//   - Holds: it\ntype X[T any] struct{}" + process + constructor,
		want: []string{"ops/tap.go:9: the contract of X ends before Backpressures"},
	}, {
		name: "contract in another order",
		text: "// X is.\n//\n//   - Emits: it\n//   - Backpressures: it\ntype X[T any] struct{}" + process + constructor,
		want: []string{`ops/tap.go:9: the contract of X has "Backpressures" where Holds belongs`},
	}, {
		name: "empty item",
		text: "// X is.\n//\n//   - Emits: it\n//   - Holds:\n//   - Backpressures: it\n//   - Completes: it\n//   - Cancels: it\ntype X[T any] struct{}" + process + constructor,
		want: []string{"ops/tap.go:12: the contract of X says nothing about Holds"},
	}, {
		name: "more than the contract",
		text: "// X is.\n" + contract + "//   - Retries: never\ntype X[T any] struct{}" + process + constructor,
		want: []string{"ops/tap.go:13: the contract of X goes on after Cancels"},
	}, {
		name: "no example",
		text: "// X is.\n" + contract + "type X[T any] struct{}" + process + "\n//streamz:stage X\nfunc NewX[T any]() X[T] { return X[T]{} }",
		want: []string{"ops/tap.go:16: stage X has no //streamz:example"},
	}, {
		name: "no stage",
		text: "// X is.\n" + contract + "type X[T any] struct{}" + process,
		want: []string{"ops/tap.go:12: processor X has no constructor with a //streamz:stage and is no listed exception"},
	}, {
		name:       "exception without its stage",
		text:       "// X is.\n" + contract + "type X[T any] struct{}\n\nfunc (X[T]) Process(ctx context.Context, in <-chan []T) <-chan T { return nil }\n",
		exceptions: listed(gen.Exception{Replacement: "y", Stage: true}),
		want:       []string{"ops/tap.go:12: exception X should have a stage, but no constructor has a //streamz:stage"},
	}, {
		name:       "exception that has a stage",
		text:       "// X is.\n" + contract + "type X[T any] struct{}\n\nfunc (X[T]) Process(ctx context.Context, in <-chan []T) <-chan T { return nil }\n\n//streamz:stage X\nfunc NewX[T any]() X[T] { return X[T]{} }",
		exceptions: listed(gen.Exception{Replacement: "y"}),
		want:       []string{"ops/tap.go:16: X is an exception without a stage: use y"},
	}, {
		name:       "exception that nothing replaces",
		text:       "// X is.\n" + contract + "type X[T any] struct{}\n\nfunc (X[T]) Process(ctx context.Context, in <-chan T) []<-chan T { return nil }\n",
		exceptions: listed(gen.Exception{}),
		want:       []string{"ops/tap.go:12: exception X does not say what replaces it"},
	}, {
		name:       "exception that could be a method",
		text:       "// X is.\n" + contract + "type X[T any] struct{}" + process + constructor,
		exceptions: listed(gen.Exception{Replacement: "y", Stage: true}),
		want:       []string{"ops/tap.go:12: exception X is needed no more: it can be a method"},
	}, {
		name:       "exception that is not there",
		text:       "type X[T any] int",
		exceptions: listed(gen.Exception{Replacement: "y"}),
		want:       []string{"ops/tap.go:1: exception X is no processor of the package"},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			err := gen.Check(gen.Config{Sources: opsFile(tt.text), Exceptions: tt.exceptions})
			if diff := cmp.Diff(tt.want, problemLines(t, err)); diff != "" {
				t.Errorf("Check() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
