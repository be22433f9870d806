//go:build unix

package engine

import "syscall"

// reserve returns a range of addresses that no memory stands behind yet.
func reserve(n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|noReserve)
	if err != nil {
		return nil
	}
	return b
}

// commit makes a part of the range usable.
func commit(region []byte, from, n int) bool {
	return syscall.Mprotect(region[from:from+n], syscall.PROT_READ|syscall.PROT_WRITE) == nil
}

func release(region []byte) { _ = syscall.Munmap(region) }
