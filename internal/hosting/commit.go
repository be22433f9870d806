package hosting

import (
	"context"
	"encoding/json"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// Ready is an upload whose content has all arrived.
type Ready struct {
	App       string      // the id of the app, or its name if the upload creates it
	Plan      Plan        // without its files; its manifest is the one in force
	Files     []File      // as they will be deployed
	Source    *Source     // their content
	Committed *Deployment // the deployment it became, if it was committed before; Files and Source are empty then
}

// Ready returns what an upload will become, and stores its files invisibly, so that the commit is fast. While content
// is missing, it returns a Conflict that says how much.
func (s *Store) Ready(ctx context.Context, uploadID string) (ready Ready, err error) {
	lifetime := seconds(s.limits("").UploadLifetime)
	var u uploadRow
	// A write, because what follows may take time, and the upload must not expire meanwhile.
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if u, err = findUpload(tx.Conn, uploadID); err == nil && u.deployment == "" {
			err = progress(tx, uploadID, lifetime)
		}
		return err
	})
	if err != nil {
		return ready, err
	}
	ready = Ready{App: u.app, Plan: u.plan}
	if u.deployment != "" {
		return ready, s.db.Read(ctx, func(c *database.Conn) error {
			d, _, err := findDeployment(c, "WHERE d.id = ?", u.deployment)
			ready.Committed = &d
			return err
		})
	}
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		if err = u.complete(c); err == nil {
			ready.Plan.Manifest, err = u.manifest(c)
		}
		return err
	})
	var stage string
	if err == nil {
		stage, err = s.stage(ctx, uploadID)
	}
	if err != nil {
		return ready, err
	}
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		ready.Files, err = readFiles(c, `SELECT f.path, b.id, b.hash, b.size, v.encoding, v.variant_id, c.size
			FROM deployment_files f JOIN blobs b ON b.id = f.blob_id`+joinVariants+`
			WHERE f.deployment_id = ? ORDER BY f.path, c.size`, stage)
		return err
	})
	ready.Source = s.Source(ready.Files)
	return ready, err
}

// complete returns an error unless all content has arrived.
func (u uploadRow) complete(c *database.Conn) error {
	var missing, all int
	_, err := c.First(`SELECT count(DISTINCT f.hash) FILTER (WHERE b.id IS NULL), count(DISTINCT f.hash)
		FROM upload_files f LEFT JOIN blobs b ON b.hash = f.hash AND `+content.Sound+` WHERE f.upload_id = ?`,
		func(r *database.Row) { missing, all = r.Int(0), r.Int(1) }, u.id)
	if err == nil && missing > 0 {
		err = errs.New(errs.Conflict, "%d of %d files have not arrived; deploy again, and only those are sent", missing, all)
	}
	return err
}

// manifest returns the manifest in force: that of the plan, or else the one among the files.
func (u uploadRow) manifest(c *database.Conn) (Manifest, error) {
	if !u.plan.Manifest.IsZero() {
		return u.plan.Manifest, nil
	}
	for _, file := range []string{ManifestFile, legacyManifestFile} {
		var data []byte // the first chunk; a longer manifest is too large
		found, err := c.First(`SELECT k.data FROM upload_files f JOIN blobs b ON b.hash = f.hash
			LEFT JOIN chunks k ON k.blob_id = b.id AND k.n = 0 WHERE f.upload_id = ? AND f.path = ?`,
			func(r *database.Row) { data = r.Bytes(0) }, u.id, file)
		if err != nil {
			return Manifest{}, err
		}
		if found {
			return ParseManifest(data, file)
		}
	}
	return Manifest{}, nil
}

// CommitTx turns an upload that is Ready into a deployment of an app and, unless it is a preview, puts it live. This is
// part of the caller's write, so it succeeds or fails together with it. If the upload was committed before, CommitTx
// returns the deployment that it became.
func (s *Store) CommitTx(tx *database.Tx, uploadID, appID string, program []byte) (Deployment, error) {
	u, err := findUpload(tx.Conn, uploadID)
	if err != nil {
		return Deployment{}, err
	}
	if u.deployment != "" {
		d, _, err := findDeployment(tx.Conn, "WHERE d.id = ?", u.deployment)
		return d, err
	}
	if err := u.ready(tx.Conn); err != nil {
		return Deployment{}, err
	}
	number, err := u.insertDeployment(tx, appID, program)
	if err != nil {
		return Deployment{}, err
	}
	if u.plan.Preview {
		return byNumber(tx.Conn, appID, number)
	}
	return s.GoLiveTx(tx, appID, number)
}

// ready returns an error unless an upload can be committed. All its files were there when they were stored, and
// referenced content stays, unless the disk damages it.
func (u uploadRow) ready(c *database.Conn) error {
	if u.stage == "" {
		if err := u.complete(c); err != nil {
			return err
		}
		return errs.New(errs.Conflict, "the files of the upload %q are not all stored yet; try again", u.id)
	}
	damaged, err := c.First("SELECT 1 FROM damage x CROSS JOIN deployment_files f WHERE f.blob_id = x.blob_id AND f.deployment_id = ?", func(*database.Row) {}, u.stage)
	if err == nil && damaged {
		err = u.complete(c)
	}
	return err
}

// insertDeployment makes the deployment of an upload that is ready. The upload keeps only the id of its deployment; the
// collector removes its files.
func (u uploadRow) insertDeployment(tx *database.Tx, appID string, program []byte) (number int, err error) {
	manifest, err := u.manifest(tx.Conn)
	if err != nil {
		return 0, err
	}
	description, err := json.Marshal(manifest)
	if err != nil {
		return 0, err
	}
	source, err := jsonOrNull(u.plan.Source)
	if err != nil {
		return 0, err
	}
	origin, err := jsonOrNull(u.plan.Origin)
	if err != nil {
		return 0, err
	}
	spa := manifest.SPA != nil && *manifest.SPA
	if u.plan.SPA != nil {
		spa = *u.plan.SPA
	}
	if _, err = tx.First("SELECT coalesce(max(number), 0) + 1 FROM deployments WHERE app_id = ?", func(r *database.Row) { number = r.Int(0) }, appID); err != nil {
		return 0, err
	}
	err = tx.Exec(`INSERT INTO deployments (id, app_id, number, digest, message, manifest, spa, source, origin, files, bytes, created_at)
		SELECT stage, ?, ?, ?, ?, ?, ?, ?, ?, files, bytes, ? FROM uploads WHERE id = ?`,
		appID, number, u.digest, u.plan.Message, string(description), spa, source, origin, time.Now(), u.id)
	if err == nil && len(program) > 0 {
		err = tx.Exec("INSERT INTO programs (deployment_id, program) VALUES (?, ?)", u.stage, program)
	}
	if err == nil {
		err = tx.Exec("UPDATE uploads SET deployment_id = stage, stage = NULL, app_id = ? WHERE id = ?", appID, u.id)
	}
	return number, err
}

// jsonOrNull returns a value as JSON, or NULL for nil.
func jsonOrNull[T any](value *T) (any, error) {
	if value == nil {
		return nil, nil
	}
	data, err := json.Marshal(value)
	return string(data), err
}
