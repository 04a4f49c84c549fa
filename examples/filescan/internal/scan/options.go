package scan

import (
	"fmt"
	"runtime"
	"time"
)

// Options are what the programs have to agree on.
type Options struct {
	Workers   int           // that process batches
	Batch     int           // records at most
	Wait      time.Duration // for a batch to fill, from its first record
	Queue     int           // records that may wait to be batched
	MaxErrors int           // files and folders that may be unreadable; one more ends the run
}

// Defaults are those of the command lines.
func Defaults() Options {
	return Options{Workers: runtime.GOMAXPROCS(0), Batch: 1000, Wait: time.Second, Queue: 1024, MaxErrors: 100}
}

// TooMany is the error of a run that ends because of one error more than allowed.
func (o Options) TooMany(last error) error {
	return fmt.Errorf("too many items failed, the budget is %d; the last: %w", o.MaxErrors, last)
}
