package hosting

import (
	"context"
	"time"

	"fazt/internal/database"
)

const (
	// collectEvery is how often Run collects.
	collectEvery = 10 * time.Minute

	// replacedKept is how long a deployment that was live is kept beyond the number to keep: requests that were
	// led to it before it was replaced may still be reading.
	replacedKept = 10 * time.Minute

	collectBlobs = 256 // blobs looked for at once
	vacuumSome   = "PRAGMA incremental_vacuum(32)"

	// sparePages stay in the file unused: giving back the last would only mean to ask for them again.
	sparePages = 1024
)

// Collected is what a collection removed.
type Collected struct {
	Uploads     int   // that had expired
	Deployments int   // beyond the number to keep
	Blobs       int   // that nothing referred to
	Bytes       int64 // of those
	Pages       int   // given back to the disk
}

// Run collects now and then, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	s.db.Repeat(ctx, collectEvery, "collecting what is no longer needed", func(ctx context.Context) error {
		got, err := s.Collect(ctx)
		if err == nil && got != (Collected{}) {
			s.log.Info("collected what is no longer needed", "uploads", got.Uploads, "deployments", got.Deployments,
				"blobs", got.Blobs, "bytes", got.Bytes)
		}
		return err
	})
	return nil
}

// Collect removes what nothing needs any more: expired uploads, deployments beyond the number to keep, content that
// no deployment, upload or compressed form refers to, and leftovers of deploys that a crash ended. It works in small
// writes, beside whatever else the database does.
func (s *Store) Collect(ctx context.Context) (got Collected, err error) {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	if err := s.mend(ctx); err != nil {
		return got, err
	}
	if got.Uploads, err = s.expire(ctx); err != nil {
		return got, err
	}
	apps, err := s.texts(ctx, "SELECT DISTINCT app_id FROM deployments")
	if err != nil {
		return got, err
	}
	for _, app := range apps {
		removed, err := s.Prune(ctx, app)
		got.Deployments += len(removed)
		if err != nil {
			return got, err
		}
	}
	if err := s.sweep(ctx); err != nil {
		return got, err
	}
	if err := s.collectBlobs(ctx, &got); err != nil {
		return got, err
	}
	got.Pages, err = s.vacuum(ctx)
	return got, err
}

func (s *Store) texts(ctx context.Context, sql string, args ...any) (list []string, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each(sql, func(r *database.Row) error {
			list = append(list, r.Text(0))
			return nil
		}, args...)
	})
	return list, err
}

// expire removes uploads whose time is over, one in a write.
func (s *Store) expire(ctx context.Context) (n int, err error) {
	for more := true; more && err == nil; {
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			err := tx.Exec("DELETE FROM uploads WHERE id = (SELECT id FROM uploads WHERE expires_at <= ? LIMIT 1)", time.Now())
			more = tx.Changes() > 0
			return err
		})
		if more && err == nil {
			n++
		}
	}
	return n, err
}

// Prune removes deployments of an app beyond the newest that are to be kept, and returns their ids. The live one is
// never removed, nor one that was live a moment ago.
func (s *Store) Prune(ctx context.Context, appID string) (removed []string, err error) {
	old, err := s.texts(ctx, `SELECT id FROM deployments WHERE app_id = ? AND number <=
		(SELECT number FROM deployments WHERE app_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`,
		appID, appID, s.limits(appID).KeepDeployments)
	if err != nil {
		return nil, err
	}
	for _, id := range old {
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			if s.wasReplaced(id) {
				return nil
			}
			err := tx.Exec("DELETE FROM deployments WHERE id = ? AND NOT EXISTS (SELECT 1 FROM live WHERE deployment_id = deployments.id)", id)
			if err == nil && tx.Changes() > 0 {
				removed = append(removed, id)
			}
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// wasReplaced says whether a deployment stopped being live so short a time ago that requests may be reading it.
func (s *Store) wasReplaced(deployment string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.replaced {
		if time.Since(at) > replacedKept {
			delete(s.replaced, id)
		}
	}
	_, recent := s.replaced[deployment]
	return recent
}

// unreferenced is the condition on blobs b that nothing needs.
const unreferenced = `b.hash IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM deployment_files WHERE blob_id = b.id)
	AND NOT EXISTS (SELECT 1 FROM variants WHERE variant_id = b.id)
	AND NOT EXISTS (SELECT 1 FROM upload_files WHERE hash = b.hash)
	AND NOT EXISTS (SELECT 1 FROM damage WHERE mended_by = b.id)`

// collectBlobs removes content that nothing refers to. Removing content frees its compressed forms, so it goes round
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

// unneeded are some blobs above a row that seem to be needed by nothing.
func (s *Store) unneeded(ctx context.Context, after int64) (list []int64, err error) {
	err = s.db.ReadLong(ctx, func(c *database.Conn) error {
		return c.Each("SELECT b.id FROM blobs b WHERE b.id > ? AND "+unreferenced+" ORDER BY b.id LIMIT ?", func(r *database.Row) error {
			list = append(list, r.Int64(0))
			return nil
		}, after, collectBlobs)
	})
	return list, err
}

// disown takes the hashes of blobs that nothing needs, so that no new upload can find them. They were looked for
// beside the writer and are judged again inside it, where no upload can come between.
func (s *Store) disown(ctx context.Context, blobs []int64) (n int, err error) {
	err = database.StepsOver(ctx, s.db, blobs, func(tx *database.Tx, id int64) error {
		err := tx.Exec("UPDATE blobs AS b SET hash = NULL WHERE b.id = ? AND "+unreferenced, id)
		n += tx.Changes()
		return err
	})
	return n, err
}

// removeNameless removes blobs without a hash that nobody is filling, a chunk in a step.
func (s *Store) removeNameless(ctx context.Context, got *Collected) error {
	return s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		blob, err := s.nameless(tx)
		if err != nil || blob == 0 {
			return false, err
		}
		return true, removeChunk(tx, blob, got)
	})
}

// nameless is a blob to remove; 0 = there is none. One whose damage is being mended still has its files.
func (s *Store) nameless(tx *database.Tx) (blob int64, err error) {
	err = tx.Each("SELECT id FROM blobs WHERE hash IS NULL AND id NOT IN (SELECT blob_id FROM damage WHERE mended_by IS NOT NULL)", func(r *database.Row) error {
		if id := r.Int64(0); blob == 0 && !s.isArriving(id) {
			blob = id
		}
		return nil
	})
	return blob, err
}

// removeChunk deletes a chunk of a blob, or the blob when none is left.
func removeChunk(tx *database.Tx, blob int64, got *Collected) error {
	var row, size int64
	found, err := tx.First("SELECT rowid, length(data) FROM chunks WHERE blob_id = ? LIMIT 1", func(r *database.Row) { row, size = r.Int64(0), r.Int64(1) }, blob)
	switch {
	case err != nil:
		return err
	case found:
		got.Bytes += size
		return tx.Exec("DELETE FROM chunks WHERE rowid = ?", row)
	}
	got.Blobs++
	return tx.Exec("DELETE FROM blobs WHERE id = ?", blob)
}

// discard removes what has arrived of content that was not completed. What fails here is left to the collector.
func (s *Store) discard(ctx context.Context, a arrival) {
	if a.blob == 0 {
		return
	}
	var got Collected
	err := s.db.Steps(context.WithoutCancel(ctx), func(tx *database.Tx) (more bool, err error) {
		return got.Blobs == 0, removeChunk(tx, a.blob, &got)
	})
	if err != nil {
		s.log.Warn("the part of a file that had arrived could not be removed yet", "error", err)
	}
}

// vacuum gives free pages back to the disk, a few at a time.
func (s *Store) vacuum(ctx context.Context) (given int, err error) {
	err = s.db.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		total, free, err := pages(tx)
		if err != nil || free <= sparePages {
			return false, err
		}
		if err := tx.Exec(vacuumSome); err != nil {
			return false, err
		}
		left, _, err := pages(tx)
		given += total - left
		return left < total, err // a file made without auto_vacuum keeps its pages
	})
	return given, err
}

func pages(tx *database.Tx) (total, free int, err error) {
	if _, err := tx.First("PRAGMA page_count", func(r *database.Row) { total = r.Int(0) }); err != nil {
		return 0, 0, err
	}
	_, err = tx.First("PRAGMA freelist_count", func(r *database.Row) { free = r.Int(0) })
	return total, free, err
}
