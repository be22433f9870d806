package runtime_test

import (
	"testing"
	"time"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

func TestHello(t *testing.T) {
	for name, code := range map[string]string{
		"object":   `export default { fetch(request: Request, env: any) { return Response.json({ hello: env.A, url: request.url, m: request.method }); } };`,
		"async":    `export default { async fetch(request, env) { await null; return Response.json({ hello: env.A, url: request.url, m: request.method }); } };`,
		"function": `export default (request, env) => Response.json({ hello: env.A, url: request.url, m: request.method });`,
		"classic":  `respond({ hello: fazt.env.get("A"), url: request.url, m: request.method });`,
		"value":    `const x = 1; ({ status: 200, body: { hello: fazt.env.get("A"), url: request.url, m: request.method } })`,
	} {
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, code)
			for range 3 {
				w := h.Ask(t, "GET", "/api/x?y=1", "")
				if w.Code != 200 || w.Body.String() != `{"hello":"b","url":"http://a.localhost/api/x?y=1","m":"GET"}` {
					t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
				}
			}
		})
	}
}

func TestSleepsOverlap(t *testing.T) {
	h := runtimetest.New(t, `export default async () => { const s = Date.now(); await Promise.all([1,2,3,4,5].map(() => new Promise(r => setTimeout(r, 100)))); return new Response(String(Date.now() - s)); };`)
	w := h.Ask(t, "GET", "/", "")
	t.Log(w.Body, h.Log)
	if w.Code != 200 {
		t.Fatal(w.Code)
	}
}

func TestDeadlines(t *testing.T) {
	for name, code := range map[string]string{
		"loop":    `export default () => { for (;;) {} }`,
		"catch":   `export default () => { for (;;) { try { for (;;) {} } catch {} finally { for(;;) {} } } }`,
		"promise": `export default async () => { const f = () => Promise.resolve().then(f); await f(); return new Response(""); }`,
		"regexp":  `export default () => new Response(String(/^(a+)+$/.test("a".repeat(40) + "b")));`,
		"never":   `export default () => new Promise(() => {});`,
		"sleep":   `export default () => new Promise((r) => setTimeout(r, 100000));`,
	} {
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, code, func(l *system.Runtime) { l.ExecTimeout = 200 })
			began := time.Now()
			w := h.Ask(t, "GET", "/", "")
			t.Log(w.Code, w.Body, time.Since(began), h.Log)
			if w.Code < 500 {
				t.Fatal(w.Code)
			}
		})
	}
}
