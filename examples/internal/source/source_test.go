package source_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-streamz/streamz/examples/internal/source"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if got, err := source.Folder(t.Context(), dir); got != dir || err != nil {
		t.Errorf("Folder(%q) = %q, %v", dir, got, err)
	}
	if _, err := source.Folder(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a folder that does not exist: error %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Folder(t.Context(), file); err == nil || !strings.Contains(err.Error(), "not a folder") {
		t.Errorf("of a file: error %v", err)
	}
}

func TestFolder_ofTheToolchain(t *testing.T) {
	dir, err := source.Folder(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "fmt", "print.go")); err != nil {
		t.Error(err)
	}
}

func TestFolder_tellsWhyItWasInterrupted(t *testing.T) {
	errQuit := errors.New("quit")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errQuit)
	if _, err := source.Folder(ctx, ""); !errors.Is(err, errQuit) {
		t.Errorf("Folder() error = %v, want %v", err, errQuit)
	}
}
