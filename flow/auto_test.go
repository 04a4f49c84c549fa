package flow_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// service is what a stage calls: as long as it has no more calls at once than its capacity
// each takes so long, and beyond that so much longer that it gives no more results.
type service struct {
	mu       sync.Mutex
	takes    time.Duration
	capacity int
	calls    int
	most     int
}

func (s *service) call(ctx context.Context, v int) (int, error) {
	s.mu.Lock()
	s.calls++
	s.most = max(s.most, s.calls)
	took := s.takes * time.Duration(max(s.calls, s.capacity)) / time.Duration(s.capacity)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.calls--
		s.mu.Unlock()
	}()
	time.Sleep(took)
	return v, ctx.Err()
}

func (s *service) become(capacity int, takes time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capacity, s.takes = capacity, takes
}

func TestAutoTrace(t *testing.T) {
	for _, c := range []int{1, 3, 10, 40, 1000} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{takes: 20 * time.Millisecond, capacity: c}
			r := flow.Repeat(1).AsyncMap(4, s.call).Scaled(flow.Auto(2, 64)).Named("call").Discard().Start(t.Context())
			for i := range 60 {
				time.Sleep(time.Second)
				if i == 30 {
					s.become(c/2+1, 20*time.Millisecond)
					t.Log("half")
				}
				if i == 40 {
					s.become(2*c, 20*time.Millisecond)
					t.Log("double")
				}
				if i%5 == 4 {
					{
						t.Log(c, r.Snapshot().Scales[0].Workers)
					}
				}
			}
			t.Log(c, r.Snapshot().Scales[0].Changes)
			r.Stop(nil)
			_ = r.Wait()
		})
	}
}
