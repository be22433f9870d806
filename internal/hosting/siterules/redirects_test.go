package siterules

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lines are those of the documentation of Cloudflare Pages, Netlify and GitLab Pages, and what they leave open.
func TestRedirectsMeanWhatTheyMeanElsewhere(t *testing.T) {
	const here = "blog.example.com"
	for _, c := range []struct {
		line, address string // of a request
		exists        bool
		want          string // status and target; "" = the rule does not apply
	}{
		{"/home301 / 301", "/home301", false, "301 /"},
		{"/home302 / 302", "/home302?a=b", false, "302 /?a=b"},
		{"/querystrings /?query=string 301", "/querystrings?x=1", false, "301 /?query=string"},
		{"/twitch https://twitch.tv", "/twitch", false, "302 https://twitch.tv/"},
		{"/trailing /trailing/ 301", "/trailing", false, ""}, // would lead to itself
		{"/nowhere/ /somewhere", "/nowhere", false, "302 /somewhere"},
		{"/nowhere /somewhere", "/nowhere/", false, "302 /somewhere"},
		{"/page/ /page2/#fragment 301", "/page/?q", false, "301 /page2/?q#fragment"},
		{"/blog/* https://blog.my.domain/:splat", "/blog/a/b", false, "302 https://blog.my.domain/a/b"},
		{"/blog/* https://blog.my.domain/:splat", "/blog", false, "302 https://blog.my.domain/"},
		{"/blog/* https://blog.my.domain/:splat", "/blogs", false, ""},
		{"/products/:code/:name /products?code=:code&name=:name", "/products/1/a&b", false, "302 /products?code=1&name=a%26b"},
		{"/news/:month/:date/:year/* /blog/:year/:month/:date/:splat 301", "/news/02/12/2004/my-story", false, "301 /blog/2004/02/12/my-story"},
		{"/news/:month /blog/:month", "/news/02/12", false, ""},
		{"/news/:month /blog/:month", "/news/", false, ""},
		{"/movies/:title.html /film/:title", "/movies/up.html", false, "302 /film/up"},
		{"/movies/:title.html /film/:title", "/movies/.html", false, ""},
		{"/a/*/edit /b/:splat", "/a/x/y/edit", false, "302 /b/x/y"},
		{"/a/*/edit /b/:splat", "/a/x/y/edit/", false, "302 /b/x/y"},
		{"/a/*/edit /b/:splat", "/a/edit", false, ""},
		{"/*.html /:splat 301", "/a/b.html", true, "301 /a/b"},
		{"/a/*/:id /b/:splat/:id", "/a/x/y/z", false, "302 /b/x/y/z"},
		{"/store id=:id /blog/:id 301", "/store?id=my-post", false, "301 /blog/my-post"},
		{"/store id=:id /blog/:id 301", "/store?id=my-post&ref=x", false, "301 /blog/my-post?ref=x"},
		{"/store id=:id /blog/:id 301", "/store", false, ""},
		{"/articles id=:id tag=:tag /posts/:tag/:id 301", "/articles?tag=t&id=1", false, "301 /posts/t/1"},
		{"/articles id=1 /first", "/articles?id=2", false, ""},
		{"/articles id=1 /first", "/articles?id=1", false, "302 /first"},
		{"/a id=:id /a 301", "/a?id=1", false, "301 /a"},
		{"https://old.example.com/* https://blog.example.com/:splat 301!", "https://old.example.com/a", false, "301 https://blog.example.com/a"},
		{"https://old.example.com/* https://blog.example.com/:splat 301!", "/a", false, ""},
		{"https://:sub.example.net/* https://example.net/:sub/:splat", "https://x.example.net/y", false, "302 https://example.net/x/y"},
		{"http://blog.example.com/* https://blog.example.com/:splat 301!", "/a", false, ""}, // would lead to itself
		{"/caf%C3%A9 /kaffee", "/caf\u00e9", false, "302 /kaffee"},
		{"/cafe\u0301 /kaffee", "/caf\u00e9", false, "302 /kaffee"},
		{"/kaffee /caf\u00e9", "/kaffee", false, "302 /caf%C3%A9"},
		{"/port https://example.com:8080/x", "/port", false, "302 https://example.com:8080/x"},
		{"/x /y 301 # why", "/x", false, "301 /y"},

		// A redirect applies even where there is a file, unless it matches its own target.
		{"/about /contact", "/about", true, "302 /contact"},
		{"/* /blog/:splat 301", "/a", false, "301 /blog/a"},
		{"/* /blog/:splat 301", "/a", true, ""},
		{"/* /blog/:splat 301", "/blog/a", false, ""},
		{"/* /maintenance.html 302!", "/a", true, "302 /maintenance.html"},
		{"/* /maintenance.html 302!", "/maintenance.html", true, ""},
		{"/* https://new.example.com/:splat 301", "/a", true, "301 https://new.example.com/a"},
		{"/:lang/* /:splat 301", "/en/a/b", false, "301 /a/b"},
		{"/* https://blog.example.com/x/:splat 301", "/x/a", false, ""},

		// Files come before what is served instead of them, unless it is forced.
		{"/* /index.html 200", "/orders/17", false, "200 /index.html"},
		{"/* /index.html 200", "/style.css", true, ""},
		{"/app/ /app/index.html 200!", "/app/", true, "200 /app/index.html"},
		{"/en/* /en/404.html 404", "/en/x", false, "404 /en/404.html"},
		{"/en/* /en/404.html 404", "/en/x", true, ""},
		{"/gone /gone.html 410", "/gone", false, "410 /gone.html"},
		{"/secret/* /404 404!", "/secret/x", true, "404 /404"},
		{"/news/* /blog/:splat 200", "/news/a%2f/", false, "200 /blog/a%2f/"},
	} {
		r, w := ParseRedirects([]byte(c.line))
		if len(r.rules) != 1 && c.want != "" {
			t.Fatalf("%q: %v", c.line, w.List)
		}
		q := Request{Host: here, Path: c.address}
		if host, path, ok := strings.Cut(strings.TrimPrefix(c.address, "https://"), "/"); ok && host != "" {
			q.Host, q.Path = host, "/"+path
		}
		q.Path, q.Query, _ = strings.Cut(q.Path, "?")
		got := ""
		if result, ok := r.Find(q, func() bool { return c.exists }); ok {
			got = fmt.Sprintf("%d %s%s", result.Status, result.Location, result.Path)
		}
		if got != c.want {
			t.Errorf("%q on %q (file: %v): %q, want %q", c.line, c.address, c.exists, got, c.want)
		}
	}
}

func TestTheFirstRuleThatMatchesApplies(t *testing.T) {
	r, w := ParseRedirects([]byte("# comment\n\n/a/x /1\r\n/a/* /2\n/a/y /3\n/a/x /4\n/b k=1 /5\n/b /6\n"))
	if len(w.List) > 0 || len(r.rules) != 6 {
		t.Fatal(w.List, len(r.rules))
	}
	for path, want := range map[string]string{"/a/x": "/1", "/a/y": "/2", "/a": "/2", "/b?k=1": "/5?", "/b?k=2": "/6?k=2", "/c": ""} {
		path, query, _ := strings.Cut(path, "?")
		got, _ := r.Find(Request{Path: path, Query: query}, func() bool { return false })
		if got.Location != strings.TrimSuffix(want, "?") {
			t.Errorf("%s?%s leads to %q, want %q", path, query, got.Location, want)
		}
	}
}

func TestARedirectStaysOnTheHostOfItsTarget(t *testing.T) {
	for line, path := range map[string]string{
		"/go/* /:splat":                   "/go//evil.example",
		"/out* /:splat":                   "/out/evil.example",
		"/o* /:splat/:splat":              "/o//\\evil.example",
		"/:a/* /:splat":                   "/x//evil.example/%0d%0aSet-Cookie: a=b",
		"/p/* https://example.com/:splat": "/p/@evil.example\r\nX: y",
	} {
		r, w := ParseRedirects([]byte(line))
		if len(w.List) > 0 {
			t.Fatal(w.List)
		}
		got, ok := r.Find(Request{Host: "here.example", Path: path}, func() bool { return false })
		u, err := url.Parse(got.Location)
		if !ok || err != nil || strings.ContainsAny(got.Location, "\r\n\\ ") {
			t.Fatalf("%s on %q: %q, %v", line, path, got.Location, err)
		}
		if host := (&url.URL{Scheme: "https", Host: "here.example", Path: path}).ResolveReference(u).Host; host != "here.example" && host != "example.com" {
			t.Errorf("%s on %q leads to %s", line, path, host)
		}
	}
}

func TestFaultsInRedirectsAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"/a":                                     "no target",
		"a /b":                                   "does not begin with /",
		"/a b":                                   "neither a path",
		"/a //evil.example":                      "neither a path",
		"/a ftp://example.com":                   "neither a path",
		"/a javascript:alert(1)":                 "neither a path",
		"/a https://:x/":                         "host of the target",
		"/:x https://:x/":                        "host of the target",
		"/* https://:splat/":                     "host of the target",
		"/a https://user@example.com/":           "host of the target",
		"/a https://example.com:splat/":          "host of the target",
		"/a /b 418":                              "not a status",
		"/a /b yes":                              "not a status",
		"/ /anz 302 Country=au,nz":               "Country=",
		"/ /china 302 Language=zh":               "Language=",
		"/admin/* /admin/:splat 200! Role=admin": "Role=",
		"/x/* https://other.example/:splat 200":  "not passed on",
		"/graphql /api/graphql 200":              `"routes" in fazt.json`,
		"/fn/* /.netlify/functions/:splat 200":   `"routes" in fazt.json`,
		"/*/x/* /y":                              "more than one *",
		"/a** /y":                                "more than one *",
		"/:a-:b /y":                              "two placeholders",
		"/:a/:a /y":                              "appears twice",
		"/:a* /y":                                "both a * and a placeholder",
		"/a?id=1 /y":                             "key=value",
		"/%zz /y":                                "not an escape",
		"https://a..b/ /y":                       "not a host",
		"https://example.com:8080/ /y":           "has a port",
		"/a/ /a 301":                             "leads to itself",
		"/x/* /x/:splat 301":                     "leads to itself",
		"http://a.example/* https://a.example/:splat 301!": "leads to itself",
		"/a/" + strings.Repeat("x", maxLine) + " /y":       "2006 bytes",
		"/* /" + strings.Repeat(":splat/", 17):             "more than 16",
	} {
		r, w := ParseRedirects([]byte("/ok /fine\n" + line + "\n/last /fine\n"))
		if len(w.List) != 1 || w.List[0].Line != 2 || !strings.Contains(w.List[0].Text, want) {
			t.Errorf("%q: %v, want %q", line, w.List, want)
		}
		if len(r.rules) != 2 {
			t.Errorf("%q: %d of 2 good rules are left", line, len(r.rules))
		}
	}
}

// only is a source of one file.
type only struct{ name, text string }

func (o only) Exists(path string) bool                          { return path == o.name }
func (o only) ReadFile(context.Context, string) ([]byte, error) { return []byte(o.text), nil }

func TestRulesOfPathsThatAreNotTheSites(t *testing.T) {
	owned := func(path string) bool { return path == "/auth" || strings.HasPrefix(path, "/auth/") }
	for line, want := range map[string]string{
		"/auth /x":                        "_redirects:1: the rule never applies, because /auth belongs to Fazt",
		"/auth/ /x 404":                   "_redirects:1: the rule never applies, because /auth/ belongs to Fazt",
		"/auth/* /x":                      "_redirects:1: the rule never applies, because /auth/ belongs to Fazt",
		"/auth/:a/b /x":                   "_redirects:1: the rule never applies, because /auth/ belongs to Fazt",
		"https://a.example/auth/b /x":     "_redirects:1: the rule never applies, because /auth/b belongs to Fazt",
		"/x /auth/login":                  "_redirects:1: the rule leads to /auth/login, which belongs to Fazt",
		"/x/* /auth/:splat":               "_redirects:1: the rule leads to /auth/, which belongs to Fazt",
		"/x /auth/login.html 200":         "", // serves the file
		"/x https://a.example/auth/login": "",
		"/auth* /x":                       "", // also /authors
		"/:a /x":                          "",
		"/* /x 404":                       "",
		"/x/auth/b /y":                    "",
		"/x/:a /:a":                       "",
		"/x/* /authors/:splat":            "",
		"/auth /b 418":                    "", // a fault, which is reported elsewhere
		"# comment":                       "",
	} {
		got, err := Owned(t.Context(), only{RedirectsFile, line + "\n"}, owned)
		if err != nil || strings.Join(got, "\n") != want {
			t.Errorf("%q: %q %v, want %q", line, got, err, want)
		}
	}
	if got, err := Owned(t.Context(), only{HeadersFile, "/auth\n"}, owned); err != nil || got != nil {
		t.Errorf("without the file: %q %v", got, err)
	}
}

func TestRulesAreBounded(t *testing.T) {
	var many, dynamic strings.Builder
	for i := range maxRules + 5 {
		fmt.Fprintf(&many, "/%d /x\n", i)
	}
	for i := range maxPatterns + 50 {
		fmt.Fprintf(&dynamic, "/%d/* /x\n", i)
	}
	r, w := ParseRedirects([]byte(many.String()))
	if len(r.rules) != maxRules || len(w.List) != 5 {
		t.Error(len(r.rules), w)
	}
	r, w = ParseRedirects([]byte(dynamic.String()))
	if len(r.rules) != maxPatterns || len(w.List) != maxWarnings || w.More != 30 {
		t.Error(len(r.rules), w)
	}
	if got := w.sentences(RedirectsFile); got[0] != "_redirects:501: a file may have 500 rules with a * or a placeholder; the rest of them is ignored" || got[20] != "_redirects: 30 more lines have faults" {
		t.Error(got)
	}
	r, w = ParseRedirects(make([]byte, MaxFile+1))
	if len(r.rules) != 0 || !cmp.Equal(w.sentences(RedirectsFile), []string{"_redirects: the file is ignored: it has 524289 bytes, and 524288 are allowed"}) {
		t.Error(w)
	}
}
