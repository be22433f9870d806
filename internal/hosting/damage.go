package hosting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// sound is the condition on blobs b that are not known to be damaged, undamaged the one on deployments d without such
// content. Damage is rare, so its table is looked through first.
const (
	sound     = "NOT EXISTS (SELECT 1 FROM damage WHERE blob_id = b.id)"
	undamaged = "NOT EXISTS (SELECT 1 FROM damage x CROSS JOIN deployment_files f ON f.blob_id = x.blob_id WHERE f.deployment_id = d.id)"
)

// damageWait is how long storing that content is damaged may hold up the request that met it.
const damageWait = 2 * time.Second

// noteDamage remembers that content is damaged, and tells of it once. A compressed form is left away from then on: the
// content itself is served instead.
func (s *Store) noteDamage(ctx context.Context, blob int64, cause string) {
	s.mu.Lock()
	known := s.damaged[blob]
	s.damaged[blob] = true
	s.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), damageWait)
	defer cancel()
	d := Damage{blob: blob}
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		d, err = locate(c, blob)
		return err
	})
	if err != nil {
		s.log.Warn("where damaged content is used could not be found out", "error", err)
	}
	d.Cause = cause
	s.tellDamage(d)
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		if d.Encoding != "" {
			return tx.Exec("DELETE FROM variants WHERE variant_id = ?", blob)
		}
		return tx.Exec("INSERT INTO damage (blob_id, cause, found_at) SELECT id, ?, ? FROM blobs WHERE id = ? ON CONFLICT DO NOTHING", cause, time.Now(), blob)
	})
	if err != nil {
		s.log.Warn("that content is damaged could not be stored", "error", err)
	}
}

// noteSound forgets damage that is none any more: a disk may read on a second try what it could not on the first.
func (s *Store) noteSound(ctx context.Context, blob int64) error {
	s.mu.Lock()
	delete(s.damaged, blob)
	s.mu.Unlock()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("DELETE FROM damage WHERE blob_id = ? AND mended_by IS NULL", blob)
	})
}

// damageShown is how many damaged contents Damage names.
const damageShown = 20

// Damage is the content that is known to be damaged, some of it where it is much.
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

// disownDamaged takes the hash of content that is damaged, so that the same content can be stored beside it. It returns
// the blob, 0 when there is none.
func disownDamaged(tx *database.Tx, hash Hash) (blob int64, err error) {
	_, err = tx.First("SELECT b.id FROM damage x CROSS JOIN blobs b ON b.id = x.blob_id WHERE b.hash = ?", func(r *database.Row) { blob = r.Int64(0) }, hash[:])
	if err == nil && blob != 0 {
		err = tx.Exec("UPDATE blobs SET hash = NULL WHERE id = ?", blob)
	}
	return blob, err
}

// replaceDamaged notes that everything that has the damaged content is to have the new one.
func replaceDamaged(tx *database.Tx, old, blob int64) error {
	if old == 0 {
		return nil
	}
	return tx.Exec("UPDATE damage SET mended_by = ? WHERE blob_id = ?", blob, old)
}

// mend gives whatever has damaged content the one that has taken its place. The collector removes the old.
func (s *Store) mend(ctx context.Context) error {
	const mendable = "SELECT blob_id, mended_by FROM damage WHERE mended_by IS NOT NULL"
	due := false
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		due, err = c.First(mendable, func(*database.Row) {})
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		var old, blob int64
		if found, err := tx.First(mendable, func(r *database.Row) { old, blob = r.Int64(0), r.Int64(1) }); err != nil || !found {
			return false, err
		}
		for _, sql := range []string{
			"UPDATE deployment_files SET blob_id = ?1 WHERE (deployment_id, path) IN (SELECT deployment_id, path FROM deployment_files WHERE blob_id = ?2 LIMIT ?3)",
			"UPDATE variants SET blob_id = ?1 WHERE (blob_id, encoding) IN (SELECT blob_id, encoding FROM variants WHERE blob_id = ?2 LIMIT ?3)",
			"UPDATE variants SET variant_id = ?1 WHERE (blob_id, encoding) IN (SELECT blob_id, encoding FROM variants WHERE variant_id = ?2 LIMIT ?3)",
		} {
			if err := tx.Exec(sql, blob, old, stepRows); err != nil || tx.Changes() > 0 {
				return true, err
			}
		}
		return true, tx.Exec("DELETE FROM damage WHERE blob_id = ?", old)
	})
}

// refuseDamaged keeps damage from being spread.
func refuseDamaged(c *database.Conn, deployment string) error {
	path := ""
	damaged, err := c.First("SELECT f.path FROM damage x CROSS JOIN deployment_files f ON f.blob_id = x.blob_id WHERE f.deployment_id = ?", func(r *database.Row) { path = r.Text(0) }, deployment)
	if err == nil && damaged {
		err = ofDamage(path, errDamaged)
	}
	return err
}

// errDamaged is the cause of the error for content that is not what was stored.
var errDamaged = errors.New("the content is damaged")

// damaged says whether err is of content that was damaged, or that the disk cannot read.
func damaged(err error) bool { return errors.Is(err, errDamaged) || unreadable(err) }

// ofDamage says in a sentence for the owner that a file is damaged; other errors it leaves alone.
func ofDamage(path string, err error) error {
	if !damaged(err) {
		return err
	}
	return errs.Wrap(errs.Unprocessable, err, "%s is damaged on the disk; deploy the app again first, which mends it", path)
}

// ReplaceProgram puts a compiled function in the place of one that is damaged.
func (s *Store) ReplaceProgram(ctx context.Context, deployment string, program []byte) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("UPDATE programs SET program = ? WHERE deployment_id = ?", program, deployment)
	})
}

// Place says whose a deployment is.
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

// CheckContent compares all content with its hashes, and remembers what it finds. pace, which may be nil, is called
// after each read with the blob that is being checked and how many bytes it was.
func (s *Store) CheckContent(ctx context.Context, after int64, pace func(blob int64, bytes int) error) (found []Damage, checked int, err error) {
	found = []Damage{}
	known := map[int64]bool{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT blob_id FROM damage", func(r *database.Row) error { known[r.Int64(0)] = true; return nil })
	})
	if err != nil {
		return found, 0, err
	}
	if pace == nil {
		pace = func(int64, int) error { return nil }
	}
	checked, err = Check{
		From: s.db, After: after, Program: s.checkProgram, Pace: pace,
		Found: func(d Damage) error {
			found = append(found, d)
			if d.blob != 0 {
				s.noteDamage(ctx, d.blob, d.Cause)
			} else {
				s.tellDamage(d)
			}
			return nil
		},
		Sound: func(blob int64, sums []int64) error {
			if known[blob] {
				if err := s.noteSound(ctx, blob); err != nil {
					return err
				}
			}
			return s.addSums(ctx, blob, sums)
		},
	}.Run(ctx)
	return found, checked, err
}

// addSums gives the chunks of content that an earlier version stored their sums.
func (s *Store) addSums(ctx context.Context, blob int64, sums []int64) error {
	if len(sums) < 2 {
		return nil
	}
	lacks := false
	err := s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT sum IS NULL FROM chunks WHERE blob_id = ? AND n = 0", func(r *database.Row) { lacks = r.Bool(0) }, blob)
		return err
	})
	for n := 0; n < len(sums) && lacks && err == nil; n++ {
		// One in a write: SQLite writes the whole chunk again.
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			i := len(sums) - 1 - n // the first is last: it says that all have theirs
			return tx.Exec("UPDATE chunks SET sum = ? WHERE blob_id = ? AND n = ?", sums[i], blob, i)
		})
	}
	if err != nil {
		err = fmt.Errorf("store the sums of blob %d: %w", blob, err)
	}
	return err
}
