package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// verify compares the list with the files one by one, with the copies, and with what the
// program sha256sum says, if that is there.
func verify(ctx context.Context, j job, dir string, l *list, stdout io.Writer) error {
	want, err := hashAll(ctx, j)
	if err != nil {
		return err
	}
	if len(l.unreadable) > 0 {
		return errors.New("verify: some files could not be read")
	}
	text, err := os.ReadFile(filepath.Join(l.dir, sumsName))
	if err != nil {
		return err
	}
	got := strings.SplitAfter(string(text), "\n")
	got = got[:len(got)-1]
	slices.Sort(got) // the way over channels has them in any order
	slices.Sort(want)
	if i := firstDifference(want, got); i >= 0 {
		return fmt.Errorf("verify: %d lines, want %d; the first difference is in line %d of the sorted lists", len(got), len(want), i+1)
	}
	fmt.Fprintln(stdout, "verified: a sequential program finds the same, and so do the compressed copies")
	return checkWithTool(ctx, dir, l.dir, stdout)
}

// hashAll gives the lines of all files, and compares each file with its copy.
func hashAll(ctx context.Context, j job) (lines []string, err error) {
	err = fs.WalkDir(j.tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		content, err := fs.ReadFile(j.tree, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		line := digest{Path: name, Sum: hex.EncodeToString(sum[:])}.line()
		lines = append(lines, line)
		return sameCopy(j.packed(name), sum)
	})
	return lines, err
}

// sameCopy compares what a compressed copy holds with the sum of its file.
func sameCopy(packed string, want [sha256.Size]byte) error {
	f, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", packed, err)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, zip); err != nil {
		return fmt.Errorf("%s: %w", packed, err)
	}
	if [sha256.Size]byte(hash.Sum(nil)) != want {
		return fmt.Errorf("%s does not hold what its file does", packed)
	}
	return nil
}

// firstDifference gives the first place where two lists differ, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// checkWithTool has sha256sum check the list.
func checkWithTool(ctx context.Context, dir, out string, stdout io.Writer) error {
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		fmt.Fprintln(stdout, "not compared with sha256sum, which is not there")
		return nil
	}
	sums, err := filepath.Abs(filepath.Join(out, sumsName))
	if err != nil {
		return err
	}
	if info, err := os.Stat(sums); err != nil || info.Size() == 0 {
		return err // it takes an empty list for none
	}
	cmd := exec.CommandContext(ctx, tool, "--check", "--quiet", "--strict", sums)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("sha256sum --check: %w\n%s", err, text)
	}
	fmt.Fprintln(stdout, "verified: sha256sum --check agrees")
	return nil
}
