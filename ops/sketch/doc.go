// Package sketch has summaries of many items in little memory, for the windows of an
// [ops.Aggregate]:
//
//   - [TopN]: the n greatest items, exactly
//   - [HeavyHitters]: the most frequent keys
//   - [CountMin]: how often any key came
//   - [HyperLogLog]: how many different keys there were
//   - [Quantiles]: medians, percentiles and the like
//
// The memory of each is bounded by how it is made and does not grow with the number of items;
// the bound of its error stands in its comment. The Add of each gives its receiver, so that as
// a method expression it is an [ops.AggregateFunc]:
//
//	ops.NewAggregateFunc(
//		func() *sketch.Quantiles { return sketch.NewQuantiles(0.01) },
//		(*sketch.Quantiles).Add,
//	)
//
// Two summaries that were made alike can be merged: those of windows that follow each other,
// or of partitions. The result is one of the items of both, with the same bound. Keys are
// hashed in another way in each process, so a summary is of no use outside of its own.
//
// A summary belongs to one goroutine at a time. Its constructor does not panic: where an
// argument is wrong, the first use of the summary does, with an [ops.ConfigError].
package sketch
