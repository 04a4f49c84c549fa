package chaos

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for sub-flows over channels, which have no options
	goleak.VerifyTestMain(m)
}
