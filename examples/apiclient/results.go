package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// results are what came of the requests.
type results struct {
	mu        sync.Mutex // failures come from the workers
	successes map[int]int
	failures  map[int]error
	twice     int // items that came a second time
}

func newResults() *results {
	return &results{successes: make(map[int]int), failures: make(map[int]error)}
}

// succeed takes an answer.
func (r *results) succeed(_ context.Context, a answer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(a.item)
	r.successes[a.item] = a.square
	return nil
}

// fail takes an item that has failed for good.
func (r *results) fail(item int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(item)
	r.failures[item] = err
}

func (r *results) note(item int) {
	_, success := r.successes[item]
	_, failure := r.failures[item]
	if success || failure {
		r.twice++
	}
}

// check compares the results with what has to come of so many requests, and with what the
// server has seen.
func (r *results) check(count int, s *server) error {
	if sum := len(r.successes) + len(r.failures); sum != count || r.twice > 0 {
		return fmt.Errorf("%d requests have %d results, and %d more than one", count, sum, r.twice)
	}
	for item := range count {
		if err := r.checkItem(item + 1); err != nil {
			return err
		}
	}
	if _, _, early := s.numbers(); early > 0 {
		return fmt.Errorf("%d requests were sent before the time that the server had named", early)
	}
	return nil
}

// checkItem expects the right answer to an item or, as tries can run out, an error; but of an
// item that the server does not have it expects that error.
func (r *results) checkItem(item int) error {
	square, ok := r.successes[item]
	switch err := r.failures[item]; {
	case item%goneEvery == 0 && !errors.Is(err, errGone):
		return fmt.Errorf("item %d, which is not there, has the answer %d and the error %v", item, square, err)
	case ok && square != item*item:
		return fmt.Errorf("item %d has the answer %d", item, square)
	}
	return nil
}

// print writes the numbers, and the failures one by one.
func (r *results) print(w io.Writer, c *client, s *server) error {
	requests, _, early := s.numbers()
	fmt.Fprintf(w, "%d successes, %d failures\n", len(r.successes), len(r.failures))
	fmt.Fprintf(w, "%d requests sent, %d at the server; %d calls repeated; the breaker opened %d times\n",
		c.sent.Load(), requests, c.repeated.Load(), c.opened.Load())
	_, err := fmt.Fprintf(w, "%d times 429 honoured: %d requests sent before the time the server had named\n", c.refused.Load(), early)
	for _, item := range slices.Sorted(maps.Keys(r.failures)) {
		_, err = fmt.Fprintf(w, "failed: item %d: %v\n", item, r.failures[item])
	}
	return err
}
