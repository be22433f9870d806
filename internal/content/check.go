package content

import (
	"context"
	"crypto/sha256"
	"fmt"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Source lends connections to a database: that of an instance, or a copy.
type Source interface {
	Read(ctx context.Context, fn func(c *database.Conn) error) error
}

// Check compares content with its hashes.
type Check struct {
	From  Source
	After int64                                // start after this blob
	Pace  func(blob int64, bytes int) error    // called after each read; an error ends the check
	Found func(blob int64, cause string) error // called for each damaged content
	Sound func(blob int64, sums []int64) error // called for each sound content, with the sums of its chunks; may be nil
}

// checkBlobs are listed at a time.
const checkBlobs = 256

// Run checks all content, a chunk at a time. It stores nothing, and holds no connection for long.
func (k Check) Run(ctx context.Context) (checked int, err error) {
	for after := k.After; ; {
		list, err := k.list(ctx, after)
		if err != nil || len(list) == 0 {
			return checked, err
		}
		for _, b := range list {
			if err := k.blob(ctx, b); err != nil {
				return checked, err
			}
			after = b.id
			checked++
		}
	}
}

// stored is a row of the table of blobs.
type stored struct {
	id   int64
	hash Hash
	size int64
}

func (k Check) list(ctx context.Context, after int64) (list []stored, err error) {
	err = k.From.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT id, hash, size FROM blobs WHERE id > ? AND hash IS NOT NULL ORDER BY id LIMIT ?", func(r *database.Row) error {
			b := stored{id: r.Int64(0), size: r.Int64(2)}
			r.ReadBytes(1, b.hash[:])
			list = append(list, b)
			return nil
		}, after, checkBlobs)
	})
	return list, err
}

// blob checks one content.
func (k Check) blob(ctx context.Context, b stored) error {
	sum, sums, chunk := sha256.New(), []int64{}, make([]byte, 0, min(b.size, ChunkSize))
	cause := ""
	for left, n := b.size, 0; left > 0 && cause == ""; n++ {
		want := int(min(left, ChunkSize))
		chunk = chunk[:want]
		got := -1
		err := k.From.Read(ctx, func(c *database.Conn) error {
			_, err := c.First("SELECT data FROM chunks WHERE blob_id = ? AND n = ?", func(r *database.Row) {
				if got = r.Len(0); got == want {
					r.ReadBytes(0, chunk)
				}
			}, b.id, n)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && errs.Is(err, errs.Unavailable): // the database is being closed
			return err
		case err != nil:
			cause = notRead
		case got != want:
			cause = notWhole
		}
		sum.Write(chunk)
		sums = append(sums, chunkSum(chunk))
		left -= int64(want)
		if err := k.Pace(b.id, want); err != nil {
			return err
		}
	}
	if cause == "" && Hash(sum.Sum(nil)) != b.hash {
		cause = NotItsHash
	}
	switch {
	case cause != "":
		return k.report(ctx, b, cause)
	case k.Sound != nil:
		return k.Sound(b.id, sums)
	}
	return nil
}

// report reports damage, unless the content was removed while it was read.
func (k Check) report(ctx context.Context, b stored, cause string) error {
	still := false
	err := k.From.Read(ctx, func(c *database.Conn) (err error) {
		still, err = c.First("SELECT 1 FROM blobs WHERE id = ? AND hash = ?", func(*database.Row) {}, b.id, b.hash[:])
		return err
	})
	if err != nil || !still {
		return err
	}
	return k.Found(b.id, cause)
}

// Check compares all content after a blob with its hashes, records damage, and calls found for it.
func (s *Store) Check(ctx context.Context, after int64, pace func(blob int64, bytes int) error, found func(blob int64, cause string) error) (checked int, err error) {
	known := map[int64]bool{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT blob_id FROM damage", func(r *database.Row) error { known[r.Int64(0)] = true; return nil })
	})
	if err != nil {
		return 0, err
	}
	return Check{
		From: s.db, After: after, Pace: pace,
		Found: func(blob int64, cause string) error {
			if err := found(blob, cause); err != nil {
				return err
			}
			s.noteDamage(ctx, blob, cause)
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
}

// addSums adds checksums to chunks that were stored by an earlier version.
func (s *Store) addSums(ctx context.Context, blob int64, sums []int64) error {
	if len(sums) < 2 {
		return nil
	}
	lacks := false
	err := s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT sum IS NULL FROM chunks WHERE blob_id = ? AND n = 0", func(r *database.Row) { lacks = r.Bool(0) }, blob)
		return err
	})
	for i := len(sums) - 1; i >= 0 && lacks && err == nil; i-- {
		// One per write: SQLite writes the whole chunk again. The first comes last: it marks the blob as complete.
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			return tx.Exec("UPDATE chunks SET sum = ? WHERE blob_id = ? AND n = ?", sums[i], blob, i)
		})
	}
	if err != nil {
		err = fmt.Errorf("store the sums of blob %d: %w", blob, err)
	}
	return err
}
