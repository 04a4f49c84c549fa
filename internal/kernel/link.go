package kernel

// link is what queues between two segments have besides their items: where the sides wait
// for each other, and the signals.
type link struct {
	up       *Segment // producer
	seg      *Segment // consumer
	consumer *parking // own, unless several queues lead to one consumer
	producer *parking // freed, unless one producer waits for room in any of several queues

	_       pad
	freed   parking
	own     parking
	signals signals
}

// connect sets up the link.
func (l *link) connect(up, seg *Segment) {
	l.up, l.seg, l.consumer, l.producer = up, seg, &l.own, &l.freed
	l.freed.ch, l.own.ch = make(chan struct{}, 1), make(chan struct{}, 1)
}

// signal puts sig behind the items sent so far, which are at in number.
func (l *link) signal(at uint64, sig Signal) error {
	if err := l.up.halted(); err != nil {
		return err
	}
	if !l.signals.merge(at, sig) {
		if err := l.producer.wait(l.up, AwaitsRoom, func() bool { return !l.signals.full() }); err != nil {
			return err
		}
		l.signals.add(at, sig)
	}
	l.consumer.wake()
	return nil
}

// deliverSignal passes the oldest signal on and tells whether it was the End.
func (l *link) deliverSignal(signal func(Signal) error) (done bool, err error) {
	sig := l.take()
	return sig.Kind == End, signal(sig)
}

// take removes the oldest signal.
func (l *link) take() Signal {
	sig := l.signals.take()
	l.producer.wake()
	return sig
}
