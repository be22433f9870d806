//go:build unix

package database

import (
	"io/fs"
	"syscall"
)

// links returns how many names a file has.
func links(_ string, info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) //nolint:unconvert // the types differ between systems
	}
	return 1
}
