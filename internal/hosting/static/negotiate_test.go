package static

import (
	"testing"

	"fazt/internal/content"
)

func TestNegotiate(t *testing.T) {
	all := []content.Variant{{Encoding: "zstd"}, {Encoding: "br"}, {Encoding: "gzip"}}
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip"}, "gzip"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"gzip, deflate, br, zstd"}, "zstd"},
		{[]string{"gzip, deflate, br"}, "br"},
		{[]string{"gzip", "br"}, "br"},
		{[]string{"gzip;q=1.0, br;q=0.9"}, "gzip"},
		{[]string{"gzip;q=0.5 , br ; q=0.501"}, "br"},
		{[]string{"gzip;Q=0.5, br;q=0.4"}, "gzip"},
		{[]string{"br;q=0, gzip;q=0"}, ""},
		{[]string{"br;q=0, *"}, "zstd"},
		{[]string{"*;q=0"}, ""},
		{[]string{"*"}, "zstd"},
		{[]string{"identity"}, ""},
		{[]string{"identity, gzip"}, "gzip"},
		{[]string{"identity, gzip;q=0.5"}, ""},
		{[]string{"identity;q=0"}, ""},
		{[]string{"identity;q=0, gzip;q=0.001"}, "gzip"},
		{[]string{"identity;q=0.5, *;q=0.6"}, "zstd"},
		{[]string{"deflate, compress"}, ""},
		{[]string{"gzip;q=2"}, ""},
		{[]string{"gzip;q="}, ""},
		{[]string{"gzip;q=0.0001"}, ""},
		{[]string{"gzip;q=-1"}, ""},
		{[]string{"gzipx, xgzip, br zstd"}, ""},
		{[]string{"gzip;level=3;q=0.5"}, "gzip"},
		{[]string{",, ,gzip,,"}, "gzip"},
	} {
		got := ""
		if v := negotiate(c.accept, all); v != nil {
			got = v.Encoding
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.accept, got, c.want)
		}
	}
	if negotiate([]string{"gzip"}, nil) != nil {
		t.Error("a variant that does not exist")
	}
}

func TestFingerprinted(t *testing.T) {
	for path, want := range map[string]bool{
		"app-3f2a9c1b.js":               true,
		"assets/app.3f2a9c1b.css":       true,
		"app.3f2a9c1b.min.js":           true,
		"main.3f2a9c1b.chunk.js.map":    true,
		"3f2a9c1b7d0e4a5f.png":          true,
		"assets/index-B7x9Kq2Z.js":      true,
		"chunk-5XJ2KQWZ.js":             true,
		"_next/static/chunks/main.js":   true,
		"docs/_astro/page.css":          true,
		"_app/immutable/start.js":       true,
		"my-great-library.js":           false,
		"app.js":                        false,
		"jquery-3.7.1.min.js":           false,
		"photo-20240101.jpg":            false,
		"20240101123456.jpg":            false,
		"facade20.css":                  false,
		"deadbeef.css":                  false,
		"notes-Release2.pdf":            false,
		"Windows11.png":                 false,
		"DSC01234.JPG":                  false,
		"S01E02V1.mp4":                  false,
		"my_next/static/main.js":        false,
		"3f2a9c1b/app.js":               false,
		"sw.js":                         false,
		"bootstrap.bundle.min.js":       false,
		"2023-12-24T18-30-00.json":      false,
		"app-3f2a9c1":                   false,
		"app-3f2a9c1.js":                false,
		"my-GreatLib.js":                false,
		"internationalization-utils.js": false,
	} {
		if got := fingerprinted(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
