// Package vars publishes figures by package expvar.
//
//	metrics := diag.NewMetrics()
//	err := vars.Publish("streamz", metrics)
//
// It is a package of its own for what importing expvar does: that adds the page /debug/vars,
// with the program's command line and the state of its memory, to http.DefaultServeMux. Who
// does not serve that, or does not want the page, takes diag alone.
package vars

import (
	"errors"
	"expvar"
	"fmt"
)

// ErrPublished says that a name is taken: what is published stays for good.
var ErrPublished = errors.New("the name is published already")

// Publish publishes v under a name, as expvar.Publish does, but returns an error that wraps
// [ErrPublished] where that ends the program. A *diag.Metrics is a variable as it is; of other
// values make one with expvar.Func, as
// expvar.Func(func() any { return inspector.Stats() }). It is safe for concurrent use.
func Publish(name string, v expvar.Var) (err error) {
	taken := fmt.Errorf("vars: publish %q: %w", name, ErrPublished)
	if expvar.Get(name) != nil {
		return taken
	}
	defer func() { // somebody may publish it between the look and here
		if recover() != nil {
			err = taken
		}
	}()
	expvar.Publish(name, v)
	return nil
}
