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

// Reader reads content chunk by chunk: it holds one chunk in memory, or a piece of one, and no database connection
// between reads, so that slow readers cost little. It is not safe for concurrent use.
type Reader struct {
	ctx    context.Context
	store  *Store
	blob   int64
	size   int64
	offset int64
	chunk  []byte // what was last read; its array is used again
	from   int64  // where that lies

	shared *Shared // nil = it reads whole chunks of its own
	key    Key
}

// Open reads a blob of the given size for as long as ctx lasts.
func (s *Store) Open(ctx context.Context, blob, size int64) *Reader {
	return &Reader{ctx: ctx, store: s, blob: blob, size: size}
}

// OpenShared is Open for one of many readers at a time: chunks are read once for all of them, under the name key.
func (s *Store) OpenShared(ctx context.Context, shared *Shared, key Key, blob, size int64) *Reader {
	return &Reader{ctx: ctx, store: s, blob: blob, size: size, shared: shared, key: key}
}

// Read reads on from where the reader stands, at most to the end of the chunk.
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

// WriteTo writes everything from where the reader stands, a chunk at a time.
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

// Seek moves the reader; nothing is read.
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

// Begin reads what is to be written first, so that damage is found before a response begins.
func (r *Reader) Begin() error {
	if r.size == 0 {
		return nil
	}
	_, err := r.rest()
	return err
}

// rest returns what was read of the chunk under the reader, from there on.
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

// load reads the chunk under the reader, or a piece of it.
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
		if database.IsDamage(err) {
			s.noteDamage(ctx, blob, notRead)
		}
		return nil, err
	}
	if !is.there {
		return nil, errs.Wrap(errs.NotFound, ErrGone, "the content is not there any more")
	}
	if cause := is.wrong(size, buf); cause != "" {
		s.noteDamage(ctx, blob, cause)
		return nil, errs.Wrap(errs.Internal, fmt.Errorf("%w: chunk %d of blob %d: %s", ErrDamaged, n, blob, cause), "the content is damaged; deploy the app again, and it is mended")
	}
	return buf, nil
}

// ErrGone is the cause of the error for content that was removed.
var ErrGone = errors.New("the blob was removed")

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

// wrong returns what is wrong with a chunk of a blob of the given size; "" = nothing that can be seen from it alone.
func (is chunkIs) wrong(size int64, chunk []byte) string {
	switch {
	case is.length != len(chunk):
		return notWhole
	case size <= ChunkSize && sha256.Sum256(chunk) != is.hash, size > ChunkSize && is.summed && chunkSum(chunk) != is.sum:
		return NotItsHash
	}
	return ""
}

// ReadAll returns a blob in memory.
func (s *Store) ReadAll(ctx context.Context, blob, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(s.Open(ctx, blob, size), data)
	return data, err
}
