// Apiclient asks a server for items, at a limited rate and with ten requests at once, and
// copes with what servers do: fail for a while, take long, not answer at all, and refuse
// requests with 429 and the time after which they may come again.
//
//	go run ./apiclient -requests 200 -rate 500
//
// The server is in the program itself, see server.go for what it does. The client is one flow,
// see pipeline in flow.go: a throttle, workers behind a circuit breaker, repeated calls, and
// two ways out, for successes and failures. With -bare the same is done over channels, see
// bare.go. The program checks its results: every request has one, and none was sent before
// the server wanted it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line says.
type settings struct {
	requests int
	rate     float64
	bare     bool
}

// run is the program. Its result is the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseArgs(args, stderr)
	return command.Exit("apiclient", stderr, err, func() error {
		return s.serveAndAsk(ctx, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	})
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	set := flag.NewFlagSet("apiclient", flag.ContinueOnError)
	set.IntVar(&s.requests, "requests", 200, "how many items to ask for")
	set.Float64Var(&s.rate, "rate", 500, "how many to ask for in a second; calls repeated come on top")
	set.BoolVar(&s.bare, "bare", false, "do it over channels, without a flow")
	err := command.ParseFlags(set, args, stderr, func() error {
		var rate error
		if !(s.rate > 0) {
			rate = fmt.Errorf("-rate must be positive, got %v", s.rate)
		}
		return errors.Join(rate, command.AtLeast(0, "requests", s.requests))
	})
	return s, err
}

// serveAndAsk runs the server on a port of its own, and the client against it.
func (s settings) serveAndAsk(ctx context.Context, stdout io.Writer, log *slog.Logger) (err error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	srv := &server{pause: time.Second}
	web := &http.Server{Handler: srv.handler()}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	defer func() {
		err = errors.Join(err, web.Close())
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
	}()

	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	defer transport.CloseIdleConnections()
	c := &client{http: &http.Client{Transport: transport}, base: "http://" + listener.Addr().String()}
	return s.ask(ctx, c, srv, stdout, log)
}

// ask runs either of the two, checks the results, and prints them.
func (s settings) ask(ctx context.Context, c *client, srv *server, stdout io.Writer, log *slog.Logger) error {
	into := newResults()
	if err := s.askEither(ctx, c, into, log); err != nil {
		return err
	}
	if err := into.print(stdout, c, srv); err != nil {
		return err
	}
	return into.check(s.requests, srv)
}

func (s settings) askEither(ctx context.Context, c *client, into *results, log *slog.Logger) error {
	if s.bare {
		return runBare(ctx, c, s.requests, s.rate, into)
	}
	return pipeline(c, s.requests, s.rate, into).Run(ctx, flow.WithName("apiclient"), flow.WithLogger(log))
}
