//go:build unix

package database

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
)

// overwrite works like cp: the file keeps its name and gets new content.
func overwrite(t *testing.T, path string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// closed returns what a database holds after it is closed.
func closed(t *testing.T, writes ...func(tx *Tx) error) []byte {
	t.Helper()
	db := open(t, Config{})
	for _, w := range writes {
		if err := db.Write(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// After a database was overwritten, writes to its -wal file were acknowledged, and went into the other database on
// close.
func TestADatabaseThatWasOverwrittenIsNotWritten(t *testing.T) {
	other := closed(t, put("of", "the other"))
	for _, tt := range []struct {
		name string
		with []byte
	}{
		{"by another", other},
		{"by text", []byte(strings.Repeat("no database ", 5000))},
		{"by nothing", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := watched(t, Config{})
			if err := db.Write(t.Context(), put("a", "1")); err != nil {
				t.Fatal(err)
			}
			// A connection that opens while the file is empty removes the -wal file, so open those of the readers and
			// the folder now.
			if err := db.readers.fill(); err != nil {
				t.Fatal(err)
			}
			await.Until(t, "the connection that folds", db.writer.fold.ready.Load)
			overwrite(t, db.Path(), tt.with)
			if err := db.Write(t.Context(), put("a", "2")); !errs.Is(err, errs.Unavailable) {
				t.Errorf("the write: %v", err)
			}
			awaitDisk(t, db, DiskOverwritten)
			if err := db.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db"), nil); !errs.Is(err, errs.Unavailable) {
				t.Errorf("the backup: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if now, err := os.ReadFile(db.Path()); err != nil || !bytes.Equal(now, tt.with) {
				t.Errorf("the other database was changed, %v", err)
			}
			if _, err := os.Stat(db.Path() + "-wal"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the next start would write into the other database: %v", err)
			}
			if info, err := os.Stat(db.Path() + "-wal.overwritten"); err != nil || info.Size() == 0 {
				t.Errorf("the last writes are gone: %v", err)
			}
		})
	}
}

// An old copy of the same database may have the same first page.
func TestAnOldCopyOverTheDatabaseIsNoticed(t *testing.T) {
	old := closed(t, put("a", "1"), put("b", strings.Repeat("x", 10000)))
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	db := watched(t, Config{Path: path})
	if err := db.Write(t.Context(), put("a", "2")); err != nil {
		t.Fatal(err)
	}
	fold(t, db)
	overwrite(t, path, old)
	awaitDisk(t, db, DiskOverwritten)
}

// fold moves the content of the -wal file into the database.
func fold(t *testing.T, db *DB) {
	t.Helper()
	db.writer.turn <- struct{}{}
	defer func() { <-db.writer.turn }()
	await.Until(t, "the -wal file to be folded", func() bool { // the folder may be doing it already
		left := -1
		_, err := db.writer.conn.First("PRAGMA wal_checkpoint(PASSIVE)", func(r *Row) { left = r.Int(1) - r.Int(2) })
		if left != 0 && err != nil {
			t.Log(err)
		}
		return left == 0
	})
}

func TestTheDatabasesOwnWritesAreNotTakenForOverwriting(t *testing.T) {
	db := watched(t, Config{})
	second := open(t, Config{Path: db.Path()})
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		for i := range 100 {
			if err := db.Write(t.Context(), put(fmt.Sprint(i), strings.Repeat("v", 1000*(round%5)))); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Write(t.Context(), func(tx *Tx) error { return tx.Exec("PRAGMA incremental_vacuum") })
		if err != nil {
			t.Fatal(err)
		}
		fold(t, db)
		if err := os.Chtimes(db.Path(), time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if v := db.disk.judgeFile(true); v.state != DiskSound {
			t.Fatalf("round %d: %v", round, v)
		}
	}
}

func BenchmarkLookAtPages(b *testing.B) {
	db, err := Open(b.Context(), Config{Path: filepath.Join(b.TempDir(), "data.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(b.Context(), put("a", "1")); err != nil {
		b.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		b.Run(fmt.Sprintf("all=%v", all), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = db.disk.pages.Overwritten(all)
			}
		})
	}
}

// A server that is killed after it noticed must leave no -wal file next to the other database.
func TestTheWALFileIsSetAsideAsSoonAsTheFileWasOverwritten(t *testing.T) {
	db := open(t, Config{})
	if err := db.Write(t.Context(), put("a", "1")); err != nil {
		t.Fatal(err)
	}
	if err := db.readers.fill(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the connection that folds", db.writer.fold.ready.Load)
	overwrite(t, db.Path(), []byte(strings.Repeat("no database ", 5000)))
	if err := db.Write(t.Context(), put("a", "2")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the write: %v", err)
	}
	if _, err := os.Stat(db.Path() + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(db.Path() + "-wal.overwritten"); err != nil {
		t.Error(err)
	}
}
