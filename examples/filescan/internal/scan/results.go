package scan

// Results is all that a run writes: the output and the dead letters. Add and Reject may be
// called by two goroutines, each by one.
type Results struct {
	fold *Fold
	out  *Output
}

// Open begins the results of a run, in a folder, which is made if there is none.
func Open(folder string) (*Results, error) {
	out, err := NewOutput(folder)
	if err != nil {
		return nil, err
	}
	return &Results{NewFold(out.Write), out}, nil
}

// Add adds what was found. Results must come in the order of their lines.
func (r *Results) Add(found Result) error { return r.fold.Add(found) }

// Reject writes the letter of a line that could not be read.
func (r *Results) Reject(letter Letter) error { return r.out.letters.put(letter) }

// Close saves what there is, see [Output.Close], and gives its summary.
func (r *Results) Close(cause error) (s Summary, saved Saved, err error) {
	s = r.fold.Summary()
	s.Letters = r.out.letters.n
	s.Complete = cause == nil
	saved, err = r.out.Close(s, cause)
	return s, saved, err
}
