package httpfn_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

func TestOnlyTheAuthorSeesTheErrorPage(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	source := runtimetest.Files{"api/main.ts": "import { part } from \"./part\";\nexport default (r: Request): Response => part(r);\n",
		"api/part.ts": "interface Never {}\n\nexport function part(r: Request): Response {\n\tconst text: string = \"<b>\";\n\tthrow new TypeError(\"broken <script>\" + text);\n}\n"}
	for _, tt := range []struct {
		name, host, ip, accept string
		dev                    bool
		want                   string // "" = what visitors see
	}{
		{"a browser", "a.localhost:4698", "127.0.0.1", "text/html,*/*", true, "<!doctype html>"},
		{"a browser over IPv6", "[::1]:4698", "::1", "text/html", true, "<!doctype html>"},
		{"curl", "a.localhost", "127.0.0.1", "*/*", true, "The function failed. Visitors"},
		{"a deployed app", "a.localhost", "127.0.0.1", "text/html", false, ""},
		{"another machine", "a.localhost", "192.168.1.7", "text/html", true, ""},
		{"through a tunnel", "dev.example.com", "127.0.0.1", "text/html", true, ""},
		{"a name with that prefix", "localhost.example.com", "127.0.0.1", "text/html", true, ""},
		{"unknown address", "a.localhost", "", "text/html", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := runtimetest.NewOf(t, source)
			h.Fn.Dev, h.Fn.ClientIP = tt.dev, tt.ip
			h.Fn.Source = func(ctx context.Context, path string) ([]byte, error) { return source.ReadFile(ctx, path) }
			r := httptest.NewRequest(http.MethodGet, "/x", nil)
			r.Host = tt.host
			r.Header.Set("Accept", tt.accept)
			w := httptest.NewRecorder()
			h.Serve(w, r, h.Fn)
			body := w.Body.String()
			if w.Code != http.StatusInternalServerError || strings.Contains(body, "<script>") && strings.HasPrefix(body, "<") {
				t.Fatalf("%d %s", w.Code, body)
			}
			if tt.want == "" {
				if strings.Contains(body, "broken") || strings.Contains(body, "part.ts") {
					t.Fatalf("a visitor sees %s", body)
				}
				return
			}
			if !strings.HasPrefix(body, tt.want) || !strings.Contains(body, "api/part.ts:5:") || !strings.Contains(body, "api/main.ts:2:") {
				t.Fatalf("got %s", body)
			}
			if tt.want[0] == '<' && (!strings.Contains(body, "<h1>TypeError: broken &lt;script&gt;&lt;b&gt;</h1>") || !strings.Contains(body, "<b>    5 |     throw new TypeError(&#34;broken") || !strings.Contains(body, "^</b>")) {
				t.Fatalf("got %s", body)
			}
		})
	}
}
