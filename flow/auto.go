package flow

import (
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Auto has the number of workers of a stage follow how long calls take and how many results
// they give. It is from least to most; a stage begins with the number that it was given, or
// with the nearest to that. least must be at least 1, most at least least, and no more than
// 1<<20.
//
// It climbs the hill of throughput, as the thread pool of .NET does, by steps that have to
// pay: with a quarter more workers there have to be at least an eighth more results,
// else the number goes back to what it was. What it goes by is how many results the workers
// give in a time, which is their number over the mean time of a call that gave one. A number
// is tried for as many calls as it takes to tell such a step from chance: the more the times of
// calls differ the more, from 16 to 500, one of each worker at least; and for 100 milliseconds
// at least, by the clock of the run. Calls that began before a decision do not count for the
// next one.
//
// These are the decisions, as a [ScaleChange] gives them:
//
//   - "items wait": while items wait and all are at work, more are tried: at first twice as many,
//     then a quarter more, again when that was right and from time to time, at longer and longer
//     intervals, when it was not
//   - "more results": that was right, and still more are tried
//   - "no more results": it was not, the number is again what it was before
//   - "fewer may do": after more were in vain, fewer are tried
//   - "slower": there are a fifth fewer results than there were, because calls take longer or
//     fail, as in an overloaded service: fewer are tried
//   - "as many results": that was right, and still fewer are tried
//   - "fewer results": it was not, the number is again what it was before
//   - "faster": there are a quarter more results than there were, so more are tried
//   - "few items": some workers had nothing to do for a second
//   - "no items": all had nothing to do for a second, so that there are half as many
//
// Every time that a worker takes an item costs two readings of the clock: functions that take
// less than some microseconds are better off without.
func Auto(least, most int) Scale {
	err := badMost(most)
	if least < 1 || least > most {
		err = kernel.Join(err, &ConfigError{Field: "least workers", Value: least, Want: "must be between 1 and the most that there can be"})
	}
	return Scale{err: err, scale: &kernel.Scale{Least: least, Most: most, Start: func(r *kernel.Roster, given int) {
		a := &climb{least: least, most: most, stride: boldest}
		r.Set(a.within(given), "")
		r.Measure(autoEvery, autoQuiet, a)
	}}}
}

const (
	autoEvery = 100 * time.Millisecond // at most one decision in this time
	autoQuiet = time.Second            // with fewer items than workers

	boldest  = 1.0  // the share of workers by which their number changes
	timidest = 0.25 // the same when little is to be gained
	patience = 16   // decisions at most until more workers are tried again

	fewest    = 16 // calls for a decision, and one of each worker
	mostCalls = 500
)

// climb is the state of an Auto in one run.
type climb struct {
	least, most int
	stride      float64 // from timidest to boldest
	before      summit  // before the change that is on trial, zero if none is
	best        summit  // where the number was last found right
	held, hold  int     // decisions since more were tried, and how many of them there are to be
	slow        bool    // the last one found fewer results than there were
	doubt       bool    // that so many are needed
}

// summit is how many results so many workers gave, in a second.
type summit struct {
	workers int
	rate    float64
}

// Enough tells whether there were calls enough to tell a step from chance.
func (c *climb) Enough(l kernel.Load) bool {
	switch {
	case l.Calls == 0:
		return false
	case lacking(l):
		return l.Elapsed >= autoQuiet
	}
	return l.Calls >= c.enough(l)
}

// Decide changes the number of workers, or finds it right.
func (c *climb) Decide(l kernel.Load) (int, string) {
	switch {
	case l.Idle:
		return c.fewer(l.Workers / 2), "no items"
	case lacking(l):
		return c.fewer(min(max(l.Peak, l.Workers-c.step(l.Workers, timidest)), l.Workers)), "few items"
	}
	return c.judge(reached(l))
}

// lacking tells whether most calls began with nothing waiting behind them.
func lacking(l kernel.Load) bool { return 2*l.Queued < l.Calls }

// reached is the throughput of workers that are all at work.
func reached(l kernel.Load) summit {
	each := max(l.Spent, 1).Seconds() / float64(l.Calls)
	return summit{l.Workers, float64(l.Workers) / each * float64(l.Good) / float64(l.Calls)}
}

// enough is how many calls a decision takes. The mean of n of them is uncertain by their spread
// over the root of n, and two such means have to tell by twice that whether half of a step came
// of it.
func (c *climb) enough(l kernel.Load) int {
	from, to := l.Workers, l.Workers+c.step(l.Workers, c.stride)
	if c.before.workers > 0 {
		from, to = c.before.workers, l.Workers
	}
	share := float64(to-from) / float64(from)
	mean := max(l.Spent, 1).Seconds() / float64(l.Calls)
	spread := l.Square/float64(l.Calls)/(mean*mean) - 1 + float64(l.Calls)/float64(max(l.Good, 1)) - 1
	return max(l.Workers, int(min(max(fewest, 32*spread/(share*share)), mostCalls)))
}

// fewer is for workers that lack items, which says nothing of how many would be best.
func (c *climb) fewer(n int) int {
	c.before, c.best, c.doubt = summit{}, summit{}, false
	return c.within(n)
}

// judge says what follows from what so many workers gave.
func (c *climb) judge(now summit) (int, string) {
	b := c.before
	if c.before = (summit{}); b.workers == 0 {
		return c.stay(now)
	}
	half := b.rate * (1 + float64(now.workers-b.workers)/float64(b.workers)/2)
	switch up := now.workers > b.workers; {
	case up && now.rate > half:
		c.hold, c.stride = 0, min(2*c.stride, boldest)
		return c.up(now, "more results")
	case up:
		c.back(b)
		return b.workers, "no more results"
	case now.rate >= half:
		c.hold = 0
		return c.down(now, "as many results")
	default:
		c.best = b // from here on that is what there is
		return b.workers, "fewer results"
	}
}

// settle remembers the most that so many workers gave.
func (c *climb) settle(at summit) {
	if at.workers != c.best.workers || at.rate > c.best.rate {
		c.best = at
	}
}

// back is where more workers were in vain: they are tried again soon if they were many more.
func (c *climb) back(to summit) {
	c.settle(to)
	c.doubt = true
	if c.stride == timidest {
		c.hold = min(max(2*c.hold, 1), patience)
	}
	c.stride = timidest
}

// stay is where nothing is on trial.
func (c *climb) stay(now summit) (int, string) {
	c.held++
	best, slow := c.best, c.slow
	known := best.workers == now.workers
	c.slow = known && now.rate < 0.8*best.rate
	switch {
	case c.slow && slow:
		return c.down(now, "slower")
	case c.slow:
		return now.workers, "" // once may be chance
	case known && now.rate > 1.25*best.rate:
		return c.up(now, "faster")
	case known && c.doubt:
		return c.down(now, "fewer may do")
	case !known || c.held > c.hold:
		return c.up(now, "items wait")
	}
	return now.workers, ""
}

// up tries more workers.
func (c *climb) up(now summit, why string) (int, string) {
	if now.workers == c.most {
		c.back(now)
	}
	return c.try(now, now.workers+c.step(now.workers, c.stride)), why
}

// down tries fewer.
func (c *climb) down(now summit, why string) (int, string) {
	c.doubt = false
	return c.try(now, now.workers-c.step(now.workers, timidest)), why
}

// try changes the number of workers, or finds that there can be no other.
func (c *climb) try(now summit, n int) int {
	c.settle(now)
	c.held, c.slow = 0, false
	if n = c.within(n); n != now.workers {
		c.before = now
	}
	return n
}

func (c *climb) step(n int, share float64) int { return max(1, int(share*float64(n))) }

func (c *climb) within(n int) int { return min(max(n, c.least), c.most) }
