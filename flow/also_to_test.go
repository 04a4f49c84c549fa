package flow_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func TestAlsoTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		var aside []int
		got, err := flow.Range(0, 500).AlsoTo(func(f flow.Flow[int]) flow.Job {
			return f.ForEach(func(_ context.Context, v int) error { aside = append(aside, v); return nil })
		}).Collect(t.Context(), opt)
		if len(got) != 500 || err != nil || !cmp.Equal(got, aside) {
			t.Errorf("%v %v %v", got, aside, err)
		}
		t.Log(r)
	})
}
