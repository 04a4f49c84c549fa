package geo

import "context"

type chunker[T any] struct{ n int }

// newChunker makes a chunker.
//
//streamz:stage Chunk
//streamz:stage Chunks(n int) newChunker[T](n)
//streamz:doc Chunks is Chunk by another name.
func newChunker[T any](n int) *chunker[T] { return &chunker[T]{n} }

func (c *chunker[T]) Process(ctx context.Context, in <-chan T) <-chan []T { return nil }

func (c *chunker[T]) Name() string { return "chunker" }

// stage is a word of this package's own.
const stage = 1
