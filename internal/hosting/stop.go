package hosting

import (
	"context"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Stop records that the function of a deployment must not run any more.
func (s *Store) Stop(ctx context.Context, deployment string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("UPDATE deployments SET stopped_at = ? WHERE id = ? AND stopped_at IS NULL", time.Now(), deployment)
	})
}

// Stopped reports whether the function of a deployment is stopped.
func (s *Store) Stopped(ctx context.Context, deployment string) (stopped bool, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT stopped_at IS NOT NULL FROM deployments WHERE id = ?", func(r *database.Row) { stopped = r.Bool(0) }, deployment)
		return err
	})
	return stopped, err
}

// Resume lets the functions of all deployments of an app run again, and returns the ids of those that were stopped.
func (s *Store) Resume(ctx context.Context, appID string) (ids []string, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		ids = nil
		err := tx.Each("UPDATE deployments SET stopped_at = NULL WHERE app_id = ? AND stopped_at IS NOT NULL RETURNING id", func(r *database.Row) error {
			ids = append(ids, r.Text(0))
			return nil
		}, appID)
		if err == nil && len(ids) == 0 {
			err = errs.New(errs.Conflict, "the app is not stopped")
		}
		return err
	})
	return ids, err
}
