package callsite

// callers fills pcs with the return addresses of its caller and of those above, the
// innermost first, and leaves the rest as it is.
//
//go:noescape
func callers(pcs *[depth]uintptr)
