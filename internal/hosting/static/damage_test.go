package static

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// A file with a flipped bit used to be served with its old entity tag, and the check of the database reported no
// damage.
func TestContentWithAFlippedBitIsNeverServed(t *testing.T) {
	big := noise("big", 3*content.ChunkSize+100)
	text := strings.Repeat("some words to be made small ", 200)
	s := serve(t, folder{"small.bin": noise("small", 5000), "big.bin": big, "text.txt": []byte(text), "good.txt": []byte("good")})
	if err := s.Compress(t.Context(), []hosting.File{s.find("text.txt")}); err != nil {
		t.Fatal(err)
	}
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
	for _, encoding := range []string{small.Encoding, "", small.Encoding} { // the content itself is intact
		status, body, err := s.fetch("/text.txt", "", encoding)
		if status != http.StatusOK || err != nil || string(body) != text {
			t.Errorf("text as %q: %d, %v", encoding, status, err)
		}
	}
	if status, body, _ := s.fetch("/good.txt", "", ""); status != http.StatusOK || string(body) != "good" {
		t.Errorf("good: %d %q", status, body)
	}
	if len(s.damaged) != 3 {
		t.Errorf("reported %v", s.damaged)
	}
	known, all, err := s.Damage(t.Context())
	if err != nil || all != 2 || known[0].App != "blog" || known[0].AppID != testApp {
		t.Errorf("%v, %d, %v", known, all, err)
	}
	found, _, err := s.CheckContent(t.Context(), 0, nil)
	if err != nil || len(found) < 2 {
		t.Errorf("the check found %v, %v", found, err)
	}
	if len(s.damaged) != 3 {
		t.Errorf("reported again %v", s.damaged)
	}
}

func TestDamagedContentIsRepairedByDeployingItAgain(t *testing.T) {
	files := folder{"small.bin": noise("small", 5000), "big.bin": noise("big", 2*content.ChunkSize+1), "good.txt": []byte("good")}
	s := serve(t, files)
	s.deploy(otherApp, folder{"copy.bin": files["small.bin"]})
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

	u, err := s.Begin(t.Context(), "blog", testApp, files.plan())
	if err != nil || u.Same != nil || len(u.Missing) != 2 {
		t.Fatalf("%d are missing, same %v, %v", len(u.Missing), u.Same, err)
	}
	s.send(u, files)
	if _, all, err := s.Damage(t.Context()); all != 0 || err != nil {
		t.Errorf("%d are still damaged, %v", all, err)
	}
	// Earlier deployments with this content are repaired too: the damaged row is no longer theirs.
	for _, path := range []string{"/small.bin", "/big.bin", "/good.txt"} {
		for range 2 {
			status, body, err := s.fetch(path, "", "")
			if status == http.StatusOK && (err != nil || !bytes.Equal(body, files[path[1:]])) {
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
