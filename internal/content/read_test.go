package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a store on a database file of its own, with deployment_files as the only owner.
type bench struct {
	testing.TB
	*Store
	told []int64 // blobs that were told of as damaged
}

func open(t testing.TB) *bench {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &bench{TB: t, Store: New(Config{DB: db})}
	b.Register(Owner{
		Holds:   []string{"EXISTS (SELECT 1 FROM deployment_files WHERE blob_id = b.id)"},
		Replace: []string{"UPDATE deployment_files SET blob_id = ?1 WHERE (deployment_id, path) IN (SELECT deployment_id, path FROM deployment_files WHERE blob_id = ?2 LIMIT ?3)"},
		Damaged: func(_ context.Context, blob int64, _ string) { b.told = append(b.told, blob) },
	})
	return b
}

func (b *bench) write(fn func(tx *database.Tx) error) {
	b.Helper()
	if err := b.db.Write(context.Background(), fn); err != nil {
		b.Fatal(err)
	}
}

// count returns the number a query gives.
func (b *bench) count(sql string, args ...any) (n int) {
	b.Helper()
	err := b.db.Read(context.Background(), func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) }, args...)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// put stores content as a stream of chunks does, or at once where it fits one.
func (b *bench) put(data []byte) (blob Blob) {
	b.Helper()
	hash := Hash(sha256.Sum256(data))
	if len(data) <= ChunkSize {
		b.write(func(tx *database.Tx) (err error) { blob.ID, _, err = Put(tx, hash, data); return err })
		return Blob{blob.ID, int64(len(data))}
	}
	a := b.Arrive()
	defer a.Close(context.Background())
	for rest := data; len(rest) > 0; {
		chunk := rest[:min(len(rest), ChunkSize)]
		rest = rest[len(chunk):]
		var whole *Hash
		if len(rest) == 0 {
			whole = &hash
		}
		if _, err := a.Add(func(fn func(*database.Tx) error) error { return b.db.Write(context.Background(), fn) }, chunk, whole); err != nil {
			b.Fatal(err)
		}
	}
	return Blob{a.blob, int64(len(data))}
}

// hold refers to content, under a path of its own.
func (b *bench) hold(path string, blob Blob) {
	b.Helper()
	b.write(func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO deployment_files (deployment_id, path, blob_id) VALUES ('dep', ?, ?)", path, blob.ID)
	})
}

// noise is content that cannot be compressed, the same for the same seed.
func noise(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

func TestContentOfEverySizeAroundChunks(t *testing.T) {
	if testing.Short() {
		t.Skip("short: large contents")
	}
	b := open(t)
	for _, size := range []int{0, 1, 511, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize, 2*ChunkSize + 1, 5*ChunkSize + 12345} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := noise("size", size)
			f := b.put(data)
			if chunks := b.count("SELECT count(*) FROM chunks WHERE blob_id = ?", f.ID); chunks != (size+ChunkSize-1)/ChunkSize {
				t.Errorf("%d chunks", chunks)
			}
			if got, err := io.ReadAll(iotest.HalfReader(b.Open(t.Context(), f.ID, f.Size))); err != nil || !bytes.Equal(got, data) {
				t.Errorf("Read: %d bytes, %v", len(got), err)
			}
			if size < 1000 { // it seeks to every place there is
				if err := iotest.TestReader(b.Open(t.Context(), f.ID, f.Size), data); err != nil {
					t.Error(err)
				}
			}
			var out bytes.Buffer
			n, err := b.Open(t.Context(), f.ID, f.Size).WriteTo(&out)
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), data) {
				t.Errorf("WriteTo: %d bytes, %v", n, err)
			}
		})
	}
}

func TestSeek(t *testing.T) {
	b := open(t)
	data := noise("seek", 3*ChunkSize+100)
	f := b.put(data)
	r := b.Open(t.Context(), f.ID, f.Size)
	for _, tt := range []struct {
		offset int64
		whence int
		want   int64 // -1 = refused
	}{
		{0, io.SeekStart, 0}, {ChunkSize - 3, io.SeekStart, ChunkSize - 3}, {10, io.SeekCurrent, ChunkSize + 7},
		{-5, io.SeekEnd, 3*ChunkSize + 95}, {100, io.SeekEnd, 3*ChunkSize + 200}, {-1, io.SeekStart, -1}, {0, 7, -1},
	} {
		at, err := r.Seek(tt.offset, tt.whence)
		if (err != nil) != (tt.want < 0) || err == nil && at != tt.want {
			t.Errorf("seek %d %d: %d, %v", tt.offset, tt.whence, at, err)
		}
		if tt.want < 0 {
			continue
		}
		got, want := make([]byte, 6), data[min(at, f.Size):min(at+6, f.Size)]
		n, err := io.ReadFull(r, got)
		if !bytes.Equal(got[:n], want) || (n < 6) != (err != nil) {
			t.Errorf("read at %d: %d bytes, %v", at, n, err)
		}
		r.Seek(at, io.SeekStart)
	}
}

func TestReadingStopsWithItsContextAndItsContent(t *testing.T) {
	b := open(t)
	f := b.put(noise("gone", 2*ChunkSize))
	ctx, cancel := context.WithCancel(t.Context())
	canceled, gone := b.Open(ctx, f.ID, f.Size), b.Open(t.Context(), f.ID, f.Size)
	buf := make([]byte, ChunkSize)
	for _, r := range []*Reader{canceled, gone} {
		if _, err := io.ReadFull(r, buf); err != nil {
			t.Fatal(err)
		}
	}
	// With all readers busy, a read waits, and must not when its context has ended.
	cancel()
	if _, err := canceled.Read(buf); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE blobs SET hash = NULL") })
	if n, err := gone.Read(buf); n != 0 || !errs.Is(err, errs.NotFound) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
