package sketch

import "github.com/go-streamz/streamz/ops"

// config is what every summary knows of how it was made.
type config struct {
	good bool
	bad  *ops.ConfigError
}

// misuse keeps a wrong argument, the first one.
func (c *config) misuse(summary, field string, value any, want string) {
	if c.bad == nil {
		c.bad = &ops.ConfigError{Stage: summary, Field: field, Value: value, Want: want}
	}
}

// seal ends the making, and tells whether all arguments are right.
func (c *config) seal() bool {
	c.good = c.bad == nil
	return c.good
}

// need panics unless the summary was made well.
func (c *config) need() {
	if !c.good {
		panic(c.wrong())
	}
}

func (c *config) wrong() error {
	if c.bad == nil {
		return &ops.ConfigError{Stage: "sketch", Field: "summary", Want: "must be made by its constructor"}
	}
	return c.bad
}

// unlike is the error of merging two summaries that differ in how they were made.
func unlike[T comparable](summary, field string, one, other T) error {
	if one == other {
		return nil
	}
	return &ops.ConfigError{Stage: summary, Field: field + " of the other", Value: other, Want: "must be the same"}
}
