package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

// check compares what comes out of an archive with what the package promises.
func check(t *testing.T, data []byte) {
	l := limits()
	l.MaxSiteFiles, l.MaxPathLength, l.MaxFileSize, l.MaxSiteSize = 20, 64, 4<<10, 16<<10
	a, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		if kind := errs.KindOf(err); kind != errs.Invalid && kind != errs.TooLarge {
			t.Fatalf("%v: %v", kind, err)
		}
		return
	}
	bounded(t, a, l)
	again := map[string]bool{}
	err = a.Each(t.Context(), func(f hosting.Announced, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if n != f.Size || again[f.Path] {
			t.Errorf("%s has %d bytes, not %d, or comes twice", f.Path, n, f.Size)
		}
		again[f.Path] = true
		return err
	})
	if err != nil || len(again) != len(a.Files) {
		t.Fatalf("the second reading gave %d of %d files: %v", len(again), len(a.Files), err)
	}
}

func bounded(t *testing.T, a *Archive, l system.Storage) {
	var total int64
	names := map[string]bool{}
	for _, f := range a.Files {
		if err := hosting.CheckPath(f.Path, l.MaxPathLength); err != nil || hosting.LeftOut(f.Path) {
			t.Errorf("%q: %v", f.Path, err)
		}
		if key := strings.ToLower(f.Path); names[key] {
			t.Errorf("%q clashes", f.Path)
		} else {
			names[key] = true
		}
		if f.Size < 0 || f.Size > l.MaxFileSize {
			t.Errorf("%s has %d bytes", f.Path, f.Size)
		}
		total += f.Size
	}
	if total > l.MaxSiteSize || len(a.Files) == 0 || len(a.Files) > l.MaxSiteFiles {
		t.Errorf("%d files with %d bytes", len(a.Files), total)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(makeZip(item{name: "site/index.html", text: "hi"}, item{name: "site/a.js", text: strings.Repeat("x", 300), method: 8}, item{name: "site/d/"}))
	f.Add(makeZip(item{name: "a", text: "hi", flags: flagDescriptor, after: make([]byte, 16), local: func(h []byte) { clear(h[14:26]) }}))
	f.Add(makeZip(item{name: "a", text: "hi", central: put32(24, full32), extra: wide(2)}))
	f.Add(withEnd64(makeZip(item{name: "../a", text: "hi"}), nil))
	f.Add(nested())
	f.Fuzz(check)
}

// FuzzTar changes the tar within the gzip: few changed gzip streams would be readable.
func FuzzTar(f *testing.F) {
	f.Add(makeTar(f, file("site/index.html", "hi"), file("site/"+strings.Repeat("long", 10)+"/x", "y"), special(tar.TypeDir, "site/", "")))
	f.Add(makeTar(f, file("./a", "x"), special(tar.TypeSymlink, "b", "/etc/passwd"), special(tar.TypeLink, "c", "a")))
	f.Add(makeTar(f, file(strings.Repeat("n", 150)+"/../x", "y")))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, packAt(t, gzip.NoCompression, data)) })
}

func FuzzGzip(f *testing.F) {
	f.Add(makeTarGzip(f, file("a", "x")))
	f.Add(append(makeTarGzip(f, file("a", "x")), makeTarGzip(f, file("b", "x"))...))
	f.Add(sparse(f))
	f.Fuzz(check)
}
