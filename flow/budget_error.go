package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-streamz/streamz/internal/kernel"
)

// BudgetError says that more items of a stage failed than its [Budget] or [BudgetShare] has
// room for, and sums up how. It is the Err of the [StageError] of the item that was one too
// many. errors.Is and As reach Last and First.
type BudgetError struct {
	Failed int64 // items of the stage in the run, the last one included
	Seen   int64 // items that had come, with workers those that were done with; 0 if not known

	Limit  int64   // of the failures, in the run or among the last Window items
	Window int     // of a BudgetShare, else 0
	Share  float64 // of a BudgetShare, else 0

	First, Last error // what the function returned, or a *PanicError

	// Kinds counts the failures by the text of what their errors wrap innermost, the most
	// frequent first. There are up to eight; what came later is counted as others.
	Kinds  []ErrorKind
	Others int64
}

// ErrorKind is a number of failures that have the same text.
type ErrorKind struct {
	Text  string
	Count int64
}

// maxKinds bounds what a stage remembers of its failures.
const maxKinds = 8

// Error gives the numbers, the first and the last failure, and, where there were more, the
// three most frequent kinds.
func (e *BudgetError) Error() string {
	var b strings.Builder
	count := fmt.Sprint(e.Failed)
	if e.Seen > 0 {
		count += fmt.Sprintf(" of %d", e.Seen)
	}
	if e.Window > 0 {
		fmt.Fprintf(&b, "more than %.6g%% of the last %d items failed, %s in all", 100*e.Share, e.Window, count)
	} else {
		fmt.Fprintf(&b, "%s items failed, the budget is %d", count, e.Limit)
	}
	fmt.Fprintf(&b, "; the last: %s", textOf(e.Last))
	if e.Failed > 1 {
		fmt.Fprintf(&b, "; the first: %s", textOf(e.First))
	}
	if e.Failed > 2 {
		b.WriteString(e.frequent())
	}
	return b.String()
}

// frequent writes the kinds that are more than one failure.
func (e *BudgetError) frequent() string {
	var b strings.Builder
	for i, k := range e.Kinds {
		if i == 3 || k.Count < 2 {
			break
		}
		fmt.Fprintf(&b, "; %d times: %s", k.Count, k.Text)
	}
	return b.String()
}

// Unwrap gives the last failure and the first.
func (e *BudgetError) Unwrap() []error {
	if e.Failed < 2 {
		return []error{e.Last}
	}
	return []error{e.Last, e.First}
}

// failures is what a budget remembers of the failures that it had room for, and of the one
// that is too many. The room for it does not depend on how many there are.
type failures struct {
	first  error
	kinds  []ErrorKind
	others int64
}

func (fs *failures) add(err error) {
	if fs.first == nil {
		fs.first = err
	}
	text := kindOf(err)
	i := slices.IndexFunc(fs.kinds, func(k ErrorKind) bool { return k.Text == text })
	switch {
	case i >= 0:
		fs.kinds[i].Count++
	case len(fs.kinds) < maxKinds:
		fs.kinds = append(fs.kinds, ErrorKind{text, 1})
	default:
		fs.others++
	}
}

// summary makes the error of a budget that has no room for a failure.
func (fs *failures) summary(b budgeting, f *kernel.Fault, last error) *BudgetError {
	kinds := slices.Clone(fs.kinds)
	slices.SortStableFunc(kinds, func(a, b ErrorKind) int { return cmp.Compare(b.Count, a.Count) })
	return &BudgetError{
		Failed: f.Nth, Seen: f.Seen, Limit: b.room(), Window: b.window, Share: b.share,
		First: fs.first, Last: last, Kinds: kinds, Others: fs.others,
	}
}

// kindOf is the text of what an error wraps innermost: what is around that often tells of
// the item. Both are methods of the user's, which may panic.
func kindOf(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T", err)
		}
	}()
	inner := err
	for {
		e, ok := inner.(interface{ Unwrap() error })
		if !ok {
			break
		}
		next := e.Unwrap()
		if next == nil {
			break
		}
		inner = next
	}
	return clip(textOf(inner))
}

// clip bounds a text that is kept.
func clip(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
