package gen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTransitiveImports applies the rules to what a room reaches through
// others: an import of flow that links net/http is as bad as one of its own.
func TestTransitiveImports(t *testing.T) {
	for _, pkg := range listPackages(t, moduleRoot(t)) {
		dir := strings.TrimPrefix(pkg.ImportPath, module+"/")
		for _, target := range pkg.Deps {
			if why := ruleViolation(dir, target); why != "" {
				t.Errorf("%s: %s", pkg.ImportPath, why)
			}
		}
	}
}

// listed is a package with all that it needs.
type listed struct {
	ImportPath string
	Deps       []string
}

// listPackages asks the go command. Packages with errors are listed too: the
// compiler reports those.
func listPackages(t *testing.T, root string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, pkg)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
