package hosting

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// Upload is an accepted plan: what is missing before it can be committed, and how it differs from the live deployment.
type Upload struct {
	ID           string         `json:"id"` // upl_…; "" = no upload was started
	Missing      []content.Hash `json:"missing"`
	MissingBytes int64          `json:"missing_bytes"`
	New          int            `json:"new"`       // paths the live deployment does not have
	Changed      int            `json:"changed"`   // paths whose content differs
	Unchanged    int            `json:"unchanged"` // paths with the same content
	Removed      int            `json:"removed"`   // paths only the live deployment has
	Same         *Deployment    `json:"same"`      // a deployment that already equals the plan; nothing is left to do
}

// Compare returns what Begin would, without changing anything. appID is "" if the app does not exist yet.
func (s *Store) Compare(ctx context.Context, appID string, plan Plan) (Upload, error) {
	plan, err := plan.check(s.limits(appID))
	if err != nil {
		return Upload{}, err
	}
	var u Upload
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		if u, err = compare(c, appID, plan); err != nil || u.Same != nil {
			return err
		}
		return u.findMissing(c, plan)
	})
	return u, err
}

// Begin accepts a plan for an app after checking it against the limits. Until it is committed or expires, stored
// content of the plan stays stored. The same plan again continues the same upload. If the plan changes nothing, no
// upload starts: the result has Same and no ID.
func (s *Store) Begin(ctx context.Context, appName, appID string, plan Plan) (Upload, error) {
	limits := s.limits(appID)
	plan, err := plan.check(limits)
	if err != nil {
		return Upload{}, err
	}
	var u Upload
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		u, err = compare(c, appID, plan)
		return err
	})
	if err != nil || u.Same != nil {
		return u, err
	}
	made := false
	if u.ID, made, err = s.accept(ctx, appName, appID, plan, seconds(limits.UploadLifetime)); err == nil {
		// The files are announced, so content that is found here stays.
		err = s.db.Read(ctx, func(c *database.Conn) error { return u.findMissing(c, plan) })
	}
	if err != nil && made {
		s.forget(ctx, u.ID)
	}
	return u, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// compare fills in everything except the missing content.
func compare(c *database.Conn, appID string, plan Plan) (Upload, error) {
	u := Upload{Missing: []content.Hash{}}
	same, found, err := findSame(c, appID, plan)
	if err != nil || found {
		u.Same, u.Unchanged = &same, same.Files
		return u, err
	}
	live := map[string]content.Hash{}
	err = c.Each(`SELECT f.path, b.hash FROM live JOIN deployment_files f ON f.deployment_id = live.deployment_id
		JOIN blobs b ON b.id = f.blob_id WHERE live.app_id = ?`, func(r *database.Row) error {
		var h content.Hash
		r.ReadBytes(1, h[:])
		live[r.Text(0)] = h
		return nil
	}, appID)
	for _, f := range plan.Files {
		switch hash, had := live[f.Path]; {
		case !had:
			u.New++
		case hash == f.Hash:
			u.Unchanged++
		default:
			u.Changed++
		}
	}
	u.Removed = len(live) - u.Unchanged - u.Changed
	return u, err
}

// findSame finds a deployment that equals the plan: the live one or, for a preview, any. A damaged one does not count,
// because deploying the same files again repairs it.
func findSame(c *database.Conn, appID string, plan Plan) (Deployment, bool, error) {
	d, found, err := findDeployment(c, whereLive+" AND d.digest = ? AND "+undamaged, appID, plan.digest())
	if err == nil && !found && plan.Preview {
		d, found, err = findDeployment(c, "WHERE d.app_id = ? AND d.digest = ? AND "+undamaged+" ORDER BY d.number DESC LIMIT 1", appID, plan.digest())
	}
	return d, found, err
}

// findMissing fills in the content of the plan that is not stored.
func (u *Upload) findMissing(c *database.Conn, plan Plan) error {
	u.Missing, u.MissingBytes = []content.Hash{}, 0
	seen := make(map[content.Hash]bool, len(plan.Files))
	for _, f := range plan.Files {
		if seen[f.Hash] {
			continue
		}
		seen[f.Hash] = true
		size := int64(-1)
		_, err := c.First("SELECT size FROM blobs b WHERE hash = ? AND "+content.Sound, func(r *database.Row) { size = r.Int64(0) }, f.Hash[:])
		switch {
		case err != nil:
			return err
		case size < 0:
			u.Missing = append(u.Missing, f.Hash)
			u.MissingBytes += f.Size
		case size != f.Size:
			return errs.New(errs.Invalid, "%s is announced with %d bytes, and the content with its hash has %d", f.Path, f.Size, size)
		}
	}
	return nil
}

// accept stores the plan, or finds it stored. If made is true and a later step fails, the upload must be forgotten.
func (s *Store) accept(ctx context.Context, appName, appID string, plan Plan, lifetime time.Duration) (uploadID string, made bool, err error) {
	digest, settings := plan.digest(), string(plan.settings())
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		now := time.Now()
		found, err := tx.First(`SELECT id FROM uploads WHERE app_name = ? AND coalesce(app_id, '') = ? AND digest = ? AND settings = ?
			AND deployment_id IS NULL AND announced = 1 AND expires_at > ?`, func(r *database.Row) { uploadID = r.Text(0) }, appName, appID, digest, settings, now)
		if err != nil {
			return err
		}
		if found {
			return progress(tx, uploadID, lifetime)
		}
		uploadID, made = id.New("upl"), true
		return tx.Exec("INSERT INTO uploads (id, app_name, app_id, digest, settings, created_at, expires_at, announced) VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?, 0)",
			uploadID, appName, appID, digest, settings, now, now.Add(lifetime))
	})
	if err != nil || !made {
		return uploadID, made, err
	}
	err = database.StepsOver(ctx, s.db, slices.Collect(slices.Chunk(plan.Files, stepRows)), func(tx *database.Tx, files []Announced) error {
		return announce(tx, uploadID, files, lifetime)
	})
	if err != nil {
		return uploadID, made, err
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error { return tx.Exec("UPDATE uploads SET announced = 1 WHERE id = ?", uploadID) })
	return uploadID, made, err
}

// announce stores some of the files of a plan.
func announce(tx *database.Tx, uploadID string, files []Announced, lifetime time.Duration) error {
	err := progress(tx, uploadID, lifetime)
	for _, f := range files {
		if err != nil {
			break
		}
		err = tx.Exec("INSERT INTO upload_files (upload_id, path, hash, size) VALUES (?, ?, ?, ?)", uploadID, f.Path, f.Hash[:], f.Size)
	}
	return err
}

// forget removes an upload that failed before its id was returned. If that fails too, the upload expires.
func (s *Store) forget(ctx context.Context, uploadID string) {
	err := s.db.Write(context.WithoutCancel(ctx), func(tx *database.Tx) error { return tx.Exec("DELETE FROM uploads WHERE id = ?", uploadID) })
	if err != nil {
		s.log.Warn("removing a failed upload failed; it will expire", "error", err)
	}
}

// progress renews the lifetime of an upload. One that has ended in the meantime is NotFound.
func progress(tx *database.Tx, uploadID string, lifetime time.Duration) error {
	now := time.Now()
	err := tx.Exec("UPDATE uploads SET expires_at = ? WHERE id = ? AND deployment_id IS NULL AND expires_at > ?", now.Add(lifetime), uploadID, now)
	if err == nil && tx.Changes() == 0 {
		err = noUpload(uploadID)
	}
	return err
}

func noUpload(uploadID string) error {
	return errs.New(errs.NotFound, "the upload %q no longer exists; deploy again, and only what is still missing is sent", uploadID)
}

// uploadRow is a stored upload.
type uploadRow struct {
	id, app    string // the id of the app, or its name if the upload creates it
	digest     []byte
	plan       Plan // without its files
	deployment string
	stage      string // the id of the deployment it will become; "" = not all files are stored
}

// findUpload finds an upload that is open or committed.
func findUpload(c *database.Conn, uploadID string) (uploadRow, error) {
	u := uploadRow{id: uploadID}
	var settings string
	found, err := c.First(`SELECT coalesce(app_id, app_name), digest, settings, coalesce(deployment_id, ''), CASE WHEN files IS NULL THEN '' ELSE stage END FROM uploads
		WHERE id = ? AND announced = 1 AND (deployment_id IS NOT NULL OR expires_at > ?)`, func(r *database.Row) {
		u.app, u.digest, settings, u.deployment, u.stage = r.Text(0), r.Bytes(1), r.Text(2), r.Text(3), r.Text(4)
	}, uploadID, time.Now())
	if err != nil {
		return u, err
	}
	if !found {
		return u, noUpload(uploadID)
	}
	return u, json.Unmarshal([]byte(settings), &u.plan)
}

// UploadApp returns the id of the app of an upload; "" if the app does not exist yet.
func (s *Store) UploadApp(ctx context.Context, uploadID string) (appID string, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		found, err := c.First("SELECT coalesce(app_id, '') FROM uploads WHERE id = ?", func(r *database.Row) { appID = r.Text(0) }, uploadID)
		if err == nil && !found {
			err = noUpload(uploadID)
		}
		return err
	})
	return appID, err
}
