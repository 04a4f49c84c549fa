package gen

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// prefix begins every directive; like all Go directives it follows the
// slashes without a space.
const prefix = "streamz:"

// words are the directives there are. A stage begins what the others belong to.
var words = []string{"stage", "doc", "example", "output", "marble"}

// stageLine is one stage directive with the example that belongs to it.
type stageLine struct {
	pos     token.Pos
	text    string
	fn      *ast.FuncDecl
	file    *source
	example *note
	output  *note
	doc     *note
	marble  *note
}

// note is the text of the doc, example, output or marble directives of one stage. A
// directive of the same word goes on in a new line.
type note struct {
	pos   token.Pos
	lines []string
}

func (n *note) text() string {
	return strings.Join(n.lines, "\n")
}

// stageLines collects the directives of the package in the order of the
// sources, and reports those that are in a wrong place.
func (p *pkg) stageLines() []*stageLine {
	var lines []*stageLine
	for _, file := range p.files {
		docs := funcDocs(file.ast)
		for _, group := range file.ast.Comments {
			lines = append(lines, p.groupLines(file, docs[group], group)...)
		}
	}
	for _, line := range lines {
		p.checkExample(line)
	}
	return lines
}

func funcDocs(file *ast.File) map[*ast.CommentGroup]*ast.FuncDecl {
	docs := map[*ast.CommentGroup]*ast.FuncDecl{}
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Doc != nil {
			docs[fn.Doc] = fn
		}
	}
	return docs
}

func (p *pkg) groupLines(file *source, fn *ast.FuncDecl, group *ast.CommentGroup) []*stageLine {
	var lines []*stageLine
	for _, c := range group.List {
		word, text, ok := p.directive(c)
		switch {
		case !ok:
		case fn == nil || fn.Recv != nil:
			p.addf(c.Pos(), "//streamz:%s does not stand above a constructor", word)
		case word == "stage":
			lines = append(lines, &stageLine{pos: c.Pos(), text: text, fn: fn, file: file})
		case len(lines) == 0:
			p.addf(c.Pos(), "//streamz:%s without a //streamz:stage above it", word)
		default:
			lines[len(lines)-1].attach(word, c.Pos(), text)
		}
	}
	return lines
}

// directive takes a comment apart. It reports a word that it does not know,
// and the space that would turn a directive into prose unnoticed.
func (p *pkg) directive(c *ast.Comment) (word, text string, ok bool) {
	body, ok := strings.CutPrefix(c.Text, "//")
	if !ok {
		return "", "", false
	}
	trimmed := strings.TrimLeft(body, " \t")
	rest, ok := strings.CutPrefix(trimmed, prefix)
	if !ok {
		return "", "", false
	}
	word, text, _ = strings.Cut(strings.TrimSpace(rest), " ")
	switch known := slices.Contains(words, word); {
	case known && trimmed != body:
		p.addf(c.Pos(), "no space between // and streamz:%s, else it is no directive", word)
	case known:
		return word, strings.TrimSpace(text), true
	case trimmed == body:
		p.addf(c.Pos(), "unknown directive //streamz:%s, want stage, doc, example, output or marble", word)
	}
	return "", "", false
}

func (line *stageLine) attach(word string, pos token.Pos, text string) {
	field := map[string]**note{"example": &line.example, "output": &line.output, "doc": &line.doc, "marble": &line.marble}[word]
	if *field == nil {
		*field = &note{pos: pos}
	}
	(*field).lines = append((*field).lines, text)
}

func (p *pkg) checkExample(line *stageLine) {
	switch {
	case line.example != nil && line.output == nil:
		p.addf(line.example.pos, "//streamz:example without //streamz:output")
	case line.example == nil && line.output != nil:
		p.addf(line.output.pos, "//streamz:output without //streamz:example")
	}
}
