package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-streamz/streamz/examples/internal/progress"
)

// digest is what there is to say of a file.
type digest struct {
	Path   string
	Sum    string // SHA-256, in hexadecimal digits
	Size   int64
	Packed int64 // bytes of the compressed copy
}

// line is the digest as the program sha256sum writes it, which puts a backslash in front of
// a line whose name has characters that could not stand there.
func (d digest) line() string {
	name := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(d.Path)
	if name != d.Path {
		return `\` + d.Sum + "  " + name + "\n"
	}
	return d.Sum + "  " + name + "\n"
}

// job has what all files need: where they are, and where their copies go.
type job struct {
	tree fs.FS
	out  string // the folder of the results
	read *progress.Bar
}

// both hashes a file and compresses it, and reads it once for that.
func (j job) both(ctx context.Context, name string) (digest, error) {
	hash := sha256.New()
	d := digest{Path: name}
	packed, err := j.pack(name, func(w io.Writer) (err error) {
		d.Size, err = j.copy(ctx, io.MultiWriter(hash, w), name)
		return err
	})
	d.Packed, d.Sum = packed, hex.EncodeToString(hash.Sum(nil))
	return d, err
}

// hash only hashes it.
func (j job) hash(ctx context.Context, name string) (digest, error) {
	hash := sha256.New()
	size, err := j.copy(ctx, hash, name)
	return digest{Path: name, Sum: hex.EncodeToString(hash.Sum(nil)), Size: size}, err
}

// compress only compresses it.
func (j job) compress(ctx context.Context, name string) (digest, error) {
	packed, err := j.pack(name, func(w io.Writer) error {
		_, err := j.copy(ctx, w, name)
		return err
	})
	return digest{Path: name, Packed: packed}, err
}

// copy reads a file into w until its end, or that of ctx.
func (j job) copy(ctx context.Context, w io.Writer, name string) (int64, error) {
	f, err := j.tree.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(w, until{ctx, f, j.read})
}

// until is a reader that fails when ctx has ended.
type until struct {
	ctx  context.Context
	from io.Reader
	bar  *progress.Bar
}

func (u until) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	n, err := u.from.Read(p)
	u.bar.Add(n)
	return n, err
}

// pack writes what fill gives to the compressed copy of a file, and tells how large that is.
// A copy that could not be completed is removed.
func (j job) pack(name string, fill func(io.Writer) error) (size int64, err error) {
	target := j.packed(name)
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return 0, err
	}
	f, err := os.Create(target)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(target)
		}
	}()
	zip, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return 0, err
	}
	zip.Name = path.Base(name)
	if err := fill(zip); err != nil {
		return 0, err
	}
	if err := zip.Close(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}

// packed is where the compressed copy of a file stands.
func (j job) packed(name string) string {
	return filepath.Join(j.out, "files", filepath.FromSlash(name)+".gz")
}

// ratio is how large the compressed copies are, of the files.
func ratio(packed, size int64) string {
	if size == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.0f%%", 100*float64(packed)/float64(size))
}
