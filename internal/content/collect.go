package content

import (
	"context"

	"fazt/internal/database"
)

const collectBlobs = 256 // blobs looked for at once

// Collected is what a collection removed.
type Collected struct {
	Blobs int   // without an owner
	Bytes int64 // of those
	Pages int   // returned to the disk
}

// Collect replaces damaged content that was stored again, removes leftovers of a crash and content that no owner
// references, and returns free pages to the disk. It works in small writes.
func (s *Store) Collect(ctx context.Context) (got Collected, err error) {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	if err := s.Mend(ctx); err != nil {
		return got, err
	}
	if err := s.collectBlobs(ctx, &got); err != nil {
		return got, err
	}
	got.Pages, err = s.db.Compact(ctx)
	return got, err
}

// collectBlobs removes content that nothing refers to. Removing content frees its compressed forms, so it repeats
// until nothing is found.
func (s *Store) collectBlobs(ctx context.Context, got *Collected) error {
	for {
		disowned := 0
		for after := int64(0); ; {
			list, err := s.unneeded(ctx, after)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				break
			}
			after = list[len(list)-1]
			n, err := s.disown(ctx, list)
			if err != nil {
				return err
			}
			disowned += n
		}
		if err := s.removeNameless(ctx, got); err != nil || disowned == 0 {
			return err
		}
	}
}

// unneeded returns some blobs after the given one that nothing seems to need.
func (s *Store) unneeded(ctx context.Context, after int64) (list []int64, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT b.id FROM blobs b WHERE b.id > ? AND "+s.unreferenced+" ORDER BY b.id LIMIT ?", func(r *database.Row) error {
			list = append(list, r.Int64(0))
			return nil
		}, after, collectBlobs)
	})
	return list, err
}

// disown removes the hashes of blobs that nothing needs, so that no new upload can find them. They were found by a
// read, and are checked again inside the write, where no upload can interfere.
func (s *Store) disown(ctx context.Context, blobs []int64) (n int, err error) {
	err = database.StepsOver(ctx, s.db, blobs, func(tx *database.Tx, id int64) error {
		err := tx.Exec("UPDATE blobs AS b SET hash = NULL WHERE b.id = ? AND "+s.unreferenced, id)
		n += tx.Changes()
		return err
	})
	return n, err
}

// removeNameless removes blobs without a hash that no arrival is filling, one chunk per step.
func (s *Store) removeNameless(ctx context.Context, got *Collected) error {
	return s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		blob, err := s.nameless(tx)
		if err != nil || blob == 0 {
			return false, err
		}
		return true, removeChunk(tx, blob, got)
	})
}

// nameless returns a blob to remove; 0 = none. A blob whose damage is being repaired still has its files.
func (s *Store) nameless(tx *database.Tx) (blob int64, err error) {
	err = tx.Each("SELECT id FROM blobs WHERE hash IS NULL AND id NOT IN (SELECT blob_id FROM damage WHERE mended_by IS NOT NULL)", func(r *database.Row) error {
		if id := r.Int64(0); blob == 0 && !s.isArriving(id) {
			blob = id
		}
		return nil
	})
	return blob, err
}

// removeChunk deletes a chunk of a blob, or the blob if no chunks are left.
func removeChunk(tx *database.Tx, blob int64, got *Collected) error {
	var n, size int64
	found, err := tx.First("SELECT n, length(data) FROM chunks WHERE blob_id = ? ORDER BY n LIMIT 1", func(r *database.Row) { n, size = r.Int64(0), r.Int64(1) }, blob)
	switch {
	case err != nil:
		return err
	case found:
		got.Bytes += size
		return tx.Exec("DELETE FROM chunks WHERE blob_id = ? AND n = ?", blob, n)
	}
	got.Blobs++
	return tx.Exec("DELETE FROM blobs WHERE id = ?", blob)
}
