package flow_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// event is an item of a drawn flow.
type event struct {
	key, at int
	no      int // among the items of its flow
}

func (e event) Key() int        { return e.key }
func (e event) Time() time.Time { return time.Unix(int64(e.at), 0) }

// happened is what a flow does at a time: it gives an item, or sends a watermark or a barrier.
type happened struct {
	ms   int
	what int
	event
}

const (
	givesItem = iota
	sendsWatermark
	sendsBarrier
)

// joinTrial is one random case of a join.
type joinTrial struct {
	flows        [2][]happened
	lower, upper int
	size         int
	lead         int  // -1 for none
	slow         bool // the sink takes its time
	buffers      [2]int
}

// drawJoin draws a case by numbers below others. The flows go on at different speeds, and their
// items are out of order, now and then by more than their watermarks say.
func drawJoin(draw func(n int) int) joinTrial {
	tr := joinTrial{size: 1 + draw(12), lead: draw(40) - 20, slow: draw(4) == 3, buffers: [2]int{draw(3), draw(3)}}
	tr.lower = draw(13) - 6
	tr.upper = tr.lower + draw(9)
	keys, disorder := 1+draw(4), draw(8)
	for i := range tr.flows {
		ms, at, quick := i, draw(5), 1+draw(4)
		for no := range draw([]int{4, 30, 90}[draw(3)]) {
			ms += 2 * draw(3*quick)
			at += draw(3)
			h := happened{ms: ms, what: max(0, draw(8)-5), key: draw(keys), at: at - draw(1+disorder), no: no}
			if h.what == sendsWatermark {
				h.at = at - disorder + draw(2)
			}
			tr.flows[i] = append(tr.flows[i], h)
		}
	}
	return tr
}

// source plays one of the flows, behind which there may be a boundary.
func (tr joinTrial) source(i int) flow.Flow[event] {
	f := flow.FromSignals(eventSignals(func(_ context.Context, out flow.Emitter[event]) error {
		start := time.Now()
		for _, h := range tr.flows[i] {
			time.Sleep(time.Until(start.Add(time.Duration(h.ms) * time.Millisecond)))
			var err error
			switch h.what {
			case sendsWatermark:
				err = out.Watermark(h.Time())
			case sendsBarrier:
				err = out.Barrier(ignore)
			default:
				err = out.Emit(h.event)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	if tr.buffers[i] > 0 {
		f = f.Async(tr.buffers[i])
	}
	return f
}

type eventSignals func(ctx context.Context, out flow.Emitter[event]) error

func (fn eventSignals) Stream(ctx context.Context, out flow.Emitter[event]) error {
	return fn(ctx, out)
}

// inTime gives the items of one flow that are not late: whose time, or the end of whose window, is
// not behind a watermark.
func (tr joinTrial) inTime(i int, late func(e event, mark int) bool) (items []happened) {
	mark := -1 << 30
	for _, h := range tr.flows[i] {
		switch {
		case h.what == sendsWatermark:
			mark = max(mark, h.at)
		case h.what == givesItem && !late(h.event, mark):
			items = append(items, h)
		}
	}
	return items
}

type eventPair = flow.Pair[event, event]

// intervals gives the pairs of an IntervalJoin by trying all, in the order in which they come: with
// their second item, those of one item by the times of the others, and of these by their arrival.
func (tr joinTrial) intervals() []eventPair {
	late := func(e event, mark int) bool { return e.at < mark }
	var found [][2]happened
	for _, a := range tr.inTime(0, late) {
		for _, b := range tr.inTime(1, late) {
			if a.key == b.key && a.at+tr.lower <= b.at && b.at <= a.at+tr.upper {
				found = append(found, [2]happened{a, b})
			}
		}
	}
	second := func(p [2]happened) (last, first happened) { // of which no two come at once
		if p[0].ms > p[1].ms {
			return p[0], p[1]
		}
		return p[1], p[0]
	}
	slices.SortStableFunc(found, func(p, q [2]happened) int {
		p1, p0 := second(p)
		q1, q0 := second(q)
		return cmp.Or(p1.ms-q1.ms, p1.no-q1.no, p0.at-q0.at, p0.no-q0.no)
	})
	return eventPairs(found)
}

// windows gives the pairs of a WindowJoin by trying all, in the order in which they come.
func (tr joinTrial) windows() []eventPair {
	window := func(e event) int { return int(e.Time().Truncate(time.Duration(tr.size) * time.Second).Unix()) }
	late := func(e event, mark int) bool { return window(e)+tr.size <= mark }
	var found [][2]happened
	for _, a := range tr.inTime(0, late) {
		for _, b := range tr.inTime(1, late) {
			if a.key == b.key && window(a.event) == window(b.event) {
				found = append(found, [2]happened{a, b})
			}
		}
	}
	slices.SortStableFunc(found, func(p, q [2]happened) int { return window(p[0].event) - window(q[0].event) })
	return eventPairs(found)
}

func eventPairs(found [][2]happened) []eventPair {
	pairs := []eventPair{}
	for _, p := range found {
		pairs = append(pairs, eventPair{A: p[0].event, B: p[1].event})
	}
	return pairs
}

// spec is that of the join.
func (tr joinTrial) spec() flow.JoinSpec[event, event, int] {
	on := flow.JoinOn(event.Key, event.Time, event.Key, event.Time)
	if tr.lead >= 0 {
		on = on.WithMaxLead(time.Duration(tr.lead) * time.Second)
	}
	return on
}

// check runs a join and compares what it gives, and its books.
func (tr joinTrial) check(t *testing.T, join func(a, b flow.Flow[event]) flow.Flow[eventPair], want []eventPair, ordered bool) {
	f := join(tr.source(0), tr.source(1)).Named("join")
	if tr.slow {
		f = f.Call(func(_ context.Context, p eventPair) (eventPair, error) {
			time.Sleep(time.Duration(p.A.no%5) * time.Millisecond)
			return p, nil
		})
	}
	opt, r := audited(t)
	got, err := f.Collect(t.Context(), opt)
	if err != nil {
		t.Error(err)
	}
	if !ordered {
		slices.SortFunc(got, byPlaces)
		slices.SortFunc(want, byPlaces)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	used := map[[2]int]bool{}
	for _, p := range want {
		used[[2]int{0, p.A.no}], used[[2]int{1, p.B.no}] = true, true
	}
	if row := stageReport(t, r, "join"); row.Passed != int64(len(used)) || row.Held != 0 || row.Failed != 0 {
		t.Errorf("%d items were in pairs, the books say:\n%v", len(used), r)
	}
	if t.Failed() {
		t.Logf("%+v", tr)
	}
}

func byPlaces(p, q eventPair) int { return cmp.Or(p.A.no-q.A.no, p.B.no-q.B.no) }

func (tr joinTrial) checkInterval(t *testing.T) {
	tr.check(t, func(a, b flow.Flow[event]) flow.Flow[eventPair] {
		return a.IntervalJoin(b, tr.spec(), time.Duration(tr.lower)*time.Second, time.Duration(tr.upper)*time.Second)
	}, tr.intervals(), !tr.slow && tr.lead < 0)
}

func (tr joinTrial) checkWindow(t *testing.T) {
	tr.check(t, func(a, b flow.Flow[event]) flow.Flow[eventPair] {
		return a.WindowJoin(b, tr.spec(), time.Duration(tr.size)*time.Second)
	}, tr.windows(), true)
}

func joinTrials(t *testing.T, check func(tr joinTrial, t *testing.T)) {
	for seed := range uint64(600) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 9))
			check(drawJoin(rnd.IntN), t)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

func TestIntervalJoin_model(t *testing.T) { joinTrials(t, joinTrial.checkInterval) }
func TestWindowJoin_model(t *testing.T)   { joinTrials(t, joinTrial.checkWindow) }

// fuzzJoin draws cases by bytes.
func fuzzJoin(f *testing.F, check func(tr joinTrial, t *testing.T)) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		data := make([]byte, 100*(seed+1))
		for i := range data {
			data[i] = byte(rnd.UintN(256))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) {
			check(drawJoin(func(n int) int {
				if len(data) == 0 || n < 1 {
					return 0
				}
				v := int(data[0]) % n
				data = data[1:]
				return v
			}), t)
		})
	})
}

func FuzzIntervalJoin(f *testing.F) { fuzzJoin(f, joinTrial.checkInterval) }
func FuzzWindowJoin(f *testing.F)   { fuzzJoin(f, joinTrial.checkWindow) }
