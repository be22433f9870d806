package hosting

import (
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// LiveTx is the deployment an app serves, within a write; Conflict when there is none.
func (s *Store) LiveTx(tx *database.Tx, appID string) (Deployment, error) {
	d, found, err := findDeployment(tx.Conn, whereLive, appID)
	if err == nil && !found {
		err = errs.New(errs.Conflict, "nothing of the app is live, so there is nothing to fork")
	}
	if err == nil {
		err = refuseDamaged(tx.Conn, d.ID)
	}
	return d, err
}

// ForkTx makes a deployment of one app the first and live one of another, which has none. The content is shared;
// nothing of it is read or written.
func (s *Store) ForkTx(tx *database.Tx, from Deployment, appID, message string) (Deployment, error) {
	fork := id.New("dep")
	err := tx.Exec(`INSERT INTO deployments (id, app_id, number, digest, message, manifest, spa, source, files, bytes, created_at)
		SELECT ?, ?, 1, digest, ?, manifest, spa, source, files, bytes, ? FROM deployments WHERE id = ?`, fork, appID, message, time.Now(), from.ID)
	if err == nil {
		err = tx.Exec(`INSERT INTO deployment_files (deployment_id, path, blob_id)
			SELECT ?, path, blob_id FROM deployment_files WHERE deployment_id = ?`, fork, from.ID)
	}
	if err == nil {
		err = tx.Exec("INSERT INTO programs (deployment_id, program) SELECT ?, program FROM programs WHERE deployment_id = ?", fork, from.ID)
	}
	if err != nil {
		return Deployment{}, err
	}
	return s.GoLiveTx(tx, appID, 1)
}
