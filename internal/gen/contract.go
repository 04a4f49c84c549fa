package gen

import (
	"go/doc/comment"
	"slices"
	"strings"
)

// contractItems are the items of the contract block, in their order.
var contractItems = []string{"Emits", "Holds", "Backpressures", "Completes", "Cancels"}

// checkContract demands the contract block in the comment of a processor.
func (b *builder) checkContract(name string) {
	decl := b.types[name]
	items := contractList(decl.doc.Text())
	if items == nil {
		b.addf(decl.spec.Pos(), "the comment of %s has no contract list: %s", name, strings.Join(contractItems, ", "))
		return
	}
	for i, want := range contractItems {
		if i >= len(items) {
			b.addf(decl.spec.Pos(), "the contract of %s ends before %s", name, want)
			return
		}
		key, text, _ := strings.Cut(items[i], ":")
		if key != want {
			b.addf(decl.spec.Pos(), "the contract of %s has %q where %s belongs", name, key, want)
			return
		}
		if strings.TrimSpace(text) == "" {
			b.addf(decl.spec.Pos(), "the contract of %s says nothing about %s", name, want)
		}
	}
	if len(items) > len(contractItems) {
		b.addf(decl.spec.Pos(), "the contract of %s goes on after %s", name, contractItems[len(contractItems)-1])
	}
}

// contractList returns the items of the first list of a comment that has a
// word of the contract as the key of an item.
func contractList(text string) []string {
	var p comment.Parser
	for _, block := range p.Parse(text).Content {
		list, ok := block.(*comment.List)
		if !ok {
			continue
		}
		if items := listItems(list); slices.ContainsFunc(items, isContractItem) {
			return items
		}
	}
	return nil
}

func isContractItem(item string) bool {
	key, _, _ := strings.Cut(item, ":")
	return slices.Contains(contractItems, key)
}

func listItems(list *comment.List) []string {
	var items []string
	for _, item := range list.Items {
		var b strings.Builder
		for _, block := range item.Content {
			if par, ok := block.(*comment.Paragraph); ok {
				writeText(&b, par.Text)
			}
		}
		items = append(items, b.String())
	}
	return items
}

func writeText(b *strings.Builder, texts []comment.Text) {
	for _, text := range texts {
		switch text := text.(type) {
		case comment.Plain:
			b.WriteString(string(text))
		case comment.Italic:
			b.WriteString(string(text))
		case *comment.Link:
			writeText(b, text.Text)
		case *comment.DocLink:
			writeText(b, text.Text)
		}
	}
}
