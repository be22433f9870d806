package diskfault

import (
	"os"
	"syscall"
	"testing"
)

// ReadOnly makes a folder read-only until the test ends or the returned function is called.
func ReadOnly(t testing.TB, folder string) (writable func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(folder, 0o500); err != nil { //nolint:gosec // a folder
			t.Fatal(err)
		}
		writable = func() { _ = os.Chmod(folder, 0o700) } //nolint:gosec // a folder
		t.Cleanup(writable)
		return writable
	}
	if err := syscall.Mount(folder, folder, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("a read-only mount is not possible here:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	if err := syscall.Mount("", folder, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("a read-only mount is not possible here:", err)
	}
	return func() {
		if err := syscall.Mount("", folder, "", syscall.MS_BIND|syscall.MS_REMOUNT, ""); err != nil {
			t.Error(err)
		}
	}
}
