package diag

import (
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// misuse is what is wrong with a value, without its name, which may still change.
type misuse []ops.ConfigError

func (m misuse) with(field string, value any, want string) misuse {
	return append(slices.Clip(m), ops.ConfigError{Field: field, Value: value, Want: want})
}

// err joins it, nil if there is none.
func (m misuse) err(name string) error {
	errs := make([]error, len(m))
	for i, e := range m {
		e.Stage = name
		errs[i] = &e
	}
	return kernel.Join(errs...)
}
