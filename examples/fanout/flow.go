package main

import (
	"context"

	"github.com/go-streamz/streamz/flow"
)

// pipeline is the flow: each file goes to a worker, which hashes and compresses it, and the
// digests come together again in the order of the files. Of files that cannot be read the
// list hears too, and has room for a limited number.
func pipeline(j job, workers, mostUnreadable int, into *list) flow.Job {
	unreadable := flow.DeadLetters(func(_ context.Context, l flow.Letter[string]) error {
		return into.reject(l.Item, l.Err)
	})
	return flow.Files(j.tree, "*").Named("walk").
		AsyncMap(workers, j.both).Named("digest").OnError(flow.Budget(mostUnreadable).Then(unreadable)).
		To(into).Named("list")
}
