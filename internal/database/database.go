// Package database opens the one SQLite file that is the instance: one writer with group commit, several readers.
//
// Writes are closures. The writer runs all that are waiting in one transaction, each inside a savepoint of its own,
// and acknowledges them together after the commit, so that many callers share one fsync and a failing closure undoes
// nothing but itself. Acknowledged means durable: synchronous is FULL.
//
// The package owns the driver; other packages see DB, Conn, Tx and Row.
package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	config  Config
	log     *slog.Logger
	writer  *writer
	readers *readers
	disk    *disk
	guarded chan struct{} // one token per statement of ReadGuarded that may run at once
	closing sync.Once
}

// guardedAtOnce is how many reading statements may run at once: each may use its whole allowance of memory.
const guardedAtOnce = 2

// Open opens the file, creating it (mode 0600) if it does not exist, and migrates it to the newest schema. It rejects a
// file that was written by a newer program, or by another program, and leaves it unchanged. If the folder is not
// writable, the file is opened read-only, which Disk reports.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Readers == 0 {
		c.Readers = max(4, runtime.NumCPU())
	}
	if err := prepareFile(&c.Path); err != nil {
		return nil, err
	}
	watching := newChanges(c.Watch)
	d, err := newDisk(c)
	if err != nil {
		return nil, err
	}
	conn, err := prepareWriter(ctx, c, watching)
	if err != nil {
		if err := d.openForReading(err); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	d.identify()
	db := &DB{config: c, log: c.Log, writer: newWriter(conn, c.QueueLimit, watching, d), readers: newReaders(c, d), disk: d, guarded: make(chan struct{}, guardedAtOnce)}
	// Open one reader now, so that an unreadable file is noticed here and not in a request.
	if err := db.checkSchema(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkSchema rejects a read-only file that needs migrations.
func (db *DB) checkSchema(ctx context.Context) error {
	list, err := migrations()
	if err != nil {
		return err
	}
	return db.Read(ctx, func(c *Conn) error {
		version, err := pending(c, list, db.Path())
		if err == nil && version < len(list) {
			return errs.New(errs.Invalid, "the database %s must be upgraded (schema %d, this fazt has %d), and %s; make its folder writable, or copy the database to one that is", db.Path(), version, len(list), db.Disk().Reason)
		}
		return err
	})
}

// Path returns the path of the open file.
func (db *DB) Path() string { return db.config.Path }

// Close waits for running writes and reads, fails those still queued, and closes every connection.
func (db *DB) Close() error {
	var err error
	db.closing.Do(func() {
		// Close the readers first: the last connection to close folds the WAL into the file, and that must be the
		// writer.
		err = errors.Join(db.readers.close(), db.writer.close(), db.disk.close())
	})
	return err
}

// Write runs fn in a transaction and returns after the commit: nil means that what fn wrote is on the disk. Many calls
// share one commit. If fn fails, its changes are undone and its error is returned; other writes are not affected. If
// ctx ends before fn starts, fn never runs. If, by the length of the queue and the pace of the writer, ctx would end
// before a commit, or if too many writes are waiting, the call is refused at once with an error that may be retried. If
// ctx has ended, Write returns the cause of ctx.
//
// fn runs on the writer and delays every other write: it must not wait for anything, and must not call Write.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if err := db.disk.admit(ctx); err != nil {
		return err
	}
	return db.writer.do(ctx, fn)
}

// Read runs fn on a reading connection. Statements that write fail. When ctx ends, the running statement is
// interrupted, no more start, and the cause of ctx is returned. fn must not wait for anything except the database:
// connections are few.
func (db *DB) Read(ctx context.Context, fn func(c *Conn) error) error {
	return db.readers.do(ctx, fn)
}

// ReadMoment is like Read, but all statements see the database as it is at one moment, whatever is written meanwhile.
func (db *DB) ReadMoment(ctx context.Context, fn func(c *Conn) error) error {
	return db.Read(ctx, func(c *Conn) error { return c.moment(fn) })
}

// TakeChanges returns what was committed since the last call; the first call returns All. Reads that start afterwards see
// these changes.
func (db *DB) TakeChanges() Changes {
	w := db.writer.changes
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := Changes{All: w.all, Rows: map[string][]string{}}
	for at := range w.rows {
		taken.Rows[at[0]] = append(taken.Rows[at[0]], at[1])
	}
	w.all = false
	clear(w.rows)
	return taken
}

// ChangedAll makes the next TakeChanges return All.
func (db *DB) ChangedAll() { db.writer.changes.everything() }

// Stats returns the figures since Open.
func (db *DB) Stats() Stats { return db.writer.stats() }

// Shrink makes the engine free what it caches of the file; later statements read it again.
func (db *DB) Shrink() { sqlite.Shrink() }

// Size returns the size of the file and of the -wal file that is not folded into it yet, in bytes.
func (db *DB) Size() (file, wal int64) { return size(db.config.Path), size(db.config.Path + "-wal") }

// prepareFile returns the file's canonical name in place, and creates the file with the right mode before SQLite sees
// it: the WAL inherits its mode from the file. If it exists, nothing is written, so that this works on a full disk.
func prepareFile(path *string) (err error) {
	if *path, err = Canonical(*path); err != nil {
		return err
	}
	info, err := os.Stat(*path)
	missing := errors.Is(err, fs.ErrNotExist)
	if left := *path + "-wal"; (missing || err == nil && info.Size() == 0) && size(left) > 0 {
		return errs.New(errs.Conflict, "there is no database %s, but %s exists, with the last writes of an earlier database: put that database back next to it, or move %s away to start with an empty one", *path, left, filepath.Base(left))
	}
	if missing {
		info, err = makeFile(*path)
	}
	if err != nil {
		return sqlite.CannotOpen(*path, err)
	}
	if !info.Mode().IsRegular() {
		return errs.New(errs.Invalid, "%s is not a file", *path)
	}
	if err := checkName(*path, info); err != nil {
		return err
	}
	if Unwritable(*path) != nil {
		return nil
	}
	for _, p := range []string{*path, *path + "-wal"} {
		if err := tighten(p); err != nil {
			return sqlite.CannotOpen(*path, err)
		}
	}
	return nil
}

func makeFile(path string) (fs.FileInfo, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// tighten removes all permissions on a file but its owner's, if the file exists.
func tighten(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	return err
}

// CheckIntegrity runs SQLite's integrity_check and foreign_key_check while the file is in use, and returns the faults
// that they find.
func (db *DB) CheckIntegrity(ctx context.Context) (faults []string, err error) {
	err = db.Read(ctx, func(c *Conn) error {
		faults, err = c.checkIntegrity()
		return err
	})
	return faults, err
}

func (c *Conn) checkIntegrity() ([]string, error) {
	faults := []string{}
	err := c.Each("PRAGMA integrity_check", func(r *Row) error {
		if text := r.Text(0); text != "ok" {
			faults = append(faults, text)
		}
		return nil
	})
	if err != nil {
		return faults, err
	}
	return faults, c.Each("PRAGMA foreign_key_check", func(r *Row) error {
		faults = append(faults, fmt.Sprintf("row %d of %s refers to a row of %s that does not exist", r.Int64(1), r.Text(0), r.Text(2)))
		return nil
	})
}
