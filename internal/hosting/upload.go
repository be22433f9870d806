package hosting

import (
	"context"
	"encoding/json"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// Upload is a plan that was accepted: what is missing before it can be committed, and how it differs from what is live.
type Upload struct {
	ID           string      `json:"id"` // upl_…; "" when nothing was begun
	Missing      []Hash      `json:"missing"`
	MissingBytes int64       `json:"missing_bytes"`
	New          int         `json:"new"`       // paths the live deployment does not have
	Changed      int         `json:"changed"`   // paths whose content differs
	Unchanged    int         `json:"unchanged"` // paths with the same content
	Removed      int         `json:"removed"`   // paths only the live deployment has
	Same         *Deployment `json:"same"`      // a deployment that is all of this already; nothing is left to do
}

// Compare tells what Begin would, and changes nothing. appID is "" when there is no such app yet.
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

// Begin accepts a plan for an app, checked against the limits before anything is stored. From here until it is
// committed or expires, content of the plan that is stored stays stored. The same plan again goes on with the upload
// it began. A plan that changes nothing begins nothing: the result has Same and no ID.
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
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if u.ID, err = accept(tx, appName, appID, plan, seconds(limits.UploadLifetime)); err != nil {
			return err
		}
		return u.findMissing(tx.Conn, plan)
	})
	return u, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// compare fills in everything but what is missing.
func compare(c *database.Conn, appID string, plan Plan) (Upload, error) {
	u := Upload{Missing: []Hash{}}
	same, found, err := findSame(c, appID, plan)
	if err != nil || found {
		u.Same, u.Unchanged = &same, same.Files
		return u, err
	}
	live := map[string]Hash{}
	err = c.Each(`SELECT f.path, b.hash FROM live JOIN deployment_files f ON f.deployment_id = live.deployment_id
		JOIN blobs b ON b.id = f.blob_id WHERE live.app_id = ?`, func(r *database.Row) error {
		var h Hash
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

// findSame finds the deployment that makes the plan needless: the live one or, for a preview, any. One that is damaged
// does not: to deploy the same again mends it.
func findSame(c *database.Conn, appID string, plan Plan) (Deployment, bool, error) {
	d, found, err := findDeployment(c, whereLive+" AND d.digest = ? AND "+undamaged, appID, plan.digest())
	if err == nil && !found && plan.Preview {
		d, found, err = findDeployment(c, "WHERE d.app_id = ? AND d.digest = ? AND "+undamaged+" ORDER BY d.number DESC LIMIT 1", appID, plan.digest())
	}
	return d, found, err
}

// findMissing fills in the content of the plan that is not stored.
func (u *Upload) findMissing(c *database.Conn, plan Plan) error {
	u.Missing, u.MissingBytes = []Hash{}, 0
	seen := make(map[Hash]bool, len(plan.Files))
	for _, f := range plan.Files {
		if seen[f.Hash] {
			continue
		}
		seen[f.Hash] = true
		size := int64(-1)
		_, err := c.First("SELECT size FROM blobs b WHERE hash = ? AND "+sound, func(r *database.Row) { size = r.Int64(0) }, f.Hash[:])
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

// accept stores the plan, or finds it stored.
func accept(tx *database.Tx, appName, appID string, plan Plan, lifetime time.Duration) (uploadID string, err error) {
	now, digest, settings := time.Now(), plan.digest(), string(plan.settings())
	found, err := tx.First(`SELECT id FROM uploads WHERE app_name = ? AND app_id IS nullif(?, '') AND digest = ? AND settings = ?
		AND deployment_id IS NULL AND expires_at > ?`, func(r *database.Row) { uploadID = r.Text(0) }, appName, appID, digest, settings, now)
	if err != nil {
		return "", err
	}
	if found {
		return uploadID, progress(tx, uploadID, lifetime)
	}
	uploadID = id.New("upl")
	err = tx.Exec("INSERT INTO uploads (id, app_name, app_id, digest, settings, created_at, expires_at) VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?)",
		uploadID, appName, appID, digest, settings, now, now.Add(lifetime))
	for _, f := range plan.Files {
		if err != nil {
			break
		}
		err = tx.Exec("INSERT INTO upload_files (upload_id, path, hash, size) VALUES (?, ?, ?, ?)", uploadID, f.Path, f.Hash[:], f.Size)
	}
	return uploadID, err
}

// progress gives an upload its full lifetime again. One that has ended meanwhile is NotFound.
func progress(tx *database.Tx, uploadID string, lifetime time.Duration) error {
	now := time.Now()
	err := tx.Exec("UPDATE uploads SET expires_at = ? WHERE id = ? AND deployment_id IS NULL AND expires_at > ?", now.Add(lifetime), uploadID, now)
	if err == nil && tx.Changes() == 0 {
		err = noUpload(uploadID)
	}
	return err
}

func noUpload(uploadID string) error {
	return errs.New(errs.NotFound, "the upload %q does not exist any more; deploy again, and only what is still missing is sent", uploadID)
}

// uploadRow is an upload as it is stored.
type uploadRow struct {
	id, app    string // the id of the app, or its name where the upload makes it
	digest     []byte
	plan       Plan // without its files
	deployment string
}

// findUpload finds an upload that is open or committed.
func findUpload(c *database.Conn, uploadID string) (uploadRow, error) {
	u := uploadRow{id: uploadID}
	var settings string
	found, err := c.First(`SELECT coalesce(app_id, app_name), digest, settings, coalesce(deployment_id, '') FROM uploads
		WHERE id = ? AND (deployment_id IS NOT NULL OR expires_at > ?)`, func(r *database.Row) {
		u.app, u.digest, settings, u.deployment = r.Text(0), r.Bytes(1), r.Text(2), r.Text(3)
	}, uploadID, time.Now())
	if err != nil {
		return u, err
	}
	if !found {
		return u, noUpload(uploadID)
	}
	return u, json.Unmarshal([]byte(settings), &u.plan)
}

// UploadApp is the id of the app an upload is for; "" while the app does not exist.
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

// Ready is an upload of which everything has arrived.
type Ready struct {
	App       string      // the id of the app; its name where the upload makes it
	Plan      Plan        // without its files; the manifest is the one in force
	Files     []File      // as they will be deployed
	Source    *Source     // their content
	Committed *Deployment // what it has become, if it was committed before; Files and Source are empty then
}

// Ready tells what an upload is about to become. While content is missing it is a Conflict that says how much.
func (s *Store) Ready(ctx context.Context, uploadID string) (Ready, error) {
	var ready Ready
	lifetime := seconds(s.limits("").UploadLifetime)
	// A write, because what follows may take its time and the upload must not expire during it.
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		u, err := findUpload(tx.Conn, uploadID)
		if err != nil {
			return err
		}
		ready = Ready{App: u.app, Plan: u.plan}
		if u.deployment != "" {
			d, _, err := findDeployment(tx.Conn, "WHERE d.id = ?", u.deployment)
			ready.Committed = &d
			return err
		}
		if err := u.complete(tx.Conn); err != nil {
			return err
		}
		if ready.Plan.Manifest, err = u.manifest(tx.Conn); err != nil {
			return err
		}
		return progress(tx, uploadID, lifetime)
	})
	if err != nil || ready.Committed != nil {
		return ready, err
	}
	err = s.db.Read(ctx, func(c *database.Conn) (err error) {
		ready.Files, err = readFiles(c, `SELECT f.path, b.id, b.hash, b.size, v.encoding, v.variant_id, c.size
			FROM upload_files f JOIN blobs b ON b.hash = f.hash`+joinVariants+`
			WHERE f.upload_id = ? ORDER BY f.path, c.size`, uploadID)
		return err
	})
	ready.Source = s.Source(ready.Files)
	return ready, err
}

// complete says whether everything has arrived.
func (u uploadRow) complete(c *database.Conn) error {
	var missing, all int
	_, err := c.First(`SELECT count(DISTINCT f.hash) FILTER (WHERE b.id IS NULL), count(DISTINCT f.hash)
		FROM upload_files f LEFT JOIN blobs b ON b.hash = f.hash AND `+sound+` WHERE f.upload_id = ?`,
		func(r *database.Row) { missing, all = r.Int(0), r.Int(1) }, u.id)
	if err == nil && missing > 0 {
		err = errs.New(errs.Conflict, "%d of %d files have not arrived; deploy again, and only those are sent", missing, all)
	}
	return err
}

// manifest is the manifest in force: the one of the plan, or else the one among the files.
func (u uploadRow) manifest(c *database.Conn) (Manifest, error) {
	if !u.plan.Manifest.IsZero() {
		return u.plan.Manifest, nil
	}
	for _, file := range []string{ManifestFile, legacyManifestFile} {
		var data []byte // the first chunk: a manifest that has more is too large
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

// CommitTx turns an upload into a deployment of an app and, unless it is a preview, puts it live, in the caller's
// write: together with whatever else that does, or not at all. An upload that was committed gives the deployment it
// became.
func (s *Store) CommitTx(tx *database.Tx, uploadID, appID string, program []byte) (Deployment, error) {
	u, err := findUpload(tx.Conn, uploadID)
	if err != nil {
		return Deployment{}, err
	}
	if u.deployment != "" {
		d, _, err := findDeployment(tx.Conn, "WHERE d.id = ?", u.deployment)
		return d, err
	}
	if err := u.complete(tx.Conn); err != nil {
		return Deployment{}, err
	}
	number, err := u.insertDeployment(tx, id.New("dep"), appID, program)
	if err != nil {
		return Deployment{}, err
	}
	if u.plan.Preview {
		return byNumber(tx.Conn, appID, number)
	}
	return s.GoLiveTx(tx, appID, number)
}

// insertDeployment makes the deployment of a complete upload, and leaves of the upload only what it has become.
func (u uploadRow) insertDeployment(tx *database.Tx, deploymentID, appID string, program []byte) (number int, err error) {
	manifest, err := u.manifest(tx.Conn)
	if err != nil {
		return 0, err
	}
	description, err := json.Marshal(manifest)
	if err != nil {
		return 0, err
	}
	var source any // NULL
	if u.plan.Source != nil {
		data, err := json.Marshal(u.plan.Source)
		if err != nil {
			return 0, err
		}
		source = string(data)
	}
	spa := manifest.SPA != nil && *manifest.SPA
	if u.plan.SPA != nil {
		spa = *u.plan.SPA
	}
	if _, err = tx.First("SELECT coalesce(max(number), 0) + 1 FROM deployments WHERE app_id = ?", func(r *database.Row) { number = r.Int(0) }, appID); err != nil {
		return 0, err
	}
	err = tx.Exec(`INSERT INTO deployments (id, app_id, number, digest, message, manifest, spa, source, files, bytes, created_at)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, count(*), sum(b.size), ? FROM upload_files f JOIN blobs b ON b.hash = f.hash WHERE f.upload_id = ?`,
		deploymentID, appID, number, u.digest, u.plan.Message, string(description), spa, source, time.Now(), u.id)
	if err != nil {
		return 0, err
	}
	err = tx.Exec(`INSERT INTO deployment_files (deployment_id, path, blob_id)
		SELECT ?, f.path, b.id FROM upload_files f JOIN blobs b ON b.hash = f.hash WHERE f.upload_id = ?`, deploymentID, u.id)
	if err == nil && len(program) > 0 {
		err = tx.Exec("INSERT INTO programs (deployment_id, program) VALUES (?, ?)", deploymentID, program)
	}
	if err == nil {
		err = tx.Exec("UPDATE uploads SET deployment_id = ?, app_id = ? WHERE id = ?", deploymentID, appID, u.id)
	}
	if err == nil {
		err = tx.Exec("DELETE FROM upload_files WHERE upload_id = ?", u.id)
	}
	return number, err
}
