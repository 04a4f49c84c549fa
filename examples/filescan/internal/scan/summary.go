package scan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Summary is the result beside the findings.
type Summary struct {
	Complete bool `json:"complete"` // all of the tree was seen
	Letters  int  `json:"letters"`  // files and folders that could not be read

	Files   int   `json:"files"`
	Bytes   int64 `json:"bytes"`
	Lines   int   `json:"lines"`
	Blank   int   `json:"blank"`
	Comment int   `json:"comment"`
	Code    int   `json:"code"`

	Funcs   int            `json:"funcs"`
	Types   int            `json:"types"`
	Vars    int            `json:"vars"`
	Consts  int            `json:"consts"`
	Markers map[string]int `json:"markers"` // by word

	LongestFiles []Length   `json:"longestFiles"`
	LongestFuncs []Length   `json:"longestFuncs"`
	LongestLines []Length   `json:"longestLines"` // of each file the longest
	MostImported []Imported `json:"mostImported"`
	Packages     []Package  `json:"packages"` // the folders with Go files, in lexical order
}

// Length is how long something is: in lines, or in characters if it is a line.
type Length struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Name   string `json:"name,omitempty"`
	Length int    `json:"length"`
}

// Imported counts the packages that import one.
type Imported struct {
	Name     string `json:"name"`
	Packages int    `json:"packages"`
}

// Package is a folder with Go files.
type Package struct {
	Path    string   `json:"path"`
	Files   int      `json:"files"`
	Lines   int      `json:"lines"`
	Funcs   int      `json:"funcs"`
	Types   int      `json:"types"`
	Markers int      `json:"markers"`
	Imports []string `json:"imports"` // in lexical order
}

// Top is how many of the longest and the most imported a Summary has.
const Top = 20

// longest is the order of lists: the longest first.
func longest(a, b Length) int {
	return cmp.Or(cmp.Compare(b.Length, a.Length), strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
}

// put puts l where it belongs in a list of at most Top, if it does.
func put(list []Length, l Length) []Length {
	at, _ := slices.BinarySearchFunc(list, l, longest)
	if at == Top {
		return list
	}
	// The path of a finding, and its name, share the memory of what was read.
	l.Name = strings.Clone(l.Name)
	list = slices.Insert(list, at, l)
	return list[:min(len(list), Top)]
}

// mostImported gives the imports that most packages have.
func mostImported(packages []Package) []Imported {
	n := make(map[string]int)
	for _, p := range packages {
		for _, name := range p.Imports {
			n[name]++
		}
	}
	var list []Imported
	for _, name := range slices.Sorted(maps.Keys(n)) {
		list = append(list, Imported{name, n[name]})
	}
	slices.SortStableFunc(list, func(a, b Imported) int { return cmp.Compare(b.Packages, a.Packages) })
	return list[:min(len(list), Top)]
}

// Differences names the fields in which two summaries differ, and what they have there.
func Differences(a, b Summary) []string {
	x, y := fields(a), fields(b)
	all := maps.Clone(x)
	maps.Copy(all, y)
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if x[name] != y[name] {
			texts = append(texts, fmt.Sprintf("%s: %s against %s", name, cmp.Or(x[name], "nothing"), cmp.Or(y[name], "nothing")))
		}
	}
	return texts
}

// fields flattens a summary: "packages[3].imports[0]" and its value.
func fields(s Summary) map[string]string {
	text, err := json.Marshal(s)
	if err != nil {
		return map[string]string{"json": err.Error()}
	}
	var tree any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return map[string]string{"json": err.Error()}
	}
	flat := make(map[string]string)
	flatten(flat, "", tree)
	return flat
}

func flatten(flat map[string]string, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			flatten(flat, strings.TrimPrefix(name+"."+key, "."), v)
		}
	case []any:
		for i, v := range value {
			flatten(flat, fmt.Sprintf("%s[%d]", name, i), v)
		}
	default:
		flat[name] = fmt.Sprint(value)
	}
}
