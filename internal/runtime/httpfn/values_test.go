package httpfn_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// A header value is bytes, and scripts see one character for each. They used to be decoded as UTF-8 in one direction and encoded
// as UTF-8 in the other.
func TestValuesOfHeadersAreBytesBothWays(t *testing.T) {
	const value = "caf\xe9 \xc3\xa9 \x80\xff"
	const seen = "63 61 66 e9 20 c3 a9 20 80 ff"
	const hex = `[...v].map((c) => c.charCodeAt(0).toString(16)).join(" ")`
	for style, code := range map[string]string{
		"module":  `export default (request) => { const v = request.headers.get("x-a"); return new Response(` + hex + `, { headers: { "x-a": v } }); };`,
		"classic": `const v = request.headers["x-a"]; respond(200, ` + hex + `, { "x-a": v });`,
		"stream":  `export default (request) => { const v = request.headers.get("x-a"); return new Response(new Blob([` + hex + `]).stream(), { headers: { "x-a": v } }); };`,
	} {
		resp := newSite(t, code).do(context.Background(), "GET", "/", nil, "X-A", value)
		if body, _ := io.ReadAll(resp.Body); string(body) != seen || resp.Header.Get("X-A") != value {
			t.Errorf("%s: seen as %s, passed on as %q", style, body, resp.Header.Get("X-A"))
		}
	}
}

// A header name in two spellings is one header. The Fetch standard joins the values; for the object of a classic script, the
// last one counts. Two lines used to be sent, and readers differ in which of them they use.
func TestAHeaderNameInTwoSpellingsIsOneHeader(t *testing.T) {
	for code, want := range map[string]string{
		`export default () => new Response("", { headers: { "X-A": "1", "x-a": "2" } });`:                                                         "1, 2",
		`export default () => new Response("", { headers: [["X-A", "1"], ["x-a", "2"]] });`:                                                       "1, 2",
		`export default () => { const h = new Headers(); h.append("x-A", "1"); h.append("X-a", "2"); return new Response("", { headers: h }); };`: "1, 2",
		`export default () => { const h = new Headers({ "X-A": "1" }); h.set("x-a", "2"); return new Response("", { headers: h }); };`:            "2",
		`respond(200, "", { "X-A": "1", "x-a": "2" });`:                                                                                           "2",
		`respond(200, "", { "X-A": ["1", "2"] });`:                                                                                                "1, 2",
	} {
		resp := newSite(t, code).do(context.Background(), "GET", "/", nil)
		if got := fmt.Sprintf("%q", resp.Header["X-A"]); got != fmt.Sprintf("%q", []string{want}) {
			t.Errorf("%s\n%s, want %q", code, got, want)
		}
	}
	cookies := newSite(t, `respond(200, "", { "Set-Cookie": ["a=1", "b=2"] });`).do(context.Background(), "GET", "/", nil)
	if got := cookies.Header["Set-Cookie"]; len(got) != 2 {
		t.Errorf("cookies were joined: %q", got)
	}
}

func TestInvalidHeaderValuesAreRefused(t *testing.T) {
	h := runtimetest.New(t, `const tries = {
		symbol: () => new Headers({ a: Symbol("x") }), "symbol in pairs": () => new Headers([["a", Symbol("x")]]), "symbol set": () => new Headers().set("a", Symbol("x")),
		"symbol name": () => new Headers().get(Symbol("x")), "symbol as a key": () => new Headers({ [Symbol("x")]: "a" }), "symbol in a Response": () => new Response("", { headers: { a: Symbol("x") } }),
		"beyond latin-1": () => new Headers({ a: "\u0100" }), "beyond it, far": () => new Headers({ a: "\u{1f600}" }),
	};
	export default () => Response.json(Object.entries(tries).map(([name, fn]) => { try { fn(); return name + " passed"; } catch (e) { return e instanceof TypeError ? "" : name + ": " + e; } }).filter((s) => s));`)
	if got := h.Ask(t, "GET", "/", "").Body.String(); strings.TrimSpace(got) != "[]" {
		t.Errorf("%s", got)
	}
	classic := runtimetest.New(t, `respond(200, "", { a: Symbol("x") });`)
	if w := classic.Ask(t, "GET", "/", ""); w.Code != 500 || !strings.Contains(classic.Log.String(), "TypeError") {
		t.Errorf("classic: %d %s", w.Code, classic.Log)
	}
}

// A header or parameter called __proto__ used to get lost, or became the prototype of its object.
func TestNamesOfObjectPropertiesAreOrdinary(t *testing.T) {
	h := runtimetest.New(t, `respond([Object.keys(request.headers).includes("__proto__"), request.headers["__proto__"], Object.keys(request.query), request.query["__proto__"], Object.keys(request.body), request.body["__proto__"],
		Object.getPrototypeOf(request.headers) === Object.prototype, request.headers["constructor"]]);`)
	const want = `[true,"h",["__proto__"],"q",["__proto__"],"b",true,"c"]`
	if got := h.Ask(t, "POST", "/?__proto__=q", "__proto__=b", "__proto__", "h", "Constructor", "c", "Content-Type", "application/x-www-form-urlencoded").Body.String(); got != want {
		t.Errorf("%s", got)
	}
}
