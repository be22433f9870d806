package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// overwritten copies another database over the one in use while a visitor writes.
func overwritten(ctx context.Context, l *lab) error {
	other, err := l.startTeller(ctx, filepath.Join(l.dir, "other.db"), 7)
	if err != nil {
		return err
	}
	if !other.stop(20 * time.Second) {
		return errors.New("the server did not stop")
	}
	data, err := os.ReadFile(other.db)
	if err != nil {
		return err
	}
	i, err := l.startTeller(ctx, filepath.Join(l.dir, "home", "data.db"), 2)
	if err != nil {
		return err
	}
	if err := os.WriteFile(i.db, data, 0o600); err != nil { // like cp
		return err
	}
	acknowledged := 0
	for range 200 {
		if i.status(ctx, "POST", "guest", "/api/x") == http.StatusOK {
			acknowledged++
		}
	}
	l.note("writes acknowledged after the file was overwritten, of 200", "%d", acknowledged)
	if acknowledged > 0 {
		return errors.New("an acknowledged write was lost")
	}
	told, err := i.becomes(ctx, http.StatusServiceUnavailable, "GET", "admin", "/readyz")
	if err != nil {
		return err
	}
	l.note("time until readyz reports that the file was overwritten", "%v", told.Round(time.Millisecond))
	if out, err := l.cli(ctx, i.db, "server", "health"); err == nil || !strings.Contains(err.Error()+out, "overwritten") {
		return fmt.Errorf("health does not report it: %s", out)
	}
	if _, err := l.cli(ctx, i.db, "backup", filepath.Join(l.dir, "copy.db")); err == nil {
		return errors.New("a mixture of two databases was backed up")
	}
	if _, err := l.cli(ctx, i.db, "server", "restart"); err != nil {
		return err
	}
	if got, err := i.tells(ctx); err != nil || got != "n=7" {
		return fmt.Errorf("after the restart the app returned %s, not the other database's value: %w", got, err)
	}
	if _, err := i.becomes(ctx, http.StatusOK, "POST", "guest", "/api/x"); err != nil {
		return err
	}
	_, err = l.cli(ctx, i.db, "database", "check", "--content")
	return err
}
