package database

import (
	"syscall"
	"unsafe"
)

// Space returns how many bytes this user may still write to the disk that contains the folder, and the size of the
// disk.
func Space(folder string) (free, total int64, err error) {
	name, err := syscall.UTF16PtrFromString(folder)
	if err != nil {
		return 0, 0, err
	}
	ask := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")
	ok, _, err := ask.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)), 0)
	if ok == 0 {
		return 0, 0, err
	}
	return free, total, nil
}
