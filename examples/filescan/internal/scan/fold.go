package scan

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Fold adds up results, which must come in the order of their lines, and hands the findings
// of each whole file to Write.
type Fold struct {
	Write func([]Finding) error

	sum      Summary
	packages map[string]*pkg
	file     *File // of the results that wait for its end
	findings []Finding
	counts   Counts
}

// pkg is a package in the making.
type pkg struct {
	Package
	imports map[string]bool
}

// NewFold makes an empty Fold.
func NewFold(write func([]Finding) error) *Fold {
	return &Fold{Write: write, sum: Summary{Markers: make(map[string]int)}, packages: make(map[string]*pkg)}
}

// Add adds a result. The error is that of Write.
func (f *Fold) Add(r Result) error {
	if r.File != f.file { // the end of the one before was never seen
		f.file, f.findings, f.counts = r.File, f.findings[:0], Counts{}
	}
	f.findings = append(f.findings, r.Findings...)
	f.counts.Add(r.Counts)
	if !r.End {
		return nil
	}
	f.whole()
	f.file = nil
	return f.Write(f.findings)
}

// whole adds a file that has ended.
func (f *Fold) whole() {
	c := f.counts
	f.sum.Files++
	f.sum.Bytes += f.file.Size
	f.sum.Lines += c.Lines
	f.sum.Blank += c.Blank
	f.sum.Comment += c.Comment
	f.sum.Code += c.Code
	f.sum.Funcs += c.Funcs
	f.sum.Types += c.Types
	f.sum.Vars += c.Vars
	f.sum.Consts += c.Consts
	f.sum.LongestFiles = put(f.sum.LongestFiles, Length{Path: f.file.Path, Length: c.Lines})
	if c.Longest > 0 {
		f.sum.LongestLines = put(f.sum.LongestLines, Length{Path: f.file.Path, Line: c.LongestAt, Length: c.Longest})
	}
	var p *pkg
	if path.Ext(f.file.Path) == ".go" {
		p = f.pkg(path.Dir(f.file.Path))
		p.Files++
		p.Lines += c.Lines
		p.Funcs += c.Funcs
		p.Types += c.Types
		p.Markers += c.Markers
	}
	for _, found := range f.findings {
		f.found(p, found)
	}
}

func (f *Fold) found(p *pkg, found Finding) {
	switch found.Kind {
	case "marker":
		f.sum.Markers[found.Name]++
	case "func":
		f.sum.LongestFuncs = put(f.sum.LongestFuncs, Length{found.Path, found.Line, found.Name, found.Lines})
	case "import":
		if !p.imports[found.Name] {
			p.imports[strings.Clone(found.Name)] = true
		}
	}
}

// pkg gives the package of a folder, which is made if it is new.
func (f *Fold) pkg(folder string) *pkg {
	p := f.packages[folder]
	if p == nil {
		p = &pkg{Path: folder, imports: make(map[string]bool)}
		f.packages[folder] = p
	}
	return p
}

// Summary gives what all whole files add up to.
func (f *Fold) Summary() Summary {
	s := f.sum
	s.Markers = maps.Clone(s.Markers)
	for _, folder := range slices.Sorted(maps.Keys(f.packages)) {
		p := f.packages[folder]
		p.Imports = slices.Sorted(maps.Keys(p.imports))
		s.Packages = append(s.Packages, p.Package)
	}
	s.MostImported = mostImported(s.Packages)
	return s
}
