package graphs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// order is what the model knows of a flow: its items, and which come before which. It is a line
// of items, or else it has parts: in line, one after the other, or loose, in no order between
// them. A loose one has at least two parts, and none of them is empty.
type order struct {
	line  []item
	parts []order
	loose bool
}

func line(items ...item) order { return order{line: items} }

func (o order) empty() bool { return len(o.line) == 0 && len(o.parts) == 0 }

// inLine gives orders one after the other.
func inLine(parts ...order) order {
	var out order
	for _, p := range parts {
		switch last := len(out.parts) - 1; {
		case p.empty():
		case p.parts == nil && out.parts == nil:
			out.line = append(out.line, p.line...)
		case p.parts == nil && last >= 0 && out.parts[last].parts == nil:
			out.parts[last].line = append(slices.Clip(out.parts[last].line), p.line...)
		default:
			if out.line != nil {
				out = order{parts: []order{{line: out.line}}}
			}
			out.parts = append(out.parts, p)
		}
	}
	if len(out.parts) == 1 {
		return out.parts[0]
	}
	return out
}

// loose gives orders in no order between them.
func loose(parts ...order) order {
	parts = slices.DeleteFunc(slices.Clone(parts), order.empty)
	switch len(parts) {
	case 0:
		return order{}
	case 1:
		return parts[0]
	}
	return order{parts: parts, loose: true}
}

// undetermined is what the model panics with if the items of a flow depend on an order that is
// not promised, or are too many.
type undetermined struct{}

// inOrder gives the items of a flow of which the order is promised.
func (o order) inOrder() []item {
	if o.parts != nil {
		panic(undetermined{})
	}
	return o.line
}

// items are those of the flow in one of the orders they may have.
func (o order) items() []item {
	all := slices.Clone(o.line)
	for _, p := range o.parts {
		all = append(all, p.items()...)
	}
	return all
}

// each puts what becomes of it in the place of each item.
func (o order) each(becomes func(item) order) order {
	parts := make([]order, 0, len(o.line)+len(o.parts))
	for _, x := range o.line {
		parts = append(parts, becomes(x))
	}
	for _, p := range o.parts {
		parts = append(parts, p.each(becomes))
	}
	if o.loose {
		return loose(parts...)
	}
	return inLine(parts...)
}

func (o order) to(fn func(item) item) order {
	return o.each(func(x item) order { return line(fn(x)) })
}

func (o order) where(keep func(item) bool) order {
	return o.each(func(x item) order {
		if keep(x) {
			return line(x)
		}
		return order{}
	})
}

// alone gives what becomes of the items, each by itself.
func (o order) alone(becomes func(order) order) order {
	var all []order
	for _, x := range o.items() {
		all = append(all, becomes(line(x)))
	}
	return loose(all...)
}

// byKey gives what becomes of the items of each key.
func (o order) byKey(key func(item) int, becomes func(order) order) order {
	keys := make(map[int]bool)
	for _, x := range o.items() {
		keys[key(x)] = true
	}
	var all []order
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		all = append(all, becomes(o.where(func(x item) bool { return key(x) == k })))
	}
	return loose(all...)
}

// check holds the items of a run against the order. If the run has ended early they may be
// any that can come first.
func (o order) check(got []item, early bool) (broken []string) {
	places := make(map[string]int, len(got))
	for i, x := range got {
		if _, twice := places[x.id]; twice {
			broken = append(broken, fmt.Sprintf("%v came twice", x))
		}
		places[x.id] = i
	}
	known := make(map[string]item)
	for _, x := range o.items() {
		known[x.id] = x
		if _, came := places[x.id]; !came && !early {
			broken = append(broken, fmt.Sprintf("%v is missing", x))
		}
	}
	for _, x := range got {
		if want, ok := known[x.id]; !ok || x != want {
			broken = append(broken, fmt.Sprintf("got %v at %d, want %v at %d", x, x.at, want, want.at))
		}
	}
	if len(broken) == 0 {
		_, broken = o.span(places)
	}
	return broken
}

// extent is where items of an order came: the number of those that did, and of those that could.
type extent struct{ came, all, first, last int }

// span looks whether the items that have come did so in order.
func (o order) span(places map[string]int) (s extent, broken []string) {
	s = extent{first: len(places), last: -1}
	follow := func(p extent, what func() string) {
		if p.came > 0 && !o.loose && (s.came < s.all || p.first < s.last) {
			broken = append(broken, what()+" came too early")
		}
		s = extent{s.came + p.came, s.all + p.all, min(s.first, p.first), max(s.last, p.last)}
	}
	for _, x := range o.line {
		p := extent{all: 1, first: len(places), last: -1}
		if at, ok := places[x.id]; ok {
			p = extent{1, 1, at, at}
		}
		follow(p, x.String)
	}
	for _, part := range o.parts {
		p, wrong := part.span(places)
		broken = append(broken, wrong...)
		follow(p, part.String)
	}
	return s, broken
}

// String writes what is in line between brackets, and what is loose between braces.
func (o order) String() string {
	var texts []string
	for _, x := range o.line {
		texts = append(texts, x.String())
	}
	for _, p := range o.parts {
		texts = append(texts, p.String())
	}
	if o.loose {
		return "{" + strings.Join(texts, " ") + "}"
	}
	return "[" + strings.Join(texts, " ") + "]"
}

// sortedWithin holds so many items, and each further one makes the least of all leave.
func sortedWithin(items []item, places int, compare func(a, b item) int) []item {
	var out, held []item
	for _, x := range items {
		at, _ := slices.BinarySearchFunc(held, x, func(h, x item) int { return cmp.Or(compare(h, x), -1) })
		held = slices.Insert(held, at, x)
		if len(held) > places {
			out, held = append(out, held[0]), held[1:]
		}
	}
	return append(out, held...)
}
