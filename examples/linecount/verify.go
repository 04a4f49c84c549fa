package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"text/scanner"
)

// plainCount is the same program without the library: one loop after the other, and no
// code that the flow uses but the types of the result.
func plainCount(ctx context.Context, tree fs.FS, take func(file string) bool, skip bool) (totals, error) {
	result := make(totals)
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !d.Type().IsRegular() || path.Ext(file) != ".go" || !take(file):
			return nil
		}
		text, lines, err := readPlain(tree, file)
		if lines > 0 {
			p := result.of(path.Dir(file))
			p.files++
			p.lines += lines
			p.bytes += len(text)
			p.markers.todo += marked(text, "TODO:") + marked(text, "TODO(")
			p.markers.fixme += marked(text, "FIXME:") + marked(text, "FIXME(")
			p.markers.bug += marked(text, "BUG:") + marked(text, "BUG(")
			importsPlain(p, text)
		}
		if skip {
			return nil
		}
		return err
	})
	return result, err
}

// readPlain reads a file up to its end or to the first line that cannot be read.
func readPlain(tree fs.FS, file string) (text []byte, lines int, err error) {
	f, err := tree.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if len(line) > maxLine {
			return text, lines, fmt.Errorf("%s: %w", file, bufio.ErrTooLong)
		}
		if len(line) > 0 {
			text = append(text, line...)
			lines++
		}
		if err == io.EOF {
			return text, lines, nil
		}
		if err != nil {
			return text, lines, fmt.Errorf("%s: %w", file, err)
		}
	}
}

// marked counts where text has mark, and no letter, digit or underscore before it.
func marked(text []byte, mark string) int {
	const wordBytes = "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := 0
	before, rest, found := bytes.Cut(text, []byte(mark))
	for found {
		if len(before) == 0 || strings.IndexByte(wordBytes, before[len(before)-1]) < 0 {
			n++
		}
		before, rest, found = bytes.Cut(rest, []byte(mark))
	}
	return n
}

// importsPlain adds the imports of a file, token by token.
func importsPlain(p *pkg, text []byte) {
	var s scanner.Scanner
	s.Init(bytes.NewReader(text))
	s.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanRawStrings | scanner.ScanComments | scanner.SkipComments
	s.Error = func(*scanner.Scanner, string) {} // a bad token ends the header, whatever is bad
	for {
		token := s.Scan()
		switch {
		case token == ';':
		case token == scanner.Ident && s.TokenText() == "package":
			if s.Scan() != scanner.Ident {
				return
			}
		case token == scanner.Ident && s.TokenText() == "import":
			if !importPlain(p, &s) {
				return
			}
		default:
			return
		}
	}
}

// importPlain reads what follows the word import, and tells whether that was right.
func importPlain(p *pkg, s *scanner.Scanner) bool {
	list := false
	for {
		switch token := s.Scan(); token {
		case scanner.Ident, '.':
		case ';':
			if !list {
				return false
			}
		case '(':
			if list {
				return false
			}
			list = true
		case ')':
			return list
		case scanner.String, scanner.RawString:
			quoted := s.TokenText()
			end := len(quoted) - 1
			if end < 1 || quoted[end] != quoted[0] || strings.ContainsAny(quoted, "\\\n") {
				return false
			}
			p.imports[quoted[1:end]] = true
			if !list {
				return true
			}
		default:
			return false
		}
	}
}
