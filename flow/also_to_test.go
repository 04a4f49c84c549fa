package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// aside is the side of an AlsoTo, which notes what comes to its sink.
type aside struct {
	got   []int
	piece limb                                   // in front of the sink
	put   func(ctx context.Context, v int) error // of the sink, may be nil
	sink  func(flow.Flow[int], func(context.Context, int) error) flow.Job
}

func (a *aside) build(f flow.Flow[int]) flow.Job {
	a.got = nil
	if a.piece != nil {
		f = a.piece(f)
	}
	if a.sink == nil {
		return f.ForEach(a.take)
	}
	return a.sink(f, a.take)
}

func (a *aside) take(ctx context.Context, v int) error {
	a.got = append(a.got, v)
	if a.put == nil {
		return nil
	}
	return a.put(ctx, v)
}

// sideQueues are the queues by what they do when they are full.
var sideQueues = map[string]func(int) flow.SideQueue{
	"block": flow.SideBlock, "drop": flow.SideDrop, "slide": flow.SideSlide,
}

func eachSideQueue(t *testing.T, test func(t *testing.T, queue func(int) flow.SideQueue)) {
	for name, queue := range sideQueues {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, queue) })
		})
	}
}

// TestAlsoTo_model holds random pieces on the line and on the side against what they make of
// slices.
func TestAlsoTo_model(t *testing.T) {
	for place, put := range alsoPlaces {
		t.Run(place, func(t *testing.T) {
			for seed := range uint64(40) {
				r := rand.New(rand.NewPCG(seed, 2))
				items := make([]int, r.IntN(40))
				for i := range items {
					items[i] = r.IntN(100)
				}
				kind, way, sideKind, sideWay := pick(r, pieces), pick(r, apart), pick(r, pieces), pick(r, apart)
				text := fmt.Sprintf("seed %d: %s %s, aside %s %s", seed, kind, way, sideKind, sideWay)
				queue := flow.SideBlock(1 + r.IntN(4))
				line := apart[way](pieces[kind].build)
				synctest.Test(t, func(t *testing.T) {
					a := &aside{piece: apart[sideWay](pieces[sideKind].build)}
					got, err := put(flow.FromSlice(items), func(f flow.Flow[int]) flow.Flow[int] {
						return line(f.AlsoTo(a.build, queue))
					}).Collect(t.Context(), audit(t))
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					if want := pieces[kind].model(items); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s: the line gave %v, want %v", text, got, want)
					}
					want := pieces[sideKind].model(items)
					if early := kind == "take"; early && len(a.got) < len(want) && sideKind != "branch" {
						want = want[:len(a.got)] // the line may end while items are on the way
						if seen := min(len(items), 3); len(pieces[sideKind].model(items[:seen])) > len(a.got) {
							t.Errorf("%s: the side got %v of %v", text, a.got, items)
						}
					} else if early {
						return
					}
					if fmt.Sprint(a.got) != fmt.Sprint(want) {
						t.Errorf("%s: the side got %v, want %v", text, a.got, want)
					}
				})
			}
		})
	}
}

// alsoPlaces are where a piece with an AlsoTo can stand.
var alsoPlaces = map[string]func(f flow.Flow[int], build limb) flow.Flow[int]{
	"top":  func(f flow.Flow[int], build limb) flow.Flow[int] { return build(f) },
	"pipe": func(f flow.Flow[int], build limb) flow.Flow[int] { return f.Then(flow.Pipe(build)) },
	"over channels": func(f flow.Flow[int], build limb) flow.Flow[int] {
		return f.Then(ops.ProcessorFunc[int, int](flow.Pipe(build).Process))
	},
	"branch": func(f flow.Flow[int], build limb) flow.Flow[int] { return f.Branch(build) },
	"branch, not fused": func(f flow.Flow[int], build limb) flow.Flow[int] {
		return f.Branch(build, limb(func(f flow.Flow[int]) flow.Flow[int] { return f.Async(2).Skip(1000) }))
	},
	"concat": func(f flow.Flow[int], build limb) flow.Flow[int] {
		return flow.Concat(flow.Empty[int](), build(f), flow.Empty[int]())
	},
	"merge": func(f flow.Flow[int], build limb) flow.Flow[int] { return flow.Merge(build(f), flow.Empty[int]()) },
	"restart": func(f flow.Flow[int], build limb) flow.Flow[int] {
		return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return build(f) })
	},
	"copies": func(f flow.Flow[int], build limb) flow.Flow[int] { return f.ParallelKeyed(1, identity, build) },
}

// TestAlsoTo_lossyModel: the line is never slowed down, and the side loses exactly the items
// that find its queue full, or those that are the oldest there.
func TestAlsoTo_lossyModel(t *testing.T) {
	const busy = 5*time.Millisecond + time.Microsecond // no item comes when one is done
	for name, queue := range sideQueues {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, 3))
				items, size := arrivals(r, 0, 1, 30), 1+r.IntN(3)
				for i := range items {
					items[i].v = i
				}
				synctest.Test(t, func(t *testing.T) {
					opt, report := audited(t)
					start := time.Now()
					a := &aside{put: func(context.Context, int) error { time.Sleep(busy); return nil }}
					var line, late []int
					err := each(arriving(items).AlsoTo(a.build, queue(size)), func(v int) {
						line = append(line, v)
						if time.Since(start) != time.Duration(items[v].ms)*time.Millisecond {
							late = append(late, v)
						}
					}).Run(t.Context(), opt)
					want, held := sideModel(items, name, size, busy)
					if err != nil || len(line) != len(items) || !slices.IsSorted(line) {
						t.Errorf("seed %d: the line got %v, %v", seed, line, err)
					}
					if diff := cmp.Diff(want, a.got); diff != "" {
						t.Errorf("seed %d: the side of %v with %d mismatch (-want +got):\n%s", seed, items, size, diff)
					}
					if diff := cmp.Diff(held, late); diff != "" {
						t.Errorf("seed %d: held up (-want +got):\n%s", seed, diff)
					}
					if s := stageReport(t, report, "also-to"); s.In != s.Passed || s.Out != 2*s.In {
						t.Errorf("seed %d: books %+v", seed, s)
					}
					if name != "block" {
						s := report.Stages[2]
						if s.Dropped != int64(len(items)-len(want)) || !strings.HasPrefix(s.Name, "also-to/") {
							t.Errorf("seed %d: books %+v", seed, s)
						}
					}
				})
			}
		})
	}
}

// sideModel gives the items that a side gets which takes some time for each, and those that
// come late down the line.
func sideModel(items []atTime, full string, size int, busy time.Duration) (got, late []int) {
	var waiting []int
	var now, free time.Duration // the line, and the side
	serve := func(until time.Duration) {
		for len(waiting) > 0 && free <= until {
			got, waiting = append(got, waiting[0]), waiting[1:]
			free += busy
		}
	}
	for v, item := range items {
		at := time.Duration(item.ms) * time.Millisecond
		now = max(now, at)
		serve(now)
		if len(waiting) == size {
			switch full {
			case "block":
				now = free
				serve(now)
			case "drop":
				continue
			case "slide":
				waiting = waiting[1:]
			}
		}
		if now != at {
			late = append(late, v)
		}
		free = max(free, now)
		waiting = append(waiting, v)
		serve(now)
	}
	serve(1 << 62)
	return got, late
}

// TestAlsoTo_lineEnds: when the line ends early, wherever that is, the side gets what waits,
// and its end.
func TestAlsoTo_lineEnds(t *testing.T) {
	held := func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(1000, time.Hour)) }
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for name, make := range map[string]func(also limb) flow.Flow[int]{
			"Take below":             func(also limb) flow.Flow[int] { return also(flow.Range(0, 1<<40)).Take(3) },
			"Take above":             func(also limb) flow.Flow[int] { return also(flow.Range(0, 1<<40).Take(3)) },
			"Take further below":     func(also limb) flow.Flow[int] { return also(flow.Range(0, 1<<40)).Async(2).Take(3) },
			"Take on other segments": func(also limb) flow.Flow[int] { return also(flow.Range(0, 1<<40).Async(1)).Async(1).Async(1).Take(3) },
			"Take(0)":                func(also limb) flow.Flow[int] { return also(flow.Range(0, 1<<40)).Take(0) },
			"in a Concat":            func(also limb) flow.Flow[int] { return flow.Concat(also(flow.Range(0, 1<<40)).Take(3), flow.Of(9)) },
			"in a later flow": func(also limb) flow.Flow[int] {
				return flow.Concat(flow.Of(9), also(flow.Range(0, 1<<40))).Take(4)
			},
			"in a Branch": func(also limb) flow.Flow[int] {
				return flow.Range(0, 1<<10).Branch(limb(func(f flow.Flow[int]) flow.Flow[int] { return also(f).Take(3) }), same)
			},
			"in a Restart": func(also limb) flow.Flow[int] {
				return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return also(flow.Range(0, 1<<40)) }).Take(3)
			},
			"of a Race": func(also limb) flow.Flow[int] {
				return flow.Race(flow.Of(1), also(flow.FromFunc(paced(0, 9))))
			},
		} {
			opt, r := audited(t)
			a := &aside{piece: held}
			err := make(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(a.build, queue(1<<10)) }).Run(t.Context(), opt)
			s := stageReport(t, r, r.Stages[slices.IndexFunc(r.Stages, func(s flow.StageReport) bool { return s.Op == "AlsoTo" })].Name)
			if err != nil || int64(len(a.got)) < s.Passed || len(a.got) > int(s.In) {
				t.Errorf("%s: Run() = %v, the side got %v\n%v", name, err, len(a.got), r)
			}
			for _, e := range r.Edges {
				if strings.HasPrefix(e.To, "also-to/") && e.Queued > 0 {
					t.Errorf("%s: %d items are left on the way to the side\n%v", name, e.Queued, r)
				}
			}
		}
	})
}

// TestAlsoTo_lineEndsInABranch: a side in a branch that has ended early does not wait for the
// others.
func TestAlsoTo_lineEndsInABranch(t *testing.T) {
	for name, tt := range map[string]struct {
		ends limb
		want time.Duration
	}{
		"by an item": {func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) }, time.Second},
		"by a timer": {func(f flow.Flow[int]) flow.Flow[int] {
			return f.Then(ops.NewTimeout[int](1500 * time.Millisecond).WithFallback())
		}, 3500 * time.Millisecond},
		"not at all": {same, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended time.Duration
				start := time.Now()
				build := func(f flow.Flow[int]) flow.Job {
					return f.To(&sinkPart{part{hook: func(method string) error {
						if method == "Flush" {
							ended = time.Since(start)
						}
						return nil
					}}})
				}
				way := limb(func(f flow.Flow[int]) flow.Flow[int] { return tt.ends(f.AlsoTo(build)) })
				err := flow.FromFunc(paced(0, 1, 2, 60)).Async(1).Branch(way, same).Run(t.Context(), audit(t))
				if err != nil || ended != tt.want {
					t.Errorf("Run() = %v, the side ended after %v, want %v", err, ended, tt.want)
				}
			})
		})
	}
}

// TestAlsoTo_neverBegun: the side of a flow whose turn does not come does nothing.
func TestAlsoTo_neverBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, piece := range map[string]limb{
			"alone": same,
			"with items of its own": func(f flow.Flow[int]) flow.Flow[int] {
				return f.StartWith(7).DefaultIfEmpty(8)
			},
			"timed":      func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(3, time.Second)) },
			"on workers": func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(2, called).Async(2).StartWith(9) },
			"joined":     func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, flow.Empty[int]()) },
			"nested":     func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(flow.Flow[int].Discard).Async(2) },
		} {
			a := &aside{piece: piece}
			also := limb(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(a.build) })
			for place, f := range map[string]flow.Flow[int]{
				"alone": also(flow.Of(2)), "in a Branch": flow.Of(2).Branch(same, also), "behind others": also(flow.Of(2).Async(1)),
			} {
				got, err := flow.Of(1).OrElse(f).Collect(t.Context(), audit(t))
				if err != nil || fmt.Sprint(got) != "[1]" || len(a.got) > 0 {
					t.Errorf("%s %s: Collect() = %v, %v; the side got %v", name, place, got, err, a.got)
				}
			}
		}
	})
}

// TestAlsoTo_sideEnds: an early end of the side leaves the line alone.
func TestAlsoTo_sideEnds(t *testing.T) {
	stopping := func(f flow.Flow[int], take func(context.Context, int) error) flow.Job {
		n := 0
		return f.ForEach(func(ctx context.Context, v int) error {
			if n++; n == 3 {
				return errors.Join(take(ctx, v), flow.ErrStop)
			}
			return take(ctx, v)
		})
	}
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for way, apart := range apart {
			for name, a := range map[string]*aside{
				"Take":         {piece: apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(3) })},
				"Take in time": {piece: apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Delay(time.Millisecond).Take(3) })},
				"Take(0)":      {piece: apart(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(0) })},
				"ErrStop":      {piece: apart(same), sink: stopping},
			} {
				for _, size := range []int{1, 300} {
					opt, r := audited(t)
					n, err := flow.Range(0, 1000).AlsoTo(a.build, queue(size)).Count(t.Context(), opt)
					least := 3
					switch {
					case name == "Take(0)":
						least = 0
					case size == 1: // where a queue that loses items may
						least = 1
					}
					if err != nil || n != 1000 || len(a.got) > 3 || len(a.got) < least {
						t.Errorf("%s %s, %d: Count() = %v, %v; the side got %v\n%v", name, way, size, n, err, a.got, r)
					}
				}
			}
		}
	})
}

// TestAlsoTo_failures are those of the run, and have the names of their stages.
func TestAlsoTo_failures(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		fault := func(v int) (int, error) {
			if v == 2 {
				return 0, errPlanted
			}
			return v, nil
		}
		bad := func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fault).Named("bad") }
		crash := func(f flow.Flow[int]) flow.Flow[int] { return f.Tap(func(int) { boom() }).Named("bad") }
		for want, f := range map[string]flow.Flow[int]{
			"also-to/bad":           blocked(3).AlsoTo((&aside{piece: bad}).build, queue(4)),
			"mine/bad":              blocked(3).AlsoTo((&aside{piece: crash}).build, queue(4)).Named("mine"),
			"also-to/also-to/bad":   blocked(3).AlsoTo((&aside{piece: func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo((&aside{piece: bad}).build) }}).build, queue(4)),
			"also-to/for-each":      blocked(3).AlsoTo((&aside{put: func(context.Context, int) error { return errPlanted }}).build, queue(4)),
			"bad":                   bad(blocked(3).AlsoTo((&aside{piece: held}).build, queue(4))),
			"branch[0]/also-to/bad": flow.Range(0, 3).Branch(limb(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo((&aside{piece: bad}).build, queue(4)) })),
		} {
			err := f.Run(t.Context(), audit(t))
			if got := stageError(t, err); got.Stage != want {
				t.Errorf("Run() = %v, want a failure of %s", err, want)
			}
		}
	})
}

// held keeps its items until the end.
func held(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(1000, 0)) }

// TestAlsoTo_failureDoesNotFlush: a side does not take a failure, or the end of the context, for
// the end of its items.
func TestAlsoTo_failureDoesNotFlush(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for range 20 {
			a := &aside{piece: held}
			err := flow.Range(0, 9).AlsoTo(a.build, queue(16)).ForEach(func(_ context.Context, v int) error {
				if v == 5 {
					return errPlanted
				}
				return nil
			}).Run(t.Context(), audit(t))
			if !errors.Is(err, errPlanted) || len(a.got) > 0 {
				t.Errorf("Run() = %v, the side got %v", err, a.got)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			n, err := flow.Range(0, 9).AlsoTo(a.build, queue(16)).Tap(func(v int) {
				if v == 5 {
					cancel(errBoom)
				}
			}).Count(ctx, audit(t))
			if err != errBoom || len(a.got) > 0 {
				t.Errorf("Count() = %v, %v, the side got %v", n, err, a.got)
			}
		}
	})
}

// TestAlsoTo_policy of the whole is the default of the side's stages.
func TestAlsoTo_policy(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		a := &aside{piece: func(f flow.Flow[int]) flow.Flow[int] {
			return f.TryMap(func(v int) (int, error) {
				if v%2 == 1 {
					return 0, errPlanted
				}
				return v, nil
			})
		}}
		opt, r := audited(t)
		err := flow.Range(0, 6).AlsoTo(a.build, queue(8)).Named("log").OnError(flow.Skip()).
			TryMap(func(v int) (int, error) { return v, errPlanted }).Run(t.Context(), opt, quiet)
		if got := stageError(t, err); got.Stage != "try-mapper" {
			t.Errorf("Run() = %v, want the failure of the line", err)
		}
		got, err := flow.Range(0, 6).AlsoTo(a.build, queue(8)).Named("log").OnError(flow.Skip()).Collect(t.Context(), opt, quiet)
		if s := stageReport(t, r, "log/try-mapper"); err != nil || len(got) != 6 || s.Failed != 3 || fmt.Sprint(a.got) != "[0 2 4]" {
			t.Errorf("Collect() = %v, %v; the side got %v; books %+v", got, err, a.got, s)
		}
	})
}

// TestAlsoTo_sinks: all that makes a job.
func TestAlsoTo_sinks(t *testing.T) {
	var n atomic.Int64
	count := func(context.Context, int) error { n.Add(1); return nil }
	for name, sink := range map[string]func(f flow.Flow[int]) flow.Job{
		"ForEach":      func(f flow.Flow[int]) flow.Job { return f.ForEach(count) },
		"AsyncForEach": func(f flow.Flow[int]) flow.Job { return f.AsyncForEach(3, count) },
		"To": func(f flow.Flow[int]) flow.Job {
			book := &journal{}
			return f.To(&sinkPart{part{name: "sink", book: book, hook: func(method string) error {
				if method == "Put" {
					n.Add(1)
				}
				if method == "Close" && book.String() != "sink closed: <nil>" {
					t.Errorf("the journal says %v", book)
				}
				return nil
			}}})
		},
		"Discard": func(f flow.Flow[int]) flow.Job {
			return f.Call(func(ctx context.Context, v int) (int, error) { return v, count(ctx, v) }).Discard()
		},
		"Jobs": func(f flow.Flow[int]) flow.Job { return flow.Jobs(f.ForEach(count), flow.Of(1).Discard()) },
		"Jobs, last": func(f flow.Flow[int]) flow.Job {
			return flow.Jobs(flow.Of(1).Discard(), f.AlsoTo(flow.Flow[int].Discard).ForEach(count))
		},
		"a Merge":       func(f flow.Flow[int]) flow.Job { return flow.Merge(f, flow.Empty[int]()).ForEach(count) },
		"a Concat":      func(f flow.Flow[int]) flow.Job { return flow.Concat(f, flow.Empty[int]()).ForEach(count) },
		"behind others": func(f flow.Flow[int]) flow.Job { return flow.Concat(flow.FromFunc(paced()), f).ForEach(count) },
		"Using": func(f flow.Flow[int]) flow.Job {
			open := func(context.Context) (int, error) { return 0, nil }
			used := flow.Using(open, func(int, error) error { return nil }, func(int) flow.Flow[int] { return flow.Empty[int]() })
			return flow.Merge(used, f).ForEach(count)
		},
		"a Branch": func(f flow.Flow[int]) flow.Job { return f.Branch(same).ForEach(count) },
		"nested": func(f flow.Flow[int]) flow.Job {
			return f.AlsoTo(flow.Flow[int].Discard, flow.SideBlock(2)).ForEach(count)
		},
		"twice": func(f flow.Flow[int]) flow.Job {
			return f.AlsoTo(flow.Flow[int].Discard).AlsoTo(flow.Flow[int].Discard).ForEach(count)
		},
		"the far side": func(f flow.Flow[int]) flow.Job {
			return f.AlsoTo(func(f flow.Flow[int]) flow.Job { return f.ForEach(count) }).Discard()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, size := range []int{1, 400} {
					n.Store(0)
					got, err := flow.Range(0, 300).AlsoTo(sink, flow.SideBlock(size)).Count(t.Context(), audit(t))
					if err != nil || got != 300 || n.Load() != 300 {
						t.Errorf("Count() = %v, %v; the side got %d", got, err, n.Load())
					}
				}
			})
		})
	}
}

// TestAlsoTo_twice: each of several in a flow has its own side.
func TestAlsoTo_twice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b, c aside
		opt, r := audited(t)
		got, err := flow.Merge(
			flow.Range(0, 5).AlsoTo(a.build).Map(func(v int) int { return v + 10 }).AlsoTo(b.build),
			flow.Range(0, 5).AlsoTo(c.build),
		).Collect(t.Context(), opt)
		if err != nil || len(got) != 10 || fmt.Sprint(a.got, b.got, c.got) != "[0 1 2 3 4] [10 11 12 13 14] [0 1 2 3 4]" {
			t.Errorf("Collect() = %v, %v; the sides got %v %v %v\n%v", got, err, a.got, b.got, c.got, r)
		}
	})
}

// TestAlsoTo_drain: both ends get all that was accepted.
func TestAlsoTo_drain(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		a := &aside{piece: held, put: func(context.Context, int) error { time.Sleep(time.Minute); return nil }}
		n := 0
		opt, r := audited(t)
		running := each(counting().AlsoTo(a.build, queue(8)), func(int) { n++ }).Start(t.Context(), opt)
		time.Sleep(3500 * time.Millisecond)
		if err := running.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n != 4 || len(a.got) != 4 || !r.Drain.Complete {
			t.Errorf("the line got %d, the side %v\n%v", n, a.got, r)
		}
	})
}

func TestAlsoTo_pause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &aside{}
		n := 0
		running := each(counting().AlsoTo(a.build), func(int) { n++ }).Start(t.Context(), audit(t))
		time.Sleep(3500 * time.Millisecond)
		running.Pause()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n != 3 || len(a.got) != 3 {
			t.Errorf("the line got %d, the side %v", n, a.got)
		}
		running.Resume()
		running.Stop(errBoom)
		if err := running.Wait(); err != errBoom {
			t.Error(err)
		}
	})
}

// TestAlsoTo_cancel ends both, whatever they wait for.
func TestAlsoTo_cancel(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		stuck := func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
		for name, f := range map[string]flow.Job{
			"the side is stuck": flow.Range(0, 1<<40).AlsoTo((&aside{put: stuck}).build, queue(2)).Throttle(100).Discard(),
			"the line is stuck": flow.Range(0, 1<<40).AlsoTo((&aside{}).build, queue(2)).ForEach(stuck),
			"both are":          flow.Range(0, 1<<40).AlsoTo((&aside{put: stuck}).build, queue(2)).ForEach(stuck),
			"nothing comes":     blocked(0).AlsoTo((&aside{}).build, queue(2)).Discard(),
			"one has ended":     flow.Range(0, 9).AlsoTo((&aside{put: stuck}).build, queue(9)).Take(1).Discard(),
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errBoom) })
			if err := f.Run(ctx, audit(t)); err != errBoom {
				t.Errorf("%s: Run() = %v, want %v", name, err, errBoom)
			}
		}
	})
}

// TestAlsoTo_liveNumbers: what is below, and at the side, is known by what was given there.
func TestAlsoTo_liveNumbers(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		build := func(f flow.Flow[int]) flow.Job { return f.Take(2).Map(identity).Discard() }
		running := blocked(0).StartWith(1, 2, 3, 4, 5).Named("start").Async(8).AlsoTo(build, queue(8)).Map(identity).Discard().
			Start(t.Context(), audit(t))
		synctest.Wait()
		got := make(map[string]int64)
		for _, s := range running.Snapshot().Stages {
			got[s.Name] = s.In
		}
		want := map[string]int64{"also-to": 5, "mapper": 5, "discard": 5, "also-to/mapper": 2, "also-to/discard": 2}
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s has taken %d, want %d of %v", name, got[name], n, got)
			}
		}
		running.Stop(errBoom)
		_ = running.Wait()
	})
}

// barriers is a source of n items with a barrier behind each, of which it notes the end.
func barriers(book *journal, n int) flow.Flow[int] {
	return flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
		for i := range n {
			if err := out.Emit(i); err != nil {
				return err
			}
			if err := out.Barrier(func(err error) { book.note("%d: %v", i, err) }); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestAlsoTo_barrier is complete when it has come to both ends, once.
func TestAlsoTo_barrier(t *testing.T) {
	slow := func(context.Context, int) error { time.Sleep(time.Second); return nil }
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for name, make := range map[string]func(f flow.Flow[int], a *aside) flow.Job{
			"the side is slow": func(f flow.Flow[int], a *aside) flow.Job { a.put = slow; return f.AlsoTo(a.build, queue(8)).Discard() },
			"the line is slow": func(f flow.Flow[int], a *aside) flow.Job { return f.AlsoTo(a.build, queue(8)).Async(8).ForEach(slow) },
			"a nested side": func(f flow.Flow[int], a *aside) flow.Job {
				a.put = slow
				return f.AlsoTo(func(f flow.Flow[int]) flow.Job { return f.AlsoTo(a.build).Discard() }, queue(8)).Discard()
			},
			"twice": func(f flow.Flow[int], a *aside) flow.Job {
				a.put = slow
				return f.AlsoTo(flow.Flow[int].Discard).AlsoTo(a.build, queue(8)).AlsoTo(flow.Flow[int].Discard).Discard()
			},
			"in a Restart": func(f flow.Flow[int], a *aside) flow.Job {
				a.put = slow
				return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return f.AlsoTo(a.build, queue(8)) }).Async(8).Discard()
			},
			"in a Restart, below it": func(f flow.Flow[int], a *aside) flow.Job {
				return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return f.AlsoTo(a.build, queue(8)) }).Async(8).ForEach(slow)
			},
			"in a Branch": func(f flow.Flow[int], a *aside) flow.Job {
				a.put = slow
				also := limb(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(a.build, queue(8)) })
				return f.Branch(also, same, limb(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(flow.Flow[int].Discard) })).Discard()
			},
			"workers": func(f flow.Flow[int], a *aside) flow.Job {
				return f.AlsoTo(func(f flow.Flow[int]) flow.Job { return f.AsyncForEach(1, slow) }, queue(8)).Discard()
			},
		} {
			book := &journal{}
			f := barriers(book, 3)
			running := make(f, &aside{}).Start(t.Context(), audit(t))
			for i, want := range []string{"", "0: <nil>", "0: <nil>, 1: <nil>", "0: <nil>, 1: <nil>, 2: <nil>"} {
				synctest.Wait()
				if got := book.String(); got != want {
					t.Errorf("%s, after %d seconds: %q, want %q", name, i, got, want)
				}
				time.Sleep(time.Second)
			}
			if err := running.Wait(); err != nil || len(book.all()) != 3 {
				t.Errorf("%s: %v; %v", name, err, book)
			}
		}
	})
}

// TestAlsoTo_barrierOfTheLine: it needs not come to a side that has ended, or that lets none
// through.
func TestAlsoTo_barrierOfTheLine(t *testing.T) {
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for name, a := range map[string]*aside{
			"a side that has ended":      {piece: func(f flow.Flow[int]) flow.Flow[int] { return f.Take(0) }},
			"one that ends":              {piece: func(f flow.Flow[int]) flow.Flow[int] { return f.Take(1) }},
			"one that ends further down": {piece: func(f flow.Flow[int]) flow.Flow[int] { return f.Async(8).Delay(time.Millisecond).Take(2).Async(8) }},
			"one that ends with others": {piece: func(f flow.Flow[int]) flow.Flow[int] {
				return flow.Merge(f.Take(1), blocked(0))
			}},
			"over channels": {piece: func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)) }},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			book := &journal{}
			running := flow.Concat(barriers(book, 3), blocked(0)).AlsoTo(a.build, queue(8)).Discard().Start(ctx, audit(t))
			time.Sleep(time.Minute)
			if got := book.all(); len(got) != 3 || slices.Contains(got, "0: boom") {
				t.Errorf("%s: %v", name, got)
			}
			cancel(errBoom)
			if err := running.Wait(); err != errBoom {
				t.Error(err)
			}
		}
	})
}

// TestAlsoTo_barrierCutOff hears of the end of the run, once.
func TestAlsoTo_barrierCutOff(t *testing.T) {
	stuck := func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
	eachSideQueue(t, func(t *testing.T, queue func(int) flow.SideQueue) {
		for name, make := range map[string]func(f flow.Flow[int]) flow.Job{
			"the side": func(f flow.Flow[int]) flow.Job { return f.AlsoTo((&aside{put: stuck}).build, queue(8)).Discard() },
			"the line": func(f flow.Flow[int]) flow.Job { return f.AlsoTo((&aside{}).build, queue(8)).Async(8).ForEach(stuck) },
			"both": func(f flow.Flow[int]) flow.Job {
				return f.AlsoTo((&aside{put: stuck}).build, queue(8)).Async(8).ForEach(stuck)
			},
			"in a Restart": func(f flow.Flow[int]) flow.Job {
				return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return f.AlsoTo((&aside{put: stuck}).build, queue(8)) }).Async(8).ForEach(stuck)
			},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			book := &journal{}
			time.AfterFunc(time.Second, func() { cancel(errBoom) })
			err := make(barriers(book, 1)).Run(ctx, audit(t))
			if err != errBoom || book.String() != "0: boom" {
				t.Errorf("%s: Run() = %v; %v", name, err, book)
			}
		}
	})
}

func TestAlsoTo_misuse(t *testing.T) {
	all := flow.Of(1)
	also := func(build func(flow.Flow[int]) flow.Job) flow.Flow[int] { return all.AlsoTo(build) }
	for want, f := range map[string]flow.Flow[int]{
		`also-to: function must not be nil`:                                also(nil),
		`log: job must be made by a terminal, as ForEach`:                  also(func(flow.Flow[int]) flow.Job { return flow.Job{} }).Named("log"),
		`also-to: parameter must be used in what build returns`:            also(func(flow.Flow[int]) flow.Job { return all.Discard() }),
		`"group-by/also-to/discard" needs another`:                         all.GroupBy(identity, func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(flow.Flow[int].Discard) }),
		`queue must be made by its function, as SideDrop`:                  all.AlsoTo(flow.Flow[int].Discard, flow.SideQueue{}),
		`"parallel/also-to/discard" needs another`:                         all.Parallel(2, func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo(flow.Flow[int].Discard) }),
		`parameter must be used once`:                                      also(func(f flow.Flow[int]) flow.Job { return flow.Merge(f, f).Discard() }),
		`size of SideBlock must be between 1 and 1<<30, got 0`:             all.AlsoTo(flow.Flow[int].Discard, flow.SideBlock(0)),
		`size of SideDrop must be between 1 and 1<<30, got -1`:             all.AlsoTo(flow.Flow[int].Discard, flow.SideDrop(-1)),
		`size of SideSlide must be between 1 and 1<<30, got 1073741825`:    all.AlsoTo(flow.Flow[int].Discard, flow.SideSlide(1<<30+1)),
		`also-to/take: OnError has no effect: the stage calls no function`: also(func(f flow.Flow[int]) flow.Job { return f.Take(1).OnError(flow.Skip()).Discard() }),
	} {
		t.Run(want, func(t *testing.T) {
			err := f.Run(t.Context())
			if _, ok := errors.AsType[*flow.ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
				t.Errorf("Run() = %v, want a ConfigError that says %q", err, want)
			}
		})
	}
}

// TestAlsoTo_plan: the line is fused, the side is not.
func TestAlsoTo_plan(t *testing.T) {
	plan, err := flow.Range(0, 3).AlsoTo((&aside{}).build, flow.SideSlide(4)).Map(identity).Discard().Plan()
	var got []string
	for _, s := range plan.Stages {
		got = append(got, fmt.Sprintf("%d %s %s", s.Segment, s.Name, s.Op))
	}
	for _, e := range plan.Edges {
		got = append(got, fmt.Sprintf("%s -> %s, %d", e.From, e.To, e.Capacity))
	}
	want := []string{
		"0 range Range", "0 also-to AlsoTo", "0 also-to/sliding-buffer SlidingBuffer", "1 also-to/for-each ForEach",
		"0 mapper Map", "0 discard Discard",
		"range -> also-to, 0", "also-to -> mapper, 0", "also-to -> also-to/sliding-buffer, 0",
		"also-to/sliding-buffer -> also-to/for-each, 4", "mapper -> discard, 0",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Plan() mismatch (-want +got):\n%s, %v", diff, err)
	}
	branch := flow.Range(0, 3).Branch(limb(func(f flow.Flow[int]) flow.Flow[int] { return f.AlsoTo((&aside{}).build) }), same)
	if plan, err = branch.Discard().Plan(); err != nil || plan.Segments != 2 {
		t.Errorf("Plan() = %v, %v, want a Branch that is fused", plan, err)
	}
}
