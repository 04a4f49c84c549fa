package kernel

import (
	"bytes"
	"fmt"
	"runtime/debug"
)

// Thrown is a panic that was caught where it could be nobody's failure, or a Goexit, with
// ErrGoexit as its value. Where it is thrown again it keeps its stack. The zero Thrown says
// that nothing happened.
type Thrown struct {
	Value any
	Stack []byte
}

// Catch calls fn and notes in t what kept it from returning. A Goexit goes on after that.
func (t *Thrown) Catch(fn func()) {
	clean := false
	defer func() {
		if clean {
			return
		}
		if t.Value = recover(); t.Value == nil {
			t.Value = ErrGoexit
		}
		t.Stack = Stack()
	}()
	fn()
	clean = true
}

// Again panics with what was caught, if there was anything.
func (t *Thrown) Again() {
	if t.Value != nil {
		panic(t)
	}
}

// Error is what the program prints if nobody recovers it.
func (t *Thrown) Error() string { return fmt.Sprintf("%v\n\n%s", t.Value, t.Stack) }

// Stack is that of the goroutine from the frame that panicked, or called Goexit, on. The
// frames of the kernel on top of it, which only ask for the stack, are left out.
func Stack() []byte {
	whole := debug.Stack()
	lines := bytes.SplitAfter(whole, []byte("\n")) // a head, then two for each frame
	i := 1
	for i < len(lines) && !unwinds(lines[i]) {
		i += 2
	}
	for i < len(lines) && (unwinds(lines[i]) || bytes.HasPrefix(lines[i], []byte("runtime."))) {
		i += 2
	}
	if i >= len(lines) {
		return whole
	}
	return bytes.Join(append(lines[:1:1], lines[i:]...), nil)
}

// unwinds tells the frame of the runtime that calls deferred functions.
func unwinds(frame []byte) bool {
	return bytes.HasPrefix(frame, []byte("panic(")) || bytes.HasPrefix(frame, []byte("runtime.Goexit("))
}
