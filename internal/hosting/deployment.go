package hosting

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// deploymentColumns are the columns of deployments d that scanDeployment reads; liveColumns are the same for a d known
// to be live. A list of apps reads thousands.
const (
	commonColumns = `d.id, d.app_id, d.number, d.message, d.spa, d.files, d.bytes, d.manifest, d.created_at, d.source,
	EXISTS (SELECT 1 FROM programs p WHERE p.deployment_id = d.id), d.stopped_at, d.live_at, d.origin, `
	deploymentColumns = commonColumns + `EXISTS (SELECT 1 FROM live l WHERE l.app_id = d.app_id AND l.deployment_id = d.id),
	EXISTS (SELECT 1 FROM live l JOIN deployments n ON n.id = l.deployment_id WHERE l.app_id = d.app_id AND n.previous_id = d.id)`
	liveColumns = commonColumns + "1, 0"
)

func scanDeployment(r *database.Row) Deployment {
	d := Deployment{
		ID: r.Text(0), AppID: r.Text(1), Number: r.Int(2), Message: r.Text(3), SPA: r.Bool(4), Files: r.Int(5),
		Bytes: r.Int64(6), CreatedAt: r.Time(8), Function: r.Bool(10),
		StoppedAt: timeOrNil(r, 11), LiveAt: timeOrNil(r, 12), Live: r.Bool(14), Previous: r.Bool(15),
	}
	// The manifest was written by this program; fields that a newer version added are ignored.
	if manifest := r.Text(7); manifest != "{}" {
		_ = json.Unmarshal([]byte(manifest), &d.Manifest)
	}
	if !r.IsNull(9) {
		_ = json.Unmarshal([]byte(r.Text(9)), &d.Source)
	}
	if !r.IsNull(13) {
		_ = json.Unmarshal([]byte(r.Text(13)), &d.Origin)
	}
	return d
}

func timeOrNil(r *database.Row, column int) *time.Time {
	if r.IsNull(column) {
		return nil
	}
	at := r.Time(column)
	return &at
}

// findDeployment returns the first deployment d that matches a condition.
func findDeployment(c *database.Conn, where string, args ...any) (d Deployment, found bool, err error) {
	found, err = c.First("SELECT "+deploymentColumns+" FROM deployments d "+where, func(r *database.Row) { d = scanDeployment(r) }, args...)
	return d, found, err
}

const (
	whereNumber = "WHERE d.app_id = ? AND d.number = ?"
	whereLive   = "JOIN live ON live.deployment_id = d.id WHERE live.app_id = ?"
)

// Deployment returns the deployment of an app with the given number.
func (s *Store) Deployment(ctx context.Context, appID string, number int) (d Deployment, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		d, err = byNumber(c, appID, number)
		return err
	})
	return d, err
}

func byNumber(c *database.Conn, appID string, number int) (Deployment, error) {
	d, found, err := findDeployment(c, whereNumber, appID, number)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "the app has no deployment %d", number)
	}
	return d, err
}

// Live returns the deployment that an app serves; NotFound if there is none.
func (s *Store) Live(ctx context.Context, appID string) (d Deployment, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		var found bool
		d, found, err = findDeployment(c, whereLive, appID)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "no deployment of the app is live")
		}
		return err
	})
	return d, err
}

// AllLive returns the live deployments of all apps, by app id.
func (s *Store) AllLive(ctx context.Context) (map[string]Deployment, error) {
	all := map[string]Deployment{}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT "+liveColumns+" FROM deployments d JOIN live ON live.deployment_id = d.id", func(r *database.Row) error {
			d := scanDeployment(r)
			all[d.AppID] = d
			return nil
		})
	})
	return all, err
}

// LiveOf returns the live deployments of some apps, by app id; apps without one are missing from the result.
func (s *Store) LiveOf(ctx context.Context, apps []string) (map[string]Deployment, error) {
	some := map[string]Deployment{}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		for _, id := range apps {
			d, found, err := findDeployment(c, whereLive, id)
			if err != nil {
				return err
			}
			if found {
				some[id] = d
			}
		}
		return nil
	})
	return some, err
}

// List returns a page of the deployments of an app, newest first, starting after cursor; next is the cursor of the
// following page, "" on the last one.
func (s *Store) List(ctx context.Context, appID, cursor string, limit int) (page []Deployment, next string, err error) {
	below := int64(1) << 62
	if cursor != "" {
		if below, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return nil, "", errs.New(errs.Invalid, "%q is not a cursor of this list", cursor)
		}
	}
	page = []Deployment{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT "+deploymentColumns+" FROM deployments d WHERE d.app_id = ? AND d.number < ? ORDER BY d.number DESC LIMIT ?",
			func(r *database.Row) error {
				page = append(page, scanDeployment(r))
				return nil
			}, appID, below, limit+1)
	})
	if len(page) > limit {
		page = page[:limit]
		next = strconv.Itoa(page[limit-1].Number)
	}
	return page, next, err
}

// Stats are the sizes of an app.
type Stats struct {
	Deployments int   `json:"deployments"` // including the live one
	Files       int   `json:"files"`       // of the live deployment
	Bytes       int64 `json:"bytes"`       // of the live deployment
	Stored      int64 `json:"stored"`      // content of all its deployments with compressed forms; shared content counts once
}

// Stats counts in the database. For an app without deployments, all counts are 0.
func (s *Store) Stats(ctx context.Context, appID string) (st Stats, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM deployments WHERE app_id = ?", func(r *database.Row) { st.Deployments = r.Int(0) }, appID)
		if err != nil {
			return err
		}
		_, err = c.First("SELECT d.files, d.bytes FROM deployments d "+whereLive, func(r *database.Row) { st.Files, st.Bytes = r.Int(0), r.Int64(1) }, appID)
		if err != nil {
			return err
		}
		_, err = c.First(`WITH held (id) AS (
				SELECT DISTINCT f.blob_id FROM deployments d JOIN deployment_files f ON f.deployment_id = d.id WHERE d.app_id = ?)
			SELECT coalesce(sum(size), 0) FROM blobs WHERE id IN (
				SELECT id FROM held UNION SELECT v.variant_id FROM held JOIN variants v ON v.blob_id = held.id)`,
			func(r *database.Row) { st.Stored = r.Int64(0) }, appID)
		return err
	})
	return st, err
}

// GoLiveTx makes a deployment the one its app serves, and records which one was live before. Visitors see the update of
// one row.
func (s *Store) GoLiveTx(tx *database.Tx, appID string, number int) (Deployment, error) {
	d, err := byNumber(tx.Conn, appID, number)
	if err != nil || d.Live {
		return d, err
	}
	live, found, err := findDeployment(tx.Conn, whereLive, appID)
	if err == nil && found {
		err = recordPrevious(tx, d.ID, live.ID)
	}
	now := time.Now()
	if err == nil {
		err = tx.Exec("UPDATE deployments SET live_at = ? WHERE id = ?", now, d.ID)
	}
	if err == nil {
		err = tx.Exec(`INSERT INTO live (app_id, deployment_id, since) VALUES (?, ?, ?)
			ON CONFLICT (app_id) DO UPDATE SET deployment_id = excluded.deployment_id, since = excluded.since`, appID, d.ID, now)
	}
	if err != nil {
		return d, err
	}
	if found {
		s.noteReplaced(live.ID)
	}
	return byNumber(tx.Conn, appID, number)
}

// recordPrevious records that the live deployment was live before another one. If it already was live after that one, the
// app goes back, and the next rollback is to go further back: nothing changes. This also keeps the chain free of cycles.
func recordPrevious(tx *database.Tx, deployment, live string) error {
	back, err := tx.First(`WITH RECURSIVE before (id) AS (
			SELECT previous_id FROM deployments WHERE id = ?
			UNION SELECT d.previous_id FROM deployments d JOIN before b ON d.id = b.id)
		SELECT 1 FROM before WHERE id = ?`, func(*database.Row) {}, live, deployment)
	if err == nil && !back {
		err = tx.Exec("UPDATE deployments SET previous_id = ? WHERE id = ?", live, deployment)
	}
	return err
}

// RollbackTx makes the deployment with the number to live or, if to is 0, the one that was live before the live one.
func (s *Store) RollbackTx(tx *database.Tx, appID string, to int) (Deployment, error) {
	if to != 0 {
		return s.GoLiveTx(tx, appID, to)
	}
	live, found, err := findDeployment(tx.Conn, whereLive, appID)
	if err != nil {
		return live, err
	}
	if !found {
		return live, errs.New(errs.Conflict, "no deployment of the app is live; choose one by its number")
	}
	previous, found, err := findDeployment(tx.Conn, "JOIN deployments l ON l.previous_id = d.id WHERE l.id = ?", live.ID)
	if err != nil {
		return previous, err
	}
	if !found {
		return previous, errs.New(errs.Conflict, "deployment %d is live, and there is no earlier deployment to roll back to", live.Number)
	}
	return s.GoLiveTx(tx, appID, previous.Number)
}

// noteReplaced records that requests may still be reading a deployment that is no longer live.
func (s *Store) noteReplaced(deployment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replaced[deployment] = time.Now()
}
