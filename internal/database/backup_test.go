package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fazt/internal/errs"
)

// Copies of the file with its -wal, made during writes, lacked acknowledged writes or were malformed.
func TestEveryBackupUnderLoadHasAllAcknowledgedWrites(t *testing.T) {
	db := open(t, Config{})
	folder := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	const writers = 4
	var acked [writers]atomic.Int64
	var working sync.WaitGroup
	for w := range writers {
		working.Go(func() {
			for n := int64(1); ctx.Err() == nil; n++ {
				err := db.Write(t.Context(), func(tx *Tx) error {
					return tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES (?, ?, 0)", fmt.Sprintf("%d %d", w, n), strings.Repeat("x", int(n)%900))
				})
				if err != nil {
					t.Error(err)
					return
				}
				acked[w].Store(n)
			}
		})
	}
	backups := 40
	if testing.Short() {
		backups = 8
	}
	for i := range backups {
		var before [writers]int64
		for w := range writers {
			before[w] = acked[w].Load()
		}
		path := filepath.Join(folder, strconv.Itoa(i))
		if err := db.Backup(t.Context(), path, func(done, total int64) {
			if done > total {
				t.Errorf("%d of %d bytes", done, total)
			}
		}); err != nil {
			t.Fatal(err)
		}
		holds(t, path, before[:])
	}
	stop()
	working.Wait()
}

// holds fails the test unless the copy is sound and has each writer's values without a gap, including all acknowledged
// ones.
func holds(t *testing.T, path string, before []int64) {
	t.Helper()
	c, err := OpenCopy(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if faults, err := c.CheckIntegrity(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("%v %v", faults, err)
	}
	for w, n := range before {
		var count, highest int64
		err := c.Read(t.Context(), func(conn *Conn) error {
			_, err := conn.First("SELECT count(*), coalesce(max(CAST(substr(name, 3) AS INTEGER)), 0) FROM settings WHERE name GLOB ?",
				func(r *Row) { count, highest = r.Int64(0), r.Int64(1) }, fmt.Sprintf("%d *", w))
			return err
		})
		if err != nil || highest < n || count != highest {
			t.Errorf("%d values up to %d, and %d were acknowledged before (%v)", count, highest, n, err)
		}
	}
	if others, _ := filepath.Glob(path + "-*"); len(others) > 0 {
		t.Errorf("there are other files than the copy: %v", others)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestACanceledBackupEnds(t *testing.T) {
	db := open(t, Config{})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := db.Backup(ctx, filepath.Join(t.TempDir(), "copy"), nil); err == nil {
		t.Error("the backup was made")
	}
	if err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES ('a', '', 0)")
	}); err != nil {
		t.Error(err)
	}
}

func TestABackupCanceledHalfwayLeavesNoOpenTransaction(t *testing.T) {
	db := open(t, Config{Readers: 1})
	if err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES ('long', ?, 0)", strings.Repeat("x", 12<<20))
	}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := db.Backup(ctx, filepath.Join(t.TempDir(), "copy"), func(_, _ int64) { stop() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := db.Write(t.Context(), set("a", "1")); err != nil {
		t.Fatal(err)
	}
	if _, found := get(t, db, "a"); !found {
		t.Error("the connection does not see what was written after the backup")
	}
}

func TestACopyNeverReplacesAnExistingFile(t *testing.T) {
	db := open(t, Config{})
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("something"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	there, link, hard := write("there"), filepath.Join(dir, "link"), filepath.Join(filepath.Dir(db.Path()), "hard")
	used := write("used")
	write("used-wal")
	if err := os.Symlink(db.Path(), link); err != nil {
		t.Skip(err) // on Windows not every user may do this
	}
	if err := os.Link(db.Path(), hard); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		target Target
		want   errs.Kind
		text   string
	}{
		"a file that is there":            {Target{there, false}, errs.Conflict, "--force"},
		"the database":                    {Target{db.Path(), true}, errs.Invalid, "the database itself"},
		"the database by a link":          {Target{link, true}, errs.Invalid, "the database itself"},
		"the database by a hard link":     {Target{hard, true}, errs.Invalid, "the database itself"},
		"its -wal":                        {Target{db.Path() + "-wal", true}, errs.Invalid, "belongs to it"},
		"a folder":                        {Target{dir, true}, errs.Invalid, "is a folder; name a file in it"},
		"a folder that is missing":        {Target{filepath.Join(dir, "none", "copy"), false}, errs.NotFound, "create it first"},
		"a file where a folder should be": {Target{filepath.Join(there, "copy"), false}, errs.Invalid, "cannot be written"},
		"a database that is in use":       {Target{used, true}, errs.Conflict, "in use"},
		"a path that is not whole":        {Target{"copy.db", false}, errs.Invalid, "absolute path"},
	} {
		if err := tt.target.Check(db.Path()); !errs.Is(err, tt.want) || !strings.Contains(errs.Sentence(err), tt.text) {
			if name != "a file where a folder should be" || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, target := range map[string]Target{"a new file": {filepath.Join(dir, "new"), false}, "another file": {there, true}} {
		if err := target.Check(db.Path()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A copy named data.db-journal was taken for a journal and rolled back into the database; one named data.db.key took
// the place of the key for the secrets.
func TestACopyNeverTakesANameThatTheDatabaseReserves(t *testing.T) {
	db := open(t, Config{})
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Symlink(filepath.Dir(db.Path()), folder); err != nil {
		t.Skip(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", "-JOURNAL", ".lock", ".key", ".sock", ".sock.new", "-wal.overwritten"} {
		for _, path := range []string{db.Path() + suffix, filepath.Join(folder, filepath.Base(db.Path())+suffix)} {
			if err := (Target{path, true}).Check(db.Path()); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), "belongs to it") {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := (Target{filepath.Join(t.TempDir(), "Other.db"+suffix), false}).Check(db.Path()); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), "part of the database Other.db;") {
			t.Errorf("the %s of another database: %v", suffix, err)
		}
	}
	for _, suffix := range []string{"-2026", ".bak", ".keys", "2"} {
		if err := (Target{db.Path() + suffix, false}).Check(db.Path()); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

func TestACopyThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	target := Target{Path: filepath.Join(dir, "copy")}
	failed := errs.New(errs.StorageFull, "full")
	if err := target.Place(func(temp string) error {
		if err := os.WriteFile(temp, []byte("half"), 0o600); err != nil {
			return err
		}
		if got := Partial(target.Path); len(got) != 1 || got[0] != temp {
			t.Errorf("unfinished copies: %v", got)
		}
		return failed
	}); !errs.Is(err, errs.StorageFull) {
		t.Error(err)
	}
	if err := target.Place(func(temp string) error { // a file created in the meantime stays
		if err := os.WriteFile(target.Path, []byte("other"), 0o600); err != nil {
			return err
		}
		return os.WriteFile(temp, []byte("copy"), 0o600)
	}); !errs.Is(err, errs.Conflict) {
		t.Error(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Errorf("%v are left", names)
	}
	if got, err := os.ReadFile(target.Path); string(got) != "other" {
		t.Errorf("%q, %v", got, err)
	}
}

// A killed server used to leave a partial copy forever.
func TestPartialCopiesOfEndedProcessesAreRemoved(t *testing.T) {
	target := Target{Path: filepath.Join(t.TempDir(), "copy.db")}
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		left bool
	}{
		{fmt.Sprintf("%d-AAAAAAAA-BBBBBBBB", ended.Process.Pid), false},
		{fmt.Sprintf("%d-AAAAAAAA-BBBBBBBB", os.Getpid()), false}, // of a container whose server was killed
		{fmt.Sprintf("%d-%s-BBBBBBBB", os.Getpid(), thisProcess()), true},
		{fmt.Sprintf("%d-AAAAAAAA-BBBBBBBB", os.Getppid()), true},
		{"my-AAAAAAAA-BBBBBBBB", true},
		{"note", true},
	} {
		name := target.Path + "." + tt.name + partial
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (Target{target.Path, true}).Place(func(temp string) error { return os.WriteFile(temp, nil, 0o600) }); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(name); (err == nil) != tt.left {
			t.Errorf("%s: %v", name, err)
		}
	}
}
