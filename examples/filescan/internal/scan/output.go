package scan

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// The files of an output folder.
const (
	FindingsName = "findings.csv"
	SummaryName  = "summary.json"
	LettersName  = "letters.jsonl"

	PartialFindingsName = "partial-findings.csv"
	PartialSummaryName  = "partial-summary.json"
	PartialLettersName  = "partial-letters.jsonl"

	temporary = ".tmp" // behind the name of a file that is being written
)

// Saved are the names of the files that were saved, each empty if there is none.
type Saved struct{ Findings, Summary, Letters string }

// Output is a folder of results. Whatever is written there is visible under its own name
// only when it is whole.
type Output struct {
	folder   string
	findings io.WriteCloser
	table    *csv.Writer
	row      []string
	letters  letters
}

// NewOutput makes the folder, if there is none, and begins the table of findings.
func NewOutput(folder string) (*Output, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(folder, FindingsName+temporary))
	if err != nil {
		return nil, err
	}
	return newOutput(folder, out)
}

func newOutput(folder string, out io.WriteCloser) (*Output, error) {
	o := &Output{folder: folder, findings: out, table: csv.NewWriter(out)}
	o.letters.name = o.path(LettersName + temporary)
	if err := o.table.Write([]string{"kind", "path", "line", "name", "lines", "text"}); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return o, nil
}

// Write writes the findings of a file.
func (o *Output) Write(findings []Finding) error {
	for _, f := range findings {
		o.row = append(o.row[:0], f.Kind, f.Path, strconv.Itoa(f.Line), f.Name, "", f.Text)
		if f.Kind == "func" {
			o.row[4] = strconv.Itoa(f.Lines)
		}
		if err := o.table.Write(o.row); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the output, and gives the names of what is saved. After a nil cause that is the
// whole result. Else it is what there is, under names that say so; but nothing if the
// output itself could not be written.
func (o *Output) Close(s Summary, cause error) (saved Saved, err error) {
	if cause != nil && (o.table.Error() != nil || o.letters.err != nil) { // this is the cause
		_ = errors.Join(o.findings.Close(), o.letters.close()) // would concern what is removed now
		return Saved{}, o.remove()
	}
	s.Complete = cause == nil
	if err := errors.Join(o.finish(), o.letters.close(), o.writeSummary(s)); err != nil {
		return Saved{}, errors.Join(err, o.remove())
	}
	saved = o.names(s.Complete)
	if err = o.rename(saved); err != nil {
		return Saved{}, errors.Join(err, o.remove())
	}
	if o.letters.n == 0 {
		saved.Letters = ""
	}
	if s.Complete { // what an earlier run has left
		err = o.names(false).remove()
	}
	return saved, err
}

// names are those under which the files are found.
func (o *Output) names(complete bool) Saved {
	if complete {
		return Saved{o.path(FindingsName), o.path(SummaryName), o.path(LettersName)}
	}
	return Saved{o.path(PartialFindingsName), o.path(PartialSummaryName), o.path(PartialLettersName)}
}

// rename gives the files these names.
func (o *Output) rename(to Saved) error {
	if err := o.letters.rename(to.Letters); err != nil {
		return err
	}
	if err := os.Rename(o.path(FindingsName+temporary), to.Findings); err != nil {
		return err
	}
	return os.Rename(o.path(SummaryName+temporary), to.Summary)
}

func (o *Output) path(name string) string { return filepath.Join(o.folder, name) }

func (o *Output) remove() error {
	return Saved{o.path(FindingsName + temporary), o.path(SummaryName + temporary), o.letters.name}.remove()
}

func (s Saved) remove() error { return removeAll(s.Findings, s.Summary, s.Letters) }

// finish writes what is buffered of the table.
func (o *Output) finish() error {
	o.table.Flush()
	if err := o.table.Error(); err != nil {
		_ = o.findings.Close()
		return err
	}
	return o.findings.Close()
}

func (o *Output) writeSummary(s Summary) error {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(o.path(SummaryName+temporary), append(text, '\n'), 0o666)
}

// removeAll removes the files that there are.
func removeAll(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// ReadFindings reads the table of findings in a folder.
func ReadFindings(folder string) ([]Finding, error) {
	in, err := os.Open(filepath.Join(folder, FindingsName))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r := csv.NewReader(in)
	r.ReuseRecord = true
	var findings []Finding
	for first := true; ; first = false {
		row, err := r.Read()
		if err == io.EOF {
			return findings, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name(), err)
		}
		if first {
			continue
		}
		f := Finding{Kind: row[0], Path: row[1], Name: row[3], Text: row[5]}
		if f.Line, err = strconv.Atoi(row[2]); err == nil && row[4] != "" {
			f.Lines, err = strconv.Atoi(row[4])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name(), err)
		}
		findings = append(findings, f)
	}
}

// ReadSummary reads the summary in a folder.
func ReadSummary(folder string) (s Summary, err error) {
	text, err := os.ReadFile(filepath.Join(folder, SummaryName))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}
