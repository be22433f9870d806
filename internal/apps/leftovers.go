package apps

import (
	"context"

	"fazt/internal/database"
)

// Leftovers returns the IDs of nonexistent apps that may still have rows: removed apps, and forks that failed.
func (s *Store) Leftovers(ctx context.Context) (ids []string, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT app_id FROM leftovers", func(r *database.Row) error {
			ids = append(ids, r.Text(0))
			return nil
		})
	})
	return ids, err
}

// Forget records that nothing is left of an app.
func (s *Store) Forget(ctx context.Context, appID string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error { return tx.Exec("DELETE FROM leftovers WHERE app_id = ?", appID) })
}
