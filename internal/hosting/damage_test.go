package hosting

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// rot changes one bit of a chunk, as a disk does: nothing else knows of it.
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

// find is a file of the deployment that the site serves.
func (s *site) find(path string) File {
	s.TB.Helper()
	files, err := s.Files(context.Background(), s.view.Deployment)
	if err != nil {
		s.TB.Fatal(err)
	}
	for _, f := range files {
		if f.Path == path {
			return f
		}
	}
	s.TB.Fatalf("no file %s", path)
	return File{}
}

// fetch makes a request and returns its status and what arrived of its body.
func (s *site) fetch(path, byteRange, encoding string) (status int, body []byte, err error) {
	s.TB.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.TB.Fatal(err)
	}
	if byteRange != "" {
		r.Header.Set("Range", byteRange)
	}
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.TB.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// A file with a flipped bit was served with its old entity tag, and the check of the database called it sound.
func TestContentWithAFlippedBitIsNeverServed(t *testing.T) {
	big := noise("big", 3*content.ChunkSize+100)
	text := strings.Repeat("some words to be made small ", 200)
	s := serve(t, folder{"small.bin": noise("small", 5000), "big.bin": big, "text.txt": []byte(text), "good.txt": []byte("good")})
	if err := s.Compress(t.Context(), []File{s.find("text.txt")}); err != nil {
		t.Fatal(err)
	}
	var told []Damage
	s.tellDamage = func(d Damage) { told = append(told, d) }
	if found, checked, err := s.CheckContent(t.Context(), 0, nil); err != nil || len(found) != 0 || checked < 4 {
		t.Fatalf("before: %v, %d, %v", found, checked, err)
	}
	s.rot(s.find("small.bin").Blob, 0, 4000)
	s.rot(s.find("big.bin").Blob, 2, 70)
	small := s.find("text.txt").Variants[0]
	s.rot(small.Blob, 0, 30)

	if status, body, _ := s.fetch("/small.bin", "", ""); status != http.StatusInternalServerError {
		t.Errorf("small: %d, %d bytes", status, len(body))
	}
	status, body, err := s.fetch("/big.bin", "", "")
	if status == http.StatusOK && err == nil || !bytes.HasPrefix(big, body) && status == http.StatusOK {
		t.Errorf("big: %d, %d bytes, %v", status, len(body), err)
	}
	for byteRange, good := range map[string]bool{"bytes=0-99": true, "bytes=2097152-2097251": false, "bytes=2099000-2099100": false, "bytes=3145728-3145800": true} {
		if status, _, err := s.fetch("/big.bin", byteRange, ""); (status == http.StatusPartialContent && err == nil) != good || !good && status != http.StatusInternalServerError {
			t.Errorf("%s of big: %d, %v", byteRange, status, err)
		}
	}
	for _, encoding := range []string{small.Encoding, "", small.Encoding} { // the content itself is sound
		status, body, err := s.fetch("/text.txt", "", encoding)
		if status != http.StatusOK || err != nil || string(body) != text {
			t.Errorf("text as %q: %d, %v", encoding, status, err)
		}
	}
	if status, body, _ := s.fetch("/good.txt", "", ""); status != http.StatusOK || string(body) != "good" {
		t.Errorf("good: %d %q", status, body)
	}
	if len(told) != 3 {
		t.Errorf("told of %v", told)
	}
	known, all, err := s.Damage(t.Context())
	if err != nil || all != 2 || known[0].App != "blog" || known[0].AppID != testApp {
		t.Errorf("%v, %d, %v", known, all, err)
	}
	found, _, err := s.CheckContent(t.Context(), 0, nil)
	if err != nil || len(found) < 2 {
		t.Errorf("the check found %v, %v", found, err)
	}
	if len(told) != 3 {
		t.Errorf("told again of %v", told)
	}
}

func TestDamagedContentIsMendedByDeployingItAgain(t *testing.T) {
	content := folder{"small.bin": noise("small", 5000), "big.bin": noise("big", 2*content.ChunkSize+1), "good.txt": []byte("good")}
	s := serve(t, content)
	s.deploy(otherApp, folder{"copy.bin": content["small.bin"]})
	s.rot(s.find("small.bin").Blob, 0, 7)
	s.rot(s.find("big.bin").Blob, 2, 0)
	s.fetch("/small.bin", "", "")
	s.fetch("/big.bin", "bytes=2097152-", "")
	if _, all, err := s.Damage(t.Context()); all != 2 || err != nil {
		t.Fatalf("%d are damaged, %v", all, err)
	}
	_, err := s.Fork(t.Context(), testApp)
	if !errs.Is(err, errs.Unprocessable) {
		t.Errorf("a fork would spread it: %v", err)
	}

	u, err := s.Begin(t.Context(), "blog", testApp, content.plan())
	if err != nil || u.Same != nil || len(u.Missing) != 2 {
		t.Fatalf("%d are missing, same %v, %v", len(u.Missing), u.Same, err)
	}
	if _, err := s.Receive(t.Context(), u.ID, bytes.NewReader(content.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	if _, all, err := s.Damage(t.Context()); all != 0 || err != nil {
		t.Errorf("%d are still damaged, %v", all, err)
	}
	// Also at the deployments that had it: the damaged row is not theirs any more.
	for _, path := range []string{"/small.bin", "/big.bin", "/good.txt"} {
		for range 2 {
			status, body, err := s.fetch(path, "", "")
			if status == http.StatusOK && (err != nil || !bytes.Equal(body, content[path[1:]])) {
				t.Fatalf("%s: %d bytes, %v", path, len(body), err)
			}
		}
		if status, _, _ := s.fetch(path, "", ""); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	if found, _, err := s.CheckContent(t.Context(), 0, nil); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	if got, err := s.Collect(t.Context()); err != nil || got.Blobs != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Content of several chunks that an earlier version stored has no sums.
func TestTheCheckAddsSumsThatAreMissing(t *testing.T) {
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

// A check that was slowed down, or stopped, slept for as long as the rate of before said.
func TestAHeldUpCheckHearsOfAnotherRate(t *testing.T) {
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
				t.Fatalf("%d bytes/s: the check went on after a minute", slow)
			default:
			}
			rate.Store(10 * content.ChunkSize)
			if err := <-ended; err != nil || time.Since(began) > time.Minute+2*checkLook {
				t.Errorf("%d bytes/s: it went on after %v, %v", slow, time.Since(began), err)
			}
		})
	}
}

// However much is read at a time, the rate holds.
func TestTheCheckKeepsToItsRate(t *testing.T) {
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

// What was damaged may be in every file of every deployment, and all of them changed in one write.
func TestDamageThatManyFilesHaveIsMendedInSmallWrites(t *testing.T) {
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

	// The process ends after the content came and before anything has it.
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
