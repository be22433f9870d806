package database

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fazt/internal/database/sqlite"

	"fazt/internal/errs"
)

func TestADatabaseHasOneNameUnderAllItsLinks(t *testing.T) {
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"alias.db": "real/data.db", "twice.db": "alias.db", "folder": "real", "missing.db": "real/new.db", "round.db": "round.db",
	} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Skip("this system or user cannot make links:", err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "real", "data.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"alias.db": "real/data.db", "twice.db": "real/data.db", "folder/data.db": "real/data.db", "missing.db": "real/new.db",
		"folder/../data.db": "data.db", "real/sub/new.db": "real/sub/new.db",
	} {
		got, err := Canonical(filepath.Join(folder) + string(filepath.Separator) + given)
		if err != nil || got != filepath.Join(folder, filepath.FromSlash(want)) {
			t.Errorf("%s is %s, %v", given, got, err)
		}
	}
	if _, err := Canonical(filepath.Join(folder, "round.db")); err == nil {
		t.Error("a link to itself has a name")
	}
}

func TestTwoNamesOfADatabaseHaveOneLock(t *testing.T) {
	folder := t.TempDir()
	if err := os.Symlink("data.db", filepath.Join(folder, "alias.db")); err != nil {
		t.Skip("this system or user cannot make links:", err)
	}
	lock, err := Acquire(t.Context(), filepath.Join(folder, "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Acquire(now, filepath.Join(folder, "alias.db")); !errs.Is(err, errs.Conflict) {
		t.Errorf("got %v", err)
	}
}

func TestADatabaseWithAHardLinkIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	db, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.db")
	if err := os.Link(path, other); err != nil {
		t.Skip("this disk has no hard links:", err)
	}
	for _, name := range []string{path, other} {
		if _, err := Open(t.Context(), Config{Path: name}); !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Sentence(err), "hard links") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(t.Context(), Config{Path: path}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// SQLite's own lock, which belongs to the file and not to a name, is the last barrier between two servers.
func TestAnotherProcessCannotOpenADatabaseThatIsOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SQLite shares the file there, and the lock next to it decides")
	}
	if path := os.Getenv("FAZT_TEST_OPEN"); path != "" {
		_, err := sqlite.Open(sqlite.File{Path: path}, []sqlite.Pragma{{Name: "busy_timeout", Set: "0"}, {Name: "journal_mode", Set: "WAL"}})
		if errs.Is(err, errs.Conflict) {
			os.Exit(3)
		}
		t.Fatal("it was opened:", err)
	}
	db := open(t, Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), "FAZT_TEST_OPEN="+db.Path())
	out, err := again.CombinedOutput()
	if again.ProcessState == nil || again.ProcessState.ExitCode() != 3 {
		t.Errorf("%v: %s", err, out)
	}
}
