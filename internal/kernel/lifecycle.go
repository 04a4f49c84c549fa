package kernel

// Misshapen finds a method of v that has the name of an optional one but another type,
// so that nobody would ever call it: io.Closer's Close above all. want says what it must
// be, "" if there is none.
func Misshapen(v any) (method, want string) {
	switch v.(type) {
	case interface{ Open() error }, interface{ Open() }:
		return "Open", "must be Open(context.Context) error"
	case interface{ Flush() error }, interface{ Flush() }:
		return "Flush", "must take a context.Context and return an error"
	case interface{ Close() error }, interface{ Close() }:
		return "Close", "must be Close(cause error) error"
	}
	return "", ""
}
