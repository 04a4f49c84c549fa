package gen_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/internal/gen"
)

// TestGoldenRegistry has a function for each kind of entry, and one for each reason to have
// none.
func TestGoldenRegistry(t *testing.T) {
	files, err := gen.Registry(caseSources(t, "registry", ""))
	compareGolden(t, "registry", files, err)
}

// TestRegistry_belongsToItsRoom: other modules have none.
func TestRegistry_belongsToItsRoom(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, map[string]string{
		"ops/x.go":                   "package ops\n",
		"diag/x.go":                  "package diag\n",
		"flow/x.go":                  "package flow\n\nfunc Stop() {}\n",
		"internal/chaos/any_test.go": "package chaos\n",
	})
	wantStale(t, root, "internal/chaos/zregistry_test.go: missing")
	wantWrite(t, root, "internal/chaos/zregistry_test.go")
	wantStale(t, root)
	writeTree(t, root, map[string]string{"flow/y.go": "package flow\n\nfunc Go() {}\n"})
	wantStale(t, root, "internal/chaos/zregistry_test.go: stale")
}

func TestRegistry_ofNoGo(t *testing.T) {
	_, err := gen.Registry(map[string][]byte{"flow/x.go": []byte("package flow\nfunc")})
	if want := "flow/x.go:2"; err == nil || !cmp.Equal(err.Error()[:len(want)], want) {
		t.Errorf("Registry() gives the error %v, want one at %s", err, filepath.ToSlash(want))
	}
}
