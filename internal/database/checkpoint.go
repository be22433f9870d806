package database

import (
	"sync/atomic"
	"time"

	"fazt/internal/database/sqlite"
)

const (
	// foldFrom is how many pages the -wal file has before they are folded into the file alongside the writer.
	foldFrom = 1000

	// foldPause is how long it waits between two checks.
	foldPause = 20 * time.Millisecond
)

// folder folds the -wal file into the database on its own connection, so that no commit waits for it. If it fails,
// nothing is lost: the writer does it later.
type folder struct {
	disk  *disk
	conn  *sqlite.Conn  // nil until the first commit
	ready atomic.Bool   // it is open and has the -wal file open
	wake  chan struct{} // holds a token after a commit; closed at the end
	ended chan struct{}
}

func newFolder(d *disk) *folder {
	f := &folder{disk: d, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go f.run()
	return f
}

// committed wakes the folder: there may be something to fold.
func (f *folder) committed() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *folder) run() {
	defer close(f.ended)
	for range f.wake {
		if f.open() {
			if pages, folded, err := f.conn.Checkpoint("NOOP"); err == nil && pages-folded >= foldFrom {
				_, _, _ = f.conn.Checkpoint("PASSIVE") // failures are retried later
			}
			f.ready.Store(true)
		}
		time.Sleep(foldPause)
	}
}

// open opens the connection, unless another file has the name by now.
func (f *folder) open() bool {
	if f.conn == nil && f.disk.missing() == "" {
		f.conn, _ = f.disk.connect(sqlite.BasePragmas())
	}
	return f.conn != nil
}

// close stops the folder. Nothing may be committed afterwards.
func (f *folder) close() error {
	close(f.wake)
	<-f.ended
	if f.conn == nil {
		return nil
	}
	return f.conn.Close()
}
