package fetch_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestValuesOfHeadersAreBytesBothWays(t *testing.T) {
	const value = "caf\xe9 \xc3\xa9 \x80\xff"
	const seen = "63 61 66 e9 20 c3 a9 20 80 ff"
	const hex = `[...v].map((c) => c.charCodeAt(0).toString(16)).join(" ")`
	h, d := newOutside(t, `export default async (request) => { const r = await fetch("https://api.example.com/", { headers: { "x-a": request.headers.get("x-a") } }), v = r.headers.get("x-b"); return new Response(`+hex+`); };`,
		func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-B", r.Header.Get("X-A")) })
	if got := h.Ask(t, "GET", "/", "", "X-A", value).Body.String(); got != seen || d.asked[0].Headers.Get("X-A") != value {
		t.Errorf("sent %q, and the response is seen as %s", d.asked[0].Headers.Get("X-A"), got)
	}
}

func TestAResponseHeaderMayBeCalledProto(t *testing.T) {
	outside, _ := newOutside(t, `const r = fazt.net.fetch("https://api.example.com/"); respond([r.headers["__proto__"], Object.keys(r.headers).includes("__proto__")]);`,
		func(w http.ResponseWriter, _ *http.Request) { w.Header()["__proto__"] = []string{"x"} })
	if got := outside.Ask(t, "GET", "/", "").Body.String(); got != `["x",true]` {
		t.Errorf("of another server: %s", got)
	}
}

// 1e-9 ms was rounded to 0, which meant no limit.
func TestInvalidTimeoutsOfCallsAreRefused(t *testing.T) {
	const sentence = "timeout must be a number of milliseconds, at least 1; leave it out to use the limits of the instance"
	for _, call := range []string{`fetch("https://api.example.com/", { timeout })`, `fazt.net.fetch("https://api.example.com/", { timeout })`} {
		h, d := newOutside(t, `export default async () => { const out = []; for (const timeout of [1e-9, 0, 0.999, -1, -0, NaN, Infinity, -Infinity, "1", "", true, {}, [], 1n, Number.MIN_VALUE])
			try { await `+call+`; out.push(String(timeout)); } catch (e) { if (e.message !== `+"`"+sentence+"`"+`) out.push(e.message); }
			for (const timeout of [1, 1.5, 1e300, undefined, null]) await `+call+`; return Response.json(out); };`, func(http.ResponseWriter, *http.Request) {})
		if got := strings.TrimSpace(h.Ask(t, "GET", "/", "").Body.String()); got != "[]" || len(d.asked) != 5 {
			t.Errorf("%s: %s, and %d calls were sent", call, got, len(d.asked))
		}
	}
}
