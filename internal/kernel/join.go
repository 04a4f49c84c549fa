package kernel

import "errors"

// Join is errors.Join that leaves a single error as it is.
func Join(errs ...error) error {
	var only error
	n := 0
	for _, err := range errs {
		if err != nil {
			only = err
			n++
		}
	}
	if n < 2 {
		return only
	}
	return errors.Join(errs...)
}
