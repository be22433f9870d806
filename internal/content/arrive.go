package content

import (
	"context"
	"time"

	"fazt/internal/database"
)

// Arrival is content larger than a chunk while it is being stored: a blob without a hash, which nothing can refer to,
// until its last chunk is stored and the hash is verified. It is not safe for concurrent use. Close it at the end.
type Arrival struct {
	store  *Store
	blob   int64 // 0 = nothing is stored yet
	chunks int
	size   int64
	added  bool
}

// Arrive starts to store content of several chunks.
func (s *Store) Arrive() *Arrival { return &Arrival{store: s} }

// Add stores the next chunk, in a transaction in which write runs its argument, possibly more than once. The hash of
// the whole comes with the last chunk, and is nil before. added is false if another arrival has stored the same content
// meanwhile.
func (a *Arrival) Add(write func(fn func(tx *database.Tx) error) error, data []byte, hash *Hash) (added bool, err error) {
	next := *a
	err = write(func(tx *database.Tx) (err error) {
		next = *a
		if err = next.add(tx, data); err != nil {
			return err
		}
		if a.blob == 0 { // before the commit, because the collector must never see the blob without its mark
			a.store.mark(a, next.blob)
		}
		if hash != nil {
			next.added, err = next.finish(tx, *hash)
		}
		return err
	})
	if err != nil {
		if a.blob == 0 {
			a.store.unmark(a)
		}
		return false, err
	}
	*a = next
	return a.added, nil
}

// Close removes what has arrived of incomplete content. If it fails, the collector does it.
func (a *Arrival) Close(ctx context.Context) {
	if a.blob == 0 {
		return
	}
	defer a.store.unmark(a)
	if a.added {
		return
	}
	var got Collected
	err := a.store.db.Steps(context.WithoutCancel(ctx), func(tx *database.Tx) (more bool, err error) {
		return got.Blobs == 0, removeChunk(tx, a.blob, &got)
	})
	if err != nil {
		a.store.log.Warn("removing a partially received file failed", "error", err)
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

// finish gives the blob its hash. It returns false if the same content is stored already.
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

// mark records which blob an arrival fills, so that it does not count as a leftover of a crash. Marks belong to
// arrivals, not to blobs, because the row id of a failed write may have been reused.
func (s *Store) mark(a *Arrival, blob int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arriving[a] = blob
}

func (s *Store) unmark(a *Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.arriving, a)
}

func (s *Store) isArriving(blob int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, filled := range s.arriving {
		if filled == blob {
			return true
		}
	}
	return false
}
