package system

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX of sysinfoapi.h.
type memoryStatus struct {
	length, load                                                                uint32
	totalPhys, availPhys, totalPage, availPage, totalVirtual, availVirtual, ext uint64
}

// machine returns what Windows reports; 0 = unknown.
func machine() (h Hardware) {
	status := memoryStatus{length: uint32(unsafe.Sizeof(memoryStatus{}))}
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if call.Find() != nil {
		return h
	}
	if ok, _, _ := call.Call(uintptr(unsafe.Pointer(&status))); ok != 0 {
		h.TotalRAM, h.AvailableRAM = int64(status.totalPhys), int64(status.availPhys)
	}
	return h
}
