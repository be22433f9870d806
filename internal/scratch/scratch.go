// Package scratch creates files that last as long as they are open, and folders that the caller removes.
package scratch

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// File is an open file, unlinked where the system supports that.
type File struct{ *os.File }

// Create creates a file in dir, or in the temporary directory if dir is not writable.
func Create(dir string) (*File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if readOnly(err) {
		f, err = os.CreateTemp("", pattern)
	}
	if err != nil {
		return nil, err
	}
	// If an open file can be unlinked, nothing is left of it even when the process is killed.
	_ = os.Remove(f.Name())
	return &File{f}, nil
}

const pattern = "fazt-upload-*"

// Folder creates a folder in dir, or in the temporary directory if dir is not writable.
func Folder(dir, pattern string) (string, error) {
	folder, err := os.MkdirTemp(dir, pattern)
	if readOnly(err) {
		return os.MkdirTemp("", pattern)
	}
	return folder, err
}

// readOnly reports whether err means that the directory is not writable, as opposed to full.
func readOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// Close removes the file.
func (f *File) Close() error {
	err := f.File.Close()
	if gone := os.Remove(f.Name()); err == nil && !errors.Is(gone, fs.ErrNotExist) {
		err = gone
	}
	return err
}
