//go:build unix

package main

import (
	"io"
	"syscall"
)

// gone checks a connection without reading from it: it returns an error if the connection is closed or has data.
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
