package plain // batch is not seen from outside, where its time is not either

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

func TestBatch_ends_by_size_and_by_time(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := scan.Options{Batch: 3, Wait: time.Second}
		records := make(chan scan.Record)
		jobs, pending := make(chan job), make(chan job, 1)
		go func() {
			defer close(records)
			for i, pause := range []time.Duration{0, 900, 50, 40, 900, 200, 0} { // milliseconds
				time.Sleep(pause * time.Millisecond)
				records <- scan.Record{Number: i}
			}
		}()
		go func() {
			defer close(jobs)
			if err := batch(t.Context(), records, jobs, pending, o); err != nil {
				t.Error(err)
			}
		}()
		type flushed struct {
			Size int
			At   time.Duration
		}
		var got []flushed
		start := time.Now()
		for j := range jobs {
			<-pending
			got = append(got, flushed{len(j.batch), time.Since(start)})
		}
		want := []flushed{{3, 950 * time.Millisecond}, {2, 1990 * time.Millisecond}, {2, 2090 * time.Millisecond}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batches mismatch (-want +got):\n%s", diff)
		}
	})
}
