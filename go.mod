module github.com/go-streamz/streamz

go 1.27.0

toolchain go1.27.3

require (
	github.com/google/go-cmp v0.7.0
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.24.0
)
