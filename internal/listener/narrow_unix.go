//go:build unix

package listener

import (
	"io/fs"
	"syscall"
)

// narrow restricts new files of this process to their owner until widen is called.
func narrow() (widen func()) {
	before := syscall.Umask(0o177)
	return func() { syscall.Umask(before) }
}

// ownerOf returns the user that a file belongs to.
func ownerOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
