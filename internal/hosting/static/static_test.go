package static

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"fazt/internal/content"
)

var errBroken = errors.New("the disk failed")

var small = texts(
	"index.html", "home",
	"about.html", "about",
	"docs/index.html", "docs",
	"both.html", "both page",
	"both/index.html", "both folder",
	"style.css", "body{}",
	"app-3f2a9c1b.js", "app",
	"noextension", "plain",
	"a b/ü.txt", "odd",
	"cafe\u0301/index.html", "decomposed",
	"na\u00efve.html", "composed",
	".well-known/security.txt", "contact",
	"api/main.js", "secret",
	"private/index.html", "secret",
	"workers/job.js", "secret",
	"fazt.json", `{"title":"secret"}`,
	".env.txt", "secret",
	"empty.txt", "",
)

func TestPathsLeadToFiles(t *testing.T) {
	s := serve(t, small)
	for _, c := range []struct {
		path     string
		status   int
		text     string
		location string
	}{
		{"/", 200, "home", ""},
		{"/index.html", 200, "home", ""},
		{"/about", 200, "about", ""},
		{"/about.html", 200, "about", ""},
		{"/about/", 301, "", "/about"},
		{"/about/?q=a&b=%2F", 301, "", "/about?q=a&b=%2F"},
		{"/docs", 301, "", "/docs/"},
		{"/docs?q=1", 301, "", "/docs/?q=1"},
		{"/docs/", 200, "docs", ""},
		{"/docs/index", 200, "docs", ""},
		{"/both", 200, "both page", ""},
		{"/both/", 200, "both folder", ""},
		{"/noextension", 200, "plain", ""},
		{"/noextension/", 404, "", ""},
		{"/a%20b/%C3%BC.txt", 200, "odd", ""},
		{"/a%20b/u%CC%88.txt", 200, "odd", ""}, // the same name, decomposed
		{"/caf%C3%A9/", 200, "decomposed", ""},
		{"/cafe%CC%81/", 200, "decomposed", ""},
		{"/caf%C3%A9", 301, "", "/caf%C3%A9/"},
		{"/na%C3%AFve", 200, "composed", ""},
		{"/nai%CC%88ve", 200, "composed", ""},
		{"/%E2%84%AAey", 404, "", ""},
		{"/.well-known/security.txt", 200, "contact", ""},
		{"/empty.txt", 200, "", ""},
		{"/Index.html", 404, "", ""},
		{"/nothing", 404, "", ""},
		{"/docs/nothing", 404, "", ""},
		{"/api/main.js", 404, "", ""},
		{"/api/main", 404, "", ""},
		{"/private", 404, "", ""},
		{"/private/", 404, "", ""},
		{"/private/index.html", 404, "", ""},
		{"/workers/job.js", 404, "", ""},
		{"/fazt.json", 404, "", ""},
		{"/.env.txt", 404, "", ""},
	} {
		got := s.ask("GET", c.path)
		if got.StatusCode != c.status || got.Header.Get("Location") != c.location || c.status == 200 && got.text != c.text {
			t.Errorf("%s: %d %q %q", c.path, got.StatusCode, got.Header.Get("Location"), got.text)
		}
		if strings.Contains(got.text, "secret") {
			t.Errorf("%s shows what is hidden", c.path)
		}
	}
}

func TestSinglePageAppsHandleEveryRoute(t *testing.T) {
	s := serve(t, small)
	s.view.SPA = true
	for path, want := range map[string]int{
		"/": 200, "/users/42": 200, "/users/": 200, "/about": 200, "/missing.js": 404, "/users/a.b": 404, "/assets/x.png": 404,
		"/private": 404, "/private/x": 404, "/PRIVATE/x": 404, "/api": 404, "/.git/config": 404, "/workers/": 404,
	} {
		got := s.ask("GET", path)
		if got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
		if path == "/users/42" && (got.text != "home" || got.Header.Get("Cache-Control") != "no-cache") {
			t.Errorf("%s: %q %v", path, got.text, got.Header)
		}
	}
}

func TestCustomNotFoundPage(t *testing.T) {
	s := serve(t, texts("index.html", "home", "404.html", "<h1>lost</h1>"))
	for _, path := range []string{"/missing", "/missing.js", "/private/x", "/api/main.js"} {
		got := s.ask("GET", path, "If-None-Match", "*", "Range", "bytes=0-1")
		if got.StatusCode != 404 || got.text != "<h1>lost</h1>" || got.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
			got.Header.Get("Etag") != "" || got.Header.Get("Accept-Ranges") != "" {
			t.Errorf("%s: %d %q %v", path, got.StatusCode, got.text, got.Header)
		}
	}
	if got := s.ask("GET", "/404.html"); got.StatusCode != 200 {
		t.Errorf("requested by name: %d", got.StatusCode)
	}
	if got := s.ask("HEAD", "/missing"); got.StatusCode != 404 || got.text != "" || got.ContentLength != 13 {
		t.Errorf("HEAD: %d %q %d", got.StatusCode, got.text, got.ContentLength)
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	s := serve(t, texts("evil.com/index.html", "x", "ab:c/index.html", "x", "x/evil.com/index.html", "x", "%2f/index.html", "x"))
	for path, want := range map[string]string{
		"/evil.com": "/evil.com/", "/ab:c": "/ab:c/", "/x/evil.com?//evil.com": "/x/evil.com/?//evil.com", "/%252f": "/%252f/",
	} {
		if got := s.ask("GET", path); got.StatusCode != 301 || got.Header.Get("Location") != want || got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
	}
	// The gateway does not pass such a path on; even if it did, nothing would happen.
	if got := s.ask("GET", "//evil.com"); got.StatusCode != 404 {
		t.Errorf("two slashes: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
}

func TestMethodsOfFiles(t *testing.T) {
	s := serve(t, small)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} {
		if got := s.ask(method, "/"); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %d %v", method, got.StatusCode, got.Header)
		}
	}
	if got := s.ask("OPTIONS", "/"); got.StatusCode != 204 || got.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS: %d %v", got.StatusCode, got.Header)
	}
	get, head := s.ask("GET", "/style.css"), s.ask("HEAD", "/style.css")
	get.Header.Del("Date")
	head.Header.Del("Date")
	if diff := cmp.Diff(get.Header, head.Header); diff != "" || head.text != "" || head.StatusCode != 200 {
		t.Errorf("HEAD differs from GET: %s", diff)
	}
}

func TestHeadersOfFiles(t *testing.T) {
	s := serve(t, small)
	for path, want := range map[string][3]string{
		"/":                {"text/html; charset=utf-8", "no-cache", "4"},
		"/style.css":       {"text/css; charset=utf-8", "no-cache", "6"},
		"/app-3f2a9c1b.js": {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "3"},
		"/noextension":     {"application/octet-stream", "no-cache", "5"},
		"/empty.txt":       {"text/plain; charset=utf-8", "no-cache", "0"},
	} {
		h := s.ask("GET", path).Header
		got := [3]string{h.Get("Content-Type"), h.Get("Cache-Control"), h.Get("Content-Length")}
		if got != want || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Accept-Ranges") != "bytes" || h.Get("Vary") != "" ||
			h.Get("Last-Modified") != "" || len(h.Get("Etag")) < 20 {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestEncodingsAreChosenAndDecodeToTheFile(t *testing.T) {
	page := strings.Repeat("<p>something that repeats</p>\n", 200)
	s := serve(t, texts("index.html", page, "404.html", page))
	etags := map[string]string{}
	for _, encoding := range []string{"", "gzip", "br", "zstd"} {
		got := s.ask("GET", "/", "Accept-Encoding", encoding)
		if got.StatusCode != 200 || got.Header.Get("Content-Encoding") != encoding || got.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%q: %d %v", encoding, got.StatusCode, got.Header)
		}
		if decode(t, encoding, got.text) != page {
			t.Errorf("%s decodes to something else", encoding)
		}
		if encoding != "" && (got.ContentLength > 1000 || got.Header.Get("Accept-Ranges") != "") {
			t.Errorf("%s: %d %v", encoding, got.ContentLength, got.Header)
		}
		tag := got.Header.Get("Etag")
		if etags[tag] != "" {
			t.Errorf("%q and %q have one entity tag", encoding, etags[tag])
		}
		etags[tag] = encoding + " "
		again := s.ask("GET", "/", "Accept-Encoding", encoding, "If-None-Match", tag)
		if again.StatusCode != 304 || again.text != "" || again.Header.Get("Etag") != tag || again.Header.Get("Vary") == "" ||
			again.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%q again: %d %v", encoding, again.StatusCode, again.Header)
		}
		other := s.ask("GET", "/missing", "Accept-Encoding", encoding)
		if other.StatusCode != 404 || decode(t, encoding, other.text) != page {
			t.Errorf("404 in %q: %d %v", encoding, other.StatusCode, other.Header)
		}
	}
	// Ranges refer to the uncompressed file.
	got := s.ask("GET", "/", "Accept-Encoding", "br", "Range", "bytes=3-11")
	if got.StatusCode != 206 || got.text != "something" || got.Header.Get("Content-Encoding") != "" || got.Header.Get("Vary") == "" {
		t.Errorf("range: %d %q %v", got.StatusCode, got.text, got.Header)
	}
}

func decode(t *testing.T, encoding, text string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(text)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1)); err == nil {
			defer d.Close()
			r = d
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestConditions(t *testing.T) {
	s := serve(t, small)
	tag := s.ask("GET", "/").Header.Get("Etag")
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"If-None-Match", tag, 304},
		{"If-None-Match", "W/" + tag, 304},
		{"If-None-Match", `"other", ` + tag, 304},
		{"If-None-Match", `"a,b" , W/"c",` + tag, 304},
		{"If-None-Match", "*", 304},
		{"If-None-Match", `"other"`, 200},
		{"If-None-Match", strings.Trim(tag, `"`), 200},
		{"If-None-Match", `"`, 200},
		{"If-None-Match", "", 200},
		{"If-Match", tag, 200},
		{"If-Match", "*", 200},
		{"If-Match", `"other"`, 412},
		{"If-Match", "W/" + tag, 412},
		{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 200},
		{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := s.ask(method, "/", c.name, c.value)
			if got.StatusCode != c.want || c.want != 200 && got.text != "" {
				t.Errorf("%s %s: %s: %d %q, want %d", method, c.name, c.value, got.StatusCode, got.text, c.want)
			}
		}
	}
}

const digits = "0123456789abcdefghij" // 20 bytes

func TestRanges(t *testing.T) {
	for name, cache := range map[string]int64{"from memory": 64 << 20, "from the database": 0} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, texts("f.bin", digits, "empty.bin", ""))
			s.cache.Store(cache)
			tag := s.ask("GET", "/f.bin").Header.Get("Etag")
			for _, c := range []struct {
				asked, ifRange string
				status         int
				text, part     string
			}{
				{"bytes=0-0", "", 206, "0", "bytes 0-0/20"},
				{"bytes=5-7", "", 206, "567", "bytes 5-7/20"},
				{"bytes=18-", "", 206, "ij", "bytes 18-19/20"},
				{"bytes=-3", "", 206, "hij", "bytes 17-19/20"},
				{"bytes=-100", "", 206, digits, "bytes 0-19/20"},
				{"bytes=15-999999999999999999999999", "", 206, "fghij", "bytes 15-19/20"},
				{"BYTES= 5-7 ", "", 206, "567", "bytes 5-7/20"},
				{"bytes=5-7", tag, 206, "567", "bytes 5-7/20"},
				{"bytes=5-7,99-", "", 206, "567", "bytes 5-7/20"},
				{"bytes=5-7", `"other"`, 200, digits, ""},
				{"bytes=5-7", "W/" + tag, 200, digits, ""},
				{"bytes=5-7", "Thu, 01 Jan 1970 00:00:00 GMT", 200, digits, ""},
				{"bytes=20-", "", 416, "", "bytes */20"},
				{"bytes=-0", "", 416, "", "bytes */20"},
				{"bytes=99999999999999999999-", "", 416, "", "bytes */20"},
				{"bytes=7-5", "", 200, digits, ""},
				{"bytes=a-b", "", 200, digits, ""},
				{"bytes=-", "", 200, digits, ""},
				{"bytes=--1", "", 200, digits, ""},
				{"bytes=+1-2", "", 200, digits, ""},
				{"bytes=", "", 200, digits, ""},
				{"bytes", "", 200, digits, ""},
				{"lines=1-2", "", 200, digits, ""},
				{"bytes=0-18,1-19", "", 200, digits, ""},
				{"bytes=" + strings.Repeat("0-0,", 16) + "1-1", "", 200, digits, ""},
			} {
				headers := []string{"Range", c.asked}
				if c.ifRange != "" {
					headers = append(headers, "If-Range", c.ifRange)
				}
				got := s.ask("GET", "/f.bin", headers...)
				if got.StatusCode != c.status || got.text != c.text || got.Header.Get("Content-Range") != c.part || int(got.ContentLength) != len(c.text) {
					t.Errorf("%v: %d %q %v", headers, got.StatusCode, got.text, got.Header)
				}
			}
			if got := s.ask("HEAD", "/f.bin", "Range", "bytes=0-0"); got.StatusCode != 200 || got.ContentLength != 20 {
				t.Errorf("HEAD: %d %v", got.StatusCode, got.Header)
			}
			if got := s.ask("GET", "/empty.bin", "Range", "bytes=0-"); got.StatusCode != 200 || got.text != "" {
				t.Errorf("empty: %d %v", got.StatusCode, got.Header)
			}
			if got := s.ask("GET", "/f.bin", "Range", "bytes=0-0", "If-None-Match", tag); got.StatusCode != 304 {
				t.Errorf("range of what the client has: %d", got.StatusCode)
			}
		})
	}
}

func TestSeveralRanges(t *testing.T) {
	large := noise("large", 3*content.ChunkSize)
	s := serve(t, folder{"f.bin": []byte(digits), "large.bin": large})
	for path, content := range map[string]string{"/f.bin": digits, "/large.bin": string(large)} {
		got := s.ask("GET", path, "Range", "bytes=0-1, 4-4,-2")
		media, parameters, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
		if got.StatusCode != 206 || err != nil || media != "multipart/byteranges" || int(got.ContentLength) != len(got.text) {
			t.Fatalf("%s: %d %v", path, got.StatusCode, got.Header)
		}
		var parts []string
		for reader := multipart.NewReader(strings.NewReader(got.text), parameters["boundary"]); ; {
			p, err := reader.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(p)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, p.Header.Get("Content-Range")+" "+p.Header.Get("Content-Type")+" "+string(data))
		}
		n := len(content)
		want := []string{
			fmt.Sprintf("bytes 0-1/%d application/octet-stream %s", n, content[:2]),
			fmt.Sprintf("bytes 4-4/%d application/octet-stream %s", n, content[4:5]),
			fmt.Sprintf("bytes %d-%d/%d application/octet-stream %s", n-2, n-1, n, content[n-2:]),
		}
		if diff := cmp.Diff(want, parts); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestPartsOfLargeFilesAcrossChunks(t *testing.T) {
	large := noise("large", 3*content.ChunkSize+5)
	s := serve(t, folder{"large.bin": large})
	if got := s.ask("GET", "/large.bin"); got.StatusCode != 200 || got.text != string(large) || int(got.ContentLength) != len(large) {
		t.Errorf("whole: %d %d", got.StatusCode, len(got.text))
	}
	for _, c := range [][2]int{{0, 9}, {content.ChunkSize - 1, content.ChunkSize}, {content.ChunkSize, 2*content.ChunkSize - 1}, {10, 3*content.ChunkSize + 4}, {3*content.ChunkSize + 4, 3*content.ChunkSize + 4}} {
		got := s.ask("GET", "/large.bin", "Range", fmt.Sprintf("bytes=%d-%d", c[0], c[1]))
		if got.StatusCode != 206 || got.text != string(large[c[0]:c[1]+1]) {
			t.Errorf("%v: %d, %d bytes", c, got.StatusCode, len(got.text))
		}
	}
}

func TestInjectedPagesAreNeverCached(t *testing.T) {
	page := "<body>" + strings.Repeat("<p>something that repeats</p>", 50) + "</body></html>"
	s := serve(t, texts("index.html", page, "404.html", "lost", "f.txt", "text"))
	s.view.Inject = []byte("<script></script>")
	want := strings.Replace(page, "</body>", "<script></script></body>", 1)
	got := s.ask("GET", "/", "Accept-Encoding", "br", "If-None-Match", "*", "Range", "bytes=0-1")
	if got.StatusCode != 200 || got.text != want || got.Header.Get("Etag") != "" || got.Header.Get("Cache-Control") != "no-store" || int(got.ContentLength) != len(want) {
		t.Errorf("%d %q %v", got.StatusCode, got.text, got.Header)
	}
	if got := s.ask("HEAD", "/"); got.text != "" || int(got.ContentLength) != len(want) {
		t.Errorf("HEAD: %q %v", got.text, got.Header)
	}
	if got := s.ask("GET", "/x"); got.StatusCode != 404 || got.text != "lost<script></script>" {
		t.Errorf("404: %d %q", got.StatusCode, got.text)
	}
	if got := s.ask("GET", "/f.txt"); got.text != "text" || got.Header.Get("Etag") == "" {
		t.Errorf("text: %q %v", got.text, got.Header)
	}
}

func TestCacheOffServesTheSame(t *testing.T) {
	page := strings.Repeat("<p>something that repeats</p>\n", 200)
	s := serve(t, texts("index.html", page))
	ask := func() response { return s.ask("GET", "/", "Accept-Encoding", "gzip") }
	with := ask()
	if s.static.cache.bodies.EstimatedSize() != 1 {
		t.Errorf("%d bodies are kept", s.static.cache.bodies.EstimatedSize())
	}
	s.cache.Store(0)
	without := ask()
	if s.static.cache.bodies.EstimatedSize() != 0 {
		t.Errorf("%d bodies are kept with the cache off", s.static.cache.bodies.EstimatedSize())
	}
	with.Header.Del("Date")
	without.Header.Del("Date")
	if diff := cmp.Diff(with.Header, without.Header); diff != "" || with.text != without.text {
		t.Error(diff)
	}
	s.cache.Store(1 << 20)
	if ask(); s.static.cache.bodies.EstimatedSize() != 1 {
		t.Error("the cache stays off")
	}
}

func TestMemoryOfTheCacheIsBounded(t *testing.T) {
	f := folder{}
	for i := range 100 {
		f[fmt.Sprintf("%d.bin", i)] = noise(fmt.Sprint(i), 50_000)
	}
	s := serve(t, f)
	s.cache.Store(1 << 20)
	for range 3 {
		for name, data := range f {
			if got := s.ask("GET", "/"+name); got.text != string(data) {
				t.Fatalf("%s has %d other bytes", name, len(got.text))
			}
		}
	}
	c := s.static.cache
	c.bodies.CleanUp()
	if weight := c.bodies.WeightedSize(); weight > 1<<20 || weight < 1<<19 {
		t.Errorf("%d bytes are kept", weight)
	}
	if c.keeps(1<<17+1) || !c.keeps(1<<17) {
		t.Error("content above an eighth of the cache is kept")
	}
}

func TestMemoryOfPathsIsBounded(t *testing.T) {
	for limit, want := range map[int64]uint64{0: 8 << 20, 64 << 20: 16 << 20} {
		c := newCache(func() int64 { return limit })
		for i := range 20 {
			c.indexes.Set(fmt.Sprint("dep_", i), &index{weight: 3 << 20})
		}
		c.indexes.CleanUp()
		if weight := c.indexes.WeightedSize(); weight > want || weight < want-3<<20 {
			t.Errorf("limit %d: %d bytes of paths are kept, not %d", limit, weight, want)
		}
	}
	// A deployment with more paths than fit is kept alone, and not loaded for every request.
	c := newCache(func() int64 { return 0 })
	c.indexes.Set("dep_huge", &index{weight: 1 << 40})
	c.indexes.CleanUp()
	if _, ok := c.indexes.GetIfPresent("dep_huge"); !ok {
		t.Error("a deployment with many paths is loaded for every request")
	}
}

func TestDeploymentsShareCommonContent(t *testing.T) {
	s := serve(t, texts("index.html", "one", "shared.css", "body{}"))
	s.ask("GET", "/")
	s.ask("GET", "/shared.css")
	first := s.view.Deployment
	s.view.Deployment = s.deploy(testApp, texts("index.html", "two", "shared.css", "body{}")).ID
	s.static.Forget(first)
	if got := s.ask("GET", "/"); got.text != "two" {
		t.Errorf("%q", got.text)
	}
	s.ask("GET", "/shared.css")
	if n := s.static.cache.bodies.EstimatedSize(); n != 3 {
		t.Errorf("%d bodies are kept, not 3", n)
	}
	if n := s.static.cache.indexes.EstimatedSize(); n != 1 {
		t.Errorf("%d indexes are kept, not 1", n)
	}
}

// Rows of content are reused after garbage collection, so a cache by row would serve one app's file as another's.
func TestReusedRowsServeTheirNewContent(t *testing.T) {
	s := serve(t, texts("index.html", "the first"))
	s.ask("GET", "/")
	files, err := s.Files(t.Context(), s.view.Deployment)
	if err != nil {
		t.Fatal(err)
	}
	other := &page{File: files[0], contentType: []string{"text/html"}, cacheControl: revalidate}
	other.Hash = content.Hash{1}
	f := file{page: other}
	if err := s.static.open(t.Context(), &f); err != nil {
		t.Fatal(err)
	}
	if s.static.cache.bodies.EstimatedSize() != 2 {
		t.Error("content is kept by its row")
	}
}

func TestAnUnknownDeploymentIsNotFound(t *testing.T) {
	s := serve(t, small)
	s.view.Deployment = "dep_none"
	if got := s.ask("GET", "/"); got.StatusCode != 404 {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}

func TestConcurrentRequestsLoadOnce(t *testing.T) { synctest.Test(t, concurrentRequestsLoadOnce) }

func concurrentRequestsLoadOnce(t *testing.T) {
	c := newCache(func() int64 { return 1 << 20 })
	var loads atomic.Int32
	release := make(chan struct{})
	load := func(context.Context) ([]byte, error) {
		loads.Add(1)
		<-release
		return []byte("content"), nil
	}
	var g sync.WaitGroup
	for i := range 20 {
		g.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%2 == 0 {
				cancel() // a client that left does not fail the load for the others
			}
			defer cancel()
			if b, err := c.loadBody(ctx, content.Key{}, load); err != nil || string(b.data) != "content" {
				t.Error(b, err)
			}
		})
	}
	synctest.Wait() // all of them wait for the load
	close(release)
	g.Wait()
	if loads.Load() != 1 {
		t.Errorf("loaded %d times", loads.Load())
	}
}

func TestAFailedLoadIsRetried(t *testing.T) {
	c := newCache(func() int64 { return 1 << 20 })
	if _, err := c.loadBody(t.Context(), content.Key{}, func(context.Context) ([]byte, error) { return nil, errBroken }); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	b, err := c.loadBody(t.Context(), content.Key{}, func(context.Context) ([]byte, error) { return []byte("x"), nil })
	if err != nil || string(b.data) != "x" {
		t.Error(b, err)
	}
}

// A video is sent with the memory of a few chunks, however large it is.
func TestLargeFilesAreServedInConstantMemory(t *testing.T) {
	slowUnderRace(t)
	const size = 64 << 20
	s := serve(t, folder{"film.mp4": noise("film", size)})
	s.ask("GET", "/film.mp4", "Range", "bytes=0-0")
	runtime.GC()
	var peak atomic.Uint64
	got, w := 0, &discard{header: http.Header{}}
	w.wrote = func(p []byte) {
		if got += len(p); got%(8<<20) == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
		}
	}
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	r := httptest.NewRequest("GET", "/film.mp4", nil)
	if err := s.static.Serve(w, r, View{Deployment: s.view.Deployment, Path: "/film.mp4"}); err != nil || got != size {
		t.Fatal(err, got)
	}
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > (content.MaxShared+4)<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func TestServingAFileFromMemoryAllocatesNothing(t *testing.T) {
	page := strings.Repeat("<p>something that repeats</p>\n", 300)
	s := serve(t, texts("index.html", page))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	r.Header.Set("If-None-Match", `"an older one"`)
	v := View{Deployment: s.view.Deployment, Path: "/"}
	w := &discard{header: http.Header{}}
	run := func() {
		clear(w.header)
		if err := s.static.Serve(w, r, v); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(1000, run); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRanges(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5,1-", "bytes=9-3", "bytes=,,1-1", "x", "bytes=18446744073709551616-"} {
		f.Add(s, int64(20))
	}
	f.Fuzz(func(t *testing.T, asked string, size int64) {
		if size < 0 {
			return
		}
		ranges, possible := requestedRanges(http.Header{"Range": {asked}}, `"x"`, size)
		total := int64(0)
		for _, r := range ranges {
			if r.start < 0 || r.length <= 0 || r.start > size-r.length {
				t.Errorf("%q of %d gives %+v", asked, size, r)
			}
			total += r.length
		}
		if total > size || len(ranges) > maxRanges || !possible && len(ranges) > 0 {
			t.Errorf("%q of %d gives %d ranges with %d bytes", asked, size, len(ranges), total)
		}
	})
}

func FuzzConditions(f *testing.F) {
	for _, s := range []string{`"a"`, `W/"a", "b"`, "*", `"`, `W/`, `,,"x`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, list, accept string) {
		if matches([]string{list}, `"tag"`, true) && !strings.Contains(list, `"tag"`) && !strings.Contains(list, "*") {
			t.Errorf("%q matches", list)
		}
		variants := []content.Variant{{Encoding: "zstd"}, {Encoding: "br"}, {Encoding: "gzip"}}
		if v := negotiate([]string{accept}, variants); v != nil && !strings.Contains(accept, "*") &&
			!bytes.Contains(bytes.ToLower([]byte(accept)), []byte(v.Encoding)) {
			t.Errorf("%q gets %s", accept, v.Encoding)
		}
	})
}
