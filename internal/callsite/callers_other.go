//go:build !amd64

package callsite

import "runtime"

// callers fills pcs with the return addresses of its caller and of those above, the
// innermost first, and leaves the rest as it is.
func callers(pcs *[depth]uintptr) { runtime.Callers(2, pcs[:]) }
