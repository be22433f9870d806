package hosting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// file deploys one file and returns it.
func (b *bench) file(data []byte) File {
	b.Helper()
	d := b.deploy(testApp, folder{"f": data})
	files, err := b.Files(context.Background(), d.ID)
	if err != nil {
		b.Fatal(err)
	}
	return files[0]
}

// slowUnderRace leaves a test out under the race detector (-short), which takes its time over large contents; the code is
// raced by the tests of small ones.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: large contents")
	}
}

func TestContentOfEverySizeAroundChunks(t *testing.T) {
	slowUnderRace(t)
	b := open(t)
	for _, size := range []int{0, 1, 511, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize, 2*ChunkSize + 1, 5*ChunkSize + 12345} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := noise("size", size)
			f := b.file(data)
			if chunks := b.count("SELECT count(*) FROM chunks WHERE blob_id = ?", f.Blob); chunks != (size+ChunkSize-1)/ChunkSize {
				t.Errorf("%d chunks", chunks)
			}
			if got, err := io.ReadAll(iotest.HalfReader(b.OpenBlob(t.Context(), f.Blob, f.Size))); err != nil || !bytes.Equal(got, data) {
				t.Errorf("Read: %d bytes, %v", len(got), err)
			}
			if size < 1000 { // it seeks to every place there is
				if err := iotest.TestReader(b.OpenBlob(t.Context(), f.Blob, f.Size), data); err != nil {
					t.Error(err)
				}
			}
			var out bytes.Buffer
			n, err := b.OpenBlob(t.Context(), f.Blob, f.Size).WriteTo(&out)
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), data) {
				t.Errorf("WriteTo: %d bytes, %v", n, err)
			}
		})
	}
	b.sound()
}

func TestSeek(t *testing.T) {
	b := open(t)
	data := noise("seek", 3*ChunkSize+100)
	f := b.file(data)
	r := b.OpenBlob(t.Context(), f.Blob, f.Size)
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
	f := b.file(noise("gone", 2*ChunkSize))
	ctx, cancel := context.WithCancel(t.Context())
	canceled, gone := b.OpenBlob(ctx, f.Blob, f.Size), b.OpenBlob(t.Context(), f.Blob, f.Size)
	buf := make([]byte, ChunkSize)
	for _, r := range []*BlobReader{canceled, gone} {
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

// A file streams in the memory of one chunk, on its way in and on its way out.
func TestLargeFilesStreamInConstantMemory(t *testing.T) {
	slowUnderRace(t)
	b := open(t)
	data := noise("large", 64<<20)
	f := folder{"film.mp4": data}
	u := b.begin(testApp, f.plan())
	stream := f.stream(u.Missing)
	in := allocated(func() {
		if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(stream)); err != nil {
			t.Fatal(err)
		}
	})
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := b.Files(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := allocated(func() {
		if n, err := b.OpenBlob(t.Context(), files[0].Blob, files[0].Size).WriteTo(io.Discard); err != nil || n != 64<<20 {
			t.Fatal(n, err)
		}
	})
	t.Logf("allocated %d KB receiving, %d KB reading", in>>10, out>>10)
	if in > 16<<20 || out > 2<<20 {
		t.Errorf("64 MB took %d bytes of memory to receive and %d to read", in, out)
	}
}

// allocated is how much memory fn asked for in all, freed or not.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
