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

// Lock marks this process as the one that works on the database: a server while it runs, a command for a moment. It is
// a file next to the database's canonical name, and is released when the process ends, however it ends. If no file can
// be created there, the database itself is locked. The zero Lock holds nothing.
type Lock struct {
	path string
	file *flock.Flock
}

// Acquire takes the lock of the database at path. If another process has it, it waits until ctx ends. If ctx has ended
// already, it tries once.
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
	return errs.New(errs.Conflict, "another fazt process is using %s", path)
}

// tryLock returns nil if another process has the lock.
func tryLock(path string) (*Lock, error) {
	file, err := tryBeside(path)
	if err != nil && Unwritable(path) != nil {
		// SQLite does not lock a file that it cannot write, so this does not conflict.
		file = flock.New(path, flock.SetFlag(os.O_RDONLY))
		if file, err = try(file); err != nil {
			return &Lock{path: path}, nil // the disk does not support such locks
		}
	}
	switch {
	case err != nil:
		return nil, sqlite.CannotOpen(path, err)
	case file == nil:
		return nil, nil // see above
	}
	return &Lock{path, file}, nil
}

// tryBeside takes the lock next to the database, unless a process has it or has locked the database itself.
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

// settle replaces a lock of the database itself by the file next to it once the folder is writable: SQLite has locks of
// its own on a file that it writes.
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

// Release releases the lock. The file stays: after removing it, two processes could each hold a lock on a file of that
// name.
func (l *Lock) Release() error {
	if !l.Held() {
		return nil
	}
	return l.file.Unlock()
}
