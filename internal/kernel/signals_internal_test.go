package kernel

import "testing"

// TestSignals_dropThenAdd: the end of a line came in the place of a barrier that its side had lost, so
// that nobody was told of that.
func TestSignals_dropThenAdd(t *testing.T) {
	var q signals
	q.add(0, Signal{Kind: Barrier, ID: 7})
	lost := q.drop()
	q.add(0, Signal{Kind: End})
	if len(lost) != 1 || lost[0].sig.Kind != Barrier || lost[0].sig.ID != 7 {
		t.Errorf("lost %+v, want the barrier", lost)
	}
}
