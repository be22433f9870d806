package hosting

import (
	"context"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// Fork is an invisible copy of a deployment. Close it after ForkTx, or if ForkTx is not called.
type Fork struct {
	From  Deployment
	store *Store
	id    string
}

// Fork copies the live deployment of an app, for ForkTx; Conflict if there is none. The content is shared, not copied.
func (s *Store) Fork(ctx context.Context, appID string) (*Fork, error) {
	f := &Fork{store: s, id: id.New("dep")}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		var found bool
		var err error
		if f.From, found, err = findDeployment(c, whereLive, appID); err == nil && !found {
			err = errs.New(errs.Conflict, "no deployment of the app is live, so there is nothing to fork")
		}
		if err == nil {
			err = refuseDamaged(c, f.From.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.noteStaging(f.id, true)
	err = s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		err = tx.Exec(`INSERT INTO deployment_files (deployment_id, path, blob_id)
			SELECT ?, path, blob_id FROM deployment_files
			WHERE deployment_id = ? AND path > coalesce((SELECT max(path) FROM deployment_files WHERE deployment_id = ?), '')
			ORDER BY path LIMIT ?`, f.id, f.From.ID, f.id, stepRows)
		return tx.Changes() == stepRows, err
	})
	if err != nil {
		f.Close(ctx)
		return nil, err
	}
	return f, nil
}

// Close removes the copy unless it became a deployment. If that fails, the collector removes it.
func (f *Fork) Close(ctx context.Context) {
	f.store.noteStaging(f.id, false)
	if err := f.store.removeRows(context.WithoutCancel(ctx), stagedRows[0], f.id); err != nil {
		f.store.log.Warn("removing a failed copy for a fork failed; the collector will retry", "error", err)
	}
}

// ForkTx makes the copy the first and live deployment of an app that has none. The original must still exist, which
// means that it existed all the time and the copy is complete.
func (s *Store) ForkTx(tx *database.Tx, f *Fork, appID, message string) (Deployment, error) {
	if err := refuseDamaged(tx.Conn, f.id); err != nil {
		return Deployment{}, err
	}
	err := tx.Exec(`INSERT INTO deployments (id, app_id, number, digest, message, manifest, spa, source, files, bytes, created_at)
		SELECT ?, ?, 1, digest, ?, manifest, spa, source, files, bytes, ? FROM deployments WHERE id = ?`, f.id, appID, message, time.Now(), f.From.ID)
	if err == nil && tx.Changes() == 0 {
		err = errs.New(errs.Conflict, "deployment %d was removed while it was copied; try again", f.From.Number)
	}
	if err == nil {
		err = tx.Exec("INSERT INTO programs (deployment_id, program) SELECT ?, program FROM programs WHERE deployment_id = ?", f.id, f.From.ID)
	}
	if err != nil {
		return Deployment{}, err
	}
	return s.GoLiveTx(tx, appID, 1)
}
