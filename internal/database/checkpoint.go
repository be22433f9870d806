package database

import (
	"sync/atomic"
	"time"
)

const (
	// foldFrom is from how many pages in the -wal file on they are folded into the file beside the writer.
	foldFrom = 1000

	// foldByWriter is from how many on the writer does it: it does not pause long enough for the -wal file to begin anew.
	// Little is left to fold then.
	foldByWriter = 16_000

	// foldPause is how long it waits between two looks.
	foldPause = 20 * time.Millisecond
)

// folder folds the -wal file into the database on a connection of its own, so that no commit waits for it. Where it fails
// nothing is lost: the writer does it later.
type folder struct {
	disk  *disk
	conn  *Conn         // nil until the first commit
	ready atomic.Bool   // it is open and has the -wal file open
	wake  chan struct{} // holds a token after a commit; closed at the end
	ended chan struct{}
}

func newFolder(d *disk) *folder {
	f := &folder{disk: d, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go f.run()
	return f
}

// committed tells that there may be something to fold.
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
			if pages, folded := f.checkpoint("NOOP"); pages-folded >= foldFrom {
				f.checkpoint("PASSIVE")
			}
			f.ready.Store(true)
		}
		time.Sleep(foldPause)
	}
}

// open opens the connection, unless another file has the name by now.
func (f *folder) open() bool {
	if f.conn == nil && f.disk.missing() == "" {
		f.conn, _ = f.disk.connect(basePragmas())
	}
	return f.conn != nil
}

func (f *folder) checkpoint(mode string) (pages, folded int) {
	_ = f.conn.transient("PRAGMA wal_checkpoint("+mode+")", func(r *Row) { pages, folded = r.Int(1), r.Int(2) })
	return pages, folded
}

// close ends the folding. Nothing may be committed any more.
func (f *folder) close() error {
	close(f.wake)
	<-f.ended
	if f.conn == nil {
		return nil
	}
	return f.conn.close()
}
