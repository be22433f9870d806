//go:build unix

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Unwritable explains why the database at path cannot be written: this user may not, or its disk is read-only. It
// returns nil if it seems to be writable.
func Unwritable(path string) error {
	const write, enter = 2, 1 // as access(2) has them
	for _, file := range []struct {
		name string
		mode uint32
	}{{filepath.Dir(path), write | enter}, {path, write}, {path + "-wal", write}} {
		if err := syscall.Access(file.name, file.mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s cannot be written: %w", file.name, err)
		}
	}
	return nil
}

// unlocked reports whether no process has locked the database itself. Only the holder of the lock next to it may call
// this: closing the file ends the locks that SQLite has on it in this process.
func unlocked(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil { // it does not exist, or opening it next returns the reason
		return true, nil // see above
	}
	defer f.Close()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	case err != nil: // the disk does not support such locks
		return true, nil
	}
	return true, nil
}
