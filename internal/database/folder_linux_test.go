package database

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// readOnly makes a folder one that nothing can be written in, until the test ends.
func readOnly(t *testing.T, folder string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
		return
	}
	if err := syscall.Mount(folder, folder, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("a mount for reading only cannot be made here:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	if err := syscall.Mount("", folder, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("a mount for reading only cannot be made here:", err)
	}
}

// The owner was told "sqlite: prepare: unable to open database file".
func TestADatabaseInAFolderForReadingOnlyIsRefusedWithTheReason(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "data.db")
	db, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	readOnly(t, folder)
	db, err = Open(t.Context(), Config{Path: path})
	if err == nil {
		_ = db.Close()
		t.Fatal("it opens")
	}
	if !strings.Contains(err.Error(), folder+" cannot be written") {
		t.Errorf("the reason is not told: %v", err)
	}
}
