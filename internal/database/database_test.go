package database

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, c Config) *DB {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "data.db")
	}
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// openRaw opens the connection that writes, without migrations.
func openRaw(t *testing.T, path string) *Conn {
	t.Helper()
	raw, err := openWriter(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return &Conn{onSQLite{raw}}
}

// run runs a script on a connection without pragmas.
func run(t *testing.T, path, script string) {
	t.Helper()
	c, err := sqlite.Open(sqlite.File{Path: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Script(script), c.Close()); err != nil {
		t.Fatal(err)
	}
}

func set(name, value string) func(*Tx) error {
	return func(tx *Tx) error {
		return tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)", name, value, time.UnixMilli(1))
	}
}

func get(t testing.TB, db *DB, name string) (value string, found bool) {
	t.Helper()
	err := db.Read(t.Context(), func(c *Conn) (err error) {
		found, err = c.First("SELECT value FROM settings WHERE name = ?", func(r *Row) { value = r.Text(0) }, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value, found
}

func TestSchemaMatchesTheGoldenFile(t *testing.T) {
	db := open(t, Config{})
	var b strings.Builder
	err := db.Read(t.Context(), func(c *Conn) error {
		return c.Each("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", func(r *Row) error {
			fmt.Fprintf(&b, "%s;\n\n", r.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "schema.sql")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Fatalf("the schema changed; if that is intended, run the test with -update:\n%s", diff)
	}
}

// The predecessor set its pragmas once, on one pooled connection, and lost them when that one was recycled.
func TestEveryConnectionHasThePragmas(t *testing.T) {
	db := open(t, Config{Readers: 5})
	check := func(c *Conn, pragmas []sqlite.Pragma) {
		for _, p := range pragmas {
			if p.Want == "" {
				continue
			}
			var got string
			if _, err := c.First("PRAGMA "+p.Name, func(r *Row) { got = r.Text(0) }); err != nil || got != p.Want {
				t.Errorf("%s is %q (%v), want %q", p.Name, got, err, p.Want)
			}
		}
	}
	if err := db.Write(t.Context(), func(tx *Tx) error { check(tx.Conn, sqlite.WriterPragmas(true, 0)); return nil }); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	together := make(chan struct{})
	for range 5 { // all five are in use at once, so they are five connections
		all.Go(func() {
			err := db.Read(t.Context(), func(c *Conn) error {
				together <- struct{}{}
				check(c, sqlite.ReaderPragmas())
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 {
		<-together
	}
	all.Wait()
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, Config{})
	err := db.Read(t.Context(), func(c *Conn) error {
		return c.Exec("INSERT INTO settings (name, value, updated_at) VALUES ('a', 'b', 1)")
	})
	if err == nil {
		t.Fatal("a reader wrote")
	}
}

func TestWriteIsSeenAfterItReturns(t *testing.T) {
	db := open(t, Config{})
	if err := db.Write(t.Context(), set("a", "1")); err != nil {
		t.Fatal(err)
	}
	if v, ok := get(t, db, "a"); !ok || v != "1" {
		t.Fatalf("got %q, %v", v, ok)
	}
}

// hold keeps the writer busy until the returned function is called, so that writes pile up into one batch.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		if err := db.Write(context.Background(), func(*Tx) error { close(begun); <-end; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	return func() { close(end); done.Wait() }
}

func waitQueued(t *testing.T, db *DB, n int) {
	t.Helper()
	await.Until(t, "writes to be queued", func() bool { return db.Stats().Queued >= n })
}

func TestWaitingWritesShareACommitAndAFailingOneUndoesOnlyItself(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	before := db.Stats().Commits
	boom := errors.New("boom")
	results := make([]error, 30)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			results[i] = db.Write(t.Context(), func(tx *Tx) error {
				if err := set(fmt.Sprint(i), "x")(tx); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return boom
				case 2:
					panic("a closure panics")
				}
				return nil
			})
		})
		waitQueued(t, db, i+1)
	}
	release()
	all.Wait()
	if got := db.Stats().Commits - before; got != 2 { // the held one and one for all the others
		t.Errorf("%d commits for 30 waiting writes", got)
	}
	for i, err := range results {
		_, found := get(t, db, fmt.Sprint(i))
		switch i % 3 {
		case 0:
			if err != nil || !found {
				t.Errorf("write %d: %v, found %v", i, err, found)
			}
		case 1:
			if !errors.Is(err, boom) || found {
				t.Errorf("failing write %d: %v, found %v", i, err, found)
			}
		case 2:
			if !errs.Is(err, errs.Internal) || found {
				t.Errorf("panicking write %d: %v, found %v", i, err, found)
			}
		}
	}
}

func TestWritesBeyondABatchAreCommittedByTheNext(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	before := db.Stats()
	const writes = maxBatch + 10
	var failed atomic.Int64
	var all sync.WaitGroup
	for i := range writes {
		all.Go(func() {
			if err := db.Write(t.Context(), set(fmt.Sprint(i), "x")); err != nil {
				failed.Add(1)
			}
		})
	}
	waitQueued(t, db, writes)
	release()
	all.Wait()
	after := db.Stats()
	if failed.Load() != 0 || after.Writes-before.Writes != writes+1 || after.Commits-before.Commits != 3 { // including the held one
		t.Errorf("%d failed, %d writes in %d commits", failed.Load(), after.Writes-before.Writes, after.Commits-before.Commits)
	}
}

func TestAWriteCanceledBeforeItStartsNeverRuns(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() { got <- db.Write(ctx, set("late", "x")) }()
	waitQueued(t, db, 1)
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	release()
	if err := db.Write(t.Context(), set("after", "x")); err != nil {
		t.Fatal(err)
	}
	if _, found := get(t, db, "late"); found {
		t.Fatal("the abandoned write was made")
	}
}

func TestAWriteCanceledWhileItRunsReturnsWhatHappened(t *testing.T) {
	db := open(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, func(tx *Tx) error { cancel(); return set("a", "1")(tx) })
	if _, found := get(t, db, "a"); err != nil || !found {
		t.Fatalf("err %v, found %v", err, found)
	}
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	db := open(t, Config{QueueLimit: func() int { return 1 }})
	release := hold(t, db)
	first := make(chan error)
	go func() { first <- db.Write(t.Context(), set("a", "1")) }()
	waitQueued(t, db, 1)
	if err := db.Write(t.Context(), set("b", "1")); !errs.Is(err, errs.Unavailable) || errs.RetryAfter(err) == 0 {
		t.Errorf("got %v", err)
	}
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestCloseFinishesTheRunningWriteAndFailsQueuedOnes(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	waiting := make(chan error)
	go func() { waiting <- db.Write(t.Context(), set("a", "1")) }()
	waitQueued(t, db, 1)
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	if err := <-waiting; !errs.Is(err, errs.Unavailable) {
		t.Errorf("got %v", err)
	}
	release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := db.Write(t.Context(), set("b", "1")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("after close: %v", err)
	}
	if err := db.Read(t.Context(), func(*Conn) error { return nil }); !errs.Is(err, errs.Unavailable) {
		t.Errorf("read after close: %v", err)
	}
}

func TestAFullDiskIsReportedAndLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	full, err := Open(t.Context(), Config{Path: path, MaxPages: 120})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i := range 1000 {
		if err = full.Write(t.Context(), set(fmt.Sprint(i), strings.Repeat("x", 4000))); err != nil {
			break
		}
		kept++
	}
	if !errs.Is(err, errs.StorageFull) || errs.Sentence(err) != "the disk is full; nothing was changed" {
		t.Errorf("got %v", err)
	}
	if err := full.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, Config{Path: path})
	if _, found := get(t, db, fmt.Sprint(kept-1)); !found {
		t.Error("the last acknowledged write is gone")
	}
	if _, found := get(t, db, fmt.Sprint(kept)); found {
		t.Error("the refused write is there")
	}
	if faults, err := db.CheckIntegrity(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("integrity: %v %v", faults, err)
	}
}

func TestFilesAreReadableOnlyByTheirOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "data.db")
	db := open(t, Config{Path: path})
	if err := db.Write(t.Context(), set("a", "1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), mode)
		}
	}
}

func TestModesOfAnExistingFileAreTightened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, Config{Path: path})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
}

func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	foreign := func(t *testing.T, path, script string) {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, path, script)
	}
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		kind errs.Kind
		want string
	}{
		{"newer", func(t *testing.T, path string) {
			foreign(t, path, fmt.Sprintf("CREATE TABLE t (a); PRAGMA user_version = 9999; PRAGMA application_id = %d;", applicationID))
		}, errs.Unsupported, "was written by a newer Fazt (schema 9999"},
		{"another program's", func(t *testing.T, path string) {
			foreign(t, path, "CREATE TABLE t (a);")
		}, errs.Invalid, "is a database of another program"},
		{"another program's mark", func(t *testing.T, path string) {
			foreign(t, path, "PRAGMA application_id = 77;")
		}, errs.Invalid, "is a database of another program"},
		{"not a database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("hello ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, errs.Invalid, "is not a database"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, errs.Invalid, "is not a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data.db")
			tt.make(t, path)
			db, err := Open(t.Context(), Config{Path: path})
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			if !errs.Is(err, tt.kind) || !strings.Contains(errs.Sentence(err), tt.want) {
				t.Fatalf("got %v (%v)", errs.Sentence(err), errs.KindOf(err))
			}
		})
	}
}

func TestOpeningTwiceMigratesOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := Open(t.Context(), Config{Path: path})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	open(t, Config{Path: path})
}

func TestAFailingMigrationLeavesTheFileAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	if err := prepareFile(&path); err != nil {
		t.Fatal(err)
	}
	c := openRaw(t, path)
	list := []migration{{1, "old", "CREATE TABLE a (x);"}, {2, "good", "CREATE TABLE b (x);"}, {3, "bad", "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1);"}}
	if err := apply(t.Context(), c, list[:1], path); err != nil {
		t.Fatal(err)
	}
	err := apply(t.Context(), c, list, path)
	if err == nil || !strings.Contains(err.Error(), "migration 0003_bad failed") {
		t.Fatalf("got %v", err)
	}
	var tables string
	if _, err := c.First("SELECT group_concat(name) FROM sqlite_schema", func(r *Row) { tables = r.Text(0) }); err != nil || tables != "a" {
		t.Fatalf("tables: %q, %v", tables, err)
	}
	if v, _ := schemaVersion(c, path); v != 1 {
		t.Fatalf("version %d", v)
	}
}

func TestAStatementInsideTheRowsOfAnotherIsRefused(t *testing.T) {
	db := open(t, Config{})
	for _, name := range []string{"a", "b", "c"} {
		if err := db.Write(t.Context(), set(name, name)); err != nil {
			t.Fatal(err)
		}
	}
	const names = "SELECT name FROM settings ORDER BY name"
	for _, inner := range []string{names, "SELECT 1"} {
		nest := func(c *Conn) error {
			return c.Each(names, func(*Row) error { return c.Exec(inner) })
		}
		if err := db.Read(t.Context(), nest); err == nil || !strings.Contains(err.Error(), inner) {
			t.Errorf("Each, then %s: %v", inner, err)
		}
		if err := db.Write(t.Context(), func(tx *Tx) error { return nest(tx.Conn) }); err == nil {
			t.Errorf("a write: Each, then %s: no error", inner)
		}
		err := db.Read(t.Context(), func(c *Conn) (err error) {
			_, _ = c.First(names, func(*Row) { err = c.Exec(inner) })
			return err
		})
		if err == nil {
			t.Errorf("First, then %s: no error", inner)
		}
	}
	if _, found := get(t, db, "b"); !found {
		t.Error("the connection is no longer usable")
	}
}

func TestAConnectionIsFreeAfterAPanicAmongItsRows(t *testing.T) {
	db := open(t, Config{})
	err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.Each("SELECT 1", func(*Row) error { panic("in a row") })
	})
	if err == nil {
		t.Fatal("no error")
	}
	if err := db.Write(t.Context(), set("a", "1")); err != nil {
		t.Fatal(err)
	}
}

func TestValuesAreReadAsTheyWereWritten(t *testing.T) {
	db := open(t, Config{})
	at := time.UnixMilli(1700000000123).UTC()
	err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.Each("SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?", func(r *Row) error {
			if r.Int(0) != -7 || r.Int64(1) != 1<<40 || !r.Bool(2) || r.Float(3) != 1.5 || r.Text(4) != "é\x00x" ||
				string(r.Bytes(5)) != "\x00\xff" || !r.Time(6).Equal(at) || !r.IsNull(7) || !r.Time(7).IsZero() ||
				r.IsNull(8) || len(r.Bytes(8)) != 0 {
				t.Errorf("row: %d %d %v %v %q %q %v %v %v", r.Int(0), r.Int64(1), r.Bool(2), r.Float(3), r.Text(4), r.Bytes(5), r.Time(6), r.IsNull(7), r.IsNull(8))
			}
			return nil
		}, -7, int64(1<<40), true, 1.5, "é\x00x", []byte{0, 255}, at, time.Time{}, []byte{})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArgumentsMustFit(t *testing.T) {
	db := open(t, Config{})
	err := db.Read(t.Context(), func(c *Conn) error { return c.Exec("SELECT ?", 1, 2) })
	if err == nil || !strings.Contains(err.Error(), "takes 1 arguments, got 2") {
		t.Errorf("got %v", err)
	}
	err = db.Read(t.Context(), func(c *Conn) error { return c.Exec("SELECT ?", struct{}{}) })
	if err == nil || !strings.Contains(err.Error(), "which no column accepts") {
		t.Errorf("got %v", err)
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	db := open(t, Config{Readers: 1})
	const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT %s FROM n"
	left := errors.New("the caller has left")
	for name, read := range map[string]func(c *Conn) error{
		"before its first row": func(c *Conn) error { return c.Exec(fmt.Sprintf(endless, "count(*)")) },
		"among its rows":       func(c *Conn) error { return c.Each(fmt.Sprintf(endless, "i"), func(*Row) error { return nil }) },
		"between statements": func(c *Conn) error {
			for {
				if _, err := c.First("SELECT 1", func(*Row) {}); err != nil {
					return err
				}
			}
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := db.Read(ctx, read); !errors.Is(err, context.DeadlineExceeded) || errs.KindOf(err) != errs.Timeout {
			t.Errorf("%s, at the deadline: %v (%v)", name, err, errs.KindOf(err))
		}
		cancel()
		ctx, give := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { give(left) })
		if err := db.Read(ctx, read); !errors.Is(err, left) {
			t.Errorf("%s, canceled: %v", name, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := db.Read(ctx, read); errs.KindOf(err) != errs.Canceled {
			t.Errorf("%s, canceled: %v (%v)", name, err, errs.KindOf(err))
		}
		if _, found := get(t, db, "a"); found {
			t.Error("a missing row was found")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Read(ctx, func(*Conn) error { t.Error("it ran after its context ended"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
}

func TestIntegrityCheckFindsADanglingReference(t *testing.T) {
	db := open(t, Config{})
	if faults, err := db.CheckIntegrity(t.Context()); err != nil || len(faults) != 0 {
		t.Fatalf("a sound file: %v %v", faults, err)
	}
	run(t, db.Path(), "INSERT INTO env VALUES ('app_none', 'A', 'b', 1)") // foreign keys are off in run
	faults, err := db.CheckIntegrity(t.Context())
	if err != nil || len(faults) != 1 || !strings.Contains(faults[0], "apps that does not exist") {
		t.Fatalf("got %v %v", faults, err)
	}
}

func TestConstraintsAreRecognized(t *testing.T) {
	db := open(t, Config{})
	if err := db.Write(t.Context(), set("a", "1")); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), set("a", "1")); !IsUnique(err) {
		t.Errorf("got %v", err)
	}
	err := db.Write(t.Context(), func(tx *Tx) error {
		return tx.Exec("INSERT INTO env VALUES ('app_none', 'A', 'b', 1)")
	})
	if !IsForeignKey(err) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyOneProcessHasTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	first, err := Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Acquire(ended, path); !errs.Is(err, errs.Conflict) {
		t.Fatalf("got %v", err)
	}
	second := make(chan error)
	go func() {
		l, err := Acquire(t.Context(), path)
		if err == nil {
			err = l.Release()
		}
		second <- err
	}()
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

// In an earlier program of this name, a rule for all apps had NULL as its app. NULL equals nothing, so setting the rule
// again added another row, and the oldest one won.
func TestNoUniqueColumnCanBeNull(t *testing.T) {
	db := open(t, Config{Path: filepath.Join(t.TempDir(), "data.db")})
	meant := map[string]string{
		"blobs.hash": "NULL while content arrives, and any amount may arrive at once",
	}
	seen := 0
	err := db.Read(t.Context(), func(c *Conn) error {
		return c.Each(`SELECT t.name, i.name, k.name FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) k
			JOIN pragma_table_info(t.name) col ON col.name = k.name
			WHERE t.type = 'table' AND i."unique" AND NOT col."notnull"`, func(r *Row) error {
			column := r.Text(0) + "." + r.Text(2)
			if seen++; meant[column] == "" {
				t.Errorf("%s is unique by %s, which may be NULL: two rows with NULL are never the same", r.Text(0), column)
			}
			return nil
		})
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d columns looked at: %v", seen, err)
	}
}
