package ops

import (
	"cmp"
	"fmt"
)

// Number is what [Sum] and [Avg] can add up.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64
}

// Sum adds the items up, in their own type: it overflows as that does.
func Sum[T Number]() AggregateFunc[T, T] {
	return func(sum, item T) T { return sum + item }
}

// Count counts the items.
func Count[T any]() AggregateFunc[T, int] {
	return func(count int, _ T) int { return count + 1 }
}

// Average is the state of [Avg].
type Average struct {
	Sum   float64
	Count int
}

// Value is the arithmetic mean, 0 without an item.
func (a Average) Value() float64 {
	if a.Count == 0 {
		return 0
	}
	return a.Sum / float64(a.Count)
}

// Avg averages the items. It adds them up as float64: integers beyond 1<<53 are rounded.
func Avg[T Number]() AggregateFunc[T, Average] {
	return func(a Average, item T) Average {
		return Average{a.Sum + float64(item), a.Count + 1}
	}
}

// MinMax is the state of [MinMaxAgg]. Min and Max are zero while Count is.
type MinMax[T cmp.Ordered] struct {
	Min, Max T
	Count    int
}

// String gives it on one line.
func (m MinMax[T]) String() string {
	return fmt.Sprintf("min %v, max %v of %d", m.Min, m.Max, m.Count)
}

// MinMaxAgg finds the least and the greatest item. It leaves out NaN, also from the count.
func MinMaxAgg[T cmp.Ordered]() AggregateFunc[T, MinMax[T]] {
	return func(m MinMax[T], item T) MinMax[T] {
		switch {
		case item != item: // NaN
			return m
		case m.Count == 0:
			return MinMax[T]{item, item, 1}
		}
		return MinMax[T]{min(m.Min, item), max(m.Max, item), m.Count + 1}
	}
}
