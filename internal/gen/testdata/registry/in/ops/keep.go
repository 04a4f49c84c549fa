package ops

import (
	"context"
	"time"
)

type Clock interface{ Now() time.Time }

// Keep is a processor with options.
type Keep[T any, K comparable] struct{}

func NewKeep[A any, K comparable](key func(A) (K, error), d time.Duration, clk ...Clock) *Keep[A, K] {
	return nil
}

func (k *Keep[T, K]) WithKey(key func(T) K) *Keep[T, K] { return k }

func (k *Keep[T, K]) WithDrain() *Keep[T, K] { return k }

func (k *Keep[T, K]) Stats() int { return 0 }

func (k *Keep[T, K]) Process(ctx context.Context, in <-chan T) <-chan T { return in }

// Split has another shape.
type Split[T any] struct{}

func NewSplit[T any]() *Split[T] { return nil }

func (s *Split[T]) Process(ctx context.Context, ins ...<-chan T) []<-chan T { return ins }

// Router has one that is not known.
type Router[T any] struct{}

func NewRouter[T any]() *Router[T] { return nil }

func (r *Router[T]) Process(ctx context.Context, in <-chan T) (yes, no <-chan T) { return in, in }

// Parts has its outputs in a struct.
type Parts[T any] struct{}

type Outputs[T any] struct{ All []<-chan T }

func NewParts[T any]() *Parts[T] { return nil }

func (p *Parts[T]) Process(ctx context.Context, in <-chan T) Outputs[T] { return Outputs[T]{} }

// Maker is a value.
type Maker[T any] interface{ Make() T }

func NewMaker[S, T any](make func(*S) T) Maker[T] { return nil }

func From(ctx context.Context) (Clock, bool) { return nil, false }

func internal() {}
