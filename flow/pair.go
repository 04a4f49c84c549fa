package flow

import "github.com/go-streamz/streamz/ops"

// Pair is two values that belong together.
type Pair[A, B any] = ops.Pair[A, B]
