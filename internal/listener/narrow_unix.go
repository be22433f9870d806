//go:build unix

package listener

import (
	"io/fs"
	"syscall"
)

// narrow keeps files that this process makes from everybody but their owner, until the function it returns is called.
func narrow() (widen func()) {
	before := syscall.Umask(0o177)
	return func() { syscall.Umask(before) }
}

// ownerOf is the user that a file belongs to.
func ownerOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
