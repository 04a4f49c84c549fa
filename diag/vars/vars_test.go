package vars_test

import (
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/diag/vars"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// free gives a name that is not published: what is stays so, also when a test is run again.
func free(t *testing.T) string {
	t.Helper()
	for i := 0; ; i++ {
		if name := fmt.Sprint(t.Name(), i); expvar.Get(name) == nil {
			return name
		}
	}
}

func TestPublishTwice(t *testing.T) {
	name := free(t)
	if err := vars.Publish(name, new(expvar.Int)); err != nil {
		t.Fatal(err)
	}
	if err := vars.Publish(name, new(expvar.Int)); !errors.Is(err, vars.ErrPublished) {
		t.Errorf("Publish() = %v, want it to be ErrPublished", err)
	}
}

// Of many at once one succeeds, and none panics.
func TestPublishAtOnce(t *testing.T) {
	name := free(t)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if vars.Publish(name, new(expvar.Int)) == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if got := done.Load(); got != 1 {
		t.Errorf("%d calls succeeded, want 1", got)
	}
}

func TestPublishMetrics(t *testing.T) {
	name := free(t)
	m := diag.NewMetrics()
	m.Add("orders", 2)
	if err := vars.Publish(name, m); err != nil {
		t.Fatal(err)
	}
	if text := expvar.Get(name).String(); !json.Valid([]byte(text)) {
		t.Errorf("the variable is %s, want JSON", text)
	}
}

func ExamplePublish() {
	metrics := diag.NewMetrics()
	metrics.Add("orders", 2)
	fmt.Println(vars.Publish("streamz", metrics))
	fmt.Println(expvar.Get("streamz"))
	fmt.Println(vars.Publish("streamz", metrics))
	// Output:
	// <nil>
	// {"counters":{"orders":2},"refused":0}
	// vars: publish "streamz": the name is published already
}
