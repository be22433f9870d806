package hosting

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// BlobReader reads content chunk by chunk: it holds one chunk in memory, or a piece of one, and no database connection
// between reads, so that slow readers cost little. It is not safe for concurrent use.
type BlobReader struct {
	ctx    context.Context
	store  *Store
	blob   int64
	size   int64
	offset int64
	chunk  []byte // what was last read; its array is used again
	from   int64  // where that lies

	recent *recentChunks // of a visitor's reader: where chunks are shared with those of others
	key    bodyKey
}

// OpenBlob reads the blob with the given row and size, as File and Variant give them, for as long as ctx lasts.
func (s *Store) OpenBlob(ctx context.Context, blob, size int64) *BlobReader {
	return &BlobReader{ctx: ctx, store: s, blob: blob, size: size}
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

// begin reads what is to be written first, so that what is damaged is found before an answer begins.
func (r *BlobReader) begin() error {
	if r.size == 0 {
		return nil
	}
	_, err := r.rest()
	return err
}

// rest is what was read of the chunk under the reader, from there on.
func (r *BlobReader) rest() ([]byte, error) {
	if r.offset >= r.size {
		return nil, io.EOF
	}
	if r.offset < r.from || r.offset >= r.from+int64(len(r.chunk)) {
		if err := r.load(); err != nil {
			return nil, err
		}
	}
	return r.chunk[r.offset-r.from:], nil
}

// load reads the chunk under the reader, or a piece of it.
func (r *BlobReader) load() error {
	n, begin := r.offset/ChunkSize, r.offset%ChunkSize
	buf := r.chunk[:0]
	r.chunk = nil
	if r.recent == nil {
		chunk, err := r.store.readChunk(r.ctx, r.blob, r.size, n, buf)
		r.chunk, r.from = chunk, n*ChunkSize
		return err
	}
	if want := int(min(r.size-r.offset, pieceSize)); cap(buf) < want {
		buf = make([]byte, want)
	}
	got, err := r.recent.read(r.ctx, chunkKey{r.key, n}, int(begin), buf[:cap(buf)], func(ctx context.Context, chunk []byte) ([]byte, error) {
		return r.store.readChunk(ctx, r.blob, r.size, n, chunk)
	})
	r.chunk, r.from = buf[:got], r.offset
	return err
}

// readChunk reads a chunk, into buf if it has the room, and makes sure that it is what was stored. What is not is
// remembered, and never returned.
func (s *Store) readChunk(ctx context.Context, blob, size, n int64, buf []byte) ([]byte, error) {
	want := int(min(size-n*ChunkSize, ChunkSize))
	var is chunkIs
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		if cap(buf) < want { // not while it waits for a connection
			buf = make([]byte, want)
		}
		buf = buf[:want]
		is, err = readChunk(c, blob, n, buf)
		return err
	})
	if err != nil {
		if unreadable(err) {
			s.noteDamage(ctx, blob, notRead)
		}
		return nil, err
	}
	if !is.there {
		return nil, errs.Wrap(errs.NotFound, errGone, "the content is not there any more")
	}
	if cause := is.wrong(size, buf); cause != "" {
		s.noteDamage(ctx, blob, cause)
		return nil, errs.Wrap(errs.Internal, fmt.Errorf("%w: chunk %d of blob %d: %s", errDamaged, n, blob, cause), "the content is damaged; deploy the app again, and it is mended")
	}
	return buf, nil
}

// errGone is the cause of the error for content that is not there any more.
var errGone = errors.New("the blob was removed")

// chunkIs is what the database says of a chunk.
type chunkIs struct {
	there  bool // the blob is there
	length int  // -1 = the chunk is not
	sum    int64
	summed bool
	hash   Hash // of the whole blob
}

// readChunk reads a chunk into buf, if it has just that length.
func readChunk(c *database.Conn, blob, n int64, buf []byte) (is chunkIs, err error) {
	is.there, err = c.First("SELECT k.data, k.sum, b.hash FROM blobs b LEFT JOIN chunks k ON k.blob_id = b.id AND k.n = ? WHERE b.id = ? AND b.hash IS NOT NULL", func(r *database.Row) {
		is.length = r.Len(0)
		if r.IsNull(0) {
			is.length = -1
		} else if is.length == len(buf) {
			r.ReadBytes(0, buf)
		}
		is.sum, is.summed = r.Int64(1), !r.IsNull(1)
		r.ReadBytes(2, is.hash[:])
	}, n, blob)
	return is, err
}

// wrong says what is wrong with a chunk of a blob of the given size; "" = nothing that can be told from it alone.
func (is chunkIs) wrong(size int64, chunk []byte) string {
	switch {
	case is.length != len(chunk):
		return notWhole
	case size <= ChunkSize && sha256.Sum256(chunk) != is.hash, size > ChunkSize && is.summed && chunkSum(chunk) != is.sum:
		return notItsHash
	}
	return ""
}

// unreadable says whether an error is of the disk or of the structure of the file, and not of whoever asks.
func unreadable(err error) bool { return database.IsDamage(err) }

// readBlob is a blob in memory.
func (s *Store) readBlob(ctx context.Context, blob, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(s.OpenBlob(ctx, blob, size), data)
	return data, err
}

// putBlob stores content of a few chunks under its hash, unless it is stored already.
func putBlob(tx *database.Tx, hash Hash, data []byte) (blob int64, added bool, err error) {
	replace, err := disownDamaged(tx, hash)
	if err != nil {
		return 0, false, err
	}
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
		if err := putChunk(tx, blob, n, chunk, len(data) > ChunkSize); err != nil {
			return 0, false, err
		}
		n++
	}
	return blob, true, replaceDamaged(tx, replace, blob)
}

// putChunk stores a chunk, with its sum where it is one of several.
func putChunk(tx *database.Tx, blob int64, n int, data []byte, several bool) error {
	var sum any
	if several {
		sum = chunkSum(data)
	}
	return tx.Exec("INSERT INTO chunks (blob_id, n, data, sum) VALUES (?, ?, ?, ?)", blob, n, data, sum)
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
	err := putChunk(tx, a.blob, a.chunks, data, true)
	a.chunks++
	return a, err
}

// finish gives the blob its hash. It reports false when another upload stored the same content first.
func (a arrival) finish(tx *database.Tx, hash Hash, size int64) (added bool, err error) {
	replace, err := disownDamaged(tx, hash)
	if err != nil {
		return false, err
	}
	taken, err := tx.First("SELECT 1 FROM blobs WHERE hash = ?", func(*database.Row) {}, hash[:])
	if err != nil || taken {
		return false, err
	}
	if err := tx.Exec("UPDATE blobs SET hash = ?, size = ? WHERE id = ?", hash[:], size, a.blob); err != nil {
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
