package static

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var page10K = strings.Repeat("<p>something that repeats</p>\n", 10*1024/30)

// BenchmarkServe measures serving a file from memory, without net/http.
func BenchmarkServe(b *testing.B) {
	s := serve(b, folder{"index.html": []byte(page10K), "film.mp4": noise("film", 16<<20)})
	for name, c := range map[string]struct {
		path    string
		headers [2]string
	}{
		"plain":        {"/", [2]string{"Accept", "*/*"}},
		"compressed":   {"/", [2]string{"Accept-Encoding", "gzip, deflate, br, zstd"}},
		"not modified": {"/", [2]string{"If-None-Match", s.ask("GET", "/").Header.Get("Etag")}},
		"range":        {"/", [2]string{"Range", "bytes=100-199"}},
		"missing":      {"/missing", [2]string{"Accept", "*/*"}},
		"16 MB stream": {"/film.mp4", [2]string{"Accept", "*/*"}},
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", c.path, nil)
			r.Header.Set(c.headers[0], c.headers[1])
			w := &discard{header: http.Header{}}
			v := View{Deployment: s.view.Deployment, Path: c.path}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				_ = s.static.Serve(w, r, v)
			}
		})
	}
}

// BenchmarkFirstRequest measures a request with an empty cache: it reads an index of 1,000 paths and one file.
func BenchmarkFirstRequest(b *testing.B) {
	f := folder{}
	for i := range 1000 {
		f[fmt.Sprintf("pages/%03d/index.html", i)] = []byte(strings.Repeat(fmt.Sprintf("<p>%d repeats</p>\n", i), 120))
	}
	s := serve(b, f)
	r := httptest.NewRequest("GET", "/pages/500/", nil)
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		s.static = New(Config{Deployments: s.Store, Content: s.content, CacheBytes: s.cache.Load})
		if err := s.static.Serve(w, r, View{Deployment: s.view.Deployment, Path: "/pages/500/"}); err != nil {
			b.Fatal(err)
		}
	}
}
