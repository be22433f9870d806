package database

import "log/slog"

// Config describes the database to open.
type Config struct {
	Path       string            // the database file; its folder is created if it does not exist
	Readers    int               // largest number of read connections; 0 = chosen for the machine
	QueueLimit func() int        // writes that may wait before new ones are refused; nil = unbounded
	Log        *slog.Logger      // nil = silent
	Watch      map[string]string // tables whose changes TakeChanges returns, each with the column that identifies a row
	MaxPages   int64             // pages the file may grow to; 0 = bounded only by the disk

	// Space returns, for a disk of total bytes, the free bytes below which to warn, and those below which the writes of
	// visitors are refused; nil = never.
	Space func(total int64) (low, reserve int64)
	// Lock is the lock of the file, if the caller has it: if the file was opened read-only, the lock is moved next to
	// it before the first write.
	Lock *Lock
	// DiskChanged is called when the state of the disk changes. It must not block or use the DB.
	DiskChanged func(Disk)
}
