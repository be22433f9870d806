//go:build !windows

package database

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder syncs the names in a folder to the disk.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// alive reports whether a process with this id may exist.
func alive(id int) bool { return !errors.Is(syscall.Kill(id, 0), syscall.ESRCH) }
