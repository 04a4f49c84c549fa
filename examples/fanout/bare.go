package main

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// bare does the same over channels, as one would without a flow: every file goes two ways at
// once, to be hashed and to be compressed, and the halves come together again. What Run does
// for a flow has to be done by hand here: a context that ends all stages when one fails, the
// error that is kept for the caller, and the wait for the end.
func bare(ctx context.Context, j job, workers int, names <-chan string, into *list) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := func(_ context.Context, e *ops.ItemError) { cancel(fmt.Errorf("%v: %w", e.Item, e.Err)) }

	ways := ops.NewFanOut[string](2).WithBufferSize(workers).Process(ctx, names)
	hashed := ops.NewAsyncMapper(j.hash).WithWorkers(workers).OnError(failed).Process(ctx, ways[0])
	packed := ops.NewAsyncMapper(j.compress).WithWorkers(workers).OnError(failed).Process(ctx, ways[1])

	halves := make(map[string]digest)
	for half := range ops.NewFanIn[digest]().Process(ctx, hashed, packed) {
		other, both := halves[half.Path]
		if !both {
			halves[half.Path] = half
			continue
		}
		delete(halves, half.Path)
		if err := into.Put(ctx, join(half, other)); err != nil {
			cancel(err)
		}
	}
	for range hashed { // closed only when its last call has returned
	}
	for range packed {
	}
	return context.Cause(ctx)
}

// join makes one digest of two that know a half of it each.
func join(a, b digest) digest {
	return digest{Path: a.Path, Sum: a.Sum + b.Sum, Size: a.Size + b.Size, Packed: a.Packed + b.Packed}
}
