package database

import (
	"fazt/internal/database/sqlite"
)

// If the folder is not writable, SQLite cannot create a -wal file, and does not open a database that was written with
// one. The database is then opened without the writer: reads work, writes are refused, and Watch opens it for writing
// as soon as possible.

// connect opens a connection as the disk allows it now. The caller holds a slot of the readers, or the turn of the
// writer, so that this does not change meanwhile.
func (d *disk) connect(pragmas []sqlite.Pragma) (*sqlite.Conn, error) {
	if d.pages.Overwritten(false) { // SQLite would apply the -wal file to the other file, or remove it
		return nil, errLost()
	}
	if !d.readOnly.Load() {
		return sqlite.Open(sqlite.File{Path: d.path}, pragmas)
	}
	if size(d.path+"-wal") == 0 {
		// Without a -wal file, nothing is newer than the file, and SQLite need not look for one.
		return sqlite.Open(sqlite.File{Path: d.path, ReadOnly: true, Immutable: true}, pragmas)
	}
	// Read what the last server left there, too. The index of the -wal file cannot be a file, and is kept in memory by
	// a connection that uses the file exclusively; locks are not available, and without a writer they are not needed.
	pragmas = append([]sqlite.Pragma{{Name: "locking_mode", Set: "EXCLUSIVE", Want: "exclusive"}}, pragmas...)
	return sqlite.Open(sqlite.File{Path: d.path, ReadOnly: true, Unlocked: true}, pragmas)
}

// openForReading marks the disk as read-only if it cannot be written; otherwise it returns failed, the error of opening
// it.
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
