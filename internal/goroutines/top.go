package goroutines

import (
	"path"
	"strings"
)

// Top gives the innermost frame of a stack that is neither of the standard library nor of
// this one, as "main.load at app/load.go:17", or the innermost of all if there is none. It
// gives "" for an empty stack.
func Top(stack string) string {
	first := ""
	for function, rest := range frames(stack) {
		at := path.Base(function)
		if file, _, _ := strings.Cut(rest, "\n"); file != "" {
			at += " at " + path.Join(path.Base(path.Dir(file)), path.Base(file))
		}
		if first == "" {
			first = at
		}
		if !library(function) {
			return at
		}
	}
	return first
}

// frames gives the functions of a stack with their places.
func frames(stack string) func(yield func(function, place string) bool) {
	return func(yield func(function, place string) bool) {
		lines := strings.Split(stack, "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			if !yield(lines[i], strings.TrimPrefix(lines[i+1], "\t")) {
				return
			}
		}
	}
}

const own = "github.com/go-streamz/streamz/"

// library tells whether a function belongs to the standard library, to the rooms of this one
// that users' functions are called from, or to what those start their goroutines with. Import
// paths of the first have no dot in their first element.
func library(function string) bool {
	if rest, ok := strings.CutPrefix(function, own); ok {
		room, _, _ := strings.Cut(rest, ".")
		return !strings.HasSuffix(room, "_test") && !strings.HasPrefix(room, "examples")
	}
	if strings.HasPrefix(function, "golang.org/x/sync/") {
		return true
	}
	first, _, _ := strings.Cut(function, "/")
	if !strings.Contains(function, "/") {
		first, _, _ = strings.Cut(function, ".")
	}
	return first != "main" && !strings.Contains(first, ".")
}
