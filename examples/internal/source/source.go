// Package source finds what the examples work on.
package source

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Folder checks that dir is one. If it is empty the folder is that of the source of the
// Go toolchain; only the go command knows for sure where that is.
func Folder(ctx context.Context, dir string) (string, error) {
	if dir != "" {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s: not a folder", dir)
		}
		return dir, err
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", cmp.Or(context.Cause(ctx), err))
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src"), nil
}
