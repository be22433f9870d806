package mediatype

import "testing"

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"index.html": "text/html; charset=utf-8", "a.b/INDEX.HTML": "text/html; charset=utf-8", "x.js": "text/javascript; charset=utf-8",
		"x.mjs": "text/javascript; charset=utf-8", "x.json": "application/json", "x.svg": "image/svg+xml; charset=utf-8",
		"x.woff2": "font/woff2", "x.wasm": "application/wasm", "x.unknown": "application/octet-stream", "x": "application/octet-stream",
		"x.": "application/octet-stream", ".html/x": "application/octet-stream", "x.ts": "text/plain; charset=utf-8",
		".well-known/apple-app-site-association": "application/json", ".well-known/openid-configuration": "application/json",
		".well-known/matrix/client": "application/json", ".well-known/webfinger": "application/jrd+json", ".well-known/assetlinks.json": "application/json",
		"openid-configuration": "application/octet-stream", "x/.well-known/webfinger": "application/octet-stream", ".well-known/other": "application/octet-stream",
		"x.tar.gz": "application/gzip",
	} {
		if got := Of(name)[0]; got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
