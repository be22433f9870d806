package database

import (
	"context"
	"errors"
	"os"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Backup copies the database as it is now to path, which must not exist. The copy contains every write that was
// acknowledged before the call, and is one file without a -wal file. Backup calls progress, which may be nil, with the
// number of bytes copied and their total. If it fails, the caller must remove what is at path.
//
// The copy is read in one transaction, so the -wal file grows meanwhile by what is written. Copied parts are synced to
// the disk one at a time: all at once would delay every commit.
func (db *DB) Backup(ctx context.Context, path string, progress func(done, total int64)) error {
	if db.disk.pages.Overwritten(true) {
		return errs.New(errs.Unavailable, "the database was overwritten while the server was using it, so it cannot be copied consistently; copy the file itself, or restart the server")
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return CannotCopy(path, err)
	}
	// Use a connection of the pool: after the file was deleted, no new one can be opened, and a backup is what saves
	// the data.
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
	// The header of the first page says, as in the original, that a -wal file belongs to it.
	return CannotCopy(path, target.EndJournal())
}

// Copy is a database that is opened read-only, such as a backup: it is not migrated, and no file is created next to it.
// It is not safe for concurrent use.
type Copy struct{ conn *Conn }

// OpenCopy opens the file at path, which nothing else may change meanwhile.
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

// Read runs fn on the copy. It is interrupted when ctx ends.
func (c *Copy) Read(ctx context.Context, fn func(c *Conn) error) error {
	c.conn.engine.EndWith(ctx)
	defer c.conn.engine.EndWith(context.Background())
	return interrupted(ctx, fn(c.conn))
}

// CheckIntegrity checks the copy as DB.CheckIntegrity checks the database.
func (c *Copy) CheckIntegrity(ctx context.Context) (faults []string, err error) {
	err = c.Read(ctx, func(conn *Conn) error {
		faults, err = conn.checkIntegrity()
		return err
	})
	return faults, err
}

// Close closes the copy.
func (c *Copy) Close() error { return c.conn.engine.Close() }
