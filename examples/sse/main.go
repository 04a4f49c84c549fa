// Sse is a server of server-sent events: it tells every client the numbers of its own
// process, from runtime/metrics, and each line that is posted to it.
//
//	go run ./sse
//	curl -N localhost:8080/events
//	seq 5 | curl --data-binary @- localhost:8080/events
//
// localhost:8080 has a page that draws them. One flow feeds all clients, and each of them has
// a flow of its own, with a sliding buffer: a slow client loses the oldest events, is told how
// many, and holds nobody up; one that leaves leaves nothing behind. See server.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line says.
type settings struct {
	addr     string
	interval time.Duration
	buffer   int
	check    bool
}

// run is the program. Its result is the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	serveOrCheck := s.serve
	if s.check {
		serveOrCheck = s.checked
	}
	return command.Exit("sse", stderr, err, func() error { return serveOrCheck(ctx, stdout) })
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	set := flag.NewFlagSet("sse", flag.ContinueOnError)
	set.StringVar(&s.addr, "addr", "localhost:8080", "where to listen")
	set.DurationVar(&s.interval, "interval", time.Second, "how often to tell the numbers of the process")
	set.IntVar(&s.buffer, "buffer", 64, "how many events a client may be behind")
	set.BoolVar(&s.check, "check", false, "serve a quick, a slow and a leaving client, and check what they get")
	err := command.ParseFlags(set, args, stderr, func() error {
		if s.interval <= 0 {
			return fmt.Errorf("-interval must be positive, got %v", s.interval)
		}
		return command.AtLeast(1, "buffer", s.buffer)
	})
	return s, err
}

// ending is how long clients may take to be told the end.
const ending = 5 * time.Second

// serve serves until ctx ends.
func (s settings) serve(ctx context.Context, stdout io.Writer) error {
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%v\n", listener.Addr())
	return s.serveOn(ctx, newServer(s.buffer), listener)
}

// serveOn runs the server and the flow that feeds it. When ctx ends, or one of the two fails,
// the flow is drained, the streams of all clients end, and then the server.
func (s settings) serveOn(ctx context.Context, srv *server, listener net.Listener) error {
	web := &http.Server{Handler: srv.handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	feed := srv.broadcast(s.interval).Start(context.WithoutCancel(ctx), flow.WithName("broadcast"))
	var errs []error
	select {
	case <-ctx.Done():
	case <-feed.Done():
	case err := <-served:
		errs = append(errs, err)
	}
	close(srv.closing)
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	errs = append(errs, feed.Drain(limit))
	srv.hub.close()
	errs = append(errs, web.Shutdown(limit))
	return errors.Join(errs...)
}
