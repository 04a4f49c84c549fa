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

	temporary = ".tmp" // behind the name of a file that is being written
)

// Output is a folder of results. Whatever is written there is visible under its own name
// only when it is whole.
type Output struct {
	folder   string
	findings io.WriteCloser
	table    *csv.Writer
	row      []string
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
func (o *Output) Close(s Summary, cause error) (saved []string, err error) {
	if cause != nil && o.table.Error() != nil { // this is the cause
		return nil, o.Discard()
	}
	s.Complete = cause == nil
	if err := errors.Join(o.finish(), o.writeSummary(s)); err != nil {
		return nil, errors.Join(err, o.remove())
	}
	if saved, err = o.rename(s.Complete); err != nil {
		return nil, errors.Join(err, o.remove())
	}
	if s.Complete { // what an earlier run has left
		err = removeAll(o.path(PartialFindingsName), o.path(PartialSummaryName))
	}
	return saved, err
}

// rename gives the files the names under which they are found.
func (o *Output) rename(complete bool) (names []string, err error) {
	findings, summary := o.path(PartialFindingsName), o.path(PartialSummaryName)
	if complete {
		findings, summary = o.path(FindingsName), o.path(SummaryName)
	}
	if err := os.Rename(o.path(FindingsName+temporary), findings); err != nil {
		return nil, err
	}
	return []string{findings, summary}, os.Rename(o.path(SummaryName+temporary), summary)
}

// Discard ends the output, and nothing is saved.
func (o *Output) Discard() error {
	_ = o.findings.Close() // an error would concern what is removed now
	return o.remove()
}

func (o *Output) path(name string) string { return filepath.Join(o.folder, name) }

func (o *Output) remove() error {
	return removeAll(o.path(FindingsName+temporary), o.path(SummaryName+temporary))
}

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
