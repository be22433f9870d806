// Package databasetest gives tests database files of the newest schema without migrating each of them, which takes longer
// than most tests. Only tests of the migrations, and of how a file is created, need to start without a file.
package databasetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"fazt/internal/database"
)

// Path returns the path of a new, empty database in a temporary folder of the test.
func Path(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Write writes an empty database to path, in a folder that it creates if it does not exist.
func Write(path string) error {
	data, err := migrated()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// migrated returns the file that Open makes; it is made once in a process.
var migrated = sync.OnceValues(func() (data []byte, err error) { //nolint:gochecknoglobals // a constant of the process
	dir, err := os.MkdirTemp("", "fazt-migrated-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "data.db")
	db, err := database.Open(context.Background(), database.Config{Path: path})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	if _, wal := db.Size(); wal > 0 {
		return nil, fmt.Errorf("%d bytes of the database are not folded into its file", wal)
	}
	return os.ReadFile(path)
})
