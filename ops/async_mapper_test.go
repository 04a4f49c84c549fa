package ops_test

import (
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("async-mapper", 3, ints(6), referenceMap(double), asyncMapper(func() {}), asyncMapper, randomInts).with(2),
	newSubject("async-mapper", 3, ints(6), referenceMap(double), oneWorker(func() {}).WithOrdered(false), oneWorker, randomInts).with(1),
	newSubject("async-mapper", 3, ints(6), referenceMap(double), keyedMapper(func() {}), keyedMapper, randomInts).with(1),
)

var _ = misused(
	newMisuse("async-mapper without function", "async-mapper: function must not be nil", ops.NewAsyncMapper[int, int](nil)),
	newMisuse("async-mapper without key", "async-mapper: key function must not be nil", ops.NewAsyncMapperKeyed[int, string, int](nil, lookup)),
	newMisuse("async-mapper with a nil handler", "async-mapper: OnError must not be nil", ops.NewAsyncMapper(lookup).OnError(nil)),
	newMisuse("no workers", "async-mapper: workers must be between 1 and 1<<20, got 0", ops.NewAsyncMapper(lookup).WithWorkers(0)),
	newMisuse("workers without bound", "async-mapper: workers must be between 1 and 1<<20, got 1048577", ops.NewAsyncMapper(lookup).WithWorkers(1<<20+1)),
	newMisuse("negative workers", "async-mapper: workers must be between 1 and 1<<20, got -1", ops.NewAsyncMapper(lookup).WithWorkers(-1)),
	newMisuse("no buffer", "async-mapper: buffer size must be between 1 and 1<<20, got 0", ops.NewAsyncMapper(lookup).WithBufferSize(0)),
	newMisuse("huge buffer", "async-mapper: buffer size must be between 1 and 1<<20, got 1048577", ops.NewAsyncMapper(lookup).WithBufferSize(1<<20+1)),
	newMisuse("buffer of fewer than the workers", "async-mapper: buffer size must be at least the number of workers, got 3", ops.NewAsyncMapper(lookup).WithBufferSize(3).WithWorkers(4)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{fmt.Sprint("async-map by ", n%3+1), workers(n%3+1, before), referenceMap(double), false}
	},
	func(n int, before func()) link {
		return link{"async-map, one worker", oneWorker(before).WithOrdered(false), referenceMap(double), false}
	},
	func(n int, before func()) link {
		return link{"async-map of one key", keyedMapper(before), referenceMap(double), false}
	},
)
