package engine

import "syscall"

const noReserve = syscall.MAP_NORESERVE

// discardFrom is the size from which giving pages back is cheaper than clearing them.
const discardFrom = 256 << 10

// Clear makes memory zero; where that is much, its pages go back to the system. b is a part of a module's memory.
func Clear(b []byte) {
	if len(b) >= discardFrom && syscall.Madvise(b, syscall.MADV_DONTNEED) == nil {
		return
	}
	clear(b)
}
