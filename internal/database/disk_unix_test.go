//go:build unix

package database

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/database/diskfault"
	"fazt/internal/errs"
)

// filled is a database whose rows fill many pages of the file, and none of the -wal file.
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

// The file was mapped, and a page of it that the disk could not read ended the process.
func TestAnUnreadableSectorFailsTheReadsThatNeedItAlone(t *testing.T) {
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
	// Connections that are open already are those of before the injection.
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
