package goroutines

import (
	"runtime"
	"time"
)

// Gone waits until no goroutine with a label is left, and gives those that still are when
// patience has run out. The caller may have the label itself, see [Labelled].
//
// Whoever waits for a goroutine, as with a sync.WaitGroup, goes on before that has quite
// ended. So Gone first only lets others run, and sleeps if that was not enough. In a bubble
// of testing/synctest the sleep is virtual: it ends when all goroutines of the bubble wait
// for something in it.
//
// Where none is left it costs what [All] does.
func Gone(key, value string, patience time.Duration) ([]Group, error) {
	for range ending {
		if left, err := Labelled(key, value); len(left) == 0 || err != nil {
			return left, err
		}
		runtime.Gosched()
	}
	for pause := patience / 64; ; pause *= 2 {
		left, err := Labelled(key, value)
		if len(left) == 0 || err != nil || patience <= 0 {
			return left, err
		}
		pause = max(min(pause, patience), time.Microsecond)
		time.Sleep(pause)
		patience -= pause
	}
}

// ending is how often to look for goroutines that only have to return.
const ending = 3
