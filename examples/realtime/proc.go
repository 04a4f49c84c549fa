package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// event is how a process is at one moment.
type event struct {
	PID     int
	Started uint64 // in ticks since the machine did, so that a number that comes again is told apart
	Name    string
	Kernel  bool   // it has no memory of its own
	CPU     uint64 // ticks
	RSS     int64  // bytes
}

// key is the same as long as nothing has changed that is worth telling.
func (e event) key() string {
	return fmt.Sprintf("%d %d %d %d", e.PID, e.Started, e.CPU, e.RSS>>20)
}

// user tells whether it is a process of a user and no thread of the kernel.
func (e event) user() bool { return !e.Kernel }

const pageSize = 4096

// processes reads all that run at the moment, from a tree as that of /proc. One that has ended
// meanwhile is left out.
func processes(tree fs.FS) func(context.Context) ([]event, error) {
	return func(ctx context.Context) ([]event, error) {
		entries, err := fs.ReadDir(tree, ".")
		if err != nil {
			return nil, err
		}
		var all []event
		for _, entry := range entries {
			pid, err := strconv.Atoi(entry.Name())
			if err != nil {
				continue // which is no process
			}
			e, err := readProcess(tree, pid)
			switch {
			case ctx.Err() != nil:
				return nil, context.Cause(ctx)
			case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
			case err != nil:
				return nil, err
			default:
				all = append(all, e)
			}
		}
		return all, nil
	}
}

// readProcess reads the file stat of a process, see proc_pid_stat(5).
func readProcess(tree fs.FS, pid int) (event, error) {
	name := path.Join(strconv.Itoa(pid), "stat")
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return event{}, err
	}
	e, err := parseStat(pid, text)
	if err != nil {
		return event{}, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

// The places of fields behind the name, which may hold blanks and parentheses itself.
const (
	fieldUserTime   = 11
	fieldSystemTime = 12
	fieldStarted    = 19
	fieldVirtual    = 20
	fieldRSS        = 21
	fields          = 22 // at least
)

func parseStat(pid int, text []byte) (event, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return event{}, errors.New("no name")
	}
	rest := strings.Fields(string(text[end+1:]))
	if len(rest) < fields {
		return event{}, fmt.Errorf("%d fields behind the name, want %d", len(rest), fields)
	}
	var numbers [5]uint64
	for i, field := range []int{fieldUserTime, fieldSystemTime, fieldStarted, fieldVirtual, fieldRSS} {
		n, err := strconv.ParseUint(rest[field], 10, 64)
		if err != nil {
			return event{}, err
		}
		numbers[i] = n
	}
	return event{
		PID: pid, Name: string(text[open+1 : end]), CPU: numbers[0] + numbers[1], Started: numbers[2],
		Kernel: numbers[3] == 0, RSS: int64(numbers[4]) * pageSize,
	}, nil
}
