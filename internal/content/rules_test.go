package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

func TestContentIsStoredOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	data := []byte("content")
	hash := Hash(sha256.Sum256(data))
	if b.Has(t.Context(), hash) {
		t.Error("it is there before it was stored")
	}
	first := b.put(data)
	var again int64
	var added bool
	b.write(func(tx *database.Tx) (err error) { again, added, err = Put(tx, hash, data); return err })
	if again != first.ID || added || b.count("SELECT count(*) FROM blobs") != 1 || b.count("SELECT count(*) FROM chunks") != 1 {
		t.Errorf("stored again as %d, added %v; it is %d", again, added, first.ID)
	}
	if !b.Has(t.Context(), hash) || b.Has(t.Context(), Hash(sha256.Sum256(nil))) {
		t.Error("Has")
	}
	ended, cancel := context.WithCancel(t.Context())
	if cancel(); !b.Has(ended, hash) {
		t.Error("with a context that has ended, it counts as missing")
	}
}

func TestContentOfOneChunkHasNoSumOfItsOwn(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, tt := range []struct{ size, chunks, sums int }{{0, 0, 0}, {1, 1, 0}, {ChunkSize, 1, 0}, {ChunkSize + 1, 2, 2}} {
		data := noise("x", tt.size)
		var blob int64
		b.write(func(tx *database.Tx) (err error) { blob, _, err = Put(tx, sha256.Sum256(data), data); return err })
		chunks, sums := b.count("SELECT count(*) FROM chunks WHERE blob_id = ?", blob), b.count("SELECT count(sum) FROM chunks WHERE blob_id = ?", blob)
		if chunks != tt.chunks || sums != tt.sums {
			t.Errorf("%d bytes: %d chunks with %d sums", tt.size, chunks, sums)
		}
		if got, err := b.ReadAll(t.Context(), blob, int64(tt.size)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d come back, %v", tt.size, len(got), err)
		}
	}
}

// harm is a way in which stored content can be damaged.
type harm struct {
	name, sql string // of blob ?
	cause     string // "" = no damage
}

var harms = []harm{
	{"a changed byte", "UPDATE chunks SET data = CAST(X'00' || substr(data, 2) AS BLOB) WHERE blob_id = ? AND n = 0", NotItsHash},
	{"a byte less", "UPDATE chunks SET data = substr(data, 2) WHERE blob_id = ? AND n = 0", notWhole},
	{"a byte more", "UPDATE chunks SET data = CAST(data || X'00' AS BLOB) WHERE blob_id = ? AND n = 0", notWhole},
	{"no first chunk", "DELETE FROM chunks WHERE blob_id = ? AND n = 0", notWhole},
	{"another hash", "UPDATE blobs SET hash = zeroblob(32) WHERE id = ?", NotItsHash},
}

func TestDamagedContentIsNeverReturned(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, ChunkSize + 10} {
		b := open(t)
		blobs, want := map[string]Blob{}, map[int64]string{}
		for _, h := range harms {
			if size > ChunkSize && h.name == "a byte more" {
				continue // the table has no larger chunks
			}
			blob := b.put(append([]byte{1}, noise(h.name, size-1)...))
			b.hold(h.name, blob)
			b.write(func(tx *database.Tx) error { return tx.Exec(h.sql, blob.ID) })
			blobs[h.name], want[blob.ID] = blob, h.cause
			got, err := b.ReadAll(t.Context(), blob.ID, blob.Size)
			if h.name == "another hash" && size > ChunkSize { // chunks have their own sums; the check finds it
				if err != nil {
					t.Errorf("%s, %d bytes: %v", h.name, size, err)
				}
			} else if !IsDamaged(err) || !errs.Is(err, errs.Internal) || !strings.HasPrefix(err.Error(), "the content is damaged; deploy the app again to repair it") || !strings.HasSuffix(err.Error(), h.cause) {
				t.Errorf("%s, %d bytes: %d bytes, %v", h.name, size, len(got), err)
			}
		}
		found := map[int64]string{}
		n, err := b.Check(t.Context(), 0, func(int64, int) error { return nil }, func(blob int64, cause string) error { found[blob] = cause; return nil })
		if n != len(blobs) || err != nil || !maps.Equal(found, want) {
			t.Errorf("%d bytes: the check of %d finds %v, %v; want %v", size, n, found, err, want)
		}
		if n := b.count("SELECT count(*) FROM damage"); n != len(blobs) || len(b.told) != n {
			t.Errorf("%d bytes: recorded %d times, told %d times", size, n, len(b.told))
		}
	}
}

func TestWhatAChunkAloneShows(t *testing.T) {
	t.Parallel()
	data := []byte("chunk")
	whole, other := Hash(sha256.Sum256(data)), Hash{}
	for _, tt := range []struct {
		name string
		is   chunkIs
		size int64
		want string
	}{
		{"sound", chunkIs{length: 5, hash: whole}, 5, ""},
		{"another hash", chunkIs{length: 5, hash: other}, 5, NotItsHash},
		{"another hash of a full chunk", chunkIs{length: 5, hash: other}, ChunkSize, NotItsHash},
		{"of several chunks", chunkIs{length: 5, hash: other, summed: true, sum: chunkSum(data)}, ChunkSize + 1, ""},
		{"of several chunks, another sum", chunkIs{length: 5, hash: other, summed: true, sum: chunkSum(data) + 1}, ChunkSize + 1, NotItsHash},
		{"of several chunks, without a sum", chunkIs{length: 5, hash: other, sum: 7}, ChunkSize + 1, ""},
		{"missing", chunkIs{length: -1, hash: whole}, 5, notWhole},
		{"shorter", chunkIs{length: 4, hash: whole}, 5, notWhole},
		{"longer", chunkIs{length: 6, hash: whole}, 5, notWhole},
	} {
		if got := tt.is.wrong(tt.size, data); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if IsDamaged(nil) || IsDamaged(io.EOF) || !IsDamaged(fmt.Errorf("chunk 1: %w", ErrDamaged)) {
		t.Error("IsDamaged")
	}
}

func TestACheckStartsAndEndsWhereItShould(t *testing.T) {
	t.Parallel()
	b := open(t)
	var blobs []Blob
	b.write(func(tx *database.Tx) error {
		blobs = nil
		for i := range checkBlobs + 3 { // more than it lists at once
			data := fmt.Appendf(nil, "content %03d", i)
			blob, _, err := Put(tx, sha256.Sum256(data), data)
			if err != nil {
				return err
			}
			blobs = append(blobs, Blob{blob, int64(len(data))})
		}
		return nil
	})
	stop := errors.New("enough")
	run := func(after int64, pace func(int64, int) error) (seen []int64, n int, err error) {
		n, err = b.Check(t.Context(), after, func(blob int64, bytes int) error {
			if seen = append(seen, blob); bytes != len("content 000") {
				t.Errorf("%d bytes were read", bytes)
			}
			return pace(blob, bytes)
		}, func(blob int64, cause string) error { t.Errorf("blob %d: %s", blob, cause); return nil })
		return seen, n, err
	}
	never := func(int64, int) error { return nil }
	for name, tt := range map[string]struct {
		after int64
		from  int // in blobs
	}{"from the start": {0, 0}, "after the first": {blobs[0].ID, 1}, "after the last but one": {blobs[len(blobs)-2].ID, len(blobs) - 1}, "after the last": {blobs[len(blobs)-1].ID, len(blobs)}} {
		seen, n, err := run(tt.after, never)
		want := len(blobs) - tt.from
		if err != nil || n != want || len(seen) != want || want > 0 && (seen[0] != blobs[tt.from].ID || !slices.IsSorted(seen)) {
			t.Errorf("%s: %d of %d contents, %v", name, n, want, err)
		}
	}
	seen, n, err := run(0, func(blob int64, _ int) error {
		if blob == blobs[2].ID {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 2 || len(seen) != 3 {
		t.Errorf("%d contents before the end of its pace, %v", n, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if n, err := b.Check(ctx, 0, never, nil); n != 0 || err == nil {
		t.Errorf("%d contents after its context ended, %v", n, err)
	}
	b.write(func(tx *database.Tx) error {
		return tx.Exec("UPDATE chunks SET data = zeroblob(length(data)) WHERE blob_id IN (?, ?)", blobs[1].ID, blobs[3].ID)
	})
	n, err = b.Check(t.Context(), 0, never, func(int64, string) error { return stop })
	if !errors.Is(err, stop) || n != 1 || b.count("SELECT count(*) FROM damage") != 0 {
		t.Errorf("%d contents before the first that is damaged, %v", n, err)
	}
}

func TestVariantsAreStoredIfTheyAreWorthIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		small, data int
		want        bool
	}{{0, 0, true}, {1, 1, true}, {9, 9, true}, {9, 10, true}, {10, 10, false}, {90, 100, true}, {91, 100, false}, {99, 109, true}, {100, 109, false}} {
		if got := worth(make([]byte, tt.small), make([]byte, tt.data)); got != tt.want {
			t.Errorf("%d bytes for %d are worth it: %v", tt.small, tt.data, got)
		}
	}
	b := open(t)
	text, random, short := b.put(bytes.Repeat([]byte("text "), 1000)), b.put(noise("x", 5000)), b.put(bytes.Repeat([]byte("t"), compressFrom-1))
	for range 2 { // the second time there is nothing left to do
		if err := b.Compress(t.Context(), []Blob{text, random, short, text}); err != nil {
			t.Fatal(err)
		}
	}
	var list []string
	err := b.db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT v.encoding, coalesce(x.size, -1), v.blob_id FROM variants v LEFT JOIN blobs x ON x.id = v.variant_id ORDER BY v.blob_id, v.encoding", func(r *database.Row) error {
			if size := r.Int64(1); size >= text.Size*9/10 {
				t.Errorf("%s has %d bytes", r.Text(0), size)
			}
			list = append(list, fmt.Sprint(r.Int64(2), r.Text(0)))
			return nil
		})
	})
	if want := []string{fmt.Sprint(text.ID, "br"), fmt.Sprint(text.ID, "gzip"), fmt.Sprint(text.ID, "zstd"), fmt.Sprint(random.ID, untouched)}; err != nil || !slices.Equal(list, want) {
		t.Errorf("variants %v, want %v; %v", list, want, err)
	}
	if err := b.Compress(t.Context(), nil); err != nil {
		t.Error(err)
	}
	// If its content goes, a variant goes too.
	got, err := b.Collect(t.Context())
	if err != nil || got.Blobs != 6 || b.count("SELECT count(*) FROM blobs") != 0 || b.count("SELECT count(*) FROM chunks") != 0 {
		t.Errorf("collected %+v, %v; %d are left", got, err, b.count("SELECT count(*) FROM blobs"))
	}
}

func TestContentThatCannotBeReadIsNotCompressed(t *testing.T) {
	t.Parallel()
	b := open(t)
	text := b.put(bytes.Repeat([]byte("text "), 1000))
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE chunks SET data = zeroblob(length(data))") })
	if err := b.Compress(t.Context(), []Blob{text}); !IsDamaged(err) {
		t.Error(err)
	}
	if n := b.count("SELECT count(*) FROM variants"); n != 0 {
		t.Errorf("%d variants of damaged content", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Compress(ctx, []Blob{{text.ID, compressFrom}}); err == nil {
		t.Error("it works after its context ended")
	}
}

// A variant that refers to damaged content must refer to what replaces it, in both directions.
func TestVariantsFollowTheContentThatIsReplaced(t *testing.T) {
	t.Parallel()
	b := open(t)
	data := bytes.Repeat([]byte("text "), 1000)
	blob := b.put(data)
	b.hold("a", blob)
	if err := b.Compress(t.Context(), []Blob{blob}); err != nil {
		t.Fatal(err)
	}
	if err := b.Mend(t.Context()); err != nil { // nothing is damaged
		t.Fatal(err)
	}
	b.noteDamage(t.Context(), blob.ID, NotItsHash)
	again := b.put(data)
	if again.ID == blob.ID {
		t.Fatal("damaged content was taken for the new one")
	}
	if err := b.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	if old, now := b.count("SELECT count(*) FROM variants WHERE blob_id = ?", blob.ID), b.count("SELECT count(*) FROM variants WHERE blob_id = ?", again.ID); old != 0 || now != 3 {
		t.Errorf("%d variants of the old content, %d of the new", old, now)
	}
	if n := b.count("SELECT count(*) FROM damage"); n != 0 {
		t.Errorf("%d records of damage are left", n)
	}
}

func TestSharedChunksAreKeptWithinTheLimit(t *testing.T) {
	t.Parallel()
	limit := 0
	c := NewShared(func() int { return limit })
	loads := 0
	read := func(n int64, begin int) string {
		t.Helper()
		buf := make([]byte, 4)
		got, err := c.read(t.Context(), chunkKey{n: n}, begin, buf, func(_ context.Context, into []byte) ([]byte, error) {
			loads++
			return fmt.Appendf(into[:0], "chunk %d", n), nil
		})
		if err != nil {
			t.Error(err)
		}
		return string(buf[:got])
	}
	for _, tt := range []struct {
		limit int
		reads []int64
		loads int // of them
		held  int64
	}{
		{1, []int64{1, 1, 2, 1}, 3, 1},
		{2, []int64{1, 2, 1, 2}, 1, 2}, // 1 is there
		{2, []int64{1, 3, 1, 2}, 2, 2}, // 2 is the one that was not used for longest
		{0, []int64{4, 4}, 1, 1},       // the newest is always there
		{100, []int64{11, 12, 13, 14, 15, 16, 17, 18, 19, 11}, 10, MaxShared},
	} {
		limit, loads = tt.limit, 0
		for _, n := range tt.reads {
			read(n, 0)
		}
		if loads != tt.loads || c.Memory() != tt.held*ChunkSize {
			t.Errorf("limit %d: %v took %d loads and %d chunks, want %d and %d", tt.limit, tt.reads, loads, c.Memory()/ChunkSize, tt.loads, tt.held)
		}
	}
	for begin, want := range map[int]string{0: "chun", 3: "nk 1", 6: "1", 7: "", 100: ""} {
		if got := read(1, begin); got != want {
			t.Errorf("from %d: %q, want %q", begin, got, want)
		}
	}
}

func TestAVisitorWhoLeavesDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	c := NewShared(func() int { return 2 })
	gone := errors.New("the visitor left")
	ctx, cancel := context.WithCancelCause(t.Context())
	loading, release := make(chan struct{}), make(chan struct{})
	load := func(ctx context.Context, into []byte) ([]byte, error) {
		close(loading)
		<-release
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > loadTime {
			t.Error("a load has no end of its own")
		}
		return append(into, "data"...), ctx.Err()
	}
	var all sync.WaitGroup
	all.Go(func() { // starts the load, and leaves
		_, _ = c.read(ctx, chunkKey{}, 0, make([]byte, 4), load)
	})
	<-loading
	all.Go(func() {
		buf := make([]byte, 4)
		if n, err := c.read(t.Context(), chunkKey{}, 0, buf, nil); err != nil || string(buf[:n]) != "data" {
			t.Errorf("%q %v", buf, err)
		}
	})
	cancel(gone)
	if _, err := c.read(ctx, chunkKey{}, 0, make([]byte, 4), nil); !errors.Is(err, gone) {
		t.Errorf("a visitor who left gets %v", err)
	}
	close(release)
	all.Wait()
}

func TestManyReadersOfALargeFile(t *testing.T) {
	t.Parallel()
	b := open(t)
	data := noise("large", 2*ChunkSize+pieceSize+7)
	blob := b.put(data)
	shared := NewShared(func() int { return 2 })
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			r := b.OpenShared(t.Context(), shared, Key{Hash: sha256.Sum256(data)}, blob.ID, blob.Size)
			if worker%2 == 1 {
				if _, err := r.Seek(ChunkSize-3, io.SeekStart); err != nil {
					t.Error(err)
				}
			}
			var out bytes.Buffer
			n, err := r.WriteTo(&out)
			if want := data[worker%2*(ChunkSize-3):]; err != nil || n != int64(len(want)) || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%d bytes, %v", n, err)
			}
			if n, err := r.Read(nil); n != 0 || err != nil {
				t.Errorf("a read of nothing: %d %v", n, err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("a read after the end: %d %v", n, err)
			}
		})
	}
	all.Wait()
	full := errors.New("the visitor's connection is full")
	if n, err := b.OpenShared(t.Context(), shared, Key{}, blob.ID, blob.Size).WriteTo(writerFunc(func(p []byte) (int, error) { return len(p) / 2, full })); !errors.Is(err, full) || n != pieceSize/2 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestACollectionReturnsPagesToTheDisk(t *testing.T) {
	t.Parallel()
	b := open(t)
	held := b.put(noise("held", 100_000))
	b.hold("a", held)
	const size = database.SparePages*4096 + 2*ChunkSize // some free pages stay in the file
	b.put(noise("free", size))
	got, err := b.Collect(t.Context())
	if err != nil || got.Blobs != 1 || got.Bytes != size || got.Pages < 2*ChunkSize/4096 {
		t.Errorf("collected %+v, %v", got, err)
	}
	if got, err := b.Collect(t.Context()); err != nil || got.Blobs != 0 || got.Bytes != 0 {
		t.Errorf("a second time it collected %+v, %v", got, err)
	}
}

func TestFailuresInTheBackgroundAreLogged(t *testing.T) {
	t.Parallel()
	b := open(t)
	blob := b.put([]byte("content"))
	var logged bytes.Buffer
	loud, silent := New(Config{DB: b.db, Log: slog.New(slog.NewTextHandler(&logged, nil))}), New(Config{DB: b.db})
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{loud, silent} {
		s.noteDamage(t.Context(), blob.ID, NotItsHash)
	}
	if got := logged.String(); strings.Count(got, "recording damaged content failed") != 1 {
		t.Errorf("logged %q", got)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
