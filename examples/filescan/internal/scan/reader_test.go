package scan_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// lines reads a file, with the lines as "1:text", its end as "end:1:size", and an error as "error:2:text".
func lines(r *scan.Reader) (got []string) {
	for l := range r.Lines(&scan.File{Path: "a"}) {
		switch {
		case l.Err != nil:
			got = append(got, fmt.Sprintf("error:%d:%v", l.Number, l.Err))
		case l.End:
			got = append(got, fmt.Sprintf("end:%d:%d", l.Number, l.File.Size))
		default:
			got = append(got, fmt.Sprintf("%d:%s", l.Number, l.Text))
		}
	}
	return got
}

func tree(text string) fstest.MapFS { return fstest.MapFS{"a": &fstest.MapFile{Data: []byte(text)}} }

// slowly is a tree whose files give one byte a read.
type slowly struct{ fs.FS }

func (s slowly) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return slowFile{f, iotest.OneByteReader(f)}, nil
}

type slowFile struct {
	fs.File
	r io.Reader
}

func (f slowFile) Read(p []byte) (int, error) { return f.r.Read(p) }

func TestReader_gives_lines(t *testing.T) {
	x, y := strings.Repeat("x", 100_000), strings.Repeat("é", 40_000)
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"empty":               {"", []string{"end:0:0"}},
		"one line":            {"a\n", []string{"1:a", "end:1:2"}},
		"no line end":         {"a\nb", []string{"1:a", "2:b", "end:2:3"}},
		"empty lines":         {"\n\n", []string{"1:", "2:", "end:2:2"}},
		"carriage returns":    {"a\r\nb\rc\r\nd\r", []string{"1:a", "2:b\rc", "3:d\r", "end:3:10"}},
		"longer than a chunk": {x + "\n" + y + "\nz", []string{"1:" + x, "2:" + y, "3:z", "end:3:180003"}},
		"not UTF-8":           {"a\n\xff\nb\n", []string{"1:a", "error:2:not UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			got := lines(scan.NewReader(tree(test.text), func(bytes int) { n += bytes }))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Lines mismatch (-want +got):\n%s", diff)
			}
			if n != len(test.text) {
				t.Errorf("told of %d bytes, want %d", n, len(test.text))
			}
			if got := lines(scan.NewReader(slowly{tree(test.text)}, nil)); !cmp.Equal(test.want, got) {
				t.Errorf("read byte by byte: mismatch (-want +got):\n%s", cmp.Diff(test.want, got))
			}
		})
	}
}

func TestReader_stops_when_told(t *testing.T) {
	for range scan.NewReader(tree("a\n\xff\n"), nil).Lines(&scan.File{Path: "a"}) {
		break // would panic if the sequence went on
	}
}

func TestReader_gives_the_error_of_the_file(t *testing.T) {
	errGone := errors.New("gone")
	for l := range scan.NewReader(tree(""), nil).Lines(&scan.File{Path: "b", Err: errGone}) {
		if l.Err != errGone {
			t.Errorf("error %v, want %v", l.Err, errGone)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	files := tree(strings.Repeat("\tif err := f.Close(); err != nil {\n", 400))
	r, f := scan.NewReader(files, nil), &scan.File{Path: "a"}
	for b.Loop() {
		for range r.Lines(f) {
		}
	}
}
