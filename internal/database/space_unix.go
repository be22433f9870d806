//go:build unix

package database

import "syscall"

// Space returns how many bytes this user may still write to the disk that contains the folder, and the size of the
// disk.
func Space(folder string) (free, total int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	size := int64(s.Bsize) //nolint:unconvert // the types differ between systems
	return int64(s.Bavail) * size, int64(s.Blocks) * size, nil
}
