package hosting

import (
	"context"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// stage stores the files of a complete upload under the id that its deployment will have. They are invisible until the
// commit. An interrupted call continues where it stopped.
func (s *Store) stage(ctx context.Context, uploadID string) (deployment string, err error) {
	err = s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		if deployment, err = stageOf(tx, uploadID); err != nil {
			return false, err
		}
		err = tx.Exec(`INSERT INTO deployment_files (deployment_id, path, blob_id)
			SELECT ?, f.path, b.id FROM upload_files f JOIN blobs b ON b.hash = f.hash
			WHERE f.upload_id = ? AND f.path > coalesce((SELECT max(path) FROM deployment_files WHERE deployment_id = ?), '')
			ORDER BY f.path LIMIT ?`, deployment, uploadID, deployment, stepRows)
		return tx.Changes() == stepRows, err
	})
	if err == nil {
		err = s.noteStaged(ctx, uploadID, deployment)
	}
	return deployment, err
}

// noteStaged records that all files are stored, with their number and total size.
func (s *Store) noteStaged(ctx context.Context, uploadID, deployment string) error {
	var announced, files, bytes int64
	err := s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First(`SELECT (SELECT count(*) FROM upload_files WHERE upload_id = ?), count(*), coalesce(sum(b.size), 0)
			FROM deployment_files f JOIN blobs b ON b.id = f.blob_id WHERE f.deployment_id = ?`,
			func(r *database.Row) { announced, files, bytes = r.Int64(0), r.Int64(1), r.Int64(2) }, uploadID, deployment)
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		var committed bool
		found, err := tx.First("SELECT deployment_id IS NOT NULL FROM uploads WHERE id = ?", func(r *database.Row) { committed = r.Bool(0) }, uploadID)
		switch {
		case err != nil || committed:
			return err
		case !found:
			return noUpload(uploadID)
		case files != announced:
			return errs.New(errs.Conflict, "only %d of %d files could be stored; deploy again", files, announced)
		}
		return tx.Exec("UPDATE uploads SET files = ?, bytes = ? WHERE id = ?", files, bytes, uploadID)
	})
}

// stageOf returns the id under which the files of an upload are stored, and assigns one if there is none. While the
// upload has it, the collector leaves these rows alone.
func stageOf(tx *database.Tx, uploadID string) (deployment string, err error) {
	found, err := tx.First("SELECT coalesce(deployment_id, stage, '') FROM uploads WHERE id = ?", func(r *database.Row) { deployment = r.Text(0) }, uploadID)
	if err == nil && !found {
		err = noUpload(uploadID)
	}
	if err == nil && deployment == "" {
		deployment = id.New("dep")
		err = tx.Exec("UPDATE uploads SET stage = ? WHERE id = ?", deployment, uploadID)
	}
	return deployment, err
}

// Compress makes variants of the files that visitors can request. Call it before the commit, so that the first visitor
// already gets the compressed form.
func (s *Store) Compress(ctx context.Context, files []File) error {
	list := make([]content.Blob, 0, len(files))
	for _, f := range files {
		if !Hidden(f.Path) {
			list = append(list, content.Blob{ID: f.Blob, Size: f.Size})
		}
	}
	return s.blobs.Compress(ctx, list)
}

// noteStaging marks files that a fork is copying, so that the collector leaves them alone.
func (s *Store) noteStaging(deployment string, staging bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if staging {
		s.staging[deployment] = true
	} else {
		delete(s.staging, deployment)
	}
}

func (s *Store) isStaging(deployment string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.staging[deployment]
}

// rows are the rows of a table that belong to an id which may no longer exist.
type rows struct{ table, column, needed string }

// stagedRows lists all such tables; needed is a condition on the id ?: something still needs its rows.
var stagedRows = []rows{
	{"deployment_files", "deployment_id", "EXISTS (SELECT 1 FROM deployments WHERE id = ?1) OR EXISTS (SELECT 1 FROM uploads WHERE stage = ?1)"},
	{"upload_files", "upload_id", "EXISTS (SELECT 1 FROM uploads WHERE id = ?1 AND deployment_id IS NULL)"},
}

// sweep removes rows that belong to nothing.
func (s *Store) sweep(ctx context.Context) error {
	for _, t := range stagedRows {
		if err := s.sweepTable(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// sweepIDs is how many ids are checked in one read.
const sweepIDs = 256

// sweepTable goes from id to id by the key of the table, however many rows each has.
func (s *Store) sweepTable(ctx context.Context, t rows) error {
	for last, found := "", true; found; {
		needed := true
		err := s.db.Read(ctx, func(c *database.Conn) (err error) {
			for n := 0; needed && found && err == nil && n < sweepIDs; n++ {
				last, found, needed, err = t.next(c, last)
			}
			return err
		})
		if err == nil && !needed {
			err = s.removeRows(ctx, t, last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next returns the id after another, and whether its rows are needed.
func (t rows) next(c *database.Conn, after string) (id string, found, needed bool, err error) {
	needed = true
	found, err = c.First("SELECT "+t.column+" FROM "+t.table+" WHERE "+t.column+" > ? ORDER BY "+t.column+" LIMIT 1",
		func(r *database.Row) { id = r.Text(0) }, after)
	if found && err == nil {
		_, err = c.First("SELECT "+t.needed, func(r *database.Row) { needed = r.Bool(0) }, id)
	}
	return id, found, needed, err
}

// removeRows removes the rows of one id, and checks it again inside each write.
func (s *Store) removeRows(ctx context.Context, t rows, of string) error {
	return s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		needed := s.isStaging(of)
		if !needed {
			_, err = tx.First("SELECT "+t.needed, func(r *database.Row) { needed = r.Bool(0) }, of)
		}
		if err != nil || needed {
			return false, err
		}
		err = tx.Exec("DELETE FROM "+t.table+" WHERE "+t.column+" = ?1 AND path <= (SELECT max(path) FROM (SELECT path FROM "+
			t.table+" WHERE "+t.column+" = ?1 ORDER BY path LIMIT ?2) AS batch)", of, stepRows)
		return tx.Changes() == stepRows, err
	})
}
