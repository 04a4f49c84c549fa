package gen

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// modulePath is the module whose stages are written, and whose package stage
// a user's stages are made of.
const modulePath = "github.com/go-streamz/streamz"

// importSet holds import paths by the name that code refers to them with.
type importSet map[string]string

// stdPackages are the packages that a directive may name without an import in
// its file.
func stdPackages() importSet {
	set := importSet{}
	for _, name := range []string{
		"context", "errors", "fmt", "iter", "maps", "math", "slices", "sort", "strconv", "strings", "time", "unicode",
	} {
		set[name] = name
	}
	return set
}

// fileImports lists what a file imports. Dot and blank imports bring no name.
func fileImports(file *ast.File) importSet {
	set := importSet{}
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := baseName(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name != "." && name != "_" {
			set[name] = target
		}
	}
	return set
}

// baseName guesses a package's name from its path: the last element, or the
// one before a major version.
func baseName(target string) string {
	base := path.Base(target)
	if major, ok := strings.CutPrefix(base, "v"); ok && path.Dir(target) != "." {
		if _, err := strconv.Atoi(major); err == nil {
			base = path.Base(path.Dir(target))
		}
	}
	return base
}

// add puts all of other into s and returns the names that stand for another
// path there already.
func (s importSet) add(other importSet) (clashes []string) {
	for _, name := range slices.Sorted(maps.Keys(other)) {
		if old, ok := s[name]; ok && old != other[name] {
			clashes = append(clashes, name)
			continue
		}
		s[name] = other[name]
	}
	return clashes
}

// Decl is the import declaration, the standard library first.
func (s importSet) Decl() string {
	var std, other []string
	for _, name := range s.byPath() {
		if first, _, _ := strings.Cut(s[name], "/"); strings.Contains(first, ".") {
			other = append(other, s.spec(name))
		} else {
			std = append(std, s.spec(name))
		}
	}
	switch len(s) {
	case 0:
		return ""
	case 1:
		return "import " + append(std, other...)[0] + "\n"
	}
	return "import (\n" + strings.Join(std, "\n") + "\n\n" + strings.Join(other, "\n") + "\n)\n"
}

// spec gives a name only where the path does not tell it.
func (s importSet) spec(name string) string {
	if name == path.Base(s[name]) || name == baseName(s[name]) {
		return strconv.Quote(s[name])
	}
	return name + " " + strconv.Quote(s[name])
}

func (s importSet) byPath() []string {
	return slices.SortedFunc(maps.Keys(s), func(a, b string) int {
		return strings.Compare(s[a]+" "+a, s[b]+" "+b)
	})
}
