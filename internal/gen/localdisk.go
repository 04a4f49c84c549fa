package gen

import (
	"go/build"
	"os"
	"path/filepath"
)

// WritePackage brings the stages of the package in dir up to date and returns
// the paths that it changed.
func WritePackage(dir string) ([]string, error) {
	p, err := packagePlan(dir)
	if err != nil {
		return nil, err
	}
	return p.write()
}

// StalePackage returns what WritePackage would do and changes nothing.
func StalePackage(dir string) ([]string, error) {
	p, err := packagePlan(dir)
	if err != nil {
		return nil, err
	}
	return p.describe(), nil
}

func packagePlan(dir string) (*plan, error) {
	sources, err := packageSources(dir)
	if err != nil {
		return nil, err
	}
	files, err := GeneratePackage(Config{Sources: sources})
	if err != nil {
		return nil, err
	}
	p := &plan{root: dir, files: files, old: map[string][]byte{}}
	if content, err := os.ReadFile(filepath.Join(dir, packageFile)); err == nil {
		p.old[packageFile] = content
	}
	return p, p.foreign()
}

// packageSources reads the files that a build of the package would take,
// without the one that is generated.
func packageSources(dir string) (map[string][]byte, error) {
	info, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	sources := map[string][]byte{}
	for _, name := range append(info.GoFiles, info.CgoFiles...) {
		if name == packageFile {
			continue
		}
		if sources[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return sources, nil
}
