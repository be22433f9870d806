package database

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"fazt/internal/errs"
)

const (
	lookEvery = time.Second     // how often the space and the name of the file are checked
	tryEvery  = 2 * time.Second // how often to try whether the disk can be written again
)

// Disk returns the condition of the disk.
func (db *DB) Disk() Disk {
	d := db.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now
	now.Unreadable = d.unreadable.Load()
	return now
}

// Watch checks the disk until ctx ends: it warns before space runs out, notices that a file has lost its name even if
// nothing is written, and detects when the disk accepts writes again.
func (db *DB) Watch(ctx context.Context) error {
	// After the file has lost its name, no connection can be opened. If that has happened already, look reports it.
	_ = db.readers.fill()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	tried := time.Now()
	for {
		db.disk.look()
		if state := DiskState(db.disk.state.Load()); (state == DiskFull || state == DiskFailing) && time.Since(tried) >= tryEvery {
			tried = time.Now()
			db.tryWrite(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tryWrite writes the number of the schema, which is in the first page, and so changes nothing.
func (db *DB) tryWrite(ctx context.Context) {
	if db.disk.readOnly.Load() {
		if err := db.openForWriting(ctx); err != nil {
			db.disk.failed(DiskFailing, "the database is open read-only: "+errs.Sentence(err))
		}
		return
	}
	err := db.writer.do(ctx, func(tx *Tx) error {
		version := int64(0)
		if _, err := tx.First("PRAGMA user_version", func(r *Row) { version = r.Int64(0) }); err != nil {
			return err
		}
		return tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
	})
	if err == nil {
		db.disk.succeeded()
	}
}

// exchangeWait is how long reads may be delayed by the attempt to open the database for writing.
const exchangeWait = 250 * time.Millisecond

// openForWriting opens the database for writing after its disk became writable. Read-only connections ignore the -wal
// file and locks, so all of them are closed first.
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

// maxRepeatWait is the longest wait before a failed task is retried, unless it runs less often anyway.
const maxRepeatWait = time.Minute

// Repeat runs a task at intervals until ctx ends. A task that fails is retried, less and less often. The log says when
// it starts to fail and when it works again.
func (db *DB) Repeat(ctx context.Context, every time.Duration, what string, task func(ctx context.Context) error) {
	wait, failing := every, false
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := task(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if failing {
				db.log.Info(what + " works again")
			}
			wait, failing = every, false
		default:
			if !failing {
				db.log.Error(what+" failed; it will be retried", "error", err)
			}
			wait, failing = max(every, min(2*wait, maxRepeatWait)), true
		}
		timer.Reset(wait)
	}
}
