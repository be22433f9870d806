package sqlite

import (
	"context"
	"fmt"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// Conn is a connection. It is not safe for concurrent use, and runs one statement at a time.
type Conn struct {
	raw        *sqlite.Conn
	statements statements
	busy       bool                           // a statement was prepared but not released
	ctx        context.Context                // statements are interrupted when it ends; nil = never
	progress   func(*libc.TLS, uintptr) int32 // called by SQLite during statements; must not be freed meanwhile
}

// Prepare returns the statement with this text, and occupies the connection until the statement is released. Statements
// are cached, so the text must be a constant of the program, never assembled from values.
func (c *Conn) Prepare(sql string) (*Statement, error) {
	if c.busy {
		return nil, fmt.Errorf("the rows of another statement are being read: %s", sql)
	}
	if c.ended() {
		return nil, classify(sqlite.ResultInterrupt.ToError())
	}
	s, err := c.statements.get(c, sql)
	if err != nil {
		return nil, classify(err)
	}
	c.busy = true
	return s, nil
}

// EndWith makes the running statement, and those after it, fail with errs.Timeout when ctx ends.
func (c *Conn) EndWith(ctx context.Context) { c.ctx = ctx }

// progressSteps is how many steps of its program a statement runs between two checks of ctx: a few tens of
// microseconds.
const progressSteps = 1000

// watchProgress interrupts statements when c.ctx ends. SQLite calls it in the goroutine that runs the statement, so
// this costs no goroutine, no lock, and nothing at all for short statements.
func (c *Conn) watchProgress() {
	c.progress = func(*libc.TLS, uintptr) int32 {
		if c.ended() {
			return 1
		}
		return 0
	}
	lib.Xsqlite3_progress_handler(threadOf(c.raw), handleOf(c.raw), progressSteps, pointer(c.progress), 0)
}

// keepPlans makes SQLite plan a statement once, for all values of its parameters. By default, it plans again each time a
// value is bound that is compared with an indexed column, which takes several times as long as reading a row.
func (c *Conn) keepPlans() error {
	tls := threadOf(c.raw)
	on := libc.NewVaList(int32(1), uintptr(0))
	if on == 0 {
		return sqlite.ResultNoMem.ToError()
	}
	defer libc.Xfree(tls, on)
	return sqlite.ResultCode(lib.Xsqlite3_db_config(tls, handleOf(c.raw), lib.SQLITE_DBCONFIG_ENABLE_QPSG, on)).ToError()
}

// ended calls Err instead of Done, because the first call of Done creates a channel, which costs too much for short
// statements.
func (c *Conn) ended() bool { return c.ctx != nil && c.ctx.Err() != nil }

// exec runs a statement of the engine itself, without arguments and rows.
func (c *Conn) exec(sql string) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Release()
	_, err = s.Next()
	return err
}

// Begin starts a writing transaction: it locks the file at once.
func (c *Conn) Begin() error { return c.exec("BEGIN IMMEDIATE") }

// BeginRead starts a transaction whose statements all see the file as it is at the first of them.
func (c *Conn) BeginRead() error { return c.exec("BEGIN") }

// Commit ends the transaction and keeps its changes.
func (c *Conn) Commit() error { return c.exec("COMMIT") }

// Rollback ends the transaction and undoes its changes, even after the context of EndWith has ended.
func (c *Conn) Rollback() error {
	defer c.EndWith(c.ctx)
	c.EndWith(context.Background())
	return c.exec("ROLLBACK")
}

// Savepoint starts a part of the transaction that can be undone alone. It ends with Release, with or without RollbackTo
// before.
func (c *Conn) Savepoint() error { return c.exec("SAVEPOINT one") }

// RollbackTo undoes the changes since Savepoint.
func (c *Conn) RollbackTo() error { return c.exec("ROLLBACK TO one") }

// Release ends the part that Savepoint started.
func (c *Conn) Release() error { return c.exec("RELEASE one") }

// InTransaction reports whether a transaction is active: a full or failing disk makes SQLite end it.
func (c *Conn) InTransaction() bool { return !c.raw.AutocommitEnabled() }

// Changes returns how many rows the last statement inserted, changed or deleted.
func (c *Conn) Changes() int { return c.raw.Changes() }

// TotalChanges returns how many rows the connection has changed since it was opened, including cascades and triggers.
func (c *Conn) TotalChanges() int64 {
	return lib.Xsqlite3_total_changes64(threadOf(c.raw), handleOf(c.raw))
}

// Checkpoint folds the -wal file into the database, as far as mode allows
// (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint), and returns its number of pages and how many of them are
// folded.
func (c *Conn) Checkpoint(mode string) (pages, folded int, err error) {
	err = c.once("PRAGMA wal_checkpoint("+mode+")", func(s *Statement) { pages, folded = int(s.Int64(1)), int(s.Int64(2)) })
	return pages, folded, err
}

// Script runs all statements of text.
func (c *Conn) Script(text string) error {
	for !blank(text) {
		stmt, rest, err := c.raw.PrepareTransient(text)
		if err != nil {
			return classify(err)
		}
		_, err = stmt.Step()
		if final := stmt.Finalize(); err == nil {
			err = final
		}
		if err != nil {
			return classify(err)
		}
		text = text[len(text)-rest:]
	}
	return nil
}

// once runs a statement that is not worth caching, and returns the driver's error unchanged.
func (c *Conn) once(sql string, fn func(s *Statement)) error {
	stmt, _, err := c.raw.PrepareTransient(sql)
	if err != nil {
		return err
	}
	defer stmt.Finalize() //nolint:errcheck // repeats the error of Step
	s := &Statement{conn: c, stmt: stmt}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if fn != nil {
			fn(s)
		}
	}
}

// Close closes the connection.
func (c *Conn) Close() error { return c.raw.Close() }
