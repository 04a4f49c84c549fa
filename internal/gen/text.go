package gen

import (
	"go/token"
	"strings"
)

// readDoc gives the stage the comment of the processor's type. In a user's
// package a type need not have one.
func (b *builder) readDoc(st *stage) {
	decl := b.types[st.processor]
	text, ok := renameDoc(decl.doc.Text(), st.processor, st.Name)
	switch {
	case !ok && b.qualifier != "":
		b.addf(decl.spec.Pos(), "the comment of type %s must begin with its name", st.processor)
	case st.line.doc != nil:
		text, ok = b.ownDoc(st, text), true
	case !ok:
		text = st.Name + " is the stage of a [" + st.processor + "].\n"
	}
	if ok && st.Result != "" {
		text += "\n" + st.Out + " is always " + st.Result + ", and inferred.\n"
	}
	st.Doc = commentLines(b.qualifyLinks(text))
}

// ownDoc puts the text of a doc directive in the place of the first paragraph. It has to
// begin as any comment does.
func (b *builder) ownDoc(st *stage, text string) string {
	own := st.line.doc
	if !strings.HasPrefix(own.text(), st.Name+" ") {
		b.addf(own.pos, "//streamz:doc must begin with %s", st.Name)
	}
	_, rest, more := strings.Cut(text, "\n\n")
	if !more {
		return own.text() + "\n"
	}
	return own.text() + "\n\n" + rest
}

// qualifyLinks makes the doc links to names of the input package lead there from the
// output, which is another package.
func (b *builder) qualifyLinks(text string) string {
	if b.qualifier == "" {
		return text
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "[")
		if !ok {
			return out.String() + before
		}
		name, pointer := strings.CutPrefix(rest, "*")
		if b.begins(name) {
			before = anBefore(before)
			rest = b.qualifier + "." + name
			if pointer {
				rest = "*" + rest
			}
		}
		out.WriteString(before + "[")
		text = rest
	}
}

// begins tells whether link text begins with an exported name of the input package.
func (b *builder) begins(text string) bool {
	name := text[:max(strings.IndexAny(text, ".]"), 0)]
	_, declared := b.names[name]
	return declared && token.IsExported(name)
}

// anBefore corrects the article before a link that now begins with the o of ops.
func anBefore(text string) string {
	if rest, ok := strings.CutSuffix(text, " a "); ok {
		return rest + " an "
	}
	return text
}

// renameDoc replaces the first word of a comment, the type's name.
func renameDoc(text, from, to string) (string, bool) {
	rest, ok := strings.CutPrefix(text, from)
	if !ok || rest == "" || !strings.ContainsAny(rest[:1], " \n") {
		return "", false
	}
	return to + rest, true
}

func commentLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("//")
		if !strings.HasPrefix(line, "\t") && line != "\n" {
			b.WriteString(" ")
		}
		b.WriteString(line)
	}
	return b.String()
}
