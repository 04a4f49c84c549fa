package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Zip pairs the items of f with those of other by their places: the first with the first, and
// so on. It ends with the flow that ends first, and stops the other. Items of that which have
// no partner count as queued.
//
// Each flow runs on a goroutine of its own, and up to 256 of its items wait for their
// partners; when they do, that flow waits. A failure ends the run. A watermark comes when
// both flows have sent one as late, or one has and the other has ended; a barrier comes in
// order with the items of its own flow, as behind [Merge]. A name is that of the Zip alone.
func (f Flow[T]) Zip[U any, P Pair[T, U]](other Flow[U]) Flow[P] {
	return pairs(f, other, "zip", "Zip", paired[T, U, P], kernel.Zip[T, U, P])
}

// ZipLongest is [Flow.Zip] that ends with the flow that ends last. In pairs of which the other
// has no item any more the zero value takes its place.
func (f Flow[T]) ZipLongest[U any, P Pair[T, U]](other Flow[U]) Flow[P] {
	return pairs(f, other, "zip-longest", "ZipLongest", paired[T, U, P], kernel.ZipLongest[T, U, P])
}

// ZipLatest gives a pair of the newest items of both flows each time one of them gives an item,
// once both have given one. It is also known as CombineLatest. An item that is followed by
// another of its flow before it has been in a pair is discarded. It ends when both flows have
// ended, or when one has without an item, and then stops the other.
//
// While items of both wait it takes one of each in turn, and discards none for load: when 256
// of a flow wait, that flow waits. What is said of [Flow.Zip] about goroutines, failures,
// signals and names holds here too.
func (f Flow[T]) ZipLatest[U any, P Pair[T, U]](other Flow[U]) Flow[P] {
	return pairs(f, other, "zip-latest", "ZipLatest", paired[T, U, P], kernel.ZipLatest[T, U, P])
}

// WithLatestFrom gives a pair for each item of f, with the newest item that other has given
// until then. Items of f before the first of other are discarded, and so are those of other
// that come between two of f, but for the last. It ends with f, and stops other; the end of
// other ends nothing.
//
// What is said of [Flow.Zip] about goroutines, failures, signals and names holds here too.
func (f Flow[T]) WithLatestFrom[U any, P Pair[T, U]](other Flow[U]) Flow[P] {
	return pairs(f, other, "with-latest-from", "WithLatestFrom", paired[T, U, P], kernel.WithLatest[T, U, P])
}

// pairs makes one flow of two, which connect wires.
func pairs[A, B, P any](
	a Flow[A], b Flow[B], name, op string, pair func(A, B) P, connect func(*kernel.Segment, kernel.Pairs[A, B, P], kernel.Port[P]),
) Flow[P] {
	return Flow[P]{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[P]) {
		connect(seg, kernel.Pairs[A, B, P]{
			Site: last, Name: name, Op: op, A: a.connect, B: b.connect, Pair: pair,
		}, down)
	}}
}

func paired[A, B any, P Pair[A, B]](a A, b B) P { return P(Pair[A, B]{A: a, B: b}) }
