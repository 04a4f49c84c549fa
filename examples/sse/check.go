package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

const (
	posts = 10_000 // lines
	// padding makes the lines so long that they do not all find room in the buffers of the
	// connection of a client that does not read.
	padding = 1000
)

// checked serves on a free port, and checks what clients get: one that reads, one that reads
// nothing before all has been posted, and one that leaves, each in both ways. Every line has
// to be received, or counted as dropped.
func (s settings) checked(ctx context.Context, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.serveOn(ctx, newServer(s.buffer), listener) }()
	readers, err := postToClients(ctx, "http://"+listener.Addr().String()+"/events")
	for _, r := range readers {
		close(r.mayRead)
	}
	stop() // which ends the streams, after what is in the buffers
	for _, r := range readers {
		err = errors.Join(err, <-r.done)
		fmt.Fprintf(stdout, "%s: %d of %d lines received, %d events dropped\n", r.name, r.received, posts, r.dropped)
	}
	return errors.Join(err, <-ended)
}

// postToClients makes the clients, and posts to them. It gives those that have not left.
func postToClients(ctx context.Context, url string) (readers []*reader, err error) {
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, way := range []string{url, url + "/bare"} {
		for _, slow := range []bool{false, true} {
			r, err := listen(web, way, slow)
			if err != nil {
				return readers, err
			}
			readers = append(readers, r)
		}
		if err := listenAndLeave(ctx, web, way); err != nil {
			return readers, err
		}
	}
	return readers, postLines(ctx, web, url)
}

// postLines posts the numbers from 1 on, a line each.
func postLines(ctx context.Context, web *http.Client, url string) error {
	var lines strings.Builder
	for n := range posts {
		fmt.Fprintln(&lines, n+1, strings.Repeat(".", padding))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(lines.String()))
	if err != nil {
		return err
	}
	answer, err := web.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("posting: %s", answer.Status)
	}
	return nil
}

// listenAndLeave is a client that leaves after its first event.
func listenAndLeave(ctx context.Context, web *http.Client, url string) error {
	body, err := open(ctx, web, url)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = body.Read(make([]byte, 1))
	return err
}

func open(ctx context.Context, web *http.Client, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := web.Do(request)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// reader is a client that reads until the server ends.
type reader struct {
	name     string
	mayRead  chan struct{}
	done     chan error
	last     int // line
	received int
	dropped  int
}

// listen begins a reader. A slow one reads nothing before mayRead is closed.
func listen(web *http.Client, url string, slow bool) (*reader, error) {
	body, err := open(context.Background(), web, url)
	if err != nil {
		return nil, err
	}
	r := &reader{name: "quick client of " + url, mayRead: make(chan struct{}), done: make(chan error, 1)}
	if slow {
		r.name = "slow client of " + url
	}
	go func() {
		defer body.Close()
		if slow {
			<-r.mayRead
		}
		r.done <- r.read(body)
	}()
	return r, nil
}

// read reads events until the stream ends. It is an error if lines come twice or in another
// order, or if fewer events were dropped than lines are missing.
func (r *reader) read(body io.Reader) error {
	var name string
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case key == "event":
			name = value
		case key == "data" && name == "dropped":
			r.dropped, _ = strconv.Atoi(value)
		case key == "data" && name == "posted":
			if err := r.receive(value); err != nil {
				return err
			}
		}
	}
	if missing := posts - r.received; r.dropped < missing {
		return fmt.Errorf("%s: %d lines are missing, but %d events were dropped", r.name, missing, r.dropped)
	}
	return lines.Err()
}

func (r *reader) receive(line string) error {
	number, _, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n <= r.last {
		return fmt.Errorf("%s: line %q came after line %d", r.name, number, r.last)
	}
	r.received++
	r.last = n
	return nil
}
