// The test is internal because package main cannot be imported.
package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const source = `package ops

import "context"

// X is.
type X[T any] struct{}

func (X[T]) Process(ctx context.Context, in <-chan T) <-chan T { return nil }

//streamz:stage X
func NewX[T any]() X[T] { return X[T]{} }
`

func TestRun(t *testing.T) {
	module, user := t.TempDir(), t.TempDir()
	write(t, filepath.Join(module, "ops", "x.go"), source)
	write(t, filepath.Join(user, "x.go"), source)
	t.Chdir(user)
	for _, tt := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"-root", module, "-check"}, 1, "flow/zx.go: missing\nstage/zx.go: missing\n", "run: make generate\n"},
		{[]string{"-root", module}, 0, "flow/zx.go\nstage/zx.go\n", ""},
		{[]string{"-root", module}, 0, "", ""},
		{[]string{"-root", module, "-check"}, 0, "", ""},
		{[]string{"-check"}, 1, "", "x.go:10: stage name X is declared at x.go:6\n"},
		{[]string{"x.go"}, 2, "", "streamzgen: unexpected argument x.go\n"},
	} {
		runs(t, tt.args, tt.code, tt.stdout, tt.stderr)
	}
	// In a user's package the function stands beside the type, so it needs
	// another name.
	write(t, filepath.Join(user, "x.go"), strings.Replace(source, "stage X", "stage Y", 1))
	runs(t, []string{"-check"}, 1, "zstages.go: missing\n", "run: go generate\n")
	runs(t, nil, 0, "zstages.go\n", "")
	runs(t, []string{"-check"}, 0, "", "")
}

func runs(t *testing.T, args []string, code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	got := run(args, &out, &errOut)
	if got != code || out.String() != stdout || errOut.String() != stderr {
		t.Errorf("run(%q): want %d, %q, %q\ngot %d, %q, %q", args, code, stdout, stderr, got, out.String(), errOut.String())
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
