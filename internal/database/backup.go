package database

import (
	"context"
	"errors"
	"os"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Backup copies the database as it is now to path, which must not exist: every write that was acknowledged before the
// call is in the copy. The copy is one file, without a -wal file. progress, which may be nil, is told how many
// bytes are copied and of how many. The caller removes what a failure leaves at path.
//
// All of it is read in one transaction, and the -wal file grows meanwhile by what is written. What was copied goes to the
// disk part by part: all at once it would be in the way of every commit.
func (db *DB) Backup(ctx context.Context, path string, progress func(done, total int64)) error {
	if db.disk.pages.Overwritten(true) {
		return errs.New(errs.Unavailable, "the database was overwritten while the server uses it, and what it has of both is no database; copy the file itself, or restart the server")
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return CannotCopy(path, err)
	}
	// A connection of the pool, because none can be opened when the file was deleted, and then a backup is what saves the data.
	err = db.readers.do(ctx, func(source *Conn) error {
		return source.engine.copyTo(ctx, path, func(done, total int64) error {
			if progress != nil {
				progress(done, total)
			}
			return CannotCopy(path, file.Sync())
		})
	})
	if err == nil {
		err = CannotCopy(path, file.Sync())
	}
	return errors.Join(err, CannotCopy(path, file.Close()))
}

// copyTo copies the database into the empty file at path.
func (e onSQLite) copyTo(ctx context.Context, path string, progress func(done, total int64) error) (err error) {
	target, err := sqlite.OpenTarget(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, CannotCopy(path, target.Close())) }()
	if err := e.CopyTo(ctx, target, progress); err != nil {
		return err
	}
	// The first page says that a -wal file belongs to it, as in the original.
	return CannotCopy(path, target.EndJournal())
}

// Copy is a database that is only looked at, such as a backup: it is not brought up to date, nothing of it changes, and
// no file is made next to it. It is not safe for use by several goroutines.
type Copy struct{ conn *Conn }

// OpenCopy opens the file at path, which nothing else may be changing.
func OpenCopy(path string) (*Copy, error) {
	raw, err := sqlite.Open(sqlite.File{Path: path, ReadOnly: true}, sqlite.CopyPragmas())
	if err != nil {
		return nil, err
	}
	conn := &Conn{onSQLite{raw}}
	if _, err := schemaVersion(conn, path); err != nil {
		return nil, errors.Join(err, conn.engine.Close())
	}
	return &Copy{conn}, nil
}

// Read runs fn on the copy. It is stopped when ctx ends.
func (c *Copy) Read(ctx context.Context, fn func(c *Conn) error) error {
	c.conn.engine.EndWith(ctx)
	defer c.conn.engine.EndWith(context.Background())
	return interrupted(ctx, fn(c.conn))
}

// CheckIntegrity checks the copy as DB.CheckIntegrity does the database.
func (c *Copy) CheckIntegrity(ctx context.Context) (faults []string, err error) {
	err = c.Read(ctx, func(conn *Conn) error {
		faults, err = conn.checkIntegrity()
		return err
	})
	return faults, err
}

// Close closes the copy.
func (c *Copy) Close() error { return c.conn.engine.Close() }
