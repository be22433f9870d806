package content

import (
	"context"
	"errors"
	"time"

	"fazt/internal/database"
)

// Sound is a condition on blobs b: they are not known to be damaged.
const Sound = "NOT EXISTS (SELECT 1 FROM damage WHERE blob_id = b.id)"

// Causes of damage.
const (
	NotItsHash = "its bytes have changed since they were stored"
	notRead    = "it cannot be read"
	notWhole   = "a part of it is missing"
)

// ErrDamaged is the cause of the error for content that does not match what was stored.
var ErrDamaged = errors.New("the content is damaged")

// IsDamaged reports whether err is about content that is damaged, or that the disk cannot read.
func IsDamaged(err error) bool { return errors.Is(err, ErrDamaged) || database.IsDamage(err) }

// damageWait is how long recording damage may delay the request that found it.
const damageWait = 2 * time.Second

// noteDamage records that content is damaged, and notifies the owners once. A damaged variant is dropped: the
// uncompressed content is served instead.
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
	for _, notify := range s.notify {
		notify(ctx, blob, cause)
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		err := tx.Exec(`INSERT INTO damage (blob_id, cause, found_at) SELECT b.id, ?, ? FROM blobs b WHERE b.id = ?
			AND NOT (EXISTS (SELECT 1 FROM variants WHERE variant_id = b.id) AND `+s.unowned+`) ON CONFLICT DO NOTHING`, cause, time.Now(), blob)
		if err != nil || tx.Changes() > 0 {
			return err
		}
		return tx.Exec("DELETE FROM variants WHERE variant_id = ?", blob)
	})
	if err != nil {
		s.log.Warn("recording damaged content failed", "error", err)
	}
}

// noteSound removes the record of damage that is gone: a disk may succeed in a second read.
func (s *Store) noteSound(ctx context.Context, blob int64) error {
	s.mu.Lock()
	delete(s.damaged, blob)
	s.mu.Unlock()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("DELETE FROM damage WHERE blob_id = ? AND mended_by IS NULL", blob)
	})
}

// stepRows is how many rows one step changes.
const stepRows = 50

// disownDamaged removes the hash of damaged content, so that the same content can be stored again. It returns the blob,
// or 0.
func disownDamaged(tx *database.Tx, hash Hash) (blob int64, err error) {
	_, err = tx.First("SELECT b.id FROM damage x CROSS JOIN blobs b WHERE b.id = x.blob_id AND b.hash = ?", func(r *database.Row) { blob = r.Int64(0) }, hash[:])
	if err == nil && blob != 0 {
		err = tx.Exec("UPDATE blobs SET hash = NULL WHERE id = ?", blob)
	}
	return blob, err
}

// replaceDamaged records that everything that refers to the damaged content must refer to the new content instead.
func replaceDamaged(tx *database.Tx, old, blob int64) error {
	if old == 0 {
		return nil
	}
	return tx.Exec("UPDATE damage SET mended_by = ? WHERE blob_id = ?", blob, old)
}

// Mend makes all rows that refer to damaged content refer to its replacement. The collector removes the damaged
// content.
func (s *Store) Mend(ctx context.Context) error {
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
		for _, sql := range s.replace {
			if err := tx.Exec(sql, blob, old, stepRows); err != nil || tx.Changes() > 0 {
				return true, err
			}
		}
		return true, tx.Exec("DELETE FROM damage WHERE blob_id = ?", old)
	})
}
