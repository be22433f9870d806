//go:build unix

package compiler

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeInherited closes files that the server was started with and did not open itself, such as those of a shell. What
// this process opened since it began is not passed on, and is told by that.
func closeInherited() {
	list, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}
