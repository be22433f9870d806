package storage

import (
	"context"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// store is a table of what apps keep. Every such table is declared here, so that nothing is forgotten when an app is
// forked with its data or removed; a test holds the list against the schema.
type store struct{ table, key, columns string } // the rest of the primary key, and the columns, besides app_id

func stores() []store {
	return []store{
		{"kv", "user_id, key", "user_id, key, value, expires_at, updated_at"},
	}
}

const (
	stepRows  = 50        // rows one step copies or removes
	stepBytes = 256 << 10 // of a step that copies, unless one row has more
)

// Fork is a copy of what an app keeps, which no app has yet. Close it once it is made, or will not be.
type Fork struct {
	kv   *KV
	id   string
	kept Usage
}

// Fork copies everything one app keeps, as it is at one moment, for an app that does not exist yet and has the id to. That must be
// allowed to keep that much. Others may write in the meantime. Until MakeTx the copy is a leftover: nothing shows it, and it goes if
// the process ends.
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
		if rows = append(rows, row); bytes < stepBytes && len(rows) < 20*stepRows {
			return nil
		}
		return flush()
	}, from)
	if err != nil {
		return err
	}
	return flush()
}

// MakeTx gives the copy to the app, which was made in the same transaction and keeps nothing yet.
func (f *Fork) MakeTx(tx *database.Tx) error {
	if err := tx.Exec("DELETE FROM leftovers WHERE app_id = ?", f.id); err != nil {
		return err
	}
	if tx.Changes() == 0 {
		return errs.New(errs.Conflict, "the copy of what the app keeps is gone; try again")
	}
	return tx.Exec("UPDATE usage SET keys = ?, key_bytes = ? WHERE app_id = ?", f.kept.Keys, f.kept.KeyBytes, f.id)
}

// Close leaves the copy to RemoveLeftovers, unless it was made.
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

// RemoveLeftovers removes what a removed app has left, and reports whether that was all: a fork may still be adding to it.
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
