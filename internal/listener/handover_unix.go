//go:build !windows

package listener

import (
	"net"
	"syscall"

	"fazt/internal/errs"
)

// duplicate is another descriptor of the listener's socket, which stays open when a process replaces itself.
func duplicate(l net.Listener) (fd int, err error) {
	conn, ok := l.(syscall.Conn)
	if !ok {
		return 0, syscall.ENOTSUP
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := raw.Control(func(own uintptr) { fd, err = syscall.Dup(int(own)) }); failed != nil {
		return 0, failed
	}
	return fd, err
}

// Replace makes this process a fresh one that runs the program with the sockets: its id stays, its threads and all it
// holds but them end. It returns only when that failed.
func (k *Kept) Replace(program string, args, env []string) error {
	err := syscall.Exec(program, args, k.environ(env))
	return errs.Wrap(errs.Internal, err, "%s cannot be started in the place of this process: %v", program, err)
}
