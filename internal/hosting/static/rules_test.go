package static

import (
	"net/http"
	"strings"
	"testing"
)

// ruled is a site with rules.
var ruled = texts(
	"index.html", "home",
	"about.html", "about",
	"docs/index.html", "docs",
	"en/404.html", "not in English",
	"404.html", "not found",
	"style.css", strings.Repeat("body{}", 100),
	"private/index.html", "secret",
	"api/main.js", "secret",
	"fazt.json", `{"title":"secret"}`,
	"_redirects", `
		/old/* /:splat 301
		/out* /:splat
		/about.html /contact
		/docs/ /about 200!
		/manual /docs 200
		/leak/1 /private/index.html 200
		/leak/2 /_redirects 200
		/leak/3 /api/../fazt.json 200
		/en/* /en/404.html 404
		/gone /nothing.html 410
		https://old.example.com/* https://new.example.com/:splat 301
		/moved /new 308
	`,
	"_headers", "/*\n  X-Frame-Options: DENY\n  X-Robots-Tag: nosnippet\n/style.css\n  Content-Type: text/x-style\n  Cache-Control: public, max-age=60\n  ! X-Content-Type-Options\n",
)

func TestRulesOfASite(t *testing.T) {
	s := serve(t, ruled)
	for _, c := range []struct {
		method, path   string
		status         int
		text, location string
	}{
		{"GET", "/", 200, "home", ""},
		{"GET", "/old/a?b=c", 301, "", "/a?b=c"},
		{"HEAD", "/old/a", 301, "", "/a"},
		{"POST", "/moved", 308, "", "/new"},
		{"POST", "/about", 405, "", ""},
		{"GET", "/out/evil.example", 302, "", "/evil.example"},
		{"GET", "/about.html", 302, "", "/contact"}, // although there is the file
		{"GET", "/about", 200, "about", ""},
		{"GET", "/docs/", 200, "about", ""},
		{"GET", "/docs", 200, "about", ""}, // with and without the last slash
		{"GET", "/manual", 200, "docs", ""},
		{"GET", "/en/x", 404, "not in English", ""},
		{"GET", "/gone", 410, "not found", ""},
		{"GET", "/x", 404, "not found", ""},
		{"GET", "/leak/1", 404, "not found", ""},
		{"GET", "/leak/2", 404, "not found", ""},
		{"GET", "/leak/3", 404, "not found", ""},
		{"GET", "/_redirects", 404, "not found", ""},
		{"GET", "/_HEADERS", 404, "not found", ""},
	} {
		got := s.ask(c.method, c.path)
		if got.StatusCode != c.status || got.Header.Get("Location") != c.location || c.text != "" && got.text != c.text {
			t.Errorf("%s %s: %d %q %q", c.method, c.path, got.StatusCode, got.Header.Get("Location"), got.text)
		}
		if c.status/100 == 3 && got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: a redirect may be kept: %q", c.path, got.Header)
		}
	}
	s.view.Host = "old.example.com"
	if got := s.ask("GET", "/x"); got.StatusCode != 301 || got.Header.Get("Location") != "https://new.example.com/x" {
		t.Error(got.StatusCode, got.Header)
	}
}

func TestHeadersOfASite(t *testing.T) {
	s := serve(t, ruled)
	etag := s.ask("GET", "/style.css").Header.Get("Etag")
	for name, c := range map[string]struct {
		path    string
		headers []string
		status  int
	}{
		"file":         {"/style.css", nil, 200},
		"compressed":   {"/style.css", []string{"Accept-Encoding", "gzip"}, 200},
		"not modified": {"/style.css", []string{"If-None-Match", etag}, 304},
		"range":        {"/style.css", []string{"Range", "bytes=0-1"}, 206},
		"ranges":       {"/style.css", []string{"Range", "bytes=0-1,4-5"}, 206},
		"no range":     {"/style.css", []string{"Range", "bytes=9999-"}, 416},
		"error page":   {"/nothing", nil, 404},
	} {
		got := s.ask("GET", c.path, c.headers...)
		h := got.Header
		if got.StatusCode != c.status || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Robots-Tag") != "nosnippet" {
			t.Errorf("%s: %d %v", name, got.StatusCode, h)
		}
		if c.path == "/style.css" && (h.Get("Cache-Control") != "public, max-age=60" || h["X-Content-Type-Options"] != nil || h.Get("Vary") != "Accept-Encoding") {
			t.Errorf("%s: %v", name, h)
		}
		if name == "file" && h.Get("Content-Type") != "text/x-style" || name == "ranges" && !strings.Contains(got.text, "text/x-style") {
			t.Errorf("%s: %v %s", name, h, got.text)
		}
	}
	s.view.Private = true
	if got := s.ask("GET", "/private/"); got.text != "secret" || got.Header["X-Frame-Options"] != nil || got.Header.Get("Cache-Control") != "private, no-store" {
		t.Error("rules reach private files", got.text, got.Header)
	}
}

// A single-page app with the rule that Netlify asks for needs no "spa".
func TestARuleMakesASinglePageApp(t *testing.T) {
	s := serve(t, texts("index.html", "home", "app.js", "app", "_redirects", "/* /index.html 200"))
	for path, want := range map[string]string{"/orders/17": "home", "/app.js": "app", "/missing.js": "home"} {
		if got := s.ask("GET", path); got.StatusCode != 200 || got.text != want {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.text)
		}
	}
}

func TestRulesThatHideAFileNeedNoPage(t *testing.T) {
	s := serve(t, texts("index.html", "home", "old.html", "secret", "_redirects", "/* /nothing 404!"))
	for _, path := range []string{"/", "/old", "/old.html"} {
		if got := s.ask("GET", path); got.StatusCode != http.StatusNotFound || strings.Contains(got.text, "secret") {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.text)
		}
	}
}

func TestRedirectsComeBeforeTheFunctionButRewritesDoNot(t *testing.T) {
	s := serve(t, texts("index.html", "home", "_redirects", "/old /new\n/* /index.html 200"))
	for path, want := range map[string]bool{"/": true, "/old": true, "/new": false} {
		r, _ := http.NewRequest("GET", path, nil)
		v := s.view
		v.Path = path
		if got, err := s.static.Has(r, v); err != nil || got != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
}
