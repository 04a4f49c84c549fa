package kernel

// Mailbox is a channel that never makes its sender wait: when it is full the oldest item goes.
// It has one sender at a time.
type Mailbox[T any] struct{ ch chan T }

// NewMailbox makes one with room for so many items.
func NewMailbox[T any](size int) Mailbox[T] { return Mailbox[T]{make(chan T, size)} }

// C is where the items come.
func (m Mailbox[T]) C() <-chan T { return m.ch }

// Put sends an item and tells how many had to go for it.
func (m Mailbox[T]) Put(v T) (lost int64) {
	for {
		select {
		case m.ch <- v:
			return lost
		default:
		}
		select {
		case <-m.ch:
			lost++
		default: // the receiver was faster
		}
	}
}

// Close says that no more come.
func (m Mailbox[T]) Close() { close(m.ch) }
