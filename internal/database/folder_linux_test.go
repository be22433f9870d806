package database

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"fazt/internal/database/diskfault"
	"fazt/internal/errs"
)

// The owner used to get "sqlite: prepare: unable to open database file".
func TestADatabaseThatCannotBeWrittenCanBeRead(t *testing.T) {
	for _, tt := range []struct {
		name string
		left bool // a killed server left its -wal file
	}{{"closed", false}, {"left by a server that was killed", true}} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data.db")
			db, err := Open(t.Context(), Config{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Write(t.Context(), put("a", "1")); err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			if tt.left {
				copyFiles(t, filepath.Dir(path), folder)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if !tt.left {
				copyFiles(t, filepath.Dir(path), folder)
			}
			path = filepath.Join(folder, "data.db")
			writable := diskfault.ReadOnly(t, folder)
			lock, err := Acquire(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Release()
			db = watched(t, Config{Path: path, Lock: lock})
			if got, _ := get(t, db, "a"); got != "1" {
				t.Errorf("a is %q", got)
			}
			if err := db.Write(t.Context(), put("a", "2")); !errs.Is(err, errs.Unavailable) {
				t.Errorf("the write: %v", err)
			}
			if _, err := db.WriteGuarded(t.Context(), "DELETE FROM settings", Guard{}, func(*Row) error { return nil }); !errs.Is(err, errs.Unavailable) {
				t.Errorf("the statement: %v", err)
			}
			if d := db.Disk(); d.State != DiskFailing || !strings.Contains(d.Reason, folder+" cannot be written") {
				t.Errorf("the disk is %+v", d)
			}
			copied := filepath.Join(t.TempDir(), "copy.db")
			if err := db.Backup(t.Context(), copied, nil); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path + ".lock"); err == nil {
				t.Error("something was written")
			}
			writable()
			awaitDisk(t, db, DiskSound)
			if err := db.Write(t.Context(), put("a", "3")); err != nil {
				t.Error(err)
			}
			if got, _ := get(t, db, "a"); got != "3" {
				t.Errorf("a is %q", got)
			}
			if _, err := os.Stat(path + ".lock"); err != nil {
				t.Error("the lock is not next to the database:", err)
			}
		})
	}
}

func TestADatabaseThatCannotBeWrittenHasOnlyOneServer(t *testing.T) {
	db := filled(t)
	folder := filepath.Dir(db.Path())
	writable := diskfault.ReadOnly(t, folder)
	lock, err := Acquire(t.Context(), db.Path())
	if err != nil {
		t.Fatal(err)
	}
	now, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Acquire(now, db.Path()); !errs.Is(err, errs.Conflict) {
		t.Errorf("while it cannot be written: %v", err)
	}
	writable()
	if _, err := Acquire(now, db.Path()); !errs.Is(err, errs.Conflict) {
		t.Errorf("when it can be written: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if lock, err = Acquire(now, db.Path()); err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

// Another process holds the lock next to the database when the folder becomes writable.
func TestAReadOnlyDatabaseStaysReadOnlyWhileAnotherProcessHasItsLock(t *testing.T) {
	db := filled(t)
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	writable := diskfault.ReadOnly(t, filepath.Dir(path))
	lock, err := Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	db = watched(t, Config{Path: path, Lock: lock})
	other := flock.New(path + ".lock")
	writable()
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatalf("%v %v", ok, err)
	}
	const want = "the database is open read-only: another fazt process is using " // and not the reason at the start
	for end := time.Now().Add(time.Minute); !strings.HasPrefix(db.Disk().Reason, want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the disk is %+v", db.Disk())
		}
	}
	if err := db.Write(t.Context(), put("a", "1")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the write: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	awaitDisk(t, db, DiskSound)
	if err := db.Write(t.Context(), put("a", "1")); err != nil {
		t.Error(err)
	}
}

func TestAReadOnlyDatabaseThatNeedsMigrationsIsRefused(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "data.db")
	db := open(t, Config{Path: path})
	err := db.Write(t.Context(), func(tx *Tx) error { return tx.Exec("PRAGMA user_version = 3") })
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	diskfault.ReadOnly(t, folder)
	_, err = Open(t.Context(), Config{Path: path})
	if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "must be upgraded") || !strings.Contains(err.Error(), folder+" cannot be written") {
		t.Errorf("it is refused with %v", err)
	}
}

// copyFiles copies all files of a folder to another.
func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
