//go:build !windows

package database

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder puts the names in a folder on the disk.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// alive reports whether there may be a process with this id.
func alive(id int) bool { return !errors.Is(syscall.Kill(id, 0), syscall.ESRCH) }
