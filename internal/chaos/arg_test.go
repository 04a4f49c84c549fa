package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

// arg draws an argument of a piece by its type. name is that of the parameter.
func arg[T any](g *gamble, name string) T {
	v, _ := g.draw(reflect.TypeFor[T](), name).Interface().(T)
	return v
}

// below bounds the numbers of parameters by their names, where 12 will not do, and texts
// says what those are that are no names.
var (
	below = map[string]int{"hi": 60, "count": 30}
	texts = map[string]string{"pattern": "*"}
)

// many is how many items a source has: now and then enough to fill large queues, in numbers
// at which something begins anew in them.
func (g *gamble) many() int {
	if g.IntN(20) == 0 {
		return [...]int{64, 128, 256, 257 + 64}[g.IntN(4)] + g.IntN(3) - 1
	}
	return g.IntN(40)
}

// policy draws a policy.
func (g *gamble) policy(seed uint64, draw int) flow.Policy {
	c := *g
	c.Rand, c.aside, c.judge = rand.New(rand.NewPCG(seed, uint64(draw))), true, true
	return arg[flow.Policy](&c, ".OnError")
}

// draw draws a value of a type. What is no number is made by taught, by a function of the
// registry, or of its parts.
func (g *gamble) draw(t reflect.Type, name string) reflect.Value {
	v := reflect.New(t).Elem()
	pieces := g.pieces(t)
	if teach, ok := g.taught[t]; ok && (len(pieces) == 0 || g.IntN(2) == 0) {
		set(v, teach(g, name))
		return v
	}
	if len(pieces) > 0 {
		set(v, g.compose(pieces, name))
		return v
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(g.IntN(1 + g.IntN(cmp.Or(below[name], 12)))))
	case reflect.Float64:
		v.SetFloat((0.05 + 0.95*g.Float64()) * [...]float64{1, 1000}[g.IntN(2)])
		if name == "perSecond" && v.Float() < 1 {
			g.happened("a slow pace")
		}
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.String:
		v.SetString(cmp.Or(texts[name], "s"+strconv.Itoa(g.IntN(100))))
	case reflect.Func:
		v.Set(g.function(t, name))
		return v
	case reflect.Slice:
		return g.list(v, name)
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(g.draw(t.Field(i).Type, t.Field(i).Name))
			}
		}
		return v
	default:
		g.unknown(t, name)
		return v
	}
	g.note("%s=%v", name, v)
	return v
}

// list draws the elements of a slice.
func (g *gamble) list(v reflect.Value, name string) reflect.Value {
	c := *g
	c.node = new(node)
	n := g.many()
	for range n {
		v = reflect.Append(v, c.draw(v.Type().Elem(), name))
	}
	g.note("%s=[%d]", name, n)
	return v
}

// pieces gives the functions that make a value of a type. Where it is not known what stages
// a policy will be that of, there are only those that every stage can have.
func (g *gamble) pieces(t reflect.Type) []*piece {
	if !g.node.deep {
		return g.values[t]
	}
	choosy := []string{"flow.DeadLetters", "flow.Retry", "flow.BudgetShare"}
	return slices.DeleteFunc(slices.Clone(g.values[t]), func(p *piece) bool { return slices.Contains(choosy, p.name) })
}

func set(v reflect.Value, x any) {
	if x != nil {
		v.Set(reflect.ValueOf(x))
	}
}

// unknown says that nobody has taught draw a type.
func (g *gamble) unknown(t reflect.Type, name string) {
	g.broken = append(g.broken, fmt.Sprintf("%s: parameter %s has type %v, teach it to internal/chaos/taught_test.go", g.node.text.String(), name, t))
}

// compose makes a value with functions of the registry.
func (g *gamble) compose(pieces []*piece, name string) any {
	p := g.choose(pieces)
	g.note("%s=%s(", name, p.name)
	c := *g
	c.depth++
	c.aside = true
	v := p.value.make(&c)
	if options := g.options[p.value.typ]; len(options) > 0 && g.depth < 2*deepest && g.IntN(3) == 0 {
		o := c.choose(options)
		c.note(") %s(", o.name)
		v = o.option.change(&c, v)
	}
	g.note(")")
	return v
}

// flows draws the arguments of a piece that joins flows, one of which is the flow that the
// piece is to stand behind.
func flows[T any](g *gamble, name string) []flow.Flow[T] {
	list := make([]flow.Flow[T], 1+g.IntN(3))
	place := g.IntN(len(list))
	for i := range list {
		if i == place || g.up == nil {
			list[i] = inflow[T](g, name)
		} else {
			up := g.up
			g.up = nil
			list[i] = inflow[T](g, name)
			g.up = up
		}
	}
	return list
}

// inflow draws one.
func inflow[T any](g *gamble, name string) flow.Flow[T] {
	if up := g.up; up != nil {
		g.up = nil
		return lift[T](g, *up)
	}
	g.note("%s=...", name)
	return lift[T](g, g.flow(g.IntN(max(1, 3-g.depth))))
}
