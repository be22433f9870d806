//go:build unix

package engine

import (
	"syscall"
)

// reserve returns a range of addresses whose pages cost nothing until they are touched.
func reserve(n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|noReserve)
	if err != nil {
		return nil
	}
	return b
}

// commit makes a part of the range usable.
func commit([]byte, int, int) bool { return true }

func release(region []byte) { _ = syscall.Munmap(region) }
