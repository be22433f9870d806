package database

import (
	"context"
	"path/filepath"
	"time"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Where the folder cannot be written, SQLite can make no -wal file and so does not open a database that has been written
// with one. It is opened without the writer then: reads go on, writes are refused, and Watch opens it for writing as soon
// as that is possible.

// connect opens a connection as the disk allows it now. The caller has one of the slots of the readers, or the turn of
// the writer, so that this does not change meanwhile.
func (d *disk) connect(pragmas []sqlite.Pragma) (*sqlite.Conn, error) {
	if d.pages.Overwritten(false) { // SQLite would give the -wal file to the other, or remove it where there is none
		return nil, errLost()
	}
	if !d.readOnly.Load() {
		return sqlite.Open(sqlite.File{Path: d.path}, pragmas)
	}
	if size(d.path+"-wal") == 0 {
		// Without a -wal file nothing can be newer than the file, and SQLite need not look for one.
		return sqlite.Open(sqlite.File{Path: d.path, ReadOnly: true, Immutable: true}, pragmas)
	}
	// What the last server left there is read as well. Its index cannot be a file, and is kept in the memory of each
	// connection when the connection has the file alone; locks cannot be had, and there is no writer they would be for.
	pragmas = append([]sqlite.Pragma{{Name: "locking_mode", Set: "EXCLUSIVE", Want: "exclusive"}}, pragmas...)
	return sqlite.Open(sqlite.File{Path: d.path, ReadOnly: true, Unlocked: true}, pragmas)
}

// openForReading makes the disk read-only if it cannot be written, and returns failed, the error of opening it, otherwise.
func (d *disk) openForReading(failed error) error {
	state, reason := DiskFailing, Unwritable(d.path)
	if reason == nil && sqlite.IsDisk(failed) {
		state, reason = d.probe()
	}
	if reason == nil {
		return failed
	}
	d.readOnly.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write = verdict{state, reason.Error()}
	d.settle()
	return nil
}

// checkSchema refuses a read-only file that needs migrations.
func (db *DB) checkSchema(ctx context.Context) error {
	list, err := migrations()
	if err != nil {
		return err
	}
	return db.Read(ctx, func(c *Conn) error {
		version, err := pending(c, list, db.Path())
		if err == nil && version < len(list) {
			return errs.New(errs.Invalid, "the database %s has to be brought up to date (schema %d, this fazt has %d), and %s; make its folder writable, or copy the database to one that is", db.Path(), version, len(list), db.Disk().Reason)
		}
		return err
	})
}

// exchangeWait is how long reads are held up, at most, by the attempt to open the database for writing.
const exchangeWait = 250 * time.Millisecond

// openForWriting opens the database for writing when its disk can be written again. Connections that only read ignore
// the -wal file and locks, so all of them are closed before.
func (db *DB) openForWriting(ctx context.Context) error {
	if Unwritable(db.Path()) != nil || probeFolder(filepath.Dir(db.Path())) != nil {
		return nil
	}
	select {
	case db.writer.turn <- struct{}{}:
		defer func() { <-db.writer.turn }()
	case <-ctx.Done():
		return nil
	}
	if db.writer.isClosed() {
		return nil
	}
	if db.disk.stored() != nil { // the file was replaced, which Watch has reported
		return nil
	}
	return db.readers.exchange(exchangeWait, func() error {
		if err := db.config.Lock.settle(); err != nil {
			return err
		}
		conn, err := prepareWriter(ctx, db.config, db.writer.changes)
		if err != nil {
			return err
		}
		db.writer.conn = conn
		db.disk.identify()
		db.disk.readOnly.Store(false)
		db.disk.succeeded()
		return nil
	})
}
