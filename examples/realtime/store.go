package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	_ "modernc.org/sqlite"
)

// store is a database of programs, and of what their processes did.
type store struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS programs (
	name    TEXT PRIMARY KEY,
	first   INTEGER NOT NULL, -- when it was seen, Unix time in milliseconds
	biggest INTEGER NOT NULL, -- bytes of memory
	samples INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS samples (
	at    INTEGER NOT NULL,
	pid   INTEGER NOT NULL,
	name  TEXT NOT NULL REFERENCES programs (name),
	cpu   INTEGER NOT NULL,
	rss   INTEGER NOT NULL,
	grown INTEGER NOT NULL -- bytes beyond the biggest before
);`

// openStore opens the database in a file, and makes it if there is none. Many may read it
// while one writes.
func openStore(ctx context.Context, file string) (*store, error) {
	pragmas := url.Values{
		"_pragma": {"journal_mode(WAL)", "busy_timeout(5000)", "synchronous(NORMAL)"},
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &store{db}, nil
}

func (s *store) close() error { return s.db.Close() }

// enriched is an event with what the store knows of its program.
type enriched struct {
	event
	First   time.Time // zero for a program never seen before
	Biggest int64
}

// grown is by how many bytes a process is bigger than any of its program before.
func (e enriched) grown() int64 { return max(0, e.RSS-e.Biggest) }

// enrich looks up the program of a process.
func (s *store) enrich(ctx context.Context, e event) (enriched, error) {
	var first int64
	out := enriched{event: e}
	err := s.db.QueryRowContext(ctx, `SELECT first, biggest FROM programs WHERE name = ?`, e.Name).Scan(&first, &out.Biggest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return out, nil
	case err != nil:
		return out, err
	}
	out.First = time.UnixMilli(first)
	return out, nil
}

// publish writes a batch in one transaction: all of it, or nothing.
func (s *store) publish(ctx context.Context, batch []enriched) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	now := time.Now().UnixMilli()
	for _, e := range batch {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO programs (name, first, biggest, samples) VALUES (?, ?, ?, 1)
			ON CONFLICT (name) DO UPDATE SET biggest = max(biggest, excluded.biggest), samples = samples + 1`,
			e.Name, now, e.RSS); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO samples (at, pid, name, cpu, rss, grown) VALUES (?, ?, ?, ?, ?, ?)`,
			now, e.PID, e.Name, e.CPU, e.RSS, e.grown()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// ignoreDone leaves out what a rollback says of a transaction that its context has ended.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// program is a row of the table that is printed.
type program struct {
	Name    string
	Biggest int64
	Samples int
}

// biggest are the programs with the biggest processes.
func (s *store) biggest(ctx context.Context, most int) (all []program, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, biggest, samples FROM programs ORDER BY biggest DESC, name LIMIT ?`, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p program
		if err := rows.Scan(&p.Name, &p.Biggest, &p.Samples); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// samples counts them.
func (s *store) samples(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM samples`).Scan(&n)
	return n, err
}
