package main

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// plan says how much is measured.
type plan struct {
	rounds int
	round  time.Duration // of one contender, at least one operation
	op     time.Duration // aimed at for one operation
	most   int           // items an operation, unless the row needs more
	allocs int           // items, at most, over which allocations are counted
	judge  bool
}

// full has operations of equal time, not of equal items: on a busy machine a long one
// would hardly ever be left alone, and the minimum would favour who is fast.
func full() plan {
	return plan{
		rounds: 9, round: 60 * time.Millisecond, op: 2 * time.Millisecond,
		most: 200_000, allocs: 20_000, judge: true,
	}
}

func short() plan { return plan{rounds: 1, most: fewest, allocs: fewest} }

// fewest items are an operation: the setup of a run should not show.
const fewest = 500

// least is how many items an operation of the row has at least. Where no numbers are judged any
// do.
func (p plan) least(r row) int {
	if !p.judge {
		return min(max(fewest, r.least), p.most)
	}
	return max(fewest, r.least)
}

// series is one runner being measured.
type series struct {
	name  string
	run   runner
	want  func(int) int
	least int
	n     int
	due   int       // the result over n items
	ns    []float64 // an item, of each operation
}

// measure measures the contenders of a row, or says which of them is wrong.
func (p plan) measure(r row) (result, error) {
	var all []*series
	for _, c := range r.contenders {
		all = append(all, &series{name: c.name, run: c.run, want: r.want, least: p.least(r)})
		if c.base != nil {
			all = append(all, &series{name: c.name + ", base", run: c.base, want: r.want, least: p.least(r)})
		}
	}
	for _, s := range all {
		if err := s.calibrate(p); err != nil {
			return result{}, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	for round := range p.rounds {
		for i := range all {
			if round%2 == 1 { // nobody always runs behind the same neighbour
				i = len(all) - 1 - i
			}
			if err := all[i].round(p.round); err != nil {
				return result{}, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return p.conclude(r, all), nil
}

// calibrate finds the number of items an operation. It warms the runner up as well.
func (s *series) calibrate(p plan) error {
	s.size(s.least)
	cost := math.MaxFloat64
	for range 5 {
		ns, err := s.once()
		if err != nil {
			return err
		}
		cost = min(cost, ns)
		s.size(max(min(int(float64(p.op)/cost), p.most), s.least))
	}
	return nil
}

func (s *series) size(n int) { s.n, s.due = n, s.want(n) }

// round repeats the operation for that long.
func (s *series) round(d time.Duration) error {
	runtime.GC() // nobody pays for the garbage of the one before
	for begin := time.Now(); ; {
		ns, err := s.once()
		if err != nil {
			return err
		}
		s.ns = append(s.ns, ns)
		if time.Since(begin) >= d {
			return nil
		}
	}
}

// once runs one operation, checks its result and gives its nanoseconds an item.
func (s *series) once() (float64, error) {
	begin := time.Now()
	got, err := s.run(s.n)
	took := time.Since(begin)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", s.name, err)
	case got != s.due:
		return 0, fmt.Errorf("%s: want %d over %d items, got %d", s.name, s.due, s.n, got)
	}
	return float64(took) / float64(s.n), nil
}

// allocs counts the allocations an item, without those of the setup: what twice as many
// items need in addition. The runtime allocates now and then as well, hence the minimum.
func (s *series) allocs(items int) float64 {
	least := math.MaxFloat64
	for range 3 {
		least = min(least, mallocs(s.run, 2*items)-mallocs(s.run, items))
	}
	return max(least, 0) / float64(items)
}

func mallocs(run runner, n int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = run(n) // it was right before
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs)
}
