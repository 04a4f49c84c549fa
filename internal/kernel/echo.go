package kernel

import (
	"context"
	"reflect"
)

// echo tells an error that only says that the context has ended. It asks the context
// first: an error may carry the context.Canceled of some other context, and that one is
// a failure like any other. After an early stop nothing that a call still in flight says
// can matter.
func (g *Segment) echo(err error) bool {
	return g.ctx.Err() != nil && g.cause() == ErrStop || g.tellsEnd(err)
}

// tellsEnd is echo for code whose errors matter also after an early stop.
func (g *Segment) tellsEnd(err error) bool {
	ended := g.ctx.Err()
	return ended != nil && saysOnly(err, ended, g.cause(), context.Cause(g.ctx))
}

// TellsEnd tells whether an error of a policy only says that the stage's context has
// ended.
func (s *Stage) TellsEnd(err error) bool { return s.seg.tellsEnd(err) }

// Echoes tells whether an error only says that a context has ended.
func Echoes(ctx context.Context, err error) bool {
	ended := ctx.Err()
	return ended != nil && saysOnly(err, ended, context.Cause(ctx))
}

// saysOnly tells whether an error is one of some, however wrapped. Of one that is joined of
// several each part has to be: what failed besides must not be lost.
func saysOnly(err error, ends ...error) bool {
	if err == nil {
		return false
	}
	for _, target := range ends {
		if is(err, target) {
			return true
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return saysOnly(e.Unwrap(), ends...)
	case interface{ Unwrap() []error }:
		return allSay(e.Unwrap(), ends)
	}
	return false
}

// allSay tells whether there are errors, and saysOnly holds for each.
func allSay(errs, ends []error) bool {
	some := false
	for _, err := range errs {
		if err == nil {
			continue
		}
		if some = true; !saysOnly(err, ends...) {
			return false
		}
	}
	return some
}

// is tells whether err itself, without what it wraps, is target, as errors.Is does.
func is(err, target error) bool {
	if reflect.TypeOf(target).Comparable() && err == target {
		return true
	}
	e, ok := err.(interface{ Is(error) bool })
	return ok && e.Is(target)
}
