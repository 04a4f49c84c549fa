package progress_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/go-streamz/streamz/examples/internal/progress"
)

func TestBar(t *testing.T) {
	var out bytes.Buffer
	bar := progress.On(&out, "reading", 1000)
	bar.Add(500)
	bar.End()
	if text := out.String(); !strings.Contains(text, "reading") || !strings.Contains(text, "50%") {
		t.Errorf("drawn %q, want a bar with 50%%", text)
	}
}

func TestBar_needsATerminal(t *testing.T) {
	bar := progress.New(io.Discard, "reading", false, func() int64 {
		t.Error("the total was asked for")
		return 0
	})
	if bar != nil {
		t.Error("there is a bar where no terminal is")
	}
	bar.Add(1)
	bar.End()
}
