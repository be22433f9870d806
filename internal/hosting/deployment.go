package hosting

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// deploymentColumns are those of deployments d that scanDeployment reads, liveColumns the same where d is known to be
// live: a list of apps looks at thousands.
const (
	commonColumns = `d.id, d.app_id, d.number, d.message, d.spa, d.files, d.bytes, d.manifest, d.created_at, d.source,
	EXISTS (SELECT 1 FROM programs p WHERE p.deployment_id = d.id), `
	deploymentColumns = commonColumns + "EXISTS (SELECT 1 FROM live l WHERE l.app_id = d.app_id AND l.deployment_id = d.id), d.stopped_at"
	liveColumns       = commonColumns + "1, d.stopped_at"
)

func scanDeployment(r *database.Row) Deployment {
	d := Deployment{
		ID: r.Text(0), AppID: r.Text(1), Number: r.Int(2), Message: r.Text(3), SPA: r.Bool(4), Files: r.Int(5),
		Bytes: r.Int64(6), CreatedAt: r.Time(8), Function: r.Bool(10), Live: r.Bool(11),
	}
	// Written by this program from a Manifest; what a newer version added to it is of no use to this one.
	if manifest := r.Text(7); manifest != "{}" {
		_ = json.Unmarshal([]byte(manifest), &d.Manifest)
	}
	if !r.IsNull(9) {
		_ = json.Unmarshal([]byte(r.Text(9)), &d.Source)
	}
	if !r.IsNull(12) {
		at := r.Time(12)
		d.StoppedAt = &at
	}
	return d
}

// findDeployment is the first deployment d that a condition gives.
func findDeployment(c *database.Conn, where string, args ...any) (d Deployment, found bool, err error) {
	found, err = c.First("SELECT "+deploymentColumns+" FROM deployments d "+where, func(r *database.Row) { d = scanDeployment(r) }, args...)
	return d, found, err
}

const (
	whereNumber = "WHERE d.app_id = ? AND d.number = ?"
	whereLive   = "JOIN live ON live.deployment_id = d.id WHERE live.app_id = ?"
)

// Deployment is the deployment of an app with the given number.
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

// Live is the deployment an app serves; NotFound when there is none.
func (s *Store) Live(ctx context.Context, appID string) (d Deployment, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		var found bool
		d, found, err = findDeployment(c, whereLive, appID)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "nothing of the app is live")
		}
		return err
	})
	return d, err
}

// AllLive are the live deployments of all apps, by app id.
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

// LiveOf are the live deployments of some apps, by app id; those without one are not in it.
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

// List is a page of the deployments of an app, newest first, beginning after cursor; next is the cursor of the
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
	Deployments int   `json:"deployments"` // kept, the live one included
	Files       int   `json:"files"`       // of the live deployment
	Bytes       int64 `json:"bytes"`       // of the live deployment
	Stored      int64 `json:"stored"`      // content of all its deployments with compressed forms; each content counted once
}

// Stats counts what an app has, in the database and not by memory. An app without deployments has zeros.
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

// GoLiveTx makes a deployment the one its app serves. It is the update of one row, and nothing of the deployment or of
// the one before changes.
func (s *Store) GoLiveTx(tx *database.Tx, appID string, number int) (Deployment, error) {
	d, err := byNumber(tx.Conn, appID, number)
	if err != nil || d.Live {
		return d, err
	}
	before, found, err := findDeployment(tx.Conn, whereLive, appID)
	if err != nil {
		return d, err
	}
	err = tx.Exec(`INSERT INTO live (app_id, deployment_id, since) VALUES (?, ?, ?)
		ON CONFLICT (app_id) DO UPDATE SET deployment_id = excluded.deployment_id, since = excluded.since`, appID, d.ID, time.Now())
	if err != nil {
		return d, err
	}
	if found {
		s.noteReplaced(before.ID)
	}
	d.Live = true
	return d, nil
}

// RollbackTx makes another deployment of an app the live one: the one numbered to, or for 0 the newest that is older
// than the live one.
func (s *Store) RollbackTx(tx *database.Tx, appID string, to int) (Deployment, error) {
	if to != 0 {
		return s.GoLiveTx(tx, appID, to)
	}
	live, found, err := findDeployment(tx.Conn, whereLive, appID)
	if err != nil {
		return live, err
	}
	if !found {
		return live, errs.New(errs.Conflict, "nothing of the app is live; say which deployment to go to")
	}
	before, found, err := findDeployment(tx.Conn, "WHERE d.app_id = ? AND d.number < ? ORDER BY d.number DESC LIMIT 1", appID, live.Number)
	if err != nil {
		return before, err
	}
	if !found {
		return before, errs.New(errs.Conflict, "deployment %d is live, and none before it is kept", live.Number)
	}
	return s.GoLiveTx(tx, appID, before.Number)
}

// noteReplaced remembers that requests may still be reading a deployment that is no longer live.
func (s *Store) noteReplaced(deployment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replaced[deployment] = time.Now()
}
