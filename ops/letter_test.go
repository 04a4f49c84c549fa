package ops_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// TestLetter_asJSONKeepsTheError, which an error by itself does not.
func TestLetter_asJSONKeepsTheError(t *testing.T) {
	l := ops.Letter[int]{
		Item: 7, Err: errors.New("odd"), Stage: "parse", Attempts: 3,
		Time: time.Date(2000, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	want := `{"item":7,"error":"odd","stage":"parse","attempts":3,"time":"2000-01-02T03:04:05Z"}`
	got, err := json.Marshal(l)
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("Marshal() mismatch (-want +got), error %v:\n%s", err, diff)
	}
	got, err = json.Marshal(ops.Letter[string]{})
	if err != nil || !json.Valid(got) {
		t.Errorf("Marshal() of nothing = %s, %v", got, err)
	}
}
