package hosting

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestManifest(t *testing.T) {
	yes := true
	tests := []struct {
		name, text string
		want       Manifest
		err        string
	}{
		{name: "empty", text: `{}`},
		{name: "everything", text: `{"$schema": "x", "name": "my-blog", "title": "My Blog", "spa": true}`, want: Manifest{Schema: "x", Name: "my-blog", Title: "My Blog", SPA: &yes}},
		{name: "what it wants to reach and to send", text: `{"net": ["api.stripe.com"], "secrets": ["STRIPE_KEY"]}`, want: Manifest{Net: []string{"api.stripe.com"}, Secrets: []string{"STRIPE_KEY"}}},
		{name: "a domain that stands alone", text: `{"net": "api.stripe.com"}`, err: "net must be a array, not a string"},
		{name: "too many domains", text: `{"net": [` + strings.Repeat(`"a.example",`, 100) + `"a.example"]}`, err: "net must"},
		{name: "a byte order mark", text: "\xef\xbb\xbf{\"name\":\"a\"}\n", want: Manifest{Name: "a"}},
		{name: "null members", text: `{"name":null,"spa":null}`},
		{name: "no text", text: " \n", err: "fazt.json is empty; an empty manifest is {}"},
		{name: "null", text: " null", err: "fazt.json must hold a JSON object"},
		{name: "a list", text: `[]`, err: "fazt.json must hold a JSON object"},
		{name: "an unknown member", text: "{\n  \"name\": \"a\",\n  \"spaa\": true\n}", err: `fazt.json:3:3: unknown member "spaa"`},
		{name: "an unknown member after a nested one of the same name", text: "{\"title\": \"x\", \"x\": 1}", err: `fazt.json:1:16: unknown member "x"`},
		{name: "other letter case", text: `{"Name": "a"}`, err: `fazt.json:1:2: unknown member "Name"`},
		{name: "a member twice", text: "{\"name\": \"a\",\n\"name\": \"b\"}", err: "fazt.json:2:1: name appears twice"},
		{name: "a comma too many", text: "{\n  \"name\": \"a\",\n}", err: "fazt.json:3:1: not JSON: invalid character '}'"},
		{name: "a comment", text: "// my app\n{}", err: "fazt.json:1:1: not JSON: invalid character '/'"},
		{name: "cut off", text: "{\n\"name\": ", err: "fazt.json:2:8: not JSON: unexpected end"},
		{name: "something after it", text: "{}\n{}", err: "fazt.json:2:1: not JSON: invalid character '{' after top-level value"},
		{name: "the wrong type", text: "{\n  \"spa\": \"yes\"}", err: "spa must be a boolean, not a string"},
		{name: "another wrong type", text: `{"name": 7}`, err: "name must be a string, not a number"},
		{name: "an invalid label as name", text: `{"name": "My Blog"}`, err: "name"},
		{name: "a title too long", text: `{"title": "` + strings.Repeat("x", 201) + `"}`, err: "title must be at most 200 characters"},
		{name: "too large", text: `{"title": "` + strings.Repeat("x", maxManifest) + `"}`, err: "has more than 262144 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseManifest([]byte(tt.text), ManifestFile)
			if tt.err != "" {
				wantError(t, err, errs.Unprocessable, tt.err)
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
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
		`{"product": "/_cloud", "routes": ["/auth/*"]}`:        "",
		`{"product": "/_cloud", "routes": ["/_cloud/x"]}`:      "belongs to Fazt",
		`{"product": "/api"}`:                                  "product: /api is another part of the app",
		`{"product": "cloud"}`:                                 `product: "cloud" is not a prefix`,
		`{"routes": "/*"}`:                                     "routes must be a array, not a string",
		`{"first": "static"}`:                                  "first",
	} {
		_, err := ParseManifest([]byte(text), ManifestFile)
		if want == "" && err != nil || want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestManifestOfThePredecessor(t *testing.T) {
	yes := true
	for text, want := range map[string]Manifest{
		`{"name":"blog"}`: {Name: "blog"},
		`{"name":"blog","spa":true,"analytics":{"x":1}}`: {Name: "blog", SPA: &yes},
		`{"name":"My App","short_name":"app"}`:           {},
		`{"name":7,"spa":"yes"}`:                         {},
		`not JSON`:                                       {},
		``:                                               {},
		`null`:                                           {},
	} {
		got, err := ParseManifest([]byte(text), "manifest.json")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestManifestSchemaMatchesTheGoldenFile(t *testing.T) {
	golden := filepath.Join("..", "..", "docs", "reference", "fazt.schema.json")
	if *update {
		if err := os.WriteFile(golden, ManifestSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(ManifestSchema())); diff != "" {
		t.Errorf("the schema changed; if that is intended, run the test with -update:\n%s", diff)
	}
}

// FuzzManifest checks that no input makes it panic, that an accepted manifest is accepted again when it is written, and
// that an error is a sentence of the right kind.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"a","title":"b","spa":false}`, `{"name":{}}`, `{"x":[{"name":1}]}`, "\xef\xbb\xbf", `null`, `"`, `{"name":"a"} x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data, ManifestFile)
		if err != nil {
			if !errs.Is(err, errs.Unprocessable) || !strings.HasPrefix(errs.Sentence(err), ManifestFile) {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if !bytes.HasPrefix(bytes.TrimLeft(data, "\xef\xbb\xbf \t\r\n"), []byte("{")) {
			t.Errorf("%q is not an object", data)
		}
		written := Plan{Manifest: m}.settings()
		if len(written) == 0 {
			t.Errorf("%+v cannot be written", m)
		}
		_, _ = ParseManifest(data, legacyManifestFile)
	})
}
