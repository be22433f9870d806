package server_test

import (
	"testing"

	"fazt/internal/fazttest"
)

const caching = `
-- api/main.js --
export default {
	async fetch(request) {
		const { pathname, searchParams } = new URL(request.url), cache = caches.default, named = await caches.open("n");
		const page = new Request("https://x.example/page#top", { headers: { "Accept-Language": searchParams.get("lang") ?? "en" } });
		const show = async (r) => r === undefined ? "none" : r.status + " " + r.headers.get("x-a") + " " + (await r.text());
		switch (pathname) {
			case "/api/put": {
				const response = new Response(searchParams.get("body"), { status: 201, headers: { "x-a": "b", vary: "accept-language" } });
				await cache.put(page, response);
				return new Response(String(response.bodyUsed));
			}
			case "/api/match": return new Response([await show(await cache.match(page)), await show(await cache.match("https://x.example/other")), await show(await named.match(page)),
				await show(await caches.match(page)), await show(await cache.match(new Request(page, { method: "POST" }))), await show(await cache.match(new Request(page, { method: "POST" }), { ignoreMethod: true }))].join("|"));
			case "/api/delete": return new Response([await cache.delete(page), await cache.delete(page), await caches.delete("none")].join());
			case "/api/named": await named.put("https://x.example/a", new Response("a")); return new Response([await show(await named.match("https://x.example/a")), await caches.delete("n"), await show(await named.match("https://x.example/a"))].join("|"));
			case "/api/binary": await cache.put("https://x.example/b", new Response(new Uint8Array([0, 255, 128]))); return cache.match("https://x.example/b");
			case "/api/refused": return new Response((await Promise.all([() => cache.put(new Request("https://x.example/", { method: "POST" }), new Response("")), () => cache.put("https://x.example/", new Response("", { status: 206 })),
				() => cache.put("https://x.example/", new Response("", { headers: { vary: "a, *" } })), () => cache.put("data:,x", new Response("")), () => cache.put("https://x.example/", "x"), () => new Cache()].map(async (f) => { try { await f(); return "ok"; } catch (e) { return e.name; } }))).join());
		}
	},
};
`

func TestTheCacheAPIKeepsResponsesOfOneDeployment(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", caching)
	i.Deploy("other", caching)
	get := func(app, path, want string) {
		t.Helper()
		if got := i.Get(app, path); got.Text != want {
			t.Errorf("%s %s: %d %q, want %q", app, path, got.StatusCode, got.Text, want)
		}
	}
	get("app", "/api/put?body=hello", "true")
	get("app", "/api/put?body=hallo&lang=de", "true")
	get("app", "/api/match", "201 b hello|none|none|201 b hello|none|201 b hello")
	get("app", "/api/match?lang=de", "201 b hallo|none|none|201 b hallo|none|201 b hallo")
	get("app", "/api/match?lang=fr", "none|none|none|none|none|none")
	get("other", "/api/match", "none|none|none|none|none|none")
	get("app", "/api/delete", "true,false,false")
	get("app", "/api/match?lang=de", "201 b hallo|none|none|201 b hallo|none|201 b hallo")
	get("app", "/api/named", "200 null a|true|none")
	get("app", "/api/binary", "\x00\xff\x80")
	get("app", "/api/refused", "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError")
	i.Deploy("app", caching+"-- index.html --\nchanged\n")
	get("app", "/api/match?lang=de", "none|none|none|none|none|none")
}
