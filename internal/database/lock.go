package database

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fazt/internal/errs"
)

// Lock says that this process is the one that works on the database: a server for as long as it runs, a command for
// a moment. It lies in a file beside the database, whatever link led there, and ends with the process, however the process
// ends.
type Lock struct{ file *flock.Flock }

// Acquire takes the lock of the database at path, waiting until ctx ends when another process has it. A ctx that has
// ended already makes it try once.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	path, err := Canonical(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, cannotOpen(path, err)
	}
	file := flock.New(path+".lock", flock.SetPermissions(0o600))
	ok, err := file.TryLock()
	if err == nil && !ok && ctx.Err() == nil {
		ok, err = file.TryLockContext(ctx, 20*time.Millisecond)
	}
	if err != nil && ctx.Err() == nil {
		return nil, cannotOpen(path, err)
	}
	if !ok {
		return nil, errs.New(errs.Conflict, "another fazt is working on %s", path)
	}
	return &Lock{file}, nil
}

// Release lets others have the lock. The file stays: removing it would let two processes each hold a lock on a file
// of that name.
func (l *Lock) Release() error { return l.file.Unlock() }
