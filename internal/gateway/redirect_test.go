package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"fazt/internal/apps"
)

func redirectTo(t testing.TB, address string, status int, keepPath bool) *Target {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &Target{Redirect: &Redirect{URL: u, Status: status, KeepPath: keepPath}}
}

func TestRedirects(t *testing.T) {
	d := open(t, "example.com")
	d.route(redirectTo(t, "https://a.example/new", 301, false), "plain", "root")
	d.route(redirectTo(t, "https://a.example/new/?x=1#there", 302, false), "query")
	d.route(redirectTo(t, "https://a.example", 307, true), "bare")
	d.route(redirectTo(t, "https://a.example/base/?x=1", 308, true), "base")
	for at, want := range map[string]struct {
		status int
		to     string
	}{
		"plain.example.com/":              {301, "https://a.example/new"},
		"plain.example.com/any/path":      {301, "https://a.example/new"},
		"plain.example.com/?a=b&c":        {301, "https://a.example/new?a=b&c"},
		"example.com/?q":                  {301, "https://a.example/new?q"},
		"www.example.com/":                {301, "https://a.example/new"},
		"query.example.com/p?y=2":         {302, "https://a.example/new/?x=1&y=2#there"},
		"bare.example.com/":               {307, "https://a.example/"},
		"bare.example.com/a%20b/%C3%A9":   {307, "https://a.example/a%20b/%C3%A9"},
		"bare.example.com/.evil.org":      {307, "https://a.example/.evil.org"},
		"bare.example.com/@evil.org":      {307, "https://a.example/@evil.org"},
		"bare.example.com/%3Fx=1":         {307, "https://a.example/%3Fx=1"},
		"bare.example.com/%23x":           {307, "https://a.example/%23x"},
		"bare.example.com/:80":            {307, "https://a.example/:80"},
		"bare.example.com/x?q=\"<é>\\":    {307, "https://a.example/x?q=%22%3C%C3%A9%3E%5C"},
		"bare.example.com/x?%0d%0aA:%20b": {307, "https://a.example/x?%0d%0aA:%20b"},
		"base.example.com/x/":             {308, "https://a.example/base/x/?x=1"},
		"base.example.com/x?y":            {308, "https://a.example/base/x?x=1&y"},
		"base.example.com/api/x":          {308, "https://a.example/base/api/x?x=1"},
	} {
		host, target, _ := strings.Cut(at, "/")
		for _, method := range []string{"GET", "HEAD", "POST"} {
			got := d.do(method, host, "/"+target)
			if got.StatusCode != want.status || got.Header.Get("Location") != want.to || got.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s %s: %d %v", method, at, got.StatusCode, got.Header)
			}
		}
	}
}

func TestRedirectPathsCannotChangeTheHostOrSplitTheHeader(t *testing.T) {
	d := open(t, "example.com")
	d.route(redirectTo(t, "https://a.example", 301, true), "x")
	for _, target := range []string{
		"//evil.org/", "/%2f%2fevil.org", "/\\evil.org", "/%5cevil.org", "/%0d%0aSet-Cookie:%20a=b", "/..//evil.org", "/./%2e%2e//evil.org",
		"http://evil.org/", "https://evil.org@x.example.com/", "/%E5%98%8A%E5%98%8DSet-Cookie:a", "/?\x01", "/x?//evil.org", "/x?\tq",
	} {
		got := d.get("x.example.com", target)
		location := got.Header.Get("Location")
		if got.Header.Get("Set-Cookie") != "" || strings.ContainsAny(location, "\r\n\t\\") {
			t.Errorf("%q: %v", target, got.Header)
		}
		if location == "" && got.StatusCode < 400 {
			t.Errorf("%q: %d without an address", target, got.StatusCode)
		}
		u, err := url.Parse(location)
		if err != nil || u.Host != "" && u.Host != "a.example" || strings.HasPrefix(location, "//") {
			t.Errorf("%q leads to %q", target, location)
		}
	}
}

func TestARedirectToItselfIsNotFollowed(t *testing.T) {
	d := open(t, "example.com")
	d.route(redirectTo(t, "https://x.example.com/new", 301, false), "x")
	if got := d.get("X.example.com:80", "/"); got.StatusCode != http.StatusNotFound || got.Header.Get("Location") != "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

func FuzzRedirectLocation(f *testing.F) {
	for _, s := range []string{"/", "/a b?c d", "//x", "/\\x", "/%0d%0a?%0d%0a", "/@b?#", "/é?é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		path, err := canonicalPath(u)
		if err != nil {
			return
		}
		for _, base := range []string{"https://a.example", "https://a.example/base/?x=1#f"} {
			w := httptest.NewRecorder()
			r := &http.Request{Method: http.MethodGet, URL: u}
			if err := redirectTo(t, base, 301, true).Redirect.serve(w, r, "x.example.com", path); err != nil {
				t.Fatal(err)
			}
			location := w.Header().Get("Location")
			for i := range len(location) {
				if location[i] <= ' ' || location[i] >= 0x7f || location[i] == '\\' {
					t.Fatalf("%q leads to %q", target, location)
				}
			}
			back, err := url.Parse(location)
			if err != nil || back.Host != "a.example" || back.Scheme != "https" || !strings.HasSuffix(back.Path, path) {
				t.Fatalf("%q leads to %q", target, location)
			}
		}
	})
}

func TestDomainsLeadToAppsByFullName(t *testing.T) {
	d := open(t, "example.com")
	blog := d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	d.routes.Store(NewRoutes(Table{Domain: "example.com", Labels: maps.Collect(d.routes.Load().Labels()), Hosts: map[string]*Target{
		"blog.example": &blog, "xn--bcher-kva.example": &blog, "nas": &blog, "shadowed.example.com": &blog,
	}}))
	for host, want := range map[string]int{
		"blog.example": 200, "BLOG.Example.:8080": 200, "bücher.example": 400, "xn--bcher-kva.example": 200, "XN--BCHER-KVA.example": 200, "nas": 200,
		"www.blog.example": 404, "x.blog.example": 404, "blog.example.com": 200, "example": 404, "blog.example.evil.org": 404, "xblog.example": 404,
		"shadowed.example.com": 404, "1--blog.example": 404, "admin.blog.example": 404, "127.0.0.1": 404,
	} {
		if got := d.get(host, "/"); got.StatusCode != want {
			t.Errorf("%s: %d %s", host, got.StatusCode, got.text)
		}
	}
}

// FuzzDomainAndRequestAgree checks that a request for a domain, with the Host header a browser sends, finds the domain
// under its stored name.
func FuzzDomainAndRequestAgree(f *testing.F) {
	for _, s := range []string{"example.org", "BÜCHER.example", "例え。テスト", "a.b.", "xn--bcher-kva.example", "nas"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		stored, err := apps.CheckHost(raw, "example.com")
		if err != nil {
			return
		}
		for _, header := range []string{stored, stored + ".", stored + ":8080", strings.ToUpper(stored)} {
			if host, err := canonicalHost(header); err != nil || host != stored {
				t.Fatalf("%q is stored as %q, and a request for %q is for %q, %v", raw, stored, header, host, err)
			}
		}
	})
}

// Finding an app must not get slower because of other alias features.
func TestFindingAnAppDoesNotAllocate(t *testing.T) {
	app := &Target{AppID: "app_blog", AppName: "blog"}
	routes := NewRoutes(Table{Domain: "example.com", Labels: map[string]*Target{"blog": app, "x": {Split: splitOf(50, 50)}}, Hosts: map[string]*Target{"blog.example": app}})
	g := &gateway{Config: Config{Routes: func() *Routes { return routes }}}
	for _, host := range []string{"blog.example.com", "blog.example.com:8080", "blog.example"} {
		r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
		if n := testing.AllocsPerRun(100, func() {
			if d, err := g.find(r); err != nil || d.target != app {
				t.Fatal(d, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", host, n)
		}
	}
}
