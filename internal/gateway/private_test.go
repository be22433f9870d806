package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/auth"
)

// members are the visitors with access; a request names its principal in a header, which the test server trusts.
var members = map[string]auth.Principal{
	"owner":        {Kind: auth.Owner},
	"admin":        {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeAdmin}}},
	"reader":       {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeRead}}},
	"deployer":     {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeDeploy, App: "app_club"}}},
	"deployer-all": {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeDeploy}}},

	"anonymous": {},
	"neighbour": {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeDeploy, App: "app_other"}}},
	"gauge":     {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeMetrics}, {Verb: auth.ScopeLogs}}},
	"empty":     {Kind: auth.Key},
	"admin-one": {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeAdmin, App: "app_other"}}},
}

var club = map[string]string{
	"index.html":              "everybody",
	"404.html":                "not here",
	"private/index.html":      "the members' page",
	"private/list.txt":        "the members' list",
	"private/404.html":        "the members' fault page",
	"private/deep/index.html": "the members' cellar",
	"private/api/x.json":      "the members' data",
	"private/fazt.json":       "the members' manifest",
	"private/.env":            "the members' password",
	"private/node_modules/x":  "the members' module",
	"PRIVATE/shout.txt":       "the members' shout",
	"private./dot.txt":        "for everybody, too",
}

// openClub is a site with a private folder, in every way an app can be set up.
func openClub(t *testing.T) *door {
	d := open(t, "localhost")
	plain := d.deploy(club, Target{AppID: "app_club", AppName: "club"}, "club")
	spa, files := plain, plain
	spa.SPA, files.Function, files.Routes = true, true, []string{"/*"}
	function := files
	function.FunctionFirst, function.SPA = true, true
	d.route(&spa, "spa")
	d.route(&files, "files")
	d.route(&function, "function")
	inner := New(d.Config)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(auth.With(r.Context(), members[r.Header.Get("X-Test-Principal")])))
	}))
	t.Cleanup(server.Close)
	d.address = server.Listener.Addr().String()
	return d
}

func TestPrivateFilesAreForPrincipalsWithReadAccess(t *testing.T) {
	d := openClub(t)
	for who, p := range members {
		want := http.StatusOK
		switch who {
		case "anonymous":
			want = http.StatusUnauthorized
		case "neighbour", "gauge", "empty", "admin-one":
			want = http.StatusForbidden
		}
		for _, host := range []string{"club.localhost", "spa.localhost", "files.localhost", "function.localhost", "1--club.localhost"} {
			for path, text := range map[string]string{
				"/private/list.txt": "the members' list", "/private/": "the members' page", "/private/index.html": "the members' page", "/private/deep/": "the members' cellar",
				"/private/api/x.json": "the members' data", "/%70rivate/list.txt": "the members' list", "/private/fazt.json": "the members' manifest",
			} {
				got := d.get(host, path, "X-Test-Principal: "+who)
				if got.StatusCode != want || (got.text == text) != (want == http.StatusOK) || want != http.StatusOK && strings.Contains(got.text, "members") {
					t.Errorf("%s (%s): %s%s: %d %s", who, p.Kind, host, path, got.StatusCode, got.text)
				}
				h := got.Header
				if h.Get("Cache-Control") != "private, no-store" || h["Etag"] != nil || h.Get("Last-Modified") != "" || !strings.Contains(h.Get("Vary"), "Cookie") {
					t.Errorf("%s: %s%s: can be kept by its headers %v", who, host, path, h)
				}
				if want == http.StatusOK && h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
					t.Errorf("%s: %s%s: a neighbour's page can show it: %v", who, host, path, h)
				}
			}
		}
	}
}

// However the path is spelled, a visitor without access sees nothing, not even what exists.
func TestPrivateFilesDoNotLeak(t *testing.T) {
	d := openClub(t)
	for _, host := range []string{"club.localhost", "spa.localhost", "files.localhost", "function.localhost", "1--club.localhost"} {
		for _, who := range []string{"anonymous", "neighbour"} {
			refused := d.get(host, "/private/none", "X-Test-Principal: "+who)
			for _, path := range []string{
				"/private", "/private/", "/private/list.txt", "/private/list", "/private/deep", "/private/.env", "/private/none.txt", "/PRIVATE/shout.txt", "/Private/list.txt",
				"/pRIVATE", "/%70rivate/list.txt", "/%50rivate/list.txt", "/privat%65/", "/private/list.txt?x", "http://" + host + "/private/list.txt",
			} {
				for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "DELETE"} {
					got := d.do(method, host, path, "X-Test-Principal: "+who, "Range: bytes=0-3", "If-None-Match: *")
					if got.StatusCode != refused.StatusCode || got.text != refused.text && method != "HEAD" || got.Header.Get("Cache-Control") != "private, no-store" {
						t.Errorf("%s: %s %s%s: %d %s %v", who, method, host, path, got.StatusCode, got.text, got.Header)
					}
				}
			}
			for _, path := range spellings() {
				for _, path := range []string{path, strings.ReplaceAll(path, "secret.txt", "list.txt")} {
					if got := d.get(host, path, "X-Test-Principal: "+who); strings.Contains(got.text, "members") {
						t.Errorf("%s: %s%s shows %s", who, host, path, got.text)
					}
				}
			}
			for _, path := range []string{"//private/list.txt", "/a/../private/list.txt", "/./private/list.txt", "/private//list.txt"} {
				if got := d.get(host, path, "X-Test-Principal: "+who); got.StatusCode != 404 || got.Header.Get("Location") != "" {
					t.Errorf("%s: %s%s: %d %v", who, host, path, got.StatusCode, got.Header)
				}
			}
			if got := d.get(host, "/private./dot.txt", "X-Test-Principal: "+who); host != "function.localhost" && got.text != "for everybody, too" {
				t.Errorf("%s: a folder that is called otherwise: %d %s", who, got.StatusCode, got.text)
			}
		}
	}
	if got := d.get("club.localhost", "/private/list.txt", "Accept: application/json"); got.StatusCode != 401 || !strings.Contains(got.text, `"code":"UNAUTHORIZED"`) {
		t.Errorf("a program is told %d %s", got.StatusCode, got.text)
	}
}

func TestHowPrivateFilesAreServed(t *testing.T) {
	d := openClub(t)
	for _, tt := range []struct {
		method, host, path, headers string
		status                      int
		text                        string
	}{
		{"GET", "club", "/private/list.txt", "Range: bytes=4-10", 206, "members"},
		{"GET", "club", "/private/list.txt", "Range: bytes=99-", 416, ""},
		{"GET", "club", "/private/list.txt", "Range: bytes=4-10|If-Range: \"x\"", 200, "the members' list"},
		{"GET", "club", "/private/list.txt", "If-None-Match: \"x\"", 200, "the members' list"},
		{"HEAD", "club", "/private/list.txt", "", 200, ""},
		{"POST", "club", "/private/list.txt", "", 405, "error"},
		{"GET", "club", "/private", "", 301, ""},
		{"GET", "club", "/private/deep", "", 301, ""},
		{"GET", "club", "/private/none", "", 404, "nothing found at this address"},
		{"GET", "spa", "/private/none", "", 404, "nothing found at this address"}, // and not the public fallback page
		{"GET", "function", "/private/none", "", 404, "nothing found at this address"},
		{"GET", "club", "/private/.env", "", 404, "nothing found at this address"},
		{"GET", "club", "/private/node_modules/x", "", 404, "nothing found at this address"},
		{"GET", "club", "/PRIVATE/list.txt", "", 404, "nothing found at this address"},
		{"GET", "club", "/PRIVATE/shout.txt", "", 404, "nothing found at this address"}, // never served, whatever the case
		{"GET", "club", "/none", "", 404, "not here"},
		{"GET", "spa", "/none", "", 200, "everybody"},
	} {
		got := d.do(tt.method, tt.host+".localhost", tt.path, append(strings.FieldsFunc(tt.headers, func(r rune) bool { return r == '|' }), "X-Test-Principal: owner", "Accept: application/json")...)
		if got.StatusCode != tt.status || !strings.Contains(got.text, tt.text) {
			t.Errorf("%s %s%s: %d %s %v", tt.method, tt.host, tt.path, got.StatusCode, got.text, got.Header)
		}
		if strings.HasPrefix(tt.path, "/private") && (got.Header.Get("Cache-Control") != "private, no-store" || got.Header.Get("Etag") != "") {
			t.Errorf("%s %s%s: %v", tt.method, tt.host, tt.path, got.Header)
		}
	}
}
