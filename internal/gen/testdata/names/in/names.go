package ops

import (
	stdcontext "context"
	"math/rand/v2"
	str "strings"
)

// Kind is a key of a table.
type Kind string

// Small is a Kind.
const Small Kind = "small"

// Table is a map that its literals are keyed by value.
type Table map[Kind]int

// Limits is a struct that its literals are keyed by field.
type Limits struct{ Small int }

// Option changes a Chooser.
type Option[T any] func(*Chooser[T])

// Chooser chooses items.
//
//   - Emits: some items
//   - Holds: nothing
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type Chooser[T any] struct{}

// NewChooser makes a Chooser, in many ways.
//
//streamz:stage Choose
//streamz:example flow.Of(1).Choose(nil)
//streamz:output [1]
//streamz:stage ChooseBy(f func(T) bool, names ...string) NewChooser[T](nil, WithTable(f, Table{Small: len(str.Join(names, ""))}, map[Kind]int{Small: 1}, Limits{Small: int(time.Second)}))
//streamz:example flow.Of(1).ChooseBy(func(n int) bool { flow := n > 0; return flow }, "a", "b")
//streamz:output [1]
//streamz:stage ChooseAny() NewChooser[T](func(v T) bool { Small := rand.Float64(); return Small < 0.5 })
//streamz:example flow.Of(rand.N(1)).ChooseAny()
//streamz:output [0]
func NewChooser[T any](flow func(T) bool, opts ...Option[T]) *Chooser[T] { return &Chooser[T]{} }

// Toss is heads or tails.
func Toss(name string) bool { return str.HasPrefix(name, "h") || rand.N(2) == 0 }

// WithTable is an Option.
func WithTable[T any](f func(T) bool, t Table, m map[Kind]int, l Limits) Option[T] { return nil }

// Process runs the Chooser over channels.
func (c *Chooser[T]) Process(ctx stdcontext.Context, in <-chan T) <-chan T { return nil }

// Name is "chooser".
func (c *Chooser[T]) Name() string { return "chooser" }
