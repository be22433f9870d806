package content

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Reader reads content chunk by chunk. It holds one chunk in memory, or a piece of one, and no database connection
// between reads, so that slow readers are cheap. It is not safe for concurrent use.
type Reader struct {
	ctx    context.Context
	store  *Store
	blob   int64
	size   int64
	offset int64
	chunk  []byte // the last read; its array is reused
	from   int64  // offset of chunk

	shared *Shared // nil = it reads whole chunks by itself
	key    Key
}

// Open returns a Reader for a blob of the given size. It can be used until ctx ends.
func (s *Store) Open(ctx context.Context, blob, size int64) *Reader {
	return &Reader{ctx: ctx, store: s, blob: blob, size: size}
}

// OpenShared is like Open for one of many simultaneous readers: chunks are read once for all of them, under the name
// key.
func (s *Store) OpenShared(ctx context.Context, shared *Shared, key Key, blob, size int64) *Reader {
	return &Reader{ctx: ctx, store: s, blob: blob, size: size, shared: shared, key: key}
}

// Read reads from the current position, at most to the end of the chunk.
func (r *Reader) Read(p []byte) (int, error) {
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

// WriteTo writes everything from the current position, a chunk at a time.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
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

// Seek sets the position without reading.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
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

// Begin reads the first chunk to be written, so that damage is found before a response starts.
func (r *Reader) Begin() error {
	if r.size == 0 {
		return nil
	}
	_, err := r.rest()
	return err
}

// rest returns the part of chunk from the current position.
func (r *Reader) rest() ([]byte, error) {
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

// load reads the chunk at the current position, or a piece of it.
func (r *Reader) load() error {
	n, begin := r.offset/ChunkSize, r.offset%ChunkSize
	buf := r.chunk[:0]
	r.chunk = nil
	if r.shared == nil {
		chunk, err := r.store.readChunk(r.ctx, r.blob, r.size, n, buf)
		r.chunk, r.from = chunk, n*ChunkSize
		return err
	}
	if want := int(min(r.size-r.offset, pieceSize)); cap(buf) < want {
		buf = make([]byte, want)
	}
	got, err := r.shared.read(r.ctx, chunkKey{r.key, n}, int(begin), buf[:cap(buf)], func(ctx context.Context, chunk []byte) ([]byte, error) {
		return r.store.readChunk(ctx, r.blob, r.size, n, chunk)
	})
	r.chunk, r.from = buf[:got], r.offset
	return err
}

// readChunk reads a chunk, into buf if it is large enough, and verifies it. A damaged chunk is recorded and never
// returned.
func (s *Store) readChunk(ctx context.Context, blob, size, n int64, buf []byte) ([]byte, error) {
	want := int(min(size-n*ChunkSize, ChunkSize))
	var is chunkIs
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		if cap(buf) < want { // not while waiting for a connection
			buf = make([]byte, want)
		}
		buf = buf[:want]
		is, err = readChunk(c, blob, n, buf)
		return err
	})
	if err != nil {
		if database.IsDamage(err) {
			s.noteDamage(ctx, blob, notRead)
		}
		return nil, err
	}
	if !is.there {
		return nil, errs.Wrap(errs.NotFound, ErrGone, "the content no longer exists")
	}
	if cause := is.wrong(size, buf); cause != "" {
		s.noteDamage(ctx, blob, cause)
		return nil, errs.Wrap(errs.Internal, fmt.Errorf("%w: chunk %d of blob %d: %s", ErrDamaged, n, blob, cause), "the content is damaged; deploy the app again to repair it")
	}
	return buf, nil
}

// ErrGone is the cause of the error for content that was removed.
var ErrGone = errors.New("the blob was removed")

// chunkIs is what the database contains about a chunk.
type chunkIs struct {
	there  bool // the blob exists
	length int  // -1 = the chunk does not exist
	sum    int64
	summed bool
	hash   Hash // of the whole blob
}

// readChunk reads a chunk into buf if it has exactly that length.
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

// wrong returns what is wrong with a chunk of a blob of the given size; "" = nothing that the chunk alone shows.
func (is chunkIs) wrong(size int64, chunk []byte) string {
	switch {
	case is.length != len(chunk):
		return notWhole
	case size <= ChunkSize && sha256.Sum256(chunk) != is.hash, size > ChunkSize && is.summed && chunkSum(chunk) != is.sum:
		return NotItsHash
	}
	return ""
}

// ReadAll returns a whole blob.
func (s *Store) ReadAll(ctx context.Context, blob, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(s.Open(ctx, blob, size), data)
	return data, err
}
