package main

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// What goes wrong at the server depends on the number of the request, counted from 1, so that
// every run meets all of it.
const (
	outageFrom, outageTo = 11, 25 // requests that fail with 500
	tooManyFirst         = 60     // a request that is refused with 429
	tooManyAgain         = 140    // and another one
	hangEvery            = 50     // one that is not answered, of so many: the 48th, the 98th
	slowEvery            = 10     // one that takes slowTime, of so many
	slowTime             = 20 * time.Millisecond

	goneEvery = 50 // items that the server does not have, of so many: 50, 100
)

// The headers by which the server can tell who does not wait. A refusal has a number, and a
// request that is sent when its client knows of refusals has that of the one to wait for.
const (
	refusalHeader = "Refusal"
	afterHeader   = "After-Refusal"
)

// server has items, the squares of numbers, and the troubles of any server.
type server struct {
	pause time.Duration // how long to send nothing after a 429

	mu       sync.Mutex
	requests int
	until    time.Time   // requests are refused until then
	refusals []time.Time // for each one, when the client may send again
	early    int         // requests that were sent before that
}

// numbers gives how many requests there were, how many were refused, and how many were sent
// although the client had been told to wait.
func (s *server) numbers() (requests, refused, early int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, len(s.refusals), s.early
}

// ServeHTTP answers GET /items/7 with 49, or not.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, refusal, wait := s.admit(r)
	switch {
	case refusal > 0:
		w.Header().Set(refusalHeader, strconv.Itoa(refusal))
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	case n >= outageFrom && n <= outageTo:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case n%hangEvery == hangEvery-2:
		<-r.Context().Done() // the client has had enough
	default:
		if n%slowEvery == 3 {
			time.Sleep(slowTime)
		}
		answerItem(w, r)
	}
}

func answerItem(w http.ResponseWriter, r *http.Request) {
	item, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || item%goneEvery == 0 {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, item*item)
}

// admit gives the number of a request. If it is refused there is also that of the refusal,
// and how long the client shall wait.
func (s *server) admit(r *http.Request) (n, refusal int, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	now := time.Now()
	if s.endOf(r.Header.Get(afterHeader)).After(now) {
		s.early++
	}
	if s.requests == tooManyFirst || s.requests == tooManyAgain {
		s.until = now.Add(s.pause)
	}
	wait = s.until.Sub(now)
	if wait <= 0 {
		return s.requests, 0, 0
	}
	s.refusals = append(s.refusals, s.until)
	return s.requests, len(s.refusals), wait
}

// endOf is when the client may send again after a refusal, and zero if there is no such one.
func (s *server) endOf(refusal string) (end time.Time) {
	if n, err := strconv.Atoi(refusal); err == nil && n >= 1 && n <= len(s.refusals) {
		return s.refusals[n-1]
	}
	return end
}

// handler is the server with its paths.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /items/{id}", s)
	return mux
}
