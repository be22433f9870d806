//go:build unix

package listener

import "syscall"

// narrow keeps files that this process makes from everybody but their owner, until the function it returns is called.
func narrow() (widen func()) {
	before := syscall.Umask(0o177)
	return func() { syscall.Umask(before) }
}
