package runtime_test

import (
	"encoding/json"
	"testing"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Each line is an expression and what JSON.stringify must return for it by the standards. A thrown error counts as its name.
var webAPI = [][2]string{
	// URL (WHATWG)
	{`new URL("https://user:pw@EXAMPLE.com:443/a/../b?x=1#y").href`, `"https://user:pw@example.com/b?x=1#y"`},
	{`new URL("../c?d#e", "http://a.b/x/y/z").href`, `"http://a.b/x/c?d#e"`},
	{`new URL("http://bücher.example/ä?ö").href`, `"http://xn--bcher-kva.example/%C3%A4?%C3%B6"`},
	{`new URL("http://0x7f.1/").host`, `"127.0.0.1"`},
	{`new URL("http://[::1]:8080/").host`, `"[::1]:8080"`},
	{`new URL("nonsense")`, `"TypeError"`},
	{`URL.canParse("http://a b/")`, `false`},
	{`URL.parse("x")`, `null`},
	{`(() => { const u = new URL("http://a/?x=1"); u.searchParams.append("y", "2 3"); return u.href; })()`, `"http://a/?x=1&y=2+3"`},
	{`(() => { const u = new URL("http://a/p"); u.search = "q=1"; return [u.searchParams.get("q"), u.pathname]; })()`, `["1","/p"]`},
	{`(() => { const u = new URL("http://a:80/"); u.port = "81"; u.protocol = "https"; u.hash = "h"; return u.href; })()`, `"https://a:81/#h"`},
	{`new URL("http://a/").origin + new URL("mailto:x@y").origin`, `"http://anull"`},
	{`JSON.stringify({ u: new URL("http://a/") })`, `"{\"u\":\"http://a/\"}"`},
	{`["blob:https://a.com:444/x", "blob:ftp://a/x", "blob:x"].map((u) => new URL(u).origin)`, `["https://a.com:444","null","null"]`},
	// Blobs are copied, and have the type of what they come from
	{`(async () => { const b = structuredClone({ b: new Blob(["abc"], { type: "text/x" }) }).b; return [b.constructor.name, b.type, await b.text()]; })()`, `["Blob","text/x","abc"]`},
	{`(async () => { const f = structuredClone(new File(["abc"], "n.txt", { type: "a/b", lastModified: 5 })); return [f instanceof File, f.name, f.type, f.lastModified, await f.text()]; })()`, `[true,"n.txt","a/b",5,"abc"]`},
	{`Promise.all(["Text/HTML; Charset=UTF-8 ", "nonsense", "a/b;c=\"d \\\"e\";C=2;f=;g=h i;j", "a b/c", "", " x/y ;z"].map(async (type) => (await new Response("x", { headers: { "content-type": type } }).blob()).type))`, `["text/html;charset=utf-8","","a/b;c=\"d \\\"e\";g=\"h i\"","","","x/y"]`},
	{`new Response("\ufeffa=b\ufeff", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData().then((f) => [f.get("\ufeffa").length, f.has("a")])`, `[2,false]`},
	{`crypto.subtle.importKey("raw", Uint8Array.from("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296".match(/../g), (x) => parseInt(x, 16)), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]).then((k) => crypto.subtle.exportKey("raw", k)).then((b) => Buffer.from(b).toString("hex"))`,
		`"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"`},
	{`crypto.subtle.importKey("raw", new Uint8Array(33).fill(2), { name: "ECDSA", namedCurve: "P-384" }, true, ["verify"])`, `"DataError"`},
	// URLSearchParams
	{`new URLSearchParams("?a=1&a=2&b=%20+c&d").getAll("a")`, `["1","2"]`},
	{`[...new URLSearchParams("b=%20+c&d&=e")]`, `[["b","  c"],["d",""],["","e"]]`},
	{`new URLSearchParams({ "a b": "c&d", é: "1*~" }).toString()`, `"a+b=c%26d&%C3%A9=1*%7E"`},
	{`new URLSearchParams([["a"]])`, `"TypeError"`},
	{`(() => { const p = new URLSearchParams("a=1&b=2&a=3"); p.set("a", "9"); p.delete("b"); return p.toString() + p.size; })()`, `"a=91"`},
	{`(() => { const p = new URLSearchParams("b=1&a=2&b=0"); p.sort(); return String(p); })()`, `"a=2&b=1&b=0"`},
	{`new URLSearchParams("a=%FF%zz").get("a")`, `"�%zz"`},
	// Headers
	{`[...new Headers({ B: "1", a: "2" })]`, `[["a","2"],["b","1"]]`},
	{`(() => { const h = new Headers(); h.append("x", " a "); h.append("X", "b"); return h.get("x"); })()`, `"a, b"`},
	{`(() => { const h = new Headers([["set-cookie", "a=1"], ["Set-Cookie", "b=2"]]); return [h.getSetCookie(), [...h].length]; })()`, `[["a=1","b=2"],2]`},
	{`new Headers({ "a b": "c" })`, `"TypeError"`},
	{`new Headers({ a: "b\r\nc" })`, `"TypeError"`},
	{`new Headers().get("none")`, `null`},
	// Request and Response
	{`new Request("http://a/x", { method: "post", body: "hi" }).text()`, `"hi"`},
	{`new Request("http://a/x", { method: "post", body: "hi" }).headers.get("content-type")`, `"text/plain;charset=UTF-8"`},
	{`new Request("http://a", { body: "x" })`, `"TypeError"`},
	{`new Request("http://a", { method: "CONNECT" })`, `"TypeError"`},
	{`(async () => { const r = new Request("http://a", { method: "PUT", body: new URLSearchParams({ a: "1" }) }); return [(await r.clone().formData()).get("a"), await r.text(), r.bodyUsed]; })()`, `["1","a=1",true]`},
	{`(async () => { const r = new Response("x"); await r.text(); return r.text(); })()`, `"TypeError"`},
	{`new Response("x", { status: 99 })`, `"RangeError"`},
	{`new Response("x", { status: 204 })`, `"TypeError"`},
	{`[new Response().status, new Response().ok, new Response("", { status: 404 }).ok]`, `[200,true,false]`},
	{`Response.json({ a: 1 }).headers.get("content-type")`, `"application/json"`},
	{`Response.json({ a: 1 }, { status: 201, headers: { x: "y" } }).status`, `201`},
	{`[Response.redirect("http://a/b").status, Response.redirect("http://a/b", 301).headers.get("location")]`, `[302,"http://a/b"]`},
	{`Response.redirect("http://a", 200)`, `"RangeError"`},
	{`(async () => [...new Uint8Array(await new Response(new Uint8Array([1, 2, 3]).subarray(1)).arrayBuffer())])()`, `[2,3]`},
	{`(async () => [...await new Response("é").bytes()])()`, `[195,169]`},
	{`(async () => { const f = new FormData(); f.append("a", "1"); f.append("b", new File(["zz"], "n.txt", { type: "text/plain" })); const r = new Response(f); const g = await r.formData(); return [g.get("a"), g.get("b").name, g.get("b").type, await g.get("b").text()]; })()`, `["1","n.txt","text/plain","zz"]`},
	{`new Response(new Blob(["a", new Uint8Array([98])], { type: "x/Y" })).headers.get("content-type")`, `"x/y"`},
	// compression and text streams
	{`(async () => { const out = {}; for (const f of ["gzip", "deflate", "deflate-raw"]) { const packed = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("hello ".repeat(1000))); c.close(); } }).pipeThrough(new CompressionStream(f)); let n = 0, text = ""; const [a, b] = packed.tee(); for await (const c of a) n += c.length; for await (const c of b.pipeThrough(new DecompressionStream(f)).pipeThrough(new TextDecoderStream())) text += c; out[f] = [n < 200, text.length, text === "hello ".repeat(1000)]; } return out; })()`,
		`{"gzip":[true,6000,true],"deflate":[true,6000,true],"deflate-raw":[true,6000,true]}`},
	{`new CompressionStream("br")`, `"TypeError"`},
	{`(async () => { const d = new DecompressionStream("gzip"), w = d.writable.getWriter(); w.write(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])).catch(() => {}); w.close().catch(() => {}); for await (const c of d.readable); })()`, `"TypeError"`},
	{`(async () => { const d = new DecompressionStream("deflate"), w = d.writable.getWriter(); w.close().catch(() => {}); for await (const c of d.readable); })()`, `"TypeError"`},
	{`(async () => { const d = new DecompressionStream("deflate-raw"), w = d.writable.getWriter(); w.write(new Uint8Array([75, 4, 0, 9])).catch(() => {}); w.close().catch(() => {}); for await (const c of d.readable); })()`, `"TypeError"`},
	{`(async () => { const d = new DecompressionStream("deflate-raw"), w = d.writable.getWriter(); w.write("text").catch(() => {}); for await (const c of d.readable); })()`, `"TypeError"`},
	{`(async () => { const e = new TextEncoderStream(), w = e.writable.getWriter(); w.write("a\ud83d"); w.write("\ude00b\ud800"); w.close(); const out = []; for await (const c of e.readable) out.push(...c); return out; })()`, `[97,240,159,152,128,98,239,191,189]`},
	{`(async () => { const e = new TextDecoderStream("utf-8"), w = e.writable.getWriter(); for (const b of [0xf0, 0x9f, 0x98, 0x80]) w.write(new Uint8Array([b])); w.close(); let s = ""; for await (const c of e.readable) s += c; return s; })()`, `"😀"`},
	{`(() => { for (let i = 0; i < 100; i++) new CompressionStream("gzip"); })()`, `"Error"`},
	// URLPattern and streams
	{`new URLPattern({ pathname: "/users/:id" }).exec("http://a/users/7").pathname.groups.id`, `"7"`},
	{`(async () => { const out = []; for await (const v of new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } })) out.push(v); return out; })()`, `[1,2]`},
	{`(async () => { const t = new TransformStream({ transform(v, c) { c.enqueue(v * 2); } }); const w = t.writable.getWriter(); w.write(21); w.close(); return (await t.readable.getReader().read()).value; })()`, `42`},
	{`(() => { globalThis.ReadableStream = 1; return ReadableStream; })()`, `1`},
	// text
	{`[...new TextEncoder().encode("a\u00e9\ud83d\ude00\ud800")]`, `[97,195,169,240,159,152,128,239,191,189]`},
	{`new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 97, 0xff, 0xf0, 0x9f, 0x98]))`, `"a��"`},
	{`new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff]))`, `"TypeError"`},
	{`new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf])).length`, `1`},
	{`(() => { const d = new TextDecoder(); return d.decode(new Uint8Array([0xf0, 0x9f]), { stream: true }) + d.decode(new Uint8Array([0x98, 0x80]), { stream: true }) + d.decode(); })()`, `"😀"`},
	{`new TextDecoder("latin1").decode(new Uint8Array([0x80, 0xe9]))`, `"€é"`},
	{`new TextDecoder("utf-16le").decode(new Uint8Array([97, 0, 0x3d, 0xd8, 0, 0xde]))`, `"a😀"`},
	{`new TextDecoder("klingon")`, `"RangeError"`},
	{`[btoa("hé"), atob("aOk="), atob(" a GVs bG8 ")]`, `["aOk=","hé","hello"]`},
	{`btoa("€")`, `"InvalidCharacterError"`},
	{`atob("a")`, `"InvalidCharacterError"`},
	// the rest
	{`structuredClone({ d: new Date(5), m: new Map([[1, { a: [1n === 1n] }]]), u: undefined }).d.getTime()`, `5`},
	{`(() => { const a = { b: {} }; a.b.c = a; const c = structuredClone(a); return c !== a && c.b.c === c; })()`, `true`},
	{`structuredClone(() => 1)`, `"DataCloneError"`},
	{`(() => { const c = new AbortController(); let seen = 0; c.signal.addEventListener("abort", () => seen++); c.abort(); c.abort(); return [seen, c.signal.aborted, c.signal.reason.name]; })()`, `[1,true,"AbortError"]`},
	{`(async () => { const s = AbortSignal.timeout(5); await new Promise((r) => s.addEventListener("abort", r)); return s.reason.name; })()`, `"TimeoutError"`},
	{`/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())`, `true`},
	{`crypto.getRandomValues(new Uint32Array(4)).some((n) => n > 0)`, `true`},
	{`crypto.getRandomValues(new Float32Array(1))`, `"TypeMismatchError"`},
	{`(async () => { const out = []; setTimeout(() => out.push("t"), 0); queueMicrotask(() => out.push("m")); out.push("s"); await new Promise((r) => setTimeout(r, 5)); return out; })()`, `["s","m","t"]`},
	{`(async () => { let n = 0; const id = setInterval(() => { if (++n === 3) clearInterval(id); }, 1); await new Promise((r) => setTimeout(r, 40)); return n; })()`, `3`},
	{`(async () => { let ran = false; clearTimeout(setTimeout(() => { ran = true; }, 1)); await new Promise((r) => setTimeout(r, 10)); return ran; })()`, `false`},
	{`(async () => { const out = []; for (const ms of [2 ** 32, -1, NaN, Infinity, 2 ** 31]) setTimeout(() => out.push(ms), ms); await new Promise((r) => setTimeout(r, 2 ** 32 + 5)); return out.length; })()`, `5`},
	{`(async () => { const s = AbortSignal.timeout(2 ** 32); await new Promise((r) => setTimeout(r, 5)); return s.aborted; })()`, `false`},
	{`(async () => { let ran = false; scheduler.postTask(() => { ran = true; }, { delay: 2 ** 32 }).catch(() => {}); await new Promise((r) => setTimeout(r, 5)); return ran; })()`, `false`},
	{`performance.now() >= 0 && performance.timeOrigin > 1e12`, `true`},
	{`fetch("http://a/").catch((e) => [e instanceof TypeError, e.code, e.retryable])`, `[true,"NET_BLOCKED",false]`},
	{`(() => { class A { #x = 1; static { A.y = 2; } get x() { return this.#x ?? 0; } } return [new A().x, A.y, [3, 1].toSorted(), Object.groupBy([1, 2], (n) => n % 2 ? "odd" : "even")]; })()`, `[1,2,[1,3],{"odd":[1],"even":[2]}]`},
	{`(async () => { const out = []; for await (const x of (async function* () { yield 1; yield 2; })()) out.push(x); return out; })()`, `[1,2]`},
}

func TestTheWebStandardAPI(t *testing.T) { evaluate(t, webAPI) }

// evaluate evaluates expressions and compares what JSON.stringify returns for each.
func evaluate(t *testing.T, list [][2]string) {
	t.Helper()
	expressions := make([]string, len(list))
	for i, c := range list {
		expressions[i] = "async () => (" + c[0] + ")"
	}
	code := "const list = [\n"
	for _, e := range expressions {
		code += e + ",\n"
	}
	code += `];
export default async () => {
	const out = [];
	for (const f of list) {
		try { out.push(JSON.stringify(await f()) ?? "undefined"); } catch (e) { out.push(JSON.stringify(e.name)); }
	}
	return Response.json(out);
};`
	h := runtimetest.New(t, code, func(l *system.Runtime) { l.ExecTimeout = 60000 })
	w := h.Ask(t, "GET", "/", "")
	var got []string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != len(list) {
		t.Fatalf("%v: %d %s\n%s", err, w.Code, w.Body, h.Log)
	}
	for i, c := range list {
		if got[i] != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got[i], c[1])
		}
	}
}

func TestConsoleLinesAreReadable(t *testing.T) {
	h := runtimetest.New(t, `
console.log("a", 1, true, null, undefined, -0, 1n, Symbol("s"));
console.log("%s is %d years and %i, %o %j 100%%", "Ana", 41.5, 41.5, { a: 1 }, [1], "rest");
console.warn([1, "two", { three: [3] }], new Map([["k", new Set([1])]]), function f() {}, class C {});
console.error(new Date(0), /x/g, new Uint8Array(3), new Headers({ a: "b" }));
const loop = { name: "loop" }; loop.self = loop; console.debug(loop);
console.log({ get x() { throw new Error("never called"); } }, Object.create(null));
console.table([{ a: 1, b: "x" }, { a: 22 }]);
respond("ok");`)
	h.Ask(t, "GET", "/", "")
	want := `info a 1 true null undefined -0 1n Symbol(s)
info Ana is 41.5 years and 41, { a: 1 } [1] 100% rest
warn [ 1, "two", { three: [ 3 ] } ] Map(1) { "k" => Set(1) { 1 } } [function f] [class C]
error 1970-01-01T00:00:00.000Z /x/g Uint8Array(3) [ 0, 0, 0 ] Headers { a: "b" }
debug { name: "loop", self: [circular] }
info { x: [getter] } {}
info    a   b
0  1   "x"
1  22
`
	if got := h.Log.String(); got != want {
		t.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
}
