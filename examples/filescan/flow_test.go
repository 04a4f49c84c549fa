package main // a program has no exported surface

import (
	"context"
	"io/fs"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/filescan/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFlow(t *testing.T) {
	trial.Run(t, func(ctx context.Context, tree fs.FS, folder string, o scan.Options) (scan.Summary, error) {
		out, err := runFlow(ctx, tree, folder, o, nil, slog.New(slog.DiscardHandler))
		if len(out.books.Stages) > 0 && !out.books.Balanced() {
			t.Errorf("the books do not balance:\n%v", out.books)
		}
		return out.summary, err
	})
}
