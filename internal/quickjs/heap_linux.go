package quickjs

import "syscall"

// reserve is a range of addresses that costs memory only where it is touched; nil = there is none.
func reserve(size int) []byte {
	region, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	const noHugePages = 15 // MADV_NOHUGEPAGE: one would be ten times what an idle isolate uses
	_ = syscall.Madvise(region, noHugePages)
	return region
}

// revoke makes every touch of the range a fault.
func revoke(region []byte) error { return syscall.Mprotect(region, syscall.PROT_NONE) }

func unreserve(region []byte) { _ = syscall.Munmap(region) }

// discard gives pages back; they read as zero from then on.
func discard(pages []byte) { _ = syscall.Madvise(pages, syscall.MADV_DONTNEED) }
