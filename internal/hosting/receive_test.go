package hosting

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
)

func named(data []byte) entry { return entry{content.Hash(sha256.Sum256(data)).String(), data} }

func TestInvalidStreamsAreRefused(t *testing.T) {
	slowUnderRace(t)
	one, two, big := []byte("one"), []byte("two"), noise("big", 1<<20+1)
	f := folder{"one": one, "two": two, "big": big}
	whole := pack(named(one), named(two), named(big))
	damaged := bytes.Clone(big)
	damaged[1<<20] ^= 1
	header := func(h tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		return compressBytes(b.Bytes())
	}
	tests := []struct {
		name   string
		body   io.Reader
		want   string
		stored int // contents that arrived completely before
	}{
		{"nothing", strings.NewReader(""), "the upload is empty", 0},
		{"an archive of nothing", bytes.NewReader(pack()), "the upload is empty", 0},
		{"not zstd", strings.NewReader("PK\x03\x04 and so on and so on"), "not a zstd-compressed tar stream", 0},
		{"not tar", bytes.NewReader(compressBytes(bytes.Repeat([]byte("text"), 500))), "not a zstd-compressed tar stream", 0},
		{"cut off in the middle", bytes.NewReader(whole[:len(whole)/2]), "cut off", 2},
		{"cut off at the end", bytes.NewReader(whole[:len(whole)-1]), "cut off", 2},
		{"cut off inside the archive", bytes.NewReader(compressBytes(packTar(named(one), named(two))[:1024+200])), "cut off", 1},
		{"a lost connection", broken(whole[:len(whole)/2]), "cut off", 2},
		{"something after the archive", bytes.NewReader(compressBytes(append(packTar(named(one)), "more"...))), "data after the end", 1},
		{"something after the compressed stream", bytes.NewReader(append(bytes.Clone(whole), "more"...)), "not a zstd", 3},
		{"content of another hash", bytes.NewReader(pack(named(one), entry{named(two).name, []byte("TWO")})), "two arrived with different content", 1},
		{"large content of another hash", bytes.NewReader(pack(named(one), entry{named(big).name, damaged})), "big arrived with different content", 1},
		{"content of another size", bytes.NewReader(pack(named(one), entry{named(two).name, []byte("two!")})), "two was announced with 3 bytes and sent with 4", 1},
		{"content that was not announced", bytes.NewReader(pack(named(one), named([]byte("three")))), "was not announced", 1},
		{"an entry that is not named by a hash", bytes.NewReader(pack(named(one), entry{"../../etc/passwd", two})), `entry "../../etc/passwd"`, 1},
		{"an upper-case folder", bytes.NewReader(header(tar.Header{Name: named(one).name + "/", Typeflag: tar.TypeDir})), "entries are files", 0},
		{"a symbolic link", bytes.NewReader(header(tar.Header{Name: named(one).name, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink})), "entries are files", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t)
			u := b.begin(testApp, f.plan())
			got, err := b.Receive(t.Context(), u.ID, tt.body)
			wantError(t, err, errs.Invalid, tt.want)
			if got.Files != tt.stored || got.Missing != 3-tt.stored {
				t.Errorf("got %+v, want %d stored", got, tt.stored)
			}
			if n := b.count("SELECT count(*) FROM blobs"); n != tt.stored {
				t.Errorf("%d blobs are stored, want %d", n, tt.stored)
			}
			// Whatever went wrong, a repeated deploy succeeds and sends only the rest.
			again := b.begin(testApp, f.plan())
			if again.ID != u.ID || len(again.Missing) != 3-tt.stored {
				t.Errorf("again: %+v", again)
			}
			b.wantContent(b.deploy(testApp, f), f)
			b.sound()
		})
	}
}

// A megabyte of zeros compresses to a hundred bytes, so a stream may not unpack to more than was announced.
func TestBombsAreRefused(t *testing.T) {
	zeros := make([]byte, 64<<20)
	tests := map[string][]byte{
		"zeros after the archive":  compressBytes(append(packTar(named([]byte("one"))), zeros...)),
		"many entries of the same": pack(repeat(named([]byte("one")), 50_000)...),
		"an endless PAX header":    compressBytes(append(paxHeader(1<<40), zeros...)),
	}
	for name, bomb := range tests {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			u := b.begin(testApp, texts("one", "one").plan())
			_, err := b.Receive(t.Context(), u.ID, bytes.NewReader(bomb))
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("got %v", err)
			}
			if n := b.count("SELECT count(*) FROM blobs"); n > 1 {
				t.Errorf("%d blobs", n)
			}
		})
	}
}

// The decoder holds as much as the header of a frame requests.
func TestWindowsAreBounded(t *testing.T) {
	for log, ok := range map[byte]bool{20: true, 23: true, 24: false, 28: false, 40: false} {
		b := open(t)
		u := b.begin(testApp, texts("one", "one").plan())
		_, err := b.Receive(t.Context(), u.ID, bytes.NewReader(wideWindow(log, packTar(named([]byte("one"))))))
		if ok && err != nil {
			t.Errorf("2^%d: %v", log, err)
		}
		if !ok {
			wantError(t, err, errs.Invalid, "window larger than 8388608 bytes")
		}
	}
}

func repeat(e entry, n int) []entry {
	list := make([]entry, n)
	for i := range list {
		list[i] = e
	}
	return list
}

// wideWindow returns a zstd frame of one raw block that requests a window of 2^log bytes (RFC 8878, 3.1.1).
func wideWindow(log byte, data []byte) []byte {
	block := uint32(len(data))<<3 | 1
	head := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, byte(block), byte(block >> 8), byte(block >> 16)}
	return append(head, data...)
}

func paxHeader(size int64) []byte {
	h := make([]byte, 512)
	copy(h, "pax")
	copy(h[124:], fmt.Sprintf("%011o\x00", min(size, 1<<33-1)))
	h[156] = 'x'
	copy(h[257:], "ustar\x0000")
	copy(h[148:], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func TestInterruptedUploadResumes(t *testing.T) {
	b := open(t)
	f := many(60, 200<<10) // three batches
	u := b.begin(testApp, f.plan())
	body := f.stream(u.Missing)
	got, err := b.Receive(t.Context(), u.ID, broken(body[:len(body)*2/3]))
	wantError(t, err, errs.Invalid, "cut off")
	if got.Files < 35 || got.Files > 45 || got.Missing != 60-got.Files {
		t.Fatalf("got %+v", got)
	}
	again := b.begin(testApp, f.plan())
	if again.ID != u.ID || len(again.Missing) != got.Missing {
		t.Fatalf("%d missing, want %d", len(again.Missing), got.Missing)
	}
	rest, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(again.Missing)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Received{Files: again.count(), Bytes: again.MissingBytes}, rest); diff != "" {
		t.Error(diff)
	}
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(d, f)
}

func (u Upload) count() int { return len(u.Missing) }

// The client leaves and its context ends: what it had sent stays.
func TestCanceledUploadKeepsWhatArrived(t *testing.T) {
	b := open(t)
	f := many(3, 100)
	u := b.begin(testApp, f.plan())
	ctx, cancel := context.WithCancel(t.Context())
	var entries []entry
	for _, data := range f {
		entries = append(entries, named(data))
	}
	archive := packTar(entries...)
	body := compressBytes(archive[:len(archive)-1024]) // all entries, without the end
	got, err := b.Receive(ctx, u.ID, io.MultiReader(bytes.NewReader(body), canceling{cancel}))
	if !errs.Is(err, errs.Canceled) || got.Files != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if again := b.begin(testApp, f.plan()); len(again.Missing) != 0 {
		t.Errorf("%d are missing", len(again.Missing))
	}
}

type canceling struct{ cancel func() }

func (c canceling) Read([]byte) (int, error) {
	c.cancel()
	return 0, context.Canceled
}

func TestContentSentTwiceIsSkipped(t *testing.T) {
	b := open(t)
	one, big := []byte("one"), noise("big", 1<<20+1)
	f := folder{"one": one, "two": []byte("two"), "big": big}
	u := b.begin(testApp, f.plan())
	got, err := b.Receive(t.Context(), u.ID, bytes.NewReader(pack(named(one), named(big), named(one))))
	if diff := cmp.Diff(Received{Files: 2, Bytes: 1<<20 + 4, Skipped: 1, Missing: 1}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	got, err = b.Receive(t.Context(), u.ID, bytes.NewReader(pack(named(one), named(big), named([]byte("two")))))
	if diff := cmp.Diff(Received{Files: 1, Bytes: 3, Skipped: 2}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// The highest level of zstd needs the largest window that a client can use.
func TestStreamsOfEveryLevelAreRead(t *testing.T) {
	slowUnderRace(t)
	data := noise("level", 9<<20)
	f := folder{"a": data}
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		b := open(t)
		u := b.begin(testApp, f.plan())
		var packed bytes.Buffer
		z, err := zstd.NewWriter(&packed, zstd.WithEncoderLevel(level))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(packTar(named(data))); err != nil {
			t.Fatal(err)
		}
		z.Close()
		if got, err := b.Receive(t.Context(), u.ID, &packed); err != nil || got.Files != 1 {
			t.Errorf("%v: %+v, %v", level, got, err)
		}
	}
}

func TestUploadRemovedDuringReceive(t *testing.T) {
	b := open(t)
	f := many(2, 5<<20)
	u := b.begin(testApp, f.plan())
	body := f.stream(u.Missing)
	_, err := b.Receive(t.Context(), u.ID, io.MultiReader(bytes.NewReader(body[:len(body)/2]), action(func() {
		b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM uploads") })
	}), bytes.NewReader(body[len(body)/2:])))
	wantError(t, err, errs.NotFound, "no longer exists")
	if n := b.count("SELECT count(*) FROM blobs WHERE hash IS NULL"); n != 0 {
		t.Errorf("%d pieces were left behind", n)
	}
}

// action is an empty reader that runs a function when it is read.
type action func()

func (a action) Read([]byte) (int, error) {
	a()
	return 0, io.EOF
}

// FuzzReceive feeds arbitrary bytes, once as they are and once compressed. Whatever they are, only announced content is
// stored, the database stays sound, and the call returns.
func FuzzReceive(f *testing.F) {
	one, two := []byte("one"), []byte("twotwotwo") // small: the fuzzer shortens what it finds, byte by byte
	f.Add(packTar(named(one), named(two)))
	f.Add(packTar(named(one)))
	f.Add(packTar(entry{named(one).name, two}))
	f.Add(pack(named(one), named(two)))
	f.Add(wideWindow(28, packTar(named(one))))
	f.Add(paxHeader(100))
	f.Add(binary.LittleEndian.AppendUint32(nil, 0xFD2FB528))
	f.Add([]byte{})
	b := open(f)
	wanted := folder{"one": one, "two": two}
	f.Fuzz(func(t *testing.T, data []byte) {
		b.TB = t
		for _, body := range [][]byte{data, compressBytes(data)} {
			u := b.begin(testApp, wanted.plan())
			got, err := b.Receive(context.Background(), u.ID, bytes.NewReader(body))
			if err == nil && got.Files+got.Skipped == 0 {
				t.Errorf("nothing was received, but there is no error: %+v", got)
			}
			if err != nil && (errs.KindOf(err) != errs.Invalid || errs.Sentence(err) == "") {
				t.Errorf("got %v", err)
			}
			if n := b.count("SELECT count(*) FROM blobs WHERE hash IS NULL OR hash NOT IN (SELECT hash FROM upload_files)"); n > 0 {
				t.Errorf("%d blobs that were not announced", n)
			}
			b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM blobs") })
		}
	})
}
