package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// server tells its clients of the process itself, and of what is posted to it.
type server struct {
	hub     *hub
	posted  chan event
	closing chan struct{} // closed when nothing more is published
	size    int           // of a client's buffer
}

func newServer(size int) *server {
	return &server{hub: newHub(), posted: make(chan event), closing: make(chan struct{}), size: size}
}

// broadcast is the one flow that feeds all clients.
func (s *server) broadcast(interval time.Duration) flow.Job {
	return flow.Merge(metricEvents(interval), flow.FromChan(s.posted).Named("posted")).
		ForEach(s.hub.publish).Named("publish")
}

//go:embed page.html
var page []byte

// handler has a page, the stream as a flow and over channels, and a place to post to.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // a client that has left needs no page
	})
	mux.HandleFunc("GET /events", s.stream(s.flow))
	mux.HandleFunc("GET /events/bare", s.stream(s.bare))
	mux.HandleFunc("POST /events", s.post)
	return mux
}

var errClosing = errors.New("the server ends")

// post publishes each line of the body. The answer comes when all clients have been offered
// the last one.
func (s *server) post(w http.ResponseWriter, r *http.Request) {
	lines := 0
	err := flow.Lines(r.Body).ForEach(func(ctx context.Context, line string) error {
		select {
		case s.posted <- event{Name: "posted", Data: line}:
			lines++
			return nil
		case <-s.closing:
			return errClosing
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}).Run(r.Context(), flow.WithName("post"))
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errClosing) {
			status = http.StatusServiceUnavailable
		}
		http.Error(w, fmt.Sprintf("%v; lines published: %d", err, lines), status)
		return
	}
	fmt.Fprintln(w, lines)
}

// stream answers with server-sent events until the client leaves or the server ends.
func (s *server) stream(run func(ctx context.Context, c *client, write func(string) error) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-cache")
		out := http.NewResponseController(w)
		c, leave := s.hub.join(r.Context())
		defer leave()
		if err := out.Flush(); err != nil { // it also tells the client that it listens
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = run(r.Context(), c, func(text string) error { // a client that has left needs no error
			if _, err := w.Write([]byte(text)); err != nil {
				return err
			}
			return out.Flush()
		})
	}
}

// flow is the stream of a client as a flow. The sliding buffer takes every event at once, and
// gives up the oldest ones while the client is slow.
func (s *server) flow(ctx context.Context, c *client, write func(string) error) error {
	buffer := ops.NewSlidingBuffer[event](s.size)
	shown := lossOf(buffer)
	return flow.FromChan(c.events).
		Then(buffer).
		Map(func(e event) string { return format(e) + shown() }).Named("format").
		ForEach(func(_ context.Context, text string) error { return write(text) }).Named("write").
		Run(ctx, flow.WithName("client"))
}

// bare is the same over channels.
func (s *server) bare(ctx context.Context, c *client, write func(string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	buffer := ops.NewSlidingBuffer[event](s.size)
	shown := lossOf(buffer)
	formatted := ops.NewMapper(func(e event) string { return format(e) + shown() }).
		Process(ctx, buffer.Process(ctx, c.events))
	for text := range formatted {
		if err := write(text); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// lossOf gives a function that says how many events the client has missed, if there are more
// than before.
func lossOf(buffer *ops.SlidingBuffer[event]) func() string {
	var told int64
	return func() string {
		n := buffer.DroppedCount()
		if n == told {
			return ""
		}
		told = n
		return format(event{Name: "dropped", Data: strconv.FormatInt(n, 10)})
	}
}

// format writes an event as the standard of server-sent events says: each line of the data is
// a field, and a blank line ends it.
func format(e event) string {
	data := strings.ReplaceAll(strings.ReplaceAll(e.Data, "\r\n", "\n"), "\r", "\n")
	return "event: " + e.Name + "\ndata: " + strings.ReplaceAll(data, "\n", "\ndata: ") + "\n\n"
}
