package database

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Lock shows that this process is the one that works on the database: a server for as long as it runs, a command for
// a moment. It is a file next to the database, whatever link led there, and ends with the process, however the process
// ends. Where no file can be made there, the database itself is locked. The zero Lock holds nothing.
type Lock struct {
	path string
	file *flock.Flock
}

// Acquire takes the lock of the database at path, waiting until ctx ends when another process has it. A ctx that has
// ended already makes it try once.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	path, err := Canonical(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, sqlite.CannotOpen(path, err)
	}
	for {
		l, err := tryLock(path)
		if l != nil || err != nil {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, errBusy(path)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func errBusy(path string) error {
	return errs.New(errs.Conflict, "another fazt is working on %s", path)
}

// tryLock returns nil when another process has the lock.
func tryLock(path string) (*Lock, error) {
	file, err := tryBeside(path)
	if err != nil && Unwritable(path) != nil {
		// SQLite locks nothing in a file that it cannot write, so this does not conflict.
		file = flock.New(path, flock.SetFlag(os.O_RDONLY))
		if file, err = try(file); err != nil {
			return &Lock{path: path}, nil // on a disk that has no such locks
		}
	}
	switch {
	case err != nil:
		return nil, sqlite.CannotOpen(path, err)
	case file == nil:
		return nil, nil //nolint:nilnil // see above
	}
	return &Lock{path, file}, nil
}

// tryBeside takes the lock next to the database, unless a process has it or the lock of the database itself.
func tryBeside(path string) (*flock.Flock, error) {
	file, err := try(flock.New(path+".lock", flock.SetPermissions(0o600)))
	if file == nil || err != nil {
		return nil, err
	}
	free, err := unlocked(path)
	if err != nil || !free {
		_ = file.Unlock()
		return nil, err
	}
	return file, nil
}

func try(file *flock.Flock) (*flock.Flock, error) {
	ok, err := file.TryLock()
	if err != nil || !ok {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// settle moves a lock of the database itself to the file next to it, where it belongs once the folder can be written: SQLite
// has locks of its own on a file that it writes.
func (l *Lock) settle() error {
	if l == nil || !l.Held() || l.file.Path() != l.path {
		return nil
	}
	file, err := try(flock.New(l.path+".lock", flock.SetPermissions(0o600)))
	switch {
	case err != nil:
		return sqlite.CannotOpen(l.path, err)
	case file == nil:
		return errBusy(l.path)
	}
	err = l.file.Unlock()
	l.file = file
	return err
}

// Held reports whether the lock is held.
func (l *Lock) Held() bool { return l.file != nil }

// Release lets others have the lock. The file stays: removing it would let two processes each hold a lock on a file
// of that name.
func (l *Lock) Release() error {
	if !l.Held() {
		return nil
	}
	return l.file.Unlock()
}
