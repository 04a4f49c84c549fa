package chaos

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// callback is a function of the user's that is drawn. What it gives follows from what it
// is given, so that the same flow gives the same items again, until its fault strikes. It
// emits some items if it is handed a function for that.
type callback struct {
	g            *gamble
	typ          reflect.Type
	name         string
	fault        *fault
	factor, term int
	pace         time.Duration // with a context, or as a source between items, it takes up to three times as long
	items        int           // that it emits if it is given none
	manners      manners
	fixed        []reflect.Value   // results that do not depend on what it is given
	made         map[int]*callback // results that are functions
	bound        *int              // what the function was given that made this one
}

// manners is how a function treats the refusal of its emit.
type manners int

const (
	polite   manners = iota // returns it
	wrapping                // returns another error for it
	stubborn                // goes on
	swallow                 // goes on, and recovers from what it can
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	timeType    = reflect.TypeFor[time.Time]()
	flowType    = reflect.TypeFor[flow.Flow[int]]()
)

// function draws a function.
func (g *gamble) function(t reflect.Type, name string) reflect.Value {
	if name == "weigh" { // an item that weighs a thousand times what passes in a second
		g.happened("a slow pace")
	}
	return reflect.MakeFunc(t, g.callback(t, name).call)
}

// findings are functions whose error is their result, and no failure.
var findings = map[string]bool{"cause": true}

func (g *gamble) callback(t reflect.Type, name string) *callback {
	c := &callback{
		g: g, typ: t, name: name, factor: 1 + g.IntN(2), term: g.IntN(4), items: g.many(),
		manners: manners(g.IntN(8)), pace: time.Duration(max(0, g.IntN(4)-1)) * 20 * time.Millisecond,
		fixed: make([]reflect.Value, t.NumOut()), made: make(map[int]*callback),
	}
	c.fault = g.fault(name, t)
	c.fault.fatal = (!g.aside || g.judge) && c.manners != swallow && !findings[name]
	for i := range t.NumOut() {
		c.prepare(i, t.Out(i))
	}
	for in := range t.Ins() {
		if in.Kind() == reflect.Interface && in.NumMethod() > 0 && in != errorType && in != contextType {
			g.unknown(in, name)
		}
	}
	return c
}

// prepare draws the results that do not depend on what the function is given.
func (c *callback) prepare(i int, t reflect.Type) {
	switch {
	case t == errorType, t == timeType:
	case t == flowType && takes(c.typ, flowType):
		if c.g.node.ways++; c.g.node.ways > 1 {
			c.g.mixed.Store(true)
		}
	case t == flowType: // it is called in the run, when nothing can be drawn
		c.fixed[i] = reflect.ValueOf(c.g.flow(c.stages()))
		c.g.node.deepens()
	case t.Kind() == reflect.Func:
		c.made[i] = c.g.callback(t, c.name+"()")
	case !reflect.New(t).Elem().CanInt() && t.Kind() != reflect.Bool && t.Kind() != reflect.String,
		t == reflect.TypeFor[time.Duration]():
		c.fixed[i] = c.g.draw(t, c.name+"()")
	}
}

// given is what the arguments of a call come to.
type given struct {
	ctx   context.Context // nil if there is none
	some  bool            // there is an item
	n     int
	state *int
	emit  reflect.Value
	flow  *flow.Flow[int]
	about error // a failure that the function is told of
}

func (c *callback) read(args []reflect.Value) given {
	in := given{}
	if c.bound != nil {
		in.some, in.n = true, *c.bound
	}
	for _, arg := range args {
		switch v := arg.Interface().(type) {
		case context.Context:
			in.ctx = v
		case *int:
			in.state = v
		case flow.Flow[int]:
			in.flow = &v
		case error:
			in.about = v
		case flow.Letter[int]:
			in.about = v.Err
		case flow.Letter[any]:
			in.about = v.Err
		default:
			if arg.Kind() == reflect.Func {
				in.emit = arg
				continue
			}
			in.some, in.n = true, in.n*7+number(arg)
		}
	}
	if in.state != nil {
		in.n += *in.state
		*in.state = in.n % modulus
	}
	return in
}

// modulus bounds the numbers.
const modulus = 1009

func (c *callback) call(args []reflect.Value) (results []reflect.Value) {
	defer c.g.node.enter()()
	in := c.read(args)
	if c.manners == swallow && c.g.wild.Load() {
		defer func() {
			if v := recover(); v != nil {
				results = c.results(in, nil)
			}
		}()
	}
	if in.ctx != nil {
		time.Sleep(time.Duration(in.n%4) * c.pace)
	}
	if c.g.pace > 0 {
		time.Sleep(time.Duration(in.n*c.g.pace%7) * 20 * time.Millisecond)
	}
	if in.emit.IsValid() {
		return c.results(in, c.emit(in))
	}
	return c.results(in, c.fault.strike(in, false))
}

func (c *callback) results(in given, err error) []reflect.Value {
	out := make([]reflect.Value, c.typ.NumOut())
	for i := range out {
		out[i] = c.result(i, in, err)
	}
	return out
}

func (c *callback) result(i int, in given, err error) reflect.Value {
	t, n := c.typ.Out(i), (in.n*c.factor+c.term)%modulus
	v := reflect.New(t).Elem()
	switch {
	case t == errorType:
		set(v, err)
	case t == timeType: // as those of watermarks, or nearer to each other
		set(v, time.Unix(0, 0).Add(time.Duration(n)*[...]time.Duration{time.Second, 100 * time.Millisecond}[c.factor-1]))
	case c.made[i] != nil:
		inner := *c.made[i]
		inner.bound = &n
		return reflect.MakeFunc(t, inner.call)
	case c.fixed[i].IsValid():
		return c.fixed[i]
	case t == flowType:
		return reflect.ValueOf(c.g.chain(*in.flow, c.stages()))
	case t.Kind() == reflect.Bool:
		v.SetBool(n%3 != 0)
	case t.Kind() == reflect.String:
		v.SetString(fmt.Sprint(n))
	case c.name == "weigh": // a negative weight is a failure
		v.SetInt(int64(max(n, -n)))
	default:
		v.SetInt(int64(n))
	}
	return v
}

// stages draws how many there are in a flow inside.
func (c *callback) stages() int { return c.g.IntN(max(1, deepest+1-c.g.depth)) }

func takes(t, param reflect.Type) bool {
	for in := range t.Ins() {
		if in == param {
			return true
		}
	}
	return false
}

// emit hands items to the function that the callback was given for that: up to three for
// an item, and its fault may strike before the last.
func (c *callback) emit(in given) error {
	n := c.items
	if in.some {
		n = max(in.n, 0) % 4
	}
	refused := false
	for i := range n {
		if !in.some {
			time.Sleep(time.Duration(i%4) * c.pace)
		}
		if i == n-1 || !in.some {
			if err := c.fault.strike(in, refused); err != nil {
				return c.fail(in, err)
			}
		}
		if err := c.hand(in, (in.n+i)%modulus, nil); err != nil {
			refused = true
			if c.manners < stubborn {
				return err
			}
		}
	}
	if n == 0 {
		return c.fail(in, c.fault.strike(in, false))
	}
	return nil
}

// fail emits an error where that is how errors are told.
func (c *callback) fail(in given, err error) error {
	if err != nil && c.typ.NumOut() == 0 && in.emit.Type().NumIn() == 2 {
		_ = c.hand(in, 0, err)
	}
	return err
}

var errRefused = errors.New("no more items are wanted")

// hand emits one item, beside which there may be an error.
func (c *callback) hand(in given, v int, beside error) error {
	t := in.emit.Type()
	args := make([]reflect.Value, t.NumIn())
	for i := range args {
		args[i] = reflect.New(t.In(i)).Elem()
		if t.In(i) == errorType {
			set(args[i], beside)
			continue
		}
		args[i].Set(filled(t.In(i), v))
	}
	switch r := in.emit.Call(args)[0].Interface().(type) {
	case bool:
		if !r {
			return errRefused
		}
	case error:
		if c.manners == wrapping {
			return fmt.Errorf("wrapped: %v", r)
		}
		return r
	}
	return nil
}
