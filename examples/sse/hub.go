package main

import (
	"context"
	"sync"
)

// event is what clients are told.
type event struct {
	Name string
	Data string
}

// hub gives every event to all clients that listen at that moment.
type hub struct {
	clients sync.Mutex
	open    map[*client]struct{}
	closed  bool
}

// client is one listener. It takes every event at once: what it has no time for it has to
// drop itself, since all others wait for it.
type client struct {
	events chan event
	gone   context.Context // ends when it listens no more
}

func newHub() *hub { return &hub{open: make(map[*client]struct{})} }

// join makes a client that listens until ctx ends or the hub is closed, which closes its
// channel. leave has to be called then.
func (h *hub) join(ctx context.Context) (c *client, leave func()) {
	gone, cancel := context.WithCancel(ctx)
	c = &client{events: make(chan event), gone: gone}
	h.clients.Lock()
	defer h.clients.Unlock()
	if h.closed {
		close(c.events)
		return c, cancel
	}
	h.open[c] = struct{}{}
	return c, func() {
		cancel()
		h.clients.Lock()
		defer h.clients.Unlock()
		delete(h.open, c)
	}
}

// publish gives an event to the clients, one after the other. It is called by one goroutine.
func (h *hub) publish(ctx context.Context, e event) error {
	for _, c := range h.listening() {
		select {
		case c.events <- e:
		case <-c.gone.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (h *hub) listening() []*client {
	h.clients.Lock()
	defer h.clients.Unlock()
	all := make([]*client, 0, len(h.open))
	for c := range h.open {
		all = append(all, c)
	}
	return all
}

// close ends the streams of all clients. No event is published after it.
func (h *hub) close() {
	h.clients.Lock()
	defer h.clients.Unlock()
	h.closed = true
	for c := range h.open {
		close(c.events)
	}
	clear(h.open)
}
