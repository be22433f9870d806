package hosting

import (
	"context"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// undamaged is a condition on deployments d: none of their content is known to be damaged. Damage is rare, so its table
// is read first.
const undamaged = "NOT EXISTS (SELECT 1 FROM damage x CROSS JOIN deployment_files f WHERE f.blob_id = x.blob_id AND f.deployment_id = d.id)"

// damageShown is how many damaged contents Damage returns.
const damageShown = 20

// Damage returns known damage, up to damageShown, and how many contents are damaged in all.
func (s *Store) Damage(ctx context.Context) (list []Damage, all int, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		blobs, causes := []int64{}, []string{}
		err := c.Each("SELECT blob_id, cause FROM damage ORDER BY blob_id", func(r *database.Row) error {
			if all++; len(blobs) < damageShown {
				blobs, causes = append(blobs, r.Int64(0)), append(causes, r.Text(1))
			}
			return nil
		})
		for i, blob := range blobs {
			if err != nil {
				break
			}
			var d Damage
			d, err = locate(c, blob)
			d.Cause = causes[i]
			list = append(list, d)
		}
		return err
	})
	return list, all, err
}

// refuseDamaged keeps damaged content from being copied.
func refuseDamaged(c *database.Conn, deployment string) error {
	path := ""
	damaged, err := c.First("SELECT f.path FROM damage x CROSS JOIN deployment_files f WHERE f.blob_id = x.blob_id AND f.deployment_id = ?", func(r *database.Row) { path = r.Text(0) }, deployment)
	if err == nil && damaged {
		err = ofDamage(path, content.ErrDamaged)
	}
	return err
}

// ofDamage turns an error about damaged content into a sentence for the owner; it returns other errors unchanged.
func ofDamage(path string, err error) error {
	if !content.IsDamaged(err) {
		return err
	}
	return errs.Wrap(errs.Unprocessable, err, "%s is damaged on the disk; deploy the app again to repair it", path)
}

// ReplaceProgram replaces a damaged compiled function.
func (s *Store) ReplaceProgram(ctx context.Context, deployment string, program []byte) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("UPDATE programs SET program = ? WHERE deployment_id = ?", program, deployment)
	})
}

// Place returns the app and the number of a deployment.
func (s *Store) Place(ctx context.Context, deployment string) (d Damage, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT a.id, a.name, d.number, EXISTS (SELECT 1 FROM live l WHERE l.deployment_id = d.id) FROM deployments d JOIN apps a ON a.id = d.app_id WHERE d.id = ?",
			func(r *database.Row) {
				d.AppID, d.App, d.Deployment, d.Live = r.Text(0), r.Text(1), r.Int(2), r.Bool(3)
			}, deployment)
		return err
	})
	return d, err
}

// CheckContent compares all content with its hashes, and records what it finds. It calls pace, which may be nil, after
// each read with the blob that is being checked and the number of bytes read.
func (s *Store) CheckContent(ctx context.Context, after int64, pace func(blob int64, bytes int) error) (found []Damage, checked int, err error) {
	found = []Damage{}
	if pace == nil {
		pace = func(int64, int) error { return nil }
	}
	checked, err = s.blobs.Check(ctx, after, pace, func(blob int64, cause string) error {
		return report(ctx, s.db, blob, cause, func(d Damage) error {
			found = append(found, d)
			return nil
		})
	})
	if err != nil {
		return found, checked, err
	}
	return found, checked, Check{
		From: s.db, Program: s.checkProgram, Pace: pace,
		Found: func(d Damage) error {
			found = append(found, d)
			s.tellDamage(d)
			return nil
		},
	}.programs(ctx)
}
