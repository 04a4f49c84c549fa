package sketch_test

import (
	"cmp"
	"errors"
	"math"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/ops/sketch"
)

func TestMisuse(t *testing.T) {
	for want, use := range map[string]func(){
		"top-n: n must be at least 1, got 0":                                      func() { sketch.NewTopN(0, cmp.Compare[int]).Add(1) },
		"top-n: cmp must not be nil":                                              func() { sketch.NewTopN[int](1, nil).Items() },
		"heavy-hitters: counters must be at least 1, got -1":                      func() { sketch.NewHeavyHitters[int](-1).Add(1) },
		"hyperloglog: precision must be from 4 to 18, got 3":                      func() { sketch.NewHyperLogLog[int](3).Add(1) },
		"hyperloglog: precision must be from 4 to 18, got 19":                     func() { sketch.NewHyperLogLog[int](19).Count() },
		"count-min: relative error must be from 0.000001 to less than 1, got 1":   func() { sketch.NewCountMin[int](1, 0.9).Add(1) },
		"count-min: relative error must be from 0.000001 to less than 1, got NaN": func() { sketch.NewCountMin[int](math.NaN(), 0.9).Count(1) },
		"count-min: probability must be from more than 0 to 0.999999999, got 1":   func() { sketch.NewCountMin[int](0.1, 1).Add(1) },
		"count-min: probability must be from more than 0 to 0.999999999, got 0":   func() { sketch.NewCountMin[int](0.1, 0).Add(1) },
		"quantiles: relative error must be from 0.001 to less than 1, got 0":      func() { sketch.NewQuantiles(0).Add(1) },
		"quantiles: relative error must be from 0.001 to less than 1, got 1":      func() { sketch.NewQuantiles(1).Quantile(0.5) },
		"quantiles: relative error must be from 0.001 to less than 1, got NaN":    func() { sketch.NewQuantiles(math.NaN()).Add(1) },
		"quantiles: relative error must be from 0.001 to less than 1, got 2":      func() { _ = sketch.NewQuantiles(0.1).Merge(sketch.NewQuantiles(2)) },
		"sketch: summary must be made by its constructor":                         func() { new(sketch.Quantiles).Add(1) },
	} {
		t.Run(want, func(t *testing.T) { wantPanic(t, want, use) })
	}
}

// TestMisuse_inAFlow: the run fails with the error, by the name of the stage.
func TestMisuse_inAFlow(t *testing.T) {
	newState := func() *sketch.HyperLogLog[int] { return sketch.NewHyperLogLog[int](0) }
	err := flow.Of(1).Then(ops.NewAggregateFunc(newState, (*sketch.HyperLogLog[int]).Add)).Run(t.Context())
	failed, ok := errors.AsType[*flow.StageError](err)
	bad, found := errors.AsType[*ops.ConfigError](err)
	if !ok || !found || failed.Stage != "aggregate" || bad.Field != "precision" {
		t.Errorf("Run() = %v, want a ConfigError about the precision", err)
	}
}

func TestMergeOfUnlikes(t *testing.T) {
	for want, err := range map[string]error{
		"top-n: n of the other must be the same, got 2":                    sketch.NewTopN(1, cmp.Compare[int]).Merge(sketch.NewTopN(2, cmp.Compare[int])),
		"heavy-hitters: counters of the other must be the same, got 2":     sketch.NewHeavyHitters[int](1).Merge(sketch.NewHeavyHitters[int](2)),
		"hyperloglog: precision of the other must be the same, got 5":      sketch.NewHyperLogLog[int](4).Merge(sketch.NewHyperLogLog[int](5)),
		"count-min: width of the other must be the same, got 28":           sketch.NewCountMin[int](0.01, 0.9).Merge(sketch.NewCountMin[int](0.1, 0.9)),
		"count-min: depth of the other must be the same, got 5":            sketch.NewCountMin[int](0.1, 0.9).Merge(sketch.NewCountMin[int](0.1, 0.99)),
		"quantiles: relative error of the other must be the same, got 0.2": sketch.NewQuantiles(0.1).Merge(sketch.NewQuantiles(0.2)),
	} {
		wantConfigError(t, want, err)
	}
}
