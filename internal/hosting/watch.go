package hosting

import (
	"context"
	"time"

	"fazt/internal/database"
)

const (
	checkEvery  = 24 * time.Hour   // from the start of a round over all content to the start of the next
	checkFirst  = time.Minute      // after the start: visitors come first
	checkSave   = 10 * time.Second // how often progress is saved
	checkPause  = 50 * time.Millisecond
	checkLook   = time.Second // how often the limit is read again; rates are per second
	checkAgain  = time.Minute // after a failure
	checkAround = time.Hour   // how often to check whether a round is due
)

// Checked returns how many bytes were compared with their hashes in the background since New.
func (s *Store) Checked() int64 { return s.checked.Load() }

// round is the progress of the check of all content.
type round struct {
	next         int64 // 0 = no round is in progress
	began, ended time.Time
}

// Watch compares all content with its hashes again and again, at most at the rate of the limit, until ctx ends. A round
// continues where the previous process left it.
func (s *Store) Watch(ctx context.Context) error {
	for wait := checkFirst; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = checkAround
		if err := s.WatchOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("the background check of content failed", "error", err)
			wait = checkAgain
		}
	}
}

// WatchOnce completes a round if one is due.
func (s *Store) WatchOnce(ctx context.Context) error {
	r, err := s.loadRound(ctx)
	if err != nil || r.next == 0 && time.Since(r.began) < checkEvery {
		return err
	}
	if r.next == 0 {
		r.began = time.Now()
	}
	t := throttle{rate: func() int64 { return s.limits("").CheckRate }}
	saved := time.Now()
	found, _, err := s.CheckContent(ctx, r.next, func(blob int64, bytes int) error {
		s.checked.Add(int64(bytes))
		if blob > 0 && time.Since(saved) > checkSave {
			saved, r.next = time.Now(), blob-1 // it may be half done
			if err := s.saveRound(ctx, r); err != nil {
				return err
			}
		}
		return t.wait(ctx, bytes)
	})
	if err != nil {
		return err
	}
	r.next, r.ended = 0, time.Now()
	if len(found) > 0 {
		s.log.Error("found damaged content", "contents", len(found))
	}
	return s.saveRound(ctx, r)
}

func (s *Store) loadRound(ctx context.Context) (r round, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT next, began_at, ended_at FROM content_check", func(row *database.Row) { r = round{row.Int64(0), row.Time(1), row.Time(2)} })
		return err
	})
	return r, err
}

func (s *Store) saveRound(ctx context.Context, r round) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec(`INSERT INTO content_check (id, next, began_at, ended_at) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET next = excluded.next, began_at = excluded.began_at, ended_at = excluded.ended_at`, r.next, r.began, r.ended)
	})
}

// throttle spreads reads over time. It reads the rate at least once per checkLook, however long it has to wait.
type throttle struct {
	rate func() int64 // bytes per second; 0 = do not read
	debt int64        // bytes that were read but not waited for yet
}

func (t *throttle) wait(ctx context.Context, bytes int) error {
	t.debt += int64(bytes)
	for {
		rate := t.rate()
		owed := time.Duration(float64(t.debt) / float64(max(1, rate)) * float64(time.Second))
		switch {
		case rate > 0 && owed < checkPause:
			return nil
		case rate > 0 && owed <= checkLook:
			t.debt = 0
			return pause(ctx, owed)
		}
		if err := pause(ctx, checkLook); err != nil {
			return err
		}
		t.debt -= max(0, rate)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
