package database

import (
	"context"
	"time"
)

const (
	// minStepsTime is how long a transaction of Steps continues while other writes wait, so that it makes progress
	// alongside endless writers; maxStepsTime is how long it continues if none wait: a write that arrives then waits
	// for its commit.
	minStepsTime = 3 * time.Millisecond
	maxStepsTime = 10 * time.Millisecond
)

// Steps runs large work in steps, until step returns more = false, without delaying others: it uses as many
// transactions as needed, each of which ends soon after another write arrives, and only one such work runs at a time. A
// step should change a few dozen rows. If a step fails, the steps of the last transaction are undone, and earlier ones
// are kept. Otherwise Steps behaves like Write.
func (db *DB) Steps(ctx context.Context, step func(tx *Tx) (more bool, err error)) error {
	for more := true; more; {
		if err := db.takeSteps(ctx, func(tx *Tx) (err error) {
			more, err = db.writer.steps(tx, step)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) takeSteps(ctx context.Context, fn func(tx *Tx) error) error {
	select {
	case db.writer.large <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-db.writer.large }()
	return db.Write(ctx, fn)
}

func (w *writer) steps(tx *Tx, step func(tx *Tx) (more bool, err error)) (more bool, err error) {
	for began := time.Now(); ; {
		more, err = step(tx)
		w.count()
		if took := time.Since(began); err != nil || !more || took >= maxStepsTime || took >= minStepsTime && w.waiting() > 0 {
			return more, err
		}
	}
}

func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// StepsOver runs Steps over a list, one element per step.
func StepsOver[T any](ctx context.Context, db *DB, list []T, step func(tx *Tx, element T) error) error {
	if len(list) == 0 {
		return nil
	}
	return db.Steps(ctx, func(tx *Tx) (bool, error) {
		err := step(tx, list[0])
		list = list[1:]
		return len(list) > 0, err
	})
}

// RemoveLeftovers removes the rows of an app that no longer exists from a table; key is what follows app_id in the
// primary key of the table, or all of it.
func (db *DB) RemoveLeftovers(ctx context.Context, table, key, app string) error {
	const rows = 50
	return db.Steps(ctx, func(tx *Tx) (more bool, err error) {
		err = tx.Exec("DELETE FROM "+table+" WHERE app_id = ?1 AND EXISTS (SELECT 1 FROM leftovers WHERE app_id = ?1) AND ("+key+") IN (SELECT "+key+
			" FROM "+table+" WHERE app_id = ?1 LIMIT ?2)", app, rows)
		return tx.Changes() == rows, err
	})
}
