package sequential

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// shown is how many differences of a kind are described.
const shown = 10

// Verify scans a tree and compares what it finds with the results in a folder, field by
// field, row by row and letter by letter. It describes the differences.
func Verify(ctx context.Context, tree fs.FS, folder string) ([]string, error) {
	want, err := Scan(ctx, tree)
	if err != nil {
		return nil, err
	}
	summary, err := scan.ReadSummary(folder)
	if err != nil {
		return nil, err
	}
	findings, err := scan.ReadFindings(folder)
	if err != nil {
		return nil, err
	}
	letters, err := scan.ReadLetters(filepath.Join(folder, scan.LettersName))
	if err != nil {
		return nil, err
	}
	diffs := scan.Differences(summary, want.Summary)
	diffs = diffs[:min(len(diffs), shown)]
	diffs = append(diffs, rows("finding", findings, want.Findings)...)
	return append(diffs, rows("letter", letters, want.Letters)...), nil
}

// rows describes the first differences of two lists.
func rows[T comparable](what string, got, want []T) (diffs []string) {
	for i := 0; i < max(len(got), len(want)) && len(diffs) < shown; i++ {
		a, b := "nothing", "nothing"
		if i < len(got) {
			a = fmt.Sprintf("%+v", got[i])
		}
		if i < len(want) {
			b = fmt.Sprintf("%+v", want[i])
		}
		if a != b {
			diffs = append(diffs, fmt.Sprintf("%s %d: %s against %s", what, i+1, a, b))
		}
	}
	return diffs
}
