package siterules

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeadersMeanWhatTheyMeanElsewhere(t *testing.T) {
	h, w := ParseHeaders([]byte(`
# a comment
/secure/page
  X-Frame-Options: DENY
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer

/static/*
  Access-Control-Allow-Origin: *
  X-Robots-Tag: nosnippet

https://myproject.pages.dev/*
  X-Robots-Tag: noindex

https://:project.preview.dev/*
  X-Project: :project

/*
  X-Frame-Options: SAMEORIGIN
  Cache-Control: public
  Cache-Control: max-age=60
/movies/:title
  x-movie-name: You are watching ":title" :unknown
/gone/*
  ! X-Frame-Options
  X-Path: :splat
/gone/*
  X-Path: again
`))
	if len(w.List) > 0 {
		t.Fatal(w.List)
	}
	every := []Change{{"X-Frame-Options", "SAMEORIGIN"}, {"Cache-Control", "public, max-age=60"}}
	for address, want := range map[string][]Change{
		"/": every,
		"/secure/page": {{"X-Frame-Options", "DENY, SAMEORIGIN"}, {"X-Content-Type-Options", "nosniff"},
			{"Referrer-Policy", "no-referrer"}, {"Cache-Control", "public, max-age=60"}},
		"/static/a.png":                 append([]Change{{"Access-Control-Allow-Origin", "*"}, {"X-Robots-Tag", "nosnippet"}}, every...),
		"myproject.pages.dev/x":         append([]Change{{"X-Robots-Tag", "noindex"}}, every...),
		"a.preview.dev/x":               append([]Change{{"X-Project", "a"}}, every...),
		"/movies/The Net\r\nX: y\u00fc": append(every[:2:2], Change{"X-Movie-Name", `You are watching "The%20Net%0D%0AX:%20y%C3%BC" :unknown`}),
		"/gone/a/b":                     {{"X-Frame-Options", ""}, {"Cache-Control", "public, max-age=60"}, {"X-Path", "a/b, again"}},
	} {
		host, path, _ := strings.Cut(address, "/")
		if diff := cmp.Diff(want, h.Find(Request{Host: host, Path: "/" + path})); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

func TestChangesOfHeaders(t *testing.T) {
	h := http.Header{"Vary": {"Accept-Encoding"}, "X-Robots-Tag": {"noindex"}, "Cache-Control": {"no-cache"}, "X-Content-Type-Options": {"nosniff"}}
	Apply([]Change{{"Vary", "Origin"}, {"X-Robots-Tag", ""}, {"Cache-Control", "max-age=1"}, {"X-Content-Type-Options", ""}, {"Link", "</a>"}}, h)
	want := http.Header{"Vary": {"Accept-Encoding, Origin"}, "X-Robots-Tag": {"noindex"}, "Cache-Control": {"max-age=1"}, "Link": {"</a>"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsInHeadersAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"Set-Cookie: a=b":                    "same for every visitor",
		"! Set-Cookie":                       "same for every visitor",
		"Basic-Auth: me:secret":              "these pages are public",
		"Content-Length: 5":                  "describes the body",
		"Content-Encoding: gzip":             "describes the body",
		"Transfer-Encoding: chunked":         "about the connection",
		"Connection: close":                  "about the connection",
		"X-Accel-Redirect: /etc/passwd":      "a proxy before Fazt",
		"Alt-Svc: h3":                        "how this host is reached",
		"Date: now":                          "Fazt sets it",
		"Report-To: {}":                      "hosts of other apps",
		"no colon":                           "Name: value",
		"X-Empty:":                           "has no value",
		"Bad Name: x":                        "not a header",
		"X-Snow: \u2603":                     "not a header",
		"Clear-Site-Data: \"cookies\"":       "sign people out",
		"X: " + strings.Repeat(":splat", 17): "more than 16",
		"X: " + strings.Repeat("x", maxLine): "2003 bytes",
	} {
		h, w := ParseHeaders([]byte("/*\n  " + line + "\n  X-Ok: yes\n"))
		if len(w.List) != 1 || w.List[0].Line != 2 || !strings.Contains(w.List[0].Text, want) {
			t.Errorf("%q: %v, want %q", line, w.List, want)
		}
		if diff := cmp.Diff([]Change{{"X-Ok", "yes"}}, h.Find(Request{Path: "/"})); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
	h, w := ParseHeaders([]byte("X-Early: 1\n/a?b\n  X-Lost: 1\n/*\n  Strict-Transport-Security: max-age=9; includeSubDomains\n"))
	if diff := cmp.Diff([]Change{{"Strict-Transport-Security", "max-age=9"}}, h.Find(Request{Path: "/"})); diff != "" {
		t.Error(diff)
	}
	if len(w.List) != 3 || w.List[0].Line != 1 || w.List[1].Line != 2 || w.List[2].Line != 5 {
		t.Error(w.List)
	}
}

func TestWhatHeadersAddIsBounded(t *testing.T) {
	h, _ := ParseHeaders([]byte("/*\n" + strings.Repeat("X-Path: "+strings.Repeat(":splat", 16)+"\n", 1000)))
	total := 0
	for _, c := range h.Find(Request{Path: "/" + strings.Repeat("x", 3000)}) {
		total += len(c.Name) + len(c.Value)
	}
	if total == 0 || total > maxHeaders {
		t.Error(total)
	}
}
