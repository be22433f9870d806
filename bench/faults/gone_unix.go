//go:build unix

package main

import (
	"io"
	"syscall"
)

// gone looks at a connection without taking anything from it: an error when it is closed, or was answered.
func gone(raw syscall.RawConn) error {
	var err error
	controlled := raw.Control(func(fd uintptr) {
		_, _, peek := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case peek != nil && peek != syscall.EAGAIN && peek != syscall.EINTR:
			err = peek
		case peek == nil:
			err = io.EOF
		}
	})
	if controlled != nil {
		return controlled
	}
	return err
}
