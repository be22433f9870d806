package server_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/fazttest"
)

// An app built for Cloudflare gets its files from env.ASSETS.
func TestAFunctionReadsItsStaticFiles(t *testing.T) {
	i := fazttest.New(t)
	big := strings.Repeat("0123456789abcdef", 1<<18) // 4 MB, more than is handed over at once
	i.Deploy("app", `
-- index.html --
<h1>Home</h1>
-- docs/index.html --
docs
-- fazt.json --
{ "routes": ["/*"], "first": "function" }
-- private/secret.txt --
secret
-- api/data.txt --
source
-- big.bin --
`+big+`
-- api/main.js --
export default {
	async fetch(request, env) {
		const { pathname } = new URL(request.url);
		if (pathname === "/keys") return Response.json({ keys: Object.keys(env), frozen: Object.isFrozen(env), own: typeof env.ASSETS.fetch });
		if (pathname === "/sum") {
			const data = await (await env.ASSETS.fetch(new URL("/big.bin", request.url))).arrayBuffer();
			return new Response([...new Uint8Array(await crypto.subtle.digest("SHA-256", data))].map((b) => b.toString(16).padStart(2, "0")).join(""));
		}
		if (pathname === "/post") return env.ASSETS.fetch(new Request(new URL("/", request.url), { method: "POST", body: "x" }));
		const r = await env.ASSETS.fetch(request);
		if (r.status !== 404) return r;
		return new Response("worker: " + (await r.text()), { status: 404 });
	},
};
`)
	for path, want := range map[string]string{
		"/": "<h1>Home</h1>\n", "/docs/": "docs\n", "/none": "worker: nothing found at this address\n",
		"/private/secret.txt?": "", "/api/data.txt": "worker: nothing found at this address\n", "/fazt.json": "worker: nothing found at this address\n",
		"/keys": `{"keys":[],"frozen":true,"own":"function"}`,
	} {
		got := i.Get("app", path)
		if want == "" && strings.Contains(got.Text, "secret") || want != "" && got.Text != want {
			t.Errorf("%s: %d %q, want %q", path, got.StatusCode, got.Text, want)
		}
	}
	if got := i.Get("app", "/docs"); got.StatusCode != http.StatusMovedPermanently || got.Header.Get("Location") != "/docs/" {
		t.Errorf("/docs: %d %q", got.StatusCode, got.Header.Get("Location"))
	}
	got := i.Get("app", "/")
	if etag := got.Header.Get("Etag"); etag == "" || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("headers: %v", got.Header)
	} else {
		r := i.Request(http.MethodGet, "app", "/", "")
		r.Header.Set("If-None-Match", etag)
		if got := i.Do(r); got.StatusCode != http.StatusNotModified {
			t.Errorf("conditional: %d", got.StatusCode)
		}
	}
	if got := i.Get("app", "/big.bin"); got.Text != big+"\n" {
		t.Errorf("big: %d, %d bytes", got.StatusCode, len(got.Text))
	}
	if got, want := i.Get("app", "/sum").Text, fmt.Sprintf("%x", sha256.Sum256([]byte(big+"\n"))); got != want {
		t.Errorf("sum %s, want %s", got, want)
	}
	if got := i.Get("app", "/post"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d %s", got.StatusCode, got.Text)
	}
}
