package database

import (
	"context"
	"errors"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Guard bounds a statement written by a person.
type Guard = sqlite.Guard

// ReadGuarded runs one statement on its own connection, which cannot write, and calls fn for every row. Its caches,
// settings and temporary tables do not affect other connections. It is interrupted when ctx ends.
func (db *DB) ReadGuarded(ctx context.Context, statement string, g Guard, fn func(r *Row) error) error {
	select {
	case db.guarded <- struct{}{}:
		defer func() { <-db.guarded }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return db.readers.apart(ctx, append(sqlite.ReaderPragmas(), sqlite.SpillPragma()), func(c *sqlite.Conn) error {
		return c.Guarded(ctx, statement, g, false, func(s *sqlite.Statement) error { return fn(&Row{s}) })
	})
}

// WriteGuarded runs one statement that may change rows, in its own transaction, and returns how many rows it changed.
// When ctx ends, it is interrupted and undone; other writes wait in the queue meanwhile. Interrupting a write makes
// SQLite roll back the whole transaction, which is why this one is not shared.
func (db *DB) WriteGuarded(ctx context.Context, statement string, g Guard, fn func(r *Row) error) (changes int, err error) {
	if err := errors.Join(db.disk.admit(ctx), db.disk.stored()); err != nil {
		return 0, err
	}
	c, err := db.disk.connect(append(sqlite.BasePragmas(), sqlite.SpillPragma())) // before the turn, because this may wait for a lock
	if err != nil {
		return 0, err
	}
	defer c.Close() // rolls back what was not committed
	select {
	case db.writer.turn <- struct{}{}:
		defer func() { <-db.writer.turn }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if db.writer.isClosed() {
		return 0, errs.New(errs.Unavailable, "the database is closed")
	}
	c.EndWith(ctx)
	if err := c.Begin(); err != nil {
		return 0, interrupted(ctx, err)
	}
	if err := c.Guarded(ctx, statement, g, true, func(s *sqlite.Statement) error { return fn(&Row{s}) }); err != nil {
		return 0, err
	}
	changes = c.Changes()
	err = c.Commit()
	db.ChangedAll() // its connection is not watched
	if err != nil {
		return changes, db.disk.judge(interrupted(ctx, err))
	}
	return changes, db.disk.stored()
}
