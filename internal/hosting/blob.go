package hosting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// BlobReader reads content chunk by chunk: it holds one chunk in memory and no database connection between reads, so
// that slow readers cost little. It is not safe for concurrent use, except ReadAt.
type BlobReader struct {
	ctx    context.Context
	store  *Store
	blob   int64
	size   int64
	offset int64
	chunk  []byte // the chunk last read; its array is used again
	n      int64  // which chunk that is; -1 = none
}

// OpenBlob reads the blob with the given row and size, as File and Variant give them, for as long as ctx lasts.
func (s *Store) OpenBlob(ctx context.Context, blob, size int64) *BlobReader {
	return &BlobReader{ctx: ctx, store: s, blob: blob, size: size, n: -1}
}

// Read reads on from where the reader stands, at most to the end of the chunk.
func (r *BlobReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	n := copy(p, rest)
	r.offset += int64(n)
	return n, nil
}

// WriteTo writes everything from where the reader stands, a chunk at a time.
func (r *BlobReader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		rest, err := r.rest()
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(rest)
		written += int64(n)
		r.offset += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// Seek moves the reader; nothing is read.
func (r *BlobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seek: whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	r.offset = offset
	return offset, nil
}

// rest is what the chunk under the reader holds from there on.
func (r *BlobReader) rest() ([]byte, error) {
	if r.offset >= r.size {
		return nil, io.EOF
	}
	n := r.offset / ChunkSize
	if n != r.n {
		if err := r.load(n); err != nil {
			return nil, err
		}
	}
	return r.chunk[r.offset-n*ChunkSize:], nil
}

func (r *BlobReader) load(n int64) error {
	want := int(min(r.size-n*ChunkSize, ChunkSize))
	if cap(r.chunk) < want {
		r.chunk = make([]byte, want)
	}
	r.chunk, r.n = r.chunk[:want], -1
	got := -1
	err := r.store.db.Read(r.ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT data FROM chunks WHERE blob_id = ? AND n = ?", func(row *database.Row) {
			if got = row.Len(0); got == want {
				row.ReadBytes(0, r.chunk)
			}
		}, r.blob, n)
		return err
	})
	if err != nil {
		return err
	}
	if got != want {
		return errs.Wrap(errs.NotFound, fmt.Errorf("chunk %d of blob %d has %d bytes, not %d", n, r.blob, got, want),
			"the content is not there any more")
	}
	r.n = n
	return nil
}

// readBlob is a blob in memory.
func (s *Store) readBlob(ctx context.Context, blob, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(s.OpenBlob(ctx, blob, size), data)
	return data, err
}

// putBlob stores content of a few chunks under its hash, unless it is stored already.
func putBlob(tx *database.Tx, hash Hash, data []byte) (blob int64, added bool, err error) {
	err = tx.Exec("INSERT INTO blobs (hash, size, created_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING", hash[:], len(data), time.Now())
	if err != nil {
		return 0, false, err
	}
	if tx.Changes() == 0 {
		_, err = tx.First("SELECT id FROM blobs WHERE hash = ?", func(r *database.Row) { blob = r.Int64(0) }, hash[:])
		return blob, false, err
	}
	blob = tx.LastInsertID()
	n := 0
	for chunk := range slices.Chunk(data, ChunkSize) {
		if err := putChunk(tx, blob, n, chunk); err != nil {
			return 0, false, err
		}
		n++
	}
	return blob, true, nil
}

func putChunk(tx *database.Tx, blob int64, n int, data []byte) error {
	return tx.Exec("INSERT INTO chunks (blob_id, n, data) VALUES (?, ?, ?)", blob, n, data)
}

// arrival is content larger than a chunk on its way into the database: a blob without a hash, which nothing can refer
// to, until its last chunk is there and the hash is right.
type arrival struct {
	blob   int64 // 0 = nothing is stored yet
	chunks int
}

// add stores the next chunk. The write may still fail: only then may the caller keep the result.
func (a arrival) add(tx *database.Tx, data []byte) (arrival, error) {
	if a.blob == 0 {
		if err := tx.Exec("INSERT INTO blobs (hash, size, created_at) VALUES (NULL, 0, ?)", time.Now()); err != nil {
			return a, err
		}
		a.blob = tx.LastInsertID()
	}
	err := putChunk(tx, a.blob, a.chunks, data)
	a.chunks++
	return a, err
}

// finish gives the blob its hash. It reports false when another upload stored the same content first.
func (a arrival) finish(tx *database.Tx, hash Hash, size int64) (added bool, err error) {
	taken, err := tx.First("SELECT 1 FROM blobs WHERE hash = ?", func(*database.Row) {}, hash[:])
	if err != nil || taken {
		return false, err
	}
	return true, tx.Exec("UPDATE blobs SET hash = ?, size = ? WHERE id = ?", hash[:], size, a.blob)
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
