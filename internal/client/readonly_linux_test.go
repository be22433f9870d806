package client

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"

	"fazt/internal/database"
	"fazt/internal/database/diskfault"
)

func TestACommandReadsInItsOwnProcessWhereTheServerCanHaveNoSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	db, err := database.Open(t.Context(), database.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	diskfault.ReadOnly(t, filepath.Dir(path))
	server, err := database.Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Release()
	held := true
	c, err := Open(t.Context(), Config{Database: path, Compose: func(_ context.Context, _ string, lock *database.Lock) (http.Handler, func() error, error) {
		held = lock.Held()
		return http.NotFoundHandler(), func() error { return nil }, nil
	}})
	if err != nil || held || !c.InProcess() {
		t.Fatalf("held %v, %v", held, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
