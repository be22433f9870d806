package database

import (
	"strings"
	"testing"
)

func TestCompactReturnsFreePagesToTheDisk(t *testing.T) {
	db := open(t, Config{})
	pages := func() (total, free int) {
		t.Helper()
		err := db.Write(t.Context(), func(tx *Tx) (err error) { total, free, err = pageCounts(tx); return err })
		if err != nil {
			t.Fatal(err)
		}
		return total, free
	}
	compact := func() int {
		t.Helper()
		given, err := db.Compact(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return given
	}
	if given := compact(); given != 0 {
		t.Errorf("%d pages of a new file", given)
	}
	const values = 4 * SparePages
	err := db.Write(t.Context(), func(tx *Tx) error {
		for range values {
			if err := tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES (hex(randomblob(8)), ?, 1)", strings.Repeat("v", 4096)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = db.Write(t.Context(), func(tx *Tx) error { return tx.Exec("DELETE FROM settings") })
	}
	if err != nil {
		t.Fatal(err)
	}
	total, free := pages()
	if free < values {
		t.Fatalf("%d of %d pages are free", free, total)
	}
	given := compact()
	left, spare := pages()
	if given < values-2*SparePages || left != total-given || spare > SparePages {
		t.Errorf("%d pages were returned; %d of %d are left, %d free", given, left, total, spare)
	}
	if given := compact(); given != 0 {
		t.Errorf("another %d pages", given)
	}
	if faults, err := db.CheckIntegrity(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("%v, %v", faults, err)
	}
}
