package hosting

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

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
		if err := r.check(); err != nil {
			t.Fatal(err)
		}
		for _, path := range strings.Fields(tt.yes) {
			if !r.Cover(path) {
				t.Errorf("%v does not cover %s", r, path)
			}
		}
		for _, path := range strings.Fields(tt.no) {
			if r.Cover(path) {
				t.Errorf("%v covers %s", r, path)
			}
		}
	}
}

func TestManifestWithRoutes(t *testing.T) {
	for text, want := range map[string]string{
		`{"routes": ["/api/*", "/hook"], "first": "function"}`: "",
		`{"routes": ["/*"], "first": "files"}`:                 "",
		`{"routes": []}`:                                       "routes is empty; remove it to use /api/*",
		`{"routes": ["api/*"]}`:                                `routes: "api/*" does not begin with /; a route is a path like /hook, /api/* for everything below it`,
		`{"routes": ["/a*"]}`:                                  "has a * that is not the last segment",
		`{"routes": ["/*/x"]}`:                                 "has a * that is not the last segment",
		`{"routes": ["/a?b=1"]}`:                               "has more than a path",
		`{"routes": ["/a%20b"]}`:                               "has more than a path",
		`{"routes": ["/a//b"]}`:                                "is not a path as browsers send it",
		`{"routes": ["/a/../b"]}`:                              "is not a path as browsers send it",
		`{"routes": ["/auth/*"]}`:                              "belongs to Fazt",
		`{"routes": ["/_fazt"]}`:                               "belongs to Fazt",
		`{"routes": ["/private/*"]}`:                           "belongs to Fazt",
		`{"routes": "/*"}`:                                     "routes must be a array, not a string",
		`{"first": "static"}`:                                  "first",
	} {
		_, err := ParseManifest([]byte(text), ManifestFile)
		if want == "" && err != nil || want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
