//go:build unix

package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/database/diskfault"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
)

// filled returns a database whose rows fill many pages of the file, and none of the -wal file.
func filled(t *testing.T) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	db, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := db.Write(t.Context(), set(fmt.Sprintf("row %03d", i), strings.Repeat("v", 3000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, Config{Path: path})
}

// The file used to be mapped into memory, and a page that the disk could not read ended the process.
func TestAnUnreadableSectorFailsOnlyTheReadsThatNeedIt(t *testing.T) {
	db := filled(t)
	bad := size(db.Path()) / 2 / 4096 * 4096
	diskfault.Inject(t, func(op diskfault.Op) diskfault.Fault {
		if op.Kind == diskfault.Map {
			t.Errorf("%s is mapped into memory", op.File)
		}
		if op.Kind == diskfault.Read && op.File == db.Path() && op.Offset <= bad && bad < op.Offset+int64(op.Size) {
			return diskfault.Unreadable
		}
		return diskfault.None
	})
	// The injection does not affect connections that are already open.
	again, err := Open(t.Context(), Config{Path: db.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	failed := 0
	for i := range 100 {
		err := again.Read(t.Context(), func(c *Conn) error {
			_, err := c.First("SELECT value FROM settings WHERE name = ?", func(r *Row) { _ = r.Text(0) }, fmt.Sprintf("row %03d", i))
			return err
		})
		if err != nil {
			failed++
			if !errs.Is(err, errs.Internal) || !IsUnreadable(err) {
				t.Errorf("row %d: %v", i, err)
			}
		}
	}
	if failed == 0 || failed > 10 {
		t.Errorf("%d of 100 rows could not be read", failed)
	}
}

// put stores a value, replacing an existing one.
func put(name, value string) func(tx *Tx) error {
	return func(tx *Tx) error {
		return tx.Exec("INSERT OR REPLACE INTO settings (name, value, updated_at) VALUES (?, ?, 1)", name, value)
	}
}

// broken is a disk whose writes to the database fail in a given way for a given time.
func broken(t *testing.T, path string, fault *atomic.Int32) {
	diskfault.Inject(t, func(op diskfault.Op) diskfault.Fault {
		if (op.Kind == diskfault.Write || op.Kind == diskfault.Sync) && strings.HasPrefix(op.File, path) {
			return diskfault.Fault(fault.Load())
		}
		return diskfault.None
	})
}

// watched opens a database and watches its disk.
func watched(t *testing.T, c Config) *DB {
	db := open(t, c)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Watch(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return db
}

// awaitDisk waits until the disk is in a state.
func awaitDisk(t *testing.T, db *DB, want DiskState) {
	t.Helper()
	await.Until(t, "a disk that is "+want.String(), func() bool { return db.Disk().State == want })
}

func TestAFullOrBrokenDiskRefusesOnlyWritesUntilItWorksAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault diskfault.Fault
		kind  errs.Kind
		state DiskState
	}{
		{"full", diskfault.Full, errs.StorageFull, DiskFull},
		{"cannot be written", diskfault.Unwritable, errs.Unavailable, DiskFailing},
		{"cannot be synced", diskfault.Unsynced, errs.Unavailable, DiskFailing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var fault atomic.Int32
			path := filepath.Join(t.TempDir(), "data.db")
			broken(t, path, &fault)
			db := watched(t, Config{Path: path})
			if err := db.Write(t.Context(), put("a", "1")); err != nil {
				t.Fatal(err)
			}
			fault.Store(int32(tt.fault))
			if err := db.Write(t.Context(), put("a", "2")); !errs.Is(err, tt.kind) {
				t.Errorf("the write: %v", err)
			}
			awaitDisk(t, db, tt.state)
			if got, _ := get(t, db, "a"); got != "1" {
				t.Errorf("a is %q", got)
			}
			fault.Store(0)
			awaitDisk(t, db, DiskSound)
			if err := db.Write(t.Context(), put("a", "3")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestADatabaseWithoutPendingMigrationsOpensOnAFullDisk(t *testing.T) {
	db := filled(t)
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var fault atomic.Int32
	fault.Store(int32(diskfault.Full))
	broken(t, path, &fault)
	db = open(t, Config{Path: path})
	if _, found := get(t, db, "row 050"); !found {
		t.Error("it cannot be read")
	}
	fault.Store(0)
}

// Writes to a file that had lost its name were acknowledged, and disappeared with the process.
func TestNoWriteIsAcknowledgedWhenTheFileHasLostItsName(t *testing.T) {
	for _, suffix := range []string{"", "-wal"} {
		for name, remove := range map[string]func(path string) error{
			"deleted":  os.Remove,
			"moved":    func(path string) error { return os.Rename(path, path+".moved") },
			"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
		} {
			t.Run(name+suffix, func(t *testing.T) {
				db := open(t, Config{})
				if err := db.Write(t.Context(), put("a", "1")); err != nil {
					t.Fatal(err)
				}
				if err := remove(db.Path() + suffix); err != nil {
					t.Fatal(err)
				}
				if err := db.Write(t.Context(), put("a", "2")); !errs.Is(err, errs.Unavailable) {
					t.Errorf("the write: %v", err)
				}
				if d := db.Disk(); d.State != DiskLost || !strings.Contains(d.Reason, db.Path()+suffix) {
					t.Errorf("the disk is %v", d)
				}
			})
		}
	}
}

func TestADatabaseThatIsMovedBackIsWrittenAgain(t *testing.T) {
	db := watched(t, Config{})
	if err := os.Rename(db.Path(), db.Path()+".moved"); err != nil {
		t.Fatal(err)
	}
	awaitDisk(t, db, DiskLost) // even without writes
	if err := os.Rename(db.Path()+".moved", db.Path()); err != nil {
		t.Fatal(err)
	}
	awaitDisk(t, db, DiskSound)
	if err := db.Write(t.Context(), put("a", "1")); err != nil {
		t.Error(err)
	}
}

func TestWritesOfVisitorsAreRefusedBeforeThoseOfTheOwner(t *testing.T) {
	var low, reserve atomic.Int64
	db := watched(t, Config{Space: func(int64) (int64, int64) { return low.Load(), reserve.Load() }})
	low.Store(math.MaxInt64)
	awaitDisk(t, db, DiskLow)
	if err := db.Write(Growing(t.Context()), put("a", "1")); err != nil {
		t.Error("a write during a warning was refused:", err)
	}
	reserve.Store(math.MaxInt64)
	awaitDisk(t, db, DiskScarce)
	if err := db.Write(Growing(t.Context()), put("a", "2")); !errs.Is(err, errs.StorageFull) {
		t.Error("a visitor's write:", err)
	}
	if err := db.Write(t.Context(), put("a", "3")); err != nil {
		t.Error("the owner's write:", err)
	}
}

func TestAFailingTaskIsRetriedAndReportedOnce(t *testing.T) {
	var log strings.Builder
	db := open(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, stop := context.WithCancel(t.Context())
	runs := 0
	db.Repeat(ctx, time.Millisecond, "counting", func(context.Context) error {
		if runs++; runs < 5 {
			return errs.New(errs.StorageFull, "the disk is full")
		}
		if runs == 6 {
			stop()
		}
		return nil
	})
	if n := strings.Count(log.String(), "counting failed"); n != 1 {
		t.Errorf("it was reported %d times: %s", n, log.String())
	}
	if !strings.Contains(log.String(), "counting works again") {
		t.Errorf("its end was not reported: %s", log.String())
	}
}

// No connection can be opened once the file has lost its name, so Watch opens all of them before.
func TestEveryReaderReadsAFileThatWasDeleted(t *testing.T) {
	const readers = 3
	db := open(t, Config{Readers: readers})
	if err := db.Write(t.Context(), put("a", "1")); err != nil {
		t.Fatal(err)
	}
	if err := db.readers.fill(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(db.Path()); err != nil {
		t.Fatal(err)
	}
	var inside sync.WaitGroup // each read waits for the others, so that each has a connection of its own
	inside.Add(readers)
	failed := make(chan error)
	for range readers {
		go func() {
			entered := sync.OnceFunc(inside.Done)
			defer entered()
			failed <- db.Read(t.Context(), func(c *Conn) error {
				entered()
				inside.Wait()
				_, err := c.First("SELECT 1", func(*Row) {})
				return err
			})
		}()
	}
	for range readers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
