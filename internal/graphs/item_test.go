package graphs

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"iter"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// item is what flows. No two items of a flow have the same id.
type item struct {
	id string // tells where it comes from: "a3.1" is of what the item 3 of source a became
	n  int    // what functions look at
	at int    // its event time
}

func (x item) String() string { return fmt.Sprintf("%s=%d", x.id, x.n) }

type flows = flow.Flow[item]

// given is the i-th item of a source.
func given(name string, i int) item {
	return item{id: fmt.Sprint(name, i), n: (37*i + 11*int(name[0])) % 1000, at: i}
}

// Inserted items: one in front of all watermarks, and one behind them.
func before(name string) item { return item{id: name + "0", n: 500} }
func behind(name string) item { return item{id: name + "0", n: 501, at: 1 << 40} }

func times(k int) func(item) item {
	return func(x item) item {
		x.n = (x.n*7 + k) % 1000
		return x
	}
}

func unlike(k int) func(item) bool { return func(x item) bool { return x.n%k != 0 } }
func below(k int) func(item) bool  { return func(x item) bool { return x.n < 1000-100*k } }
func key(k int) func(item) int     { return func(x item) int { return x.n % k } }

// parts are the up to k items that one becomes.
func parts(k int) func(item) []item {
	return func(x item) []item {
		var all []item
		for i := range x.n % (k + 1) {
			all = append(all, item{fmt.Sprint(x.id, ".", i), (x.n + i) % 1000, x.at})
		}
		return all
	}
}

// partsOf is parts as a sequence.
func partsOf(k int) func(item) iter.Seq[item] {
	return func(x item) iter.Seq[item] {
		return func(yield func(item) bool) {
			for _, p := range parts(k)(x) {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// branded tells the copies of an item apart that go the several ways of a node.
func branded(node string, way int) func(item) item {
	return func(x item) item {
		if way > 0 {
			x.id = fmt.Sprint(x.id, "#", node, way)
		}
		return x
	}
}

func sum(acc, x item) item {
	x.n = (acc.n + x.n) % 1000
	return x
}

// zipped makes one item of two, of which one may lack. What holds for both is the earlier time.
func zipped(p flow.Pair[item, item]) item {
	x := item{fmt.Sprintf("(%s,%s)", p.A.id, p.B.id), (p.A.n + 3*p.B.n) % 1000, min(p.A.at, p.B.at)}
	switch {
	case p.A.id == "":
		x.at = p.B.at
	case p.B.id == "":
		x.at = p.A.at
	}
	return x
}

// beside makes an item of one that has come and another that may have been used before.
func beside(x, other item) item {
	return item{x.id + "+", (x.n + 3*other.n) % 1000, max(x.at, other.at)}
}

func first(p flow.Pair[item, item]) item  { return beside(p.A, p.B) }
func second(p flow.Pair[item, item]) item { return beside(p.B, p.A) }

func doubled(node string) func(item) flow.Pair[item, item] {
	return func(x item) flow.Pair[item, item] { return flow.Pair[item, item]{A: x, B: branded(node, 1)(x)} }
}

// at is the event time of an item, and skewed is one that is out of order.
func at(x item) time.Time { return time.Unix(int64(x.at), 0) }

func skewed(x item) time.Time {
	if x.n%3 == 0 {
		x.at -= 5
	}
	return at(x)
}

// windowEnd is the end of the window of a size that a time is in.
func windowEnd(at, size int) int {
	d := time.Duration(size) * time.Second
	return int(time.Unix(int64(at), 0).Truncate(d).Add(d).Unix())
}

func windowed(w flow.Window[item]) item { return windowOf(w.Items, int(w.End.Unix())) }

// windowOf makes an item of those of a window.
func windowOf(items []item, end int) item {
	w := item{at: end}
	ids := make([]string, len(items))
	for i, x := range items {
		ids[i], w.n = x.id, (3*w.n+x.n)%1000
	}
	w.id = "[" + strings.Join(ids, ",") + "]"
	return w
}

// joined makes an item of a pair, of the later time. One of a window is of its end.
func joined(p flow.Pair[item, item]) item {
	x := zipped(p)
	x.at = max(p.A.at, p.B.at)
	return x
}

func joinedIn(size int) func(flow.Pair[item, item]) item {
	return func(p flow.Pair[item, item]) item {
		x := joined(p)
		x.at = windowEnd(x.at, size)
		return x
	}
}

func byNumber(a, b item) int { return cmp.Compare(a.n, b.n) }

// byAll leaves no two items equal.
func byAll(a, b item) int { return cmp.Or(byNumber(a, b), strings.Compare(a.id, b.id)) }

// chance is a number that depends on the item and a seed.
func chance(x item, seed uint64) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, x.id, seed)
	return h.Sum64() >> 7
}
