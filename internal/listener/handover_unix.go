//go:build !windows

package listener

import (
	"net"
	"syscall"

	"fazt/internal/errs"
)

// duplicate returns another descriptor of the listener's socket, which stays open when the process replaces itself.
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

// Replace replaces this process with a fresh one of the program, which gets the sockets. The process id stays; threads and
// everything except the sockets end. It returns only if that fails.
func (k *Kept) Replace(program string, args, env []string) error {
	err := syscall.Exec(program, args, k.environ(env))
	return errs.Wrap(errs.Internal, err, "%s could not replace this process: %v", program, err)
}
