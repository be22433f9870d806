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

	// One write of the collector takes at most this much, so that it holds no other write up for long.
	collectBlobs = 256      // blobs judged
	collectBytes = 16 << 20 // content deleted
	vacuumSome   = "PRAGMA incremental_vacuum(512)"

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
// no deployment, upload or compressed form refers to, and leftovers of uploads that a crash ended. It works in small
// writes, beside whatever else the database does.
func (s *Store) Collect(ctx context.Context) (got Collected, err error) {
	s.collecting.Lock()
	defer s.collecting.Unlock()
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
	AND NOT EXISTS (SELECT 1 FROM upload_files WHERE hash = b.hash)`

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
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		n = 0
		for _, id := range blobs {
			if err := tx.Exec("UPDATE blobs AS b SET hash = NULL WHERE b.id = ? AND "+unreferenced, id); err != nil {
				return err
			}
			n += tx.Changes()
		}
		return nil
	})
	return n, err
}

// removeNameless removes blobs without a hash that nobody is filling.
func (s *Store) removeNameless(ctx context.Context, got *Collected) error {
	for more := true; more; {
		var removed Collected
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			removed = Collected{}
			nameless, err := s.nameless(tx)
			more = len(nameless) > 0
			room := int64(collectBytes)
			for _, id := range nameless {
				if err != nil || room <= 0 {
					break
				}
				room, err = removeChunks(tx, id, room, &removed)
			}
			return err
		})
		if err != nil {
			return err
		}
		got.Blobs += removed.Blobs
		got.Bytes += removed.Bytes
	}
	return nil
}

func (s *Store) nameless(tx *database.Tx) (list []int64, err error) {
	err = tx.Each("SELECT id FROM blobs WHERE hash IS NULL", func(r *database.Row) error {
		if id := r.Int64(0); len(list) < collectBlobs && !s.isArriving(id) {
			list = append(list, id)
		}
		return nil
	})
	return list, err
}

// removeChunks deletes chunks of a blob, up to room bytes, and then the blob when none is left. It returns the room
// that is left.
func removeChunks(tx *database.Tx, blob, room int64, got *Collected) (int64, error) {
	var rows []int64
	err := tx.Each("SELECT rowid, length(data) FROM chunks WHERE blob_id = ? LIMIT ?", func(r *database.Row) error {
		if room > 0 {
			rows = append(rows, r.Int64(0))
			room -= r.Int64(1)
			got.Bytes += r.Int64(1)
		}
		return nil
	}, blob, collectBytes/ChunkSize)
	for _, row := range rows {
		if err == nil {
			err = tx.Exec("DELETE FROM chunks WHERE rowid = ?", row)
		}
	}
	if err != nil {
		return room, err
	}
	if err := tx.Exec("DELETE FROM blobs WHERE id = ? AND NOT EXISTS (SELECT 1 FROM chunks WHERE blob_id = blobs.id)", blob); err != nil {
		return room, err
	}
	if tx.Changes() == 0 {
		return 0, nil // it has more; the next write goes on
	}
	got.Blobs++
	return room, nil
}

// discard removes what has arrived of content that was not completed. What fails here is left to the collector.
func (s *Store) discard(ctx context.Context, a arrival) {
	for more := a.blob != 0; more; {
		var got Collected
		err := s.db.Write(context.WithoutCancel(ctx), func(tx *database.Tx) error {
			got = Collected{}
			_, err := removeChunks(tx, a.blob, collectBytes, &got)
			return err
		})
		if err != nil {
			s.log.Warn("the part of a file that had arrived could not be removed yet", "error", err)
		}
		more = err == nil && got.Blobs == 0
	}
}

// vacuum gives free pages back to the disk, a few at a time.
func (s *Store) vacuum(ctx context.Context) (given int, err error) {
	for {
		total, free, err := s.pages(ctx)
		if err != nil || free <= sparePages {
			return given, err
		}
		if err := s.db.Write(ctx, func(tx *database.Tx) error { return tx.Exec(vacuumSome) }); err != nil {
			return given, err
		}
		left, _, err := s.pages(ctx)
		if err != nil || left >= total { // a file made without auto_vacuum keeps its pages
			return given, err
		}
		given += total - left
	}
}

func (s *Store) pages(ctx context.Context) (total, free int, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		if _, err := c.First("PRAGMA page_count", func(r *database.Row) { total = r.Int(0) }); err != nil {
			return err
		}
		_, err := c.First("PRAGMA freelist_count", func(r *database.Row) { free = r.Int(0) })
		return err
	})
	return total, free, err
}
