package database_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

// The last writes of an earlier database must not become those of a new one, and must not be lost.
func TestAWALFileWithoutItsDatabaseIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	const rest = "the last writes of an earlier database"
	for name, tt := range map[string]struct {
		file    func(t *testing.T, path string) // makes the database
		wal     *string
		refused bool
	}{
		"no file, a -wal file":          {func(*testing.T, string) {}, new(rest), true},
		"an empty file, a -wal file":    {empty, new(rest), true},
		"no file, an empty -wal file":   {func(*testing.T, string) {}, new(string), false},
		"an empty file":                 {empty, nil, false},
		"no file":                       {func(*testing.T, string) {}, nil, false},
		"a database, a foreign -wal":    {full, new(rest), false}, // SQLite recognizes that it is not its own
		"a database, an empty -wal":     {full, new(string), false},
		"a database without a -wal yet": {full, nil, false},
	} {
		path := filepath.Join(t.TempDir(), "data.db")
		tt.file(t, path)
		before, _ := os.ReadFile(path)
		if tt.wal != nil {
			if err := os.WriteFile(path+"-wal", []byte(*tt.wal), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		db, err := database.Open(t.Context(), database.Config{Path: path})
		if err == nil {
			err = db.Close()
		}
		if !tt.refused {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Sentence(err), "data.db-wal exists") {
			t.Errorf("%s: %v", name, err)
		}
		kept, wal := os.ReadFile(path + "-wal")
		after, file := os.ReadFile(path)
		if string(kept) != rest || wal != nil || string(after) != string(before) || file != nil && !errors.Is(file, fs.ErrNotExist) {
			t.Errorf("%s: it was changed: %q %v, %v", name, kept, wal, file)
		}
	}
}

func empty(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func full(t *testing.T, path string) {
	t.Helper()
	if err := databasetest.Write(path); err != nil {
		t.Fatal(err)
	}
}

// A database holds everything that people trust an instance with, so a file that others may read is made private.
func TestADatabaseIsPrivateWhateverItsModeWas(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing there")
	}
	for _, mode := range []fs.FileMode{0o600, 0o604, 0o640, 0o660, 0o666, 0o700} {
		path := filepath.Join(t.TempDir(), "data.db")
		full(t, path)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		db, err := database.Open(t.Context(), database.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps") })
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path, path + "-wal"} {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%o: %s: %v %v", mode, file, info.Mode(), err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFolderIsNotADatabase(t *testing.T) {
	t.Parallel()
	if _, err := database.Open(t.Context(), database.Config{Path: t.TempDir()}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

// A large work in steps: all of it is done, however many steps fit into a transaction.
func TestStepsDoTheWholeWork(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, n := range []int{0, 1, 2, 7} {
		list, done := make([]int, n), []int(nil)
		for i := range list {
			list[i] = i
		}
		err := database.StepsOver(t.Context(), db, list, func(_ *database.Tx, i int) error { done = append(done, i); return nil })
		if err != nil || len(done) != n {
			t.Errorf("%d of %d steps, %v", len(done), n, err)
		}
	}
	failed := errors.New("the third fails")
	done := 0
	err = database.StepsOver(t.Context(), db, make([]int, 5), func(*database.Tx, int) error {
		if done++; done == 3 {
			return failed
		}
		return nil
	})
	if !errors.Is(err, failed) || done != 3 {
		t.Errorf("%v after %d steps", err, done)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := database.StepsOver(canceled, db, make([]int, 5), func(*database.Tx, int) error { t.Error("a step ran"); return nil }); err == nil {
		t.Error("canceled work was done")
	}
}
