package hosting

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// rot changes one bit of a chunk, like a failing disk: unnoticed.
func (b *bench) rot(blob int64, n, at int) {
	b.Helper()
	b.write(func(tx *database.Tx) error {
		var data []byte
		if _, err := tx.First("SELECT data FROM chunks WHERE blob_id = ? AND n = ?", func(r *database.Row) { data = r.Bytes(0) }, blob, n); err != nil {
			return err
		}
		data[at] ^= 4
		return tx.Exec("UPDATE chunks SET data = ? WHERE blob_id = ? AND n = ?", data, blob, n)
	})
}

// Content of several chunks that an earlier version stored has no checksums.
func TestTheCheckAddsMissingChecksums(t *testing.T) {
	b := open(t)
	f := b.file(noise("big", 2*content.ChunkSize))
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE chunks SET sum = NULL") })
	if err := b.WatchOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count(*) FROM chunks WHERE sum IS NULL"); n != 0 {
		t.Errorf("%d chunks lack it", n)
	}
	if n := b.Checked(); n != 2*content.ChunkSize {
		t.Errorf("%d bytes were checked", n)
	}
	b.rot(f.Blob, 1, 1)
	if _, err := b.blobs.ReadAll(t.Context(), f.Blob, f.Size); !errs.Is(err, errs.Internal) {
		t.Error(err)
	}
	if err := b.WatchOnce(t.Context()); err != nil || b.Checked() != 2*content.ChunkSize {
		t.Errorf("a round began that was not due: %v", err)
	}
}

// A check that was slowed down or stopped used to sleep as long as the previous rate required.
func TestAWaitingCheckSeesANewRate(t *testing.T) {
	for _, slow := range []int64{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			var rate atomic.Int64
			rate.Store(slow)
			s := throttle{rate: rate.Load}
			began, ended := time.Now(), make(chan error)
			go func() { ended <- s.wait(t.Context(), content.ChunkSize) }()
			time.Sleep(time.Minute)
			select {
			case <-ended:
				t.Fatalf("%d bytes/s: the check continued after a minute", slow)
			default:
			}
			rate.Store(10 * content.ChunkSize)
			if err := <-ended; err != nil || time.Since(began) > time.Minute+2*checkLook {
				t.Errorf("%d bytes/s: it continued after %v, %v", slow, time.Since(began), err)
			}
		})
	}
}

// The rate holds however much is read at a time.
func TestTheCheckObeysItsRate(t *testing.T) {
	for _, bytes := range []int{1 << 10, content.ChunkSize, 16 * content.ChunkSize} {
		synctest.Test(t, func(t *testing.T) {
			s := throttle{rate: func() int64 { return 1 << 20 }}
			began := time.Now()
			for range 32 << 20 / bytes {
				if err := s.wait(t.Context(), bytes); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took < 31*time.Second || took > 33*time.Second {
				t.Errorf("32 s of reading, %d bytes at a time, took %v", bytes, took)
			}
		})
	}
}

// Damaged content may be in every file of every deployment, and all of them used to be changed in one write.
func TestDamageOfManyFilesIsRepairedInSmallWrites(t *testing.T) {
	b := open(t)
	f := copies(8 * stepRows)
	first := b.deploy(testApp, f)
	files, err := b.Files(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	old := files[0].Blob
	b.rot(old, 0, 1)
	if _, err := b.blobs.ReadAll(t.Context(), old, files[0].Size); !content.IsDamaged(err) {
		t.Fatalf("damaged content was read: %v", err)
	}
	u := b.begin(testApp, f.plan())
	if len(u.Missing) != 1 {
		t.Fatalf("%d contents are missing, want the damaged one", len(u.Missing))
	}

	// The process ends after the content arrived and before anything references it.
	b.write(func(tx *database.Tx) error {
		_, _, err := content.Put(tx, u.Missing[0], f["pages/00000.html"])
		return err
	})
	if _, all, err := b.Damage(t.Context()); all != 1 || err != nil {
		t.Errorf("%d are damaged, %v", all, err)
	}
	b.restart()
	b.collect()
	b.wantContent(first, f)
	b.wantSmallWrites("mending")
	if n := b.count("SELECT (SELECT count(*) FROM damage) + (SELECT count(*) FROM blobs WHERE id = ?)", old); n != 0 {
		t.Errorf("the damaged content is still there")
	}
	b.sound()
}
