// Package scratch makes files that last as long as they are open.
package scratch

import (
	"errors"
	"io/fs"
	"os"
)

// File is an open file without a name, where the system knows such.
type File struct{ *os.File }

// Create makes a file in dir.
func Create(dir string) (*File, error) {
	f, err := os.CreateTemp(dir, "fazt-upload-*")
	if err != nil {
		return nil, err
	}
	// Where a file can lose its name while it is open, nothing is left of it even when the process is killed.
	_ = os.Remove(f.Name())
	return &File{f}, nil
}

// Close removes the file.
func (f *File) Close() error {
	err := f.File.Close()
	if gone := os.Remove(f.Name()); err == nil && !errors.Is(gone, fs.ErrNotExist) {
		err = gone
	}
	return err
}
