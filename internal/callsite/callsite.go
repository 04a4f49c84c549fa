// Package callsite remembers where a program called into the library, cheaply enough
// to do so for every stage of every flow.
//
// runtime.Callers costs some hundred nanoseconds, because it unwinds with the tables of
// every function on the way. On amd64 the return addresses are read off the frame
// pointers instead, which Go keeps for such readers; elsewhere runtime.Callers does it.
// What they mean is looked up only when somebody asks.
package callsite

import (
	"runtime"
	"strconv"
	"strings"
)

// depth reaches the program through Here, the function that calls it and the fluent method on
// top of that, with two more between these, also where the compiler has inlined none of them.
const depth = 6

// Site is a place in the program. The zero Site is none.
type Site struct{ pcs [depth]uintptr }

// Here gives the place of the call, to be asked for with [Site.Outside].
func Here() (s Site) {
	callers(&s.pcs)
	return s
}

// Outside gives the innermost place outside the package with the import path, as
// file:line, "" if there is none.
func (s Site) Outside(pkg string) string {
	n := 0
	for n < depth && s.pcs[n] != 0 {
		n++
	}
	if n == 0 {
		return ""
	}
	frames := runtime.CallersFrames(s.pcs[:n])
	for {
		frame, more := frames.Next()
		inside := strings.HasPrefix(frame.Function, pkg+".") || strings.HasPrefix(frame.Function, ownPackage)
		if !inside && frame.File != "" {
			return frame.File + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return ""
		}
	}
}

const ownPackage = "github.com/go-streamz/streamz/internal/callsite."
