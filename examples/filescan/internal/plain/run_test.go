package plain_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/examples/filescan/internal/plain"
	"github.com/go-streamz/streamz/examples/filescan/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) { trial.Run(t, plain.Run) }
