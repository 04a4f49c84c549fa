package gen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-streamz/streamz/internal/gen"
)

// TestFresh compares the generated files of the module with the directives
// they come of.
func TestFresh(t *testing.T) {
	lines, err := gen.Stale(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		t.Errorf("%s (run: make generate)", line)
	}
}

// TestConsistency holds package ops to the rules of Check.
func TestConsistency(t *testing.T) {
	cfg, err := gen.Load(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := gen.Check(cfg); err != nil {
		t.Error(err)
	}
}

// moduleRoot is the nearest folder above with a go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
