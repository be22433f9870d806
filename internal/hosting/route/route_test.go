package route

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func anyPath(string) bool { return true }

func TestRoutesCover(t *testing.T) {
	for _, tt := range []struct {
		routes  string
		yes, no string
	}{
		{"", "/api /api/ /api/x/y", "/ /apix /API /x/api /hook"},
		{"/*", "/ /x /api/x /fazt.json /.env /x/auth", "/_fazt/x /auth /auth/x /private/x /Private /_FAZT/x"},
		{"/hook", "/hook", "/hook/ /hook/x /hooks / /api/x"},
		{"/api/* /hook /a/b/*", "/api /api/x /hook /a/b /a/b/ /a/b/c", "/a /a/bc /hook/x"},
		{"/x/", "/x/", "/x /x/y"},
	} {
		var r Routes
		if tt.routes != "" {
			r = strings.Fields(tt.routes)
		}
		if err := r.Check("", anyPath); err != nil {
			t.Fatal(err)
		}
		for _, path := range strings.Fields(tt.yes) {
			if !r.Cover(path, "") {
				t.Errorf("%v does not cover %s", r, path)
			}
		}
		for _, path := range strings.Fields(tt.no) {
			if r.Cover(path, "") {
				t.Errorf("%v covers %s", r, path)
			}
		}
	}
}

func TestPathsOfTheProduct(t *testing.T) {
	for _, tt := range []struct {
		product        Product
		path, want     string // the path without a prefix; "" = it belongs to the app
		reload, covers string // a path of the product, and whether a function for every path gets this one
	}{
		{"", "/auth", "/auth", "/_fazt/reload.js", "no"},
		{"", "/auth/login", "/auth/login", "/_fazt/reload.js", "no"},
		{"", "/AUTH/login", "/auth/login", "/_fazt/reload.js", "no"},
		{"", "/_fazt/reload", "/_fazt/reload", "/_fazt/reload.js", "no"},
		{"", "/authors", "", "/_fazt/reload.js", "yes"},
		{"", "/x/auth/login", "", "/_fazt/reload.js", "yes"},
		{"", "/", "", "/_fazt/reload.js", "yes"},
		{"", "/_cloud/auth", "", "/_fazt/reload.js", "yes"},
		{"/_cloud", "/auth/login", "", "/_cloud/reload.js", "yes"},
		{"/_cloud", "/_fazt/reload", "", "/_cloud/reload.js", "yes"},
		{"/_cloud", "/_cloud", "/_fazt", "/_cloud/reload.js", "no"},
		{"/_cloud", "/_cloud/auth", "/auth", "/_cloud/reload.js", "no"},
		{"/_cloud", "/_Cloud/auth/login", "/auth/login", "/_cloud/reload.js", "no"},
		{"/_cloud", "/_cloud/authors", "/_fazt/authors", "/_cloud/reload.js", "no"},
		{"/_cloud", "/_clouds", "", "/_cloud/reload.js", "yes"},
		{"/_cloud", "/private/x", "", "/_cloud/reload.js", "no"},
		{"/a/b", "/a/b/reload", "/_fazt/reload", "/a/b/reload.js", "no"},
		{"/a/b", "/a", "", "/a/b/reload.js", "yes"},
		{"/_fazt", "/auth/login", "", "/_fazt/reload.js", "yes"},
		{"/_fazt", "/_fazt/auth/login", "/auth/login", "/_fazt/reload.js", "no"},
	} {
		own, ok := tt.product.Cut(tt.path)
		if own != tt.want || ok != (tt.want != "") || tt.product.Owns(tt.path) != ok {
			t.Errorf("%q: %s is %q, want %q", tt.product, tt.path, own, tt.want)
		}
		if got := (Routes{"/*"}).Cover(tt.path, tt.product); got != (tt.covers == "yes") {
			t.Errorf("%q: a function for every path gets %s: %v", tt.product, tt.path, got)
		}
		if got := tt.product.Path("reload.js"); got != tt.reload {
			t.Errorf("%q: %s", tt.product, got)
		}
	}
}

func TestPrefixesOfTheProduct(t *testing.T) {
	for _, p := range []Product{"", "/_cloud", "/a", "/a/b", "/_fazt", "/auth", "/0-9/_", Product("/" + strings.Repeat("x", 63))} {
		if err := p.Check(); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	for _, p := range []Product{
		"/", "x", "//", "/x/", "/x//y", "/a/b/c", "/X", "/ä", "/a b", "/a.b", "/.well-known", "/..", "/a%20", "/a?b", "/a#", "/*", "/a\\b", "/a\n",
		"/api", "/api/x", "/private", "/private/x", "/workers", "/node_modules", Product("/" + strings.Repeat("x", 64)),
	} {
		if err := p.Check(); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), "/_cloud") {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestARouteCannotBelongToTheProduct(t *testing.T) {
	for _, tt := range []struct {
		product Product
		route   string
		want    string // a part of the error; "" = none
	}{
		{"", "/auth/*", `"product": "/_cloud"`},
		{"", "/_fazt", `"product": "/_cloud"`},
		{"/_cloud", "/auth/*", ""},
		{"/_cloud", "/_cloud/x", `Choose another "product"`},
		{"/_cloud", "/*", ""},
		{"/_cloud", "/private/*", "belongs to Fazt; functions cannot handle it"},
	} {
		err := Routes{tt.route}.Check(tt.product, anyPath)
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(errs.Sentence(err), tt.want) {
			t.Errorf("%q %s: %v", tt.product, tt.route, err)
		}
	}
}

// What no visitor can reach is said when it is deployed, and nothing else.
func TestWhatTheProductShadows(t *testing.T) {
	all := Routes{"/*"}
	for name, tt := range map[string]struct {
		product Product
		routes  Routes
		files   map[string]string
		want    []string // the beginnings of the sentences
		refused string
	}{
		"nothing":         {"", all, map[string]string{"index.html": `<a href="/auth/x">`, "authors.html": "", "x/auth/a": ""}, nil, ""},
		"files":           {"", nil, map[string]string{"auth/index.html": "", "auth/b": "", "Auth/c": "", "_fazt/d": "", "e": ""}, []string{"paths below /auth and /_fazt belong to Fazt, so Auth/c, _fazt/d, auth/b, … (4 files) is not served. \"product\""}, ""},
		"moved":           {"/_cloud", nil, map[string]string{"auth/index.html": "", "_fazt/d": ""}, nil, ""},
		"a bad choice":    {"/_cloud", nil, map[string]string{"_cloud/x": ""}, nil, `_cloud/x is not served. Choose another "product"`},
		"a function":      {"", all, map[string]string{"api/main.ts": "a\napp.get('/auth/login', x)"}, []string{"api/main.ts:2: paths below /auth and /_fazt belong to Fazt, so the function"}, ""},
		"the root":        {"", all, map[string]string{"api/lib/a.js": "b(`/_fazt`)"}, []string{"api/lib/a.js:1: "}, ""},
		"only below /api": {"", nil, map[string]string{"api/main.ts": `"/auth/login"`}, nil, ""},
		"another route":   {"", Routes{"/hook"}, map[string]string{"api/main.ts": `"/auth/login"`}, nil, ""},
		"other texts":     {"", all, map[string]string{"api/main.ts": `"/authors" "x/auth/" /auth/ "https://a.example/auth/"`, "api/a.json": `"/auth/x"`, "lib/a.ts": `"/auth/x"`}, nil, ""},
		"a moved one":     {"/_cloud", all, map[string]string{"api/main.ts": `"/auth/login"`}, nil, ""},
		"below the moved": {"/_cloud", all, map[string]string{"api/main.ts": `"/_cloud/x"`}, []string{"api/main.ts:1: paths below /_cloud belong"}, ""},
	} {
		paths := slices.Sorted(func(yield func(string) bool) {
			for path := range tt.files {
				if !yield(path) {
					return
				}
			}
		})
		got, err := tt.product.Shadowed(t.Context(), tt.routes, paths, func(_ context.Context, path string) ([]byte, error) { return []byte(tt.files[path]), nil })
		if (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(errs.Sentence(err), tt.refused) {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	broken := errors.New("unreadable")
	if _, err := Product("").Shadowed(t.Context(), all, []string{"api/main.js"}, func(context.Context, string) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
