package gen_test

import (
	"maps"
	"os"
	"slices"
	"strings"
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

// TestNames_areComplete looks at the table of what the processors of the reference are here: each
// of them has a row, and no cell is empty.
func TestNames_areComplete(t *testing.T) {
	page, err := os.ReadFile("../../docs/processors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n## Names\n")
	table, _, _ := strings.Cut(rest, "\n## ")
	rows := slices.DeleteFunc(strings.Split(table, "\n"), func(line string) bool { return !strings.HasPrefix(line, "| ") })
	if want := 1 + 32; len(rows) != want {
		t.Errorf("the table has %d rows, want %d", len(rows), want)
	}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 4 || slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) {
			t.Errorf("a cell is empty: %s", row)
		}
	}
}
