package ops

import "github.com/go-streamz/streamz/internal/kernel"

// marks keeps the watermarks of a stage that emits items in another order than they came
// in: one goes down when all that came before it have left. It keeps the oldest and the
// newest of those that wait, which includes those between the two. So they need no
// room that grows, and yet one that waits is not put off by later ones for ever.
type marks struct{ oldest, newest mark }

// mark is a watermark that waits.
type mark struct {
	sig    kernel.Signal
	before int64 // the items with lower numbers came before it
	held   int64 // how many of those have not left, 0 if there is no mark
}

// keep takes a watermark that comes when items up to a number have, of which some are held.
func (m *marks) keep(sig kernel.Signal, before, held int64) {
	to := &m.newest
	if m.oldest.held == 0 || m.oldest.before == before {
		to = &m.oldest
	}
	*to = mark{sig, before, held}
}

// left notes that the item of a number leaves, and gives the watermark that may go down
// behind it.
func (m *marks) left(no int64) (sig kernel.Signal, ok bool) {
	m.newest.left(no)
	if !m.oldest.left(no) {
		return sig, false
	}
	sig = m.oldest.sig
	if m.newest.held == 0 && m.newest.before > 0 { // the same item was the last of both
		sig, m.newest = m.newest.sig, mark{}
	}
	m.oldest, m.newest = m.newest, mark{}
	return sig, true
}

// left tells whether the item was the last that the mark waited for.
func (m *mark) left(no int64) bool {
	if m.held == 0 || no >= m.before {
		return false
	}
	m.held--
	return m.held == 0
}

// waitingMark is the watermark of a stage that emits all it holds at once: the newest one
// waits for that.
type waitingMark struct {
	sig   kernel.Signal
	waits bool
}

// keep has it wait in place of an older one.
func (m *waitingMark) keep(sig kernel.Signal) {
	if m.waits {
		sig = sig.With(m.sig)
	}
	m.sig, m.waits = sig, true
}

// pass hands it on, if one has waited.
func (m *waitingMark) pass(down func(kernel.Signal) error) error {
	if !m.waits {
		return nil
	}
	m.waits = false
	return down(m.sig)
}
