package system

import "golang.org/x/sys/unix"

// machine returns what macOS reports; 0 = unknown.
func machine() (h Hardware) {
	if n, err := unix.SysctlUint64("hw.memsize"); err == nil {
		h.TotalRAM = int64(n)
	}
	// Free pages; those that cache files could be reclaimed too, but no sysctl counts them.
	free, err := unix.SysctlUint32("vm.page_free_count")
	if size, also := unix.SysctlUint64("hw.pagesize"); err == nil && also == nil {
		h.AvailableRAM = int64(free) * int64(size)
	}
	return h
}
