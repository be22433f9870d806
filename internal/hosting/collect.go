package hosting

import (
	"context"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
)

const (
	// collectEvery is how often Run collects.
	collectEvery = 10 * time.Minute

	// replacedKept is how long a deployment that was live is kept beyond the limit: requests that were routed to it
	// before it was replaced may still be reading it.
	replacedKept = 10 * time.Minute
)

// Collected is what a collection removed.
type Collected struct {
	Uploads     int // expired
	Deployments int // beyond the limit
	content.Collected
}

// Run collects periodically, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	s.db.Repeat(ctx, collectEvery, "collecting what is no longer needed", func(ctx context.Context) error {
		got, err := s.Collect(ctx)
		if err == nil && got != (Collected{}) {
			s.log.Info("collected what is no longer needed", "uploads", got.Uploads, "deployments", got.Deployments,
				"blobs", got.Blobs, "bytes", got.Bytes)
		}
		return err
	})
	return nil
}

// Collect removes what is no longer needed: expired uploads, deployments beyond the limit, content that no owner
// references, and leftovers of deploys that a crash ended. It works in small writes, so that other writes can run in
// between.
func (s *Store) Collect(ctx context.Context) (got Collected, err error) {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	if got.Uploads, err = s.expire(ctx); err != nil {
		return got, err
	}
	apps, err := s.texts(ctx, "SELECT DISTINCT app_id FROM deployments")
	if err != nil {
		return got, err
	}
	for _, app := range apps {
		removed, err := s.Prune(ctx, app)
		got.Deployments += len(removed)
		if err != nil {
			return got, err
		}
	}
	if err := s.sweep(ctx); err != nil {
		return got, err
	}
	got.Collected, err = s.blobs.Collect(ctx)
	return got, err
}

func (s *Store) texts(ctx context.Context, sql string, args ...any) (list []string, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each(sql, func(r *database.Row) error {
			list = append(list, r.Text(0))
			return nil
		}, args...)
	})
	return list, err
}

// expire removes expired uploads, one per write.
func (s *Store) expire(ctx context.Context) (n int, err error) {
	for more := true; more && err == nil; {
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			err := tx.Exec("DELETE FROM uploads WHERE id = (SELECT id FROM uploads WHERE expires_at <= ? LIMIT 1)", time.Now())
			more = tx.Changes() > 0
			return err
		})
		if more && err == nil {
			n++
		}
	}
	return n, err
}

// Prune removes deployments of an app beyond the number to keep, and returns their ids. It never removes the live one
// or one that was live in the last few minutes.
func (s *Store) Prune(ctx context.Context, appID string) (removed []string, err error) {
	old, err := s.texts(ctx, `SELECT id FROM deployments WHERE app_id = ? AND number <=
		(SELECT number FROM deployments WHERE app_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`,
		appID, appID, s.limits(appID).KeepDeployments)
	if err != nil {
		return nil, err
	}
	for _, id := range old {
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			if s.wasReplaced(id) {
				return nil
			}
			gone, err := removeDeployment(tx, id)
			if gone {
				removed = append(removed, id)
			}
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// removeDeployment removes a deployment unless it is live. A rollback that would have gone to it goes to the one before
// it.
func removeDeployment(tx *database.Tx, id string) (removed bool, err error) {
	if live, err := tx.First("SELECT 1 FROM live WHERE deployment_id = ?", func(*database.Row) {}, id); err != nil || live {
		return false, err
	}
	err = tx.Exec("UPDATE deployments SET previous_id = (SELECT d.previous_id FROM deployments d WHERE d.id = ?) WHERE previous_id = ?", id, id)
	if err == nil {
		err = tx.Exec("DELETE FROM deployments WHERE id = ?", id)
	}
	return err == nil && tx.Changes() > 0, err
}

// wasReplaced reports whether a deployment was replaced so recently that requests may still be reading it.
func (s *Store) wasReplaced(deployment string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.replaced {
		if time.Since(at) > replacedKept {
			delete(s.replaced, id)
		}
	}
	_, recent := s.replaced[deployment]
	return recent
}
