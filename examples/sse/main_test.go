package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// Every client that has left, and the server that has ended, leave nothing behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheck(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-check", "-buffer", "8", "-interval", "1ms"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d, stderr:\n%s", code, &stderr)
	}
	for _, way := range []string{"/events", "/events/bare"} {
		if !regexp.MustCompile(`(?m)^slow client of \S+` + way + `: \d+ of 10000 lines received, [1-9]\d* events dropped$`).Match(stdout.Bytes()) {
			t.Errorf("stdout tells of no dropped events of the slow client of %s:\n%s", way, &stdout)
		}
	}
}

func TestRun_usage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no interval": {[]string{"-interval", "0"}, 2, "sse: -interval must be positive, got 0s\n"},
		"no buffer":   {[]string{"-buffer", "0"}, 2, "sse: -buffer must be at least 1, got 0\n"},
		"bad address": {[]string{"-addr", "nowhere:x"}, 1, "sse: listen tcp: "},
		"help":        {[]string{"-h"}, 0, "usage: sse"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code || !strings.HasPrefix(stderr.String(), test.want) {
				t.Errorf("exit code %d, stderr %q, want %d and %q", code, &stderr, test.code, test.want)
			}
		})
	}
}

// When the server ends, the streams of its clients do.
func TestServe_endsStreams(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	srv := newServer(8)
	go func() { ended <- settings{interval: 1 << 40}.serveOn(ctx, srv, listener) }()
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	body, err := open(t.Context(), web, "http://"+listener.Addr().String()+"/events")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	stop()
	if n, err := body.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("Read() = %d, %v, want the end of the stream", n, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, leave := srv.hub.join(t.Context()); len(srv.hub.listening()) > 0 {
		t.Error("a hub that is closed has clients")
	} else {
		leave()
	}
}

func TestPost_whileTheServerEnds(t *testing.T) {
	srv := newServer(8)
	close(srv.closing)
	answer := httptest.NewRecorder()
	srv.handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/events", strings.NewReader("a\n")))
	if want := http.StatusServiceUnavailable; answer.Code != want || !strings.Contains(answer.Body.String(), "lines published: 0") {
		t.Errorf("status %d, %q, want %d", answer.Code, answer.Body, want)
	}
}

func TestPage(t *testing.T) {
	answer := httptest.NewRecorder()
	newServer(8).handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if !strings.Contains(answer.Body.String(), `new EventSource("events")`) {
		t.Errorf("the page is\n%s", answer.Body)
	}
}

func TestMetrics(t *testing.T) {
	got := readMetrics()
	if len(got) != len(watched) || got["goroutines"] == 0 {
		t.Errorf("readMetrics() = %v, want all of %v", got, watched)
	}
}

func TestFormat(t *testing.T) {
	for data, want := range map[string]string{
		"":             "event: e\ndata: \n\n",
		"a":            "event: e\ndata: a\n\n",
		"a\nb\r\nc\rd": "event: e\ndata: a\ndata: b\ndata: c\ndata: d\n\n",
	} {
		if diff := cmp.Diff(want, format(event{"e", data})); diff != "" {
			t.Errorf("format of %q mismatch (-want +got):\n%s", data, diff)
		}
	}
}

// A client that has left, or the end of the flow, lets publish go on.
func TestHub_isNotHeldUp(t *testing.T) {
	h := newHub()
	ctx, gone := context.WithCancel(t.Context())
	_, leave := h.join(ctx)
	defer leave()
	gone()
	if err := h.publish(t.Context(), event{}); err != nil {
		t.Error(err)
	}
	_, leaveToo := h.join(t.Context())
	defer leaveToo()
	cause := errors.New("enough")
	ended, end := context.WithCancelCause(t.Context())
	end(cause)
	if err := h.publish(ended, event{}); !errors.Is(err, cause) {
		t.Errorf("publish() = %v, want %v", err, cause)
	}
}
