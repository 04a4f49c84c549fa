package gen_test

import (
	"maps"
	"testing"

	"github.com/go-streamz/streamz/internal/gen"
)

// TestGoldenPage has a processor with a picture, and one that is no stage.
func TestGoldenPage(t *testing.T) {
	cfg := gen.Config{
		Sources:    caseSources(t, "page", "ops/"),
		Exceptions: map[string]gen.Exception{"Merger": {Replacement: "flow.Merge(flows...)"}},
	}
	if err := gen.Check(cfg); err != nil {
		t.Errorf("Check: %v", err)
	}
	files, err := gen.Page(cfg)
	if err != nil {
		t.Fatal(err)
	}
	marbles, err := gen.Marbles(cfg)
	maps.Copy(files, marbles)
	compareGolden(t, "page", files, err)
}

// TestPage_belongsToItsRoom: other modules have none.
func TestPage_belongsToItsRoom(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, map[string]string{
		"ops/x.go":                    "package ops\n",
		"docs/architecture.md":        "# x\n",
		"internal/marble/any_test.go": "package marble\n",
	})
	wantStale(t, root, "docs/processors.md: missing", "internal/marble/zmarbles_test.go: missing")
	wantWrite(t, root, "docs/processors.md", "internal/marble/zmarbles_test.go")
	wantStale(t, root)
}
