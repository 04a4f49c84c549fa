package main

import (
	"context"
	"errors"

	"github.com/samber/ro"
)

// roRange is ro.Range for int, so that all contenders have the same user functions.
func roRange(lo, hi int) ro.Observable[int] {
	return ro.NewUnsafeObservableWithContext(func(ctx context.Context, to ro.Observer[int]) ro.Teardown {
		for v := lo; v < hi; v++ {
			to.NextWithContext(ctx, v)
		}
		to.CompleteWithContext(ctx)
		return nil
	})
}

// roResult waits for the only item of a reduced observable.
func roResult(o ro.Observable[int]) (int, error) {
	items, err := ro.Collect(o)
	if err == nil && len(items) != 1 {
		err = errors.New("ro: Reduce gave no result")
	}
	if err != nil {
		return 0, err
	}
	return items[0], nil
}

func roFour(n int) (int, error) {
	return roResult(ro.Pipe4(roRange(0, n), ro.Map(inc), ro.Filter(even), ro.Map(triple), ro.Reduce(add, 0)))
}

func roTen(n int) (int, error) {
	o := roRange(0, n)
	for range 10 {
		o = ro.Map(inc)(o)
	}
	return roResult(ro.Reduce(add, 0)(o))
}

func roBatch(n int) (int, error) {
	return roResult(ro.Pipe3(roRange(0, n), ro.BufferWithCount[int](batch), ro.Flatten[int](), ro.Reduce(add, 0)))
}

func roBoundary(n int) (int, error) {
	return roResult(ro.Pipe3(roRange(0, n), ro.SubscribeOn[int](buffer), ro.Map(inc), ro.Reduce(add, 0)))
}

func roBuilds(n int) (int, error) {
	sum := 0
	for range n {
		v, err := roResult(ro.Pipe6(roRange(firstItem, firstItem+1),
			ro.Map(inc), ro.Filter(even), ro.Map(triple), ro.Scan(add, 0), ro.Map(inc), ro.Reduce(add, 0)))
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}
