package hosting

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

func TestOnlyContentThatShrinksIsCompressed(t *testing.T) {
	slowUnderRace(t)
	text := []byte(strings.Repeat("<p>hello, how are you today?</p>\n", 300))
	tests := []struct {
		name, path string
		data       []byte
		want       int // compressed forms
	}{
		{"text", "index.html", text, 3},
		{"text under another name", "data.xyz", text, 3},
		{"text of several chunks", "big.json", bytes.Repeat(text, 200), 3},
		{"text too small", "a.txt", text[:255], 0},
		{"text just large enough", "a.txt", text[:256], 3},
		{"text too large", "dump.sql", bytes.Repeat(text, 1000), 0},
		{"a picture", "photo.jpg", noise("photo", 100<<10), 0},
		{"source of a function", "api/main.js", text, 0},
		{"a hidden file", ".well-known/.secret", text, 0},
		{"nothing", "empty.txt", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t)
			d := b.deploy(testApp, folder{tt.path: tt.data})
			files, err := b.Files(t.Context(), d.ID)
			if err != nil || len(files) != 1 || len(files[0].Variants) != tt.want {
				t.Fatalf("%+v, %v", files, err)
			}
			for i, v := range files[0].Variants {
				if v.Size >= files[0].Size || i > 0 && v.Size < files[0].Variants[i-1].Size {
					t.Errorf("%s has %d of %d bytes at place %d", v.Encoding, v.Size, files[0].Size, i)
				}
				if got := unpack(t, v.Encoding, b.blobs.Open(t.Context(), v.Blob, v.Size)); !bytes.Equal(got, tt.data) {
					t.Errorf("%s unpacks to something else", v.Encoding)
				}
			}
			b.sound()
		})
	}
}

func unpack(t *testing.T, encoding string, r io.Reader) []byte {
	t.Helper()
	var err error
	switch encoding {
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(r); err == nil {
			defer z.Close()
			r = z
		}
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		r, err = gzip.NewReader(r)
	default:
		t.Fatalf("unknown encoding %q", encoding)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestContentIsCompressedOnce(t *testing.T) {
	b := open(t)
	f := folder{"photo.jpg": noise("photo", 5000), "a.txt": bytes.Repeat([]byte("text "), 1000)}
	d := b.deploy(testApp, f)
	files, err := b.Files(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	writes := b.db.Stats().Writes
	if err := b.Compress(t.Context(), files); err != nil || b.db.Stats().Writes != writes {
		t.Errorf("it was stored again: %v", err)
	}
}

func TestManyFilesAreCompressedInFewWritesOfFewRows(t *testing.T) {
	slowUnderRace(t)
	b := open(t)
	f := folder{}
	for i := range 1500 {
		f[fmt.Sprint(i, ".txt")] = []byte(strings.Repeat(fmt.Sprint("line ", i, "\n"), 40))
	}
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	ready, err := b.Ready(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	before := b.db.Stats().Writes
	if err := b.Compress(t.Context(), ready.Files); err != nil {
		t.Fatal(err)
	}
	if writes := b.db.Stats().Writes - before; writes > 150 {
		t.Errorf("%d writes for 1500 files", writes)
	}
	b.wantSmallWrites("compressing")
	if n := b.count("SELECT count(DISTINCT blob_id) FROM variants WHERE variant_id IS NOT NULL"); n != 1500 {
		t.Errorf("%d of 1500 were compressed", n)
	}
}
