package database

import (
	"context"
	"errors"
	"os"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// backupPages are copied between two looks at whether to go on: 4 MiB.
const backupPages = 1024

// Backup copies the database as it is now to path, which must not exist: every write that was acknowledged before the
// call is in the copy. The copy is one file, in no need of a -wal beside it. progress, which may be nil, is told how many
// bytes are copied and of how many. What a failure leaves at path is the caller's to remove.
//
// All of it is read in one transaction of a reader, so that writers neither wait nor make it begin again, as a copy in
// several transactions would for as long as they write; the -wal file grows meanwhile by what they write. What was copied
// goes to the disk piece by piece: in one go it would be in the way of every commit.
func (db *DB) Backup(ctx context.Context, path string, progress func(done, total int64)) error {
	if db.disk.pages.overwritten(true) {
		return errs.New(errs.Unavailable, "the database was overwritten while the server uses it, and what it has of both is no database; copy the file itself, or restart the server")
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return CannotCopy(path, err)
	}
	err = db.Read(ctx, func(source *Conn) error {
		return copyTo(ctx, source, path, func(done, total int64) error {
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

func copyTo(ctx context.Context, from *Conn, path string, progress func(done, total int64) error) (err error) {
	// Whether it is whole is decided by the caller, so no journal is kept and nothing is synced before the end.
	target, err := openConn(source(path, vfs), path, sqlite.OpenReadWrite, []pragma{{"journal_mode", "OFF", "off"}, {"synchronous", "OFF", "0"}, {"locking_mode", "EXCLUSIVE", "exclusive"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, CannotCopy(path, target.close())) }()
	err = from.moment(func(from *Conn) error {
		if _, err := from.First("SELECT count(*) FROM sqlite_schema", func(*Row) {}); err != nil { // from here on nothing changes
			return err
		}
		return copyPages(ctx, from, target, progress)
	})
	if err != nil {
		return err
	}
	// The first page says that a -wal file belongs to it, as in the original.
	return CannotCopy(path, target.setPragma(pragma{"journal_mode", "DELETE", "delete"}))
}

func copyPages(ctx context.Context, source, target *Conn, progress func(done, total int64) error) error {
	var pageSize int64
	if err := source.transient("PRAGMA page_size", func(r *Row) { pageSize = r.Int64(0) }); err != nil {
		return classify(err)
	}
	copying, err := sqlite.NewBackup(target.raw, "main", source.raw, "main")
	if err != nil {
		return classify(err)
	}
	defer copying.Close()
	for more := true; more; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if more, err = copying.Step(backupPages); err != nil {
			return copyFailed(err)
		}
		total := int64(copying.PageCount())
		if err := progress((total-int64(copying.Remaining()))*pageSize, total*pageSize); err != nil {
			return err
		}
	}
	return nil
}

// copyFailed says what kept the copy from being made: that its disk is full is not what is said of the database.
func copyFailed(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull {
		return errs.Wrap(errs.StorageFull, err, "the disk that the copy goes to is full; nothing was kept")
	}
	return classify(err)
}

// Copy is a database that is only looked at, such as a backup: it is not brought up to date, nothing of it changes, and
// no file is made beside it. It is not safe for use by several goroutines.
type Copy struct{ conn *Conn }

// OpenCopy opens the file at path, which nobody else may be changing.
func OpenCopy(path string) (*Copy, error) {
	pragmas := []pragma{{"query_only", "ON", "1"}, {"trusted_schema", "OFF", "0"}, {"cell_size_check", "ON", "1"}, {"temp_store", "MEMORY", "2"}}
	conn, err := openConn(source(path, vfs), path, sqlite.OpenReadOnly, pragmas)
	if err != nil {
		return nil, err
	}
	if _, err := schemaVersion(conn, path); err != nil {
		return nil, errors.Join(err, conn.close())
	}
	return &Copy{conn}, nil
}

// Read runs fn on the copy. It is stopped when ctx ends.
func (c *Copy) Read(ctx context.Context, fn func(c *Conn) error) error {
	c.conn.done = ctx.Done()
	defer func() { c.conn.done = nil }()
	err := fn(c.conn)
	return interrupted(ctx, err)
}

// CheckIntegrity is what DB.CheckIntegrity is, for the copy.
func (c *Copy) CheckIntegrity(ctx context.Context) (faults []string, err error) {
	err = c.Read(ctx, func(conn *Conn) error {
		faults, err = conn.checkIntegrity()
		return err
	})
	return faults, err
}

// Close ends the use of the copy.
func (c *Copy) Close() error { return c.conn.close() }
