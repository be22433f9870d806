// Package scratch makes files that last as long as they are open, and folders that their maker removes.
package scratch

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// File is an open file without a name, where the system knows such.
type File struct{ *os.File }

// Create makes a file in dir, or where temporary files are when nothing can be written in dir.
func Create(dir string) (*File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if readOnly(err) {
		f, err = os.CreateTemp("", pattern)
	}
	if err != nil {
		return nil, err
	}
	// Where a file can lose its name while it is open, nothing is left of it even when the process is killed.
	_ = os.Remove(f.Name())
	return &File{f}, nil
}

const pattern = "fazt-upload-*"

// Folder makes a folder in dir, or where temporary files are when nothing can be written in dir.
func Folder(dir, pattern string) (string, error) {
	folder, err := os.MkdirTemp(dir, pattern)
	if readOnly(err) {
		return os.MkdirTemp("", pattern)
	}
	return folder, err
}

// readOnly reports whether err means that nothing can be written there, however much space there is.
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
