package clock

import "context"

type contextKey struct{}

// With returns a context derived from ctx that carries c, in the place of any
// clock that ctx carries. A nil c stands for [Real].
func With(ctx context.Context, c Clock) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// From returns the clock that ctx carries, or [Real] if it carries none. It is
// never nil.
func From(ctx context.Context) Clock {
	if c, ok := ctx.Value(contextKey{}).(Clock); ok {
		return c
	}
	return Real()
}
