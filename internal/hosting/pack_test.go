package hosting

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"fazt/internal/content"
	"fazt/internal/errs"
)

// packed returns what Pack writes for the files at these paths, by hash, and the error of writing it.
func (b *bench) packed(d Deployment, paths ...string) (stream []byte, hashes []content.Hash, err error) {
	b.Helper()
	for _, path := range paths {
		f, err := b.File(b.Context(), d.ID, path)
		if err != nil {
			b.Fatal(err)
		}
		hashes = append(hashes, f.Hash)
	}
	write, err := b.Pack(b.Context(), d.ID, hashes)
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	err = write(&out)
	return out.Bytes(), hashes, err
}

// contentsOf reads a stream as far as possible and returns the contents by the names of their entries.
func contentsOf(t *testing.T, stream []byte) (contents map[string]string, err error) {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	contents = map[string]string{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return contents, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return contents, err
		}
		contents[header.Name] = string(data)
	}
}

func TestPackedContentCanBeDeployedElsewhere(t *testing.T) {
	b := open(t)
	f := folder{"a": []byte("one"), "b": []byte("two"), "empty": nil, "large": noise("large", content.ChunkSize+1)}
	d := b.deploy(testApp, f)
	stream, hashes, err := b.packed(d, "a", "empty", "large")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{hashes[0].String(): "one", hashes[1].String(): "", hashes[2].String(): string(f["large"])}
	if got, err := contentsOf(t, stream); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%d contents, %v", len(got), err)
	}
	other := open(t)
	u := other.begin("", f.plan())
	if got, err := other.Receive(t.Context(), u.ID, bytes.NewReader(stream)); err != nil || got.Files != 3 || got.Missing != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPackRefusesContentThatTheDeploymentLacks(t *testing.T) {
	b := open(t)
	d := b.deploy(testApp, texts("a", "one"))
	other := b.deploy(otherApp, texts("b", "two"))
	own, err := b.File(t.Context(), d.ID, "a")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := b.File(t.Context(), other.ID, "b")
	if err != nil {
		t.Fatal(err)
	}
	for name, hashes := range map[string][]content.Hash{
		"of another app": {own.Hash, foreign.Hash},
		"twice":          {own.Hash, own.Hash},
	} {
		_, err := b.Pack(t.Context(), d.ID, hashes)
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Damaged content fails the stream, but the other requested content arrives first.
func TestPackSendsSoundContentBeforeItFailsForDamaged(t *testing.T) {
	for _, c := range []struct {
		name    string
		paths   []string
		damaged string
		chunk   int
		want    []string // arrive
	}{
		{"the first", []string{"a", "b", "c"}, "a", 0, []string{"b", "c"}},
		{"the last", []string{"a", "b", "c"}, "c", 0, []string{"a", "b"}},
		{"the only one", []string{"a"}, "a", 0, nil},
		{"a later part", []string{"a", "large", "c"}, "large", 1, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			f := folder{"a": []byte("one"), "b": []byte("two"), "c": []byte("three"), "large": noise("large", content.ChunkSize+9)}
			d := b.deploy(testApp, f)
			bad, err := b.File(t.Context(), d.ID, c.damaged)
			if err != nil {
				t.Fatal(err)
			}
			b.rot(bad.Blob, c.chunk, 1)
			stream, hashes, err := b.packed(d, c.paths...)
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), c.damaged+" is damaged on the disk") {
				t.Errorf("the error is %v", err)
			}
			if len(c.want) == 0 {
				if len(stream) != 0 {
					t.Errorf("%d bytes were sent", len(stream))
				}
				return
			}
			want := map[string]string{}
			for i, path := range c.paths {
				for _, arrives := range c.want {
					if path == arrives {
						want[hashes[i].String()] = string(f[path])
					}
				}
			}
			got, err := contentsOf(t, stream)
			if diff := cmp.Diff(want, got); c.chunk == 0 && diff != "" {
				t.Error(diff)
			}
			if err == nil {
				t.Error("the stream looks complete")
			}
		})
	}
}
