package flow

import "github.com/go-streamz/streamz/ops"

// Window is what came in a span of time, see [ops.Window].
type Window[T any] = ops.Window[T]
