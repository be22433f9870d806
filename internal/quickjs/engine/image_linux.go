package engine

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sharing is a file without a name that has the image, so that modules share the pages that they do not change.
type sharing struct{ file int }

// share puts the image into a file; without one, modules copy it.
func (img *Image) share() {
	img.sharing.file = -1
	file, err := unix.MemfdCreate("fazt-image", unix.MFD_CLOEXEC)
	if err != nil {
		return
	}
	if n, err := unix.Pwrite(file, img.data, 0); err != nil || n != len(img.data) {
		_ = unix.Close(file)
		return
	}
	data, err := unix.Mmap(file, 0, len(img.data), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Close(file)
		return
	}
	img.data, img.sharing.file = data, file
	runtime.AddCleanup(img, func(file int) {
		_ = unix.Munmap(data)
		_ = unix.Close(file)
	}, file)
}

// mapInto makes b the content of the image without copying it. It reports false where b has to be copied.
func (img *Image) mapInto(b []byte) bool {
	if img.sharing.file < 0 {
		return false
	}
	at, err := unix.MmapPtr(img.sharing.file, 0, unsafe.Pointer(&b[0]), uintptr(len(b)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	return err == nil && at == unsafe.Pointer(&b[0])
}
