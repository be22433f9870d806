package content

import (
	"context"
	"time"

	"fazt/internal/database"
)

// Arrival is content larger than a chunk on its way into the database: a blob without a hash, which nothing can refer
// to, until its last chunk is there and the hash is right. It is not safe for concurrent use. Close it at the end.
type Arrival struct {
	store  *Store
	blob   int64 // 0 = nothing is stored yet
	chunks int
	size   int64
	added  bool
}

// Arrive begins to store content of several chunks.
func (s *Store) Arrive() *Arrival { return &Arrival{store: s} }

// Add stores the next chunk, in a transaction that write runs its argument in. With the last chunk comes the hash of
// the whole, which is nil before. added is false when the same content was stored by another meanwhile.
func (a *Arrival) Add(write func(fn func(tx *database.Tx) error) error, data []byte, hash *Hash) (added bool, err error) {
	next, marked := *a, int64(0)
	err = write(func(tx *database.Tx) (err error) {
		next = *a
		if err = next.add(tx, data); err != nil {
			return err
		}
		if a.blob == 0 { // before the commit: the collector must never see the blob without its mark
			marked = next.blob
			a.store.noteArriving(marked, 1)
		}
		if hash != nil {
			next.added, err = next.finish(tx, *hash)
		}
		return err
	})
	if err != nil {
		if marked != 0 {
			a.store.noteArriving(marked, -1)
		}
		return false, err
	}
	*a = next
	return a.added, nil
}

// Close removes what has arrived of content that was not completed. What fails here is left to the collector.
func (a *Arrival) Close(ctx context.Context) {
	if a.blob == 0 {
		return
	}
	defer a.store.noteArriving(a.blob, -1)
	if a.added {
		return
	}
	var got Collected
	err := a.store.db.Steps(context.WithoutCancel(ctx), func(tx *database.Tx) (more bool, err error) {
		return got.Blobs == 0, removeChunk(tx, a.blob, &got)
	})
	if err != nil {
		a.store.log.Warn("the part of a file that had arrived could not be removed yet", "error", err)
	}
}

func (a *Arrival) add(tx *database.Tx, data []byte) error {
	if a.blob == 0 {
		_, err := tx.First("INSERT INTO blobs (hash, size, created_at) VALUES (NULL, 0, ?) RETURNING id", func(r *database.Row) { a.blob = r.Int64(0) }, time.Now())
		if err != nil {
			return err
		}
	}
	err := putChunk(tx, a.blob, a.chunks, data, true)
	a.chunks++
	a.size += int64(len(data))
	return err
}

// finish gives the blob its hash. It reports false when the same content is stored already.
func (a *Arrival) finish(tx *database.Tx, hash Hash) (added bool, err error) {
	replace, err := disownDamaged(tx, hash)
	if err != nil {
		return false, err
	}
	taken, err := tx.First("SELECT 1 FROM blobs WHERE hash = ?", func(*database.Row) {}, hash[:])
	if err != nil || taken {
		return false, err
	}
	if err := tx.Exec("UPDATE blobs SET hash = ?, size = ? WHERE id = ?", hash[:], a.size, a.blob); err != nil {
		return false, err
	}
	return true, replaceDamaged(tx, replace, a.blob)
}

// noteArriving marks a blob that has no hash as one that is being filled, and not a leftover of a crash. Marks are
// counted: the row of a write that failed may have been given to another.
func (s *Store) noteArriving(blob int64, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arriving[blob] += change; s.arriving[blob] == 0 {
		delete(s.arriving, blob)
	}
}

func (s *Store) isArriving(blob int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arriving[blob] > 0
}

// Arriving returns how many blobs are being filled.
func (s *Store) Arriving() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.arriving)
}
