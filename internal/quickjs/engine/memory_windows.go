package engine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// reserve returns a range of addresses that no memory stands behind yet.
func reserve(n int) []byte {
	p, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_RESERVE, windows.PAGE_READWRITE)
	if err != nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), p)), n)
}

// commit makes a part of the range usable.
func commit(region []byte, from, n int) bool {
	_, err := windows.VirtualAlloc(uintptr(unsafe.Pointer(&region[from])), uintptr(n), windows.MEM_COMMIT, windows.PAGE_READWRITE)
	return err == nil
}

func release(region []byte) {
	_ = windows.VirtualFree(uintptr(unsafe.Pointer(&region[0])), 0, windows.MEM_RELEASE)
}
