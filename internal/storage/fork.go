package storage

import (
	"context"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// store is a table of app data. Every such table is declared here, so that none is forgotten when an app is forked with
// its data or removed; a test compares the list with the schema.
type store struct{ table, key, columns string } // the rest of the primary key, and the columns, besides app_id

func stores() []store {
	return []store{
		{"kv", "user_id, key", "user_id, key, value, expires_at, updated_at"},
	}
}

const (
	stepRows  = 50        // copied or removed in one step
	stepBytes = 256 << 10 // copied in one step, unless a single row is larger
)

// Fork is a copy of an app's data that no app has yet. Close it after MakeTx, or if MakeTx is not called.
type Fork struct {
	kv   *KV
	id   string
	kept Usage
}

// Fork copies all data of one app, as it is at one moment, for an app that does not exist yet and will have the id to.
// The limit of the new app must allow it. Others may write meanwhile. Until MakeTx the copy is a leftover: it is
// invisible, and is removed if the process ends.
func (k *KV) Fork(ctx context.Context, from, to string) (*Fork, error) {
	f := &Fork{kv: k, id: to}
	k.noteForking(to, true)
	err := k.DB.Write(ctx, func(tx *database.Tx) error { return tx.Exec("INSERT INTO leftovers (app_id) VALUES (?)", to) })
	if err == nil {
		err = k.DB.ReadMoment(ctx, func(c *database.Conn) error { return f.copy(ctx, c, from) })
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *Fork) copy(ctx context.Context, c *database.Conn, from string) (err error) {
	if f.kept, err = usage(c, from); err != nil {
		return err
	}
	if limit := f.kv.Limits(f.id).MaxAppData; f.kept.Bytes > limit {
		return full(0, f.kept.Bytes, limit)
	}
	for _, s := range stores() {
		if err := f.copyTable(ctx, c, s, from); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fork) copyTable(ctx context.Context, c *database.Conn, s store, from string) error {
	insert := "INSERT INTO " + s.table + " (app_id, " + s.columns + ") VALUES (?" + strings.Repeat(", ?", strings.Count(s.columns, ",")+1) + ")"
	var rows [][]any
	bytes := 0
	flush := func() error {
		err := database.StepsOver(ctx, f.kv.DB, rows, func(tx *database.Tx, row []any) error { return tx.Exec(insert, row...) })
		rows, bytes = rows[:0], 0
		return err
	}
	err := c.Each("SELECT "+s.columns+" FROM "+s.table+" WHERE app_id = ?", func(r *database.Row) error {
		row := []any{f.id}
		for i := range strings.Count(s.columns, ",") + 1 {
			row = append(row, r.Value(i))
			bytes += r.Len(i)
		}
		bytes += entryCost
		if rows = append(rows, row); bytes < stepBytes {
			return nil
		}
		return flush()
	}, from)
	if err != nil {
		return err
	}
	return flush()
}

// MakeTx gives the copy to the app, which was created in the same transaction and has no data yet.
func (f *Fork) MakeTx(tx *database.Tx) error {
	if err := tx.Exec("DELETE FROM leftovers WHERE app_id = ?", f.id); err != nil {
		return err
	}
	if tx.Changes() == 0 {
		return errs.New(errs.Conflict, "the copy of the app's data no longer exists; try again")
	}
	return tx.Exec("UPDATE usage SET keys = ?, key_bytes = ? WHERE app_id = ?", f.kept.Keys, f.kept.KeyBytes, f.id)
}

// Close leaves the copy to RemoveLeftovers, unless MakeTx has succeeded.
func (f *Fork) Close() { f.kv.noteForking(f.id, false) }

func (k *KV) noteForking(app string, forking bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if forking {
		k.forking[app] = true
	} else {
		delete(k.forking, app)
	}
}

func (k *KV) isForking(app string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.forking[app]
}

// RemoveLeftovers removes leftover rows of a removed app, and reports whether it removed all: a fork may still be
// adding some.
func (k *KV) RemoveLeftovers(ctx context.Context, app string) (done bool, err error) {
	if k.isForking(app) {
		return false, nil
	}
	for _, s := range stores() {
		if err := k.DB.RemoveLeftovers(ctx, s.table, s.key, app); err != nil {
			return false, err
		}
	}
	return true, nil
}
