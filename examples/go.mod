module github.com/go-streamz/streamz/examples

go 1.27.0

toolchain go1.27.3

require (
	github.com/go-streamz/streamz v0.0.0
	github.com/google/go-cmp v0.7.0
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.24.0
)

replace github.com/go-streamz/streamz => ..
