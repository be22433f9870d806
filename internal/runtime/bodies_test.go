package runtime_test

import (
	"io"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// bodiesAPI covers bodies as in the Fetch and File API standards.
var bodiesAPI = [][2]string{
	// Blob and File
	{`(() => { const b = new Blob(["a", new Uint8Array([98, 99]).subarray(1), new Blob(["d"]), new Uint8Array([101]).buffer, 5, null], { type: "Text/PLAIN" }); return [b.size, b.type]; })()`, `[9,"text/plain"]`},
	{`new Blob(["a", new Uint8Array([98, 99]).subarray(1), new Blob(["d"]), 5, null, {}]).text()`, `"acd5null[object Object]"`},
	{`new Blob(["\ud800é"]).text()`, `"�é"`},
	{`new Blob(["\ufeffa"]).text()`, `"a"`},
	{`new Blob(["a\r\nb\rc\n"], { endings: "native" }).text()`, `"a\nb\nc\n"`},
	{`new Blob("abc")`, `"TypeError"`},
	{`new Blob([], { endings: "none" })`, `"TypeError"`},
	{`new Blob(null)`, `"TypeError"`},
	{`new Blob([], null).size`, `0`},
	{`new Blob([], { type: "é" }).type`, `""`},
	{`(async () => { const b = new Blob(["abcdef"]); return [await b.slice(1, -1).text(), await b.slice(-2).text(), await b.slice(4, 2).text(), await b.slice(2, 100, "X/y").text(), b.slice(0, 1, "X/y").type]; })()`, `["bcde","ef","","cdef","x/y"]`},
	{`(async () => { const b = new Blob(["abcdef"]), s = b.slice(2).slice(1, 3); return [s.size, await s.text(), [...await s.bytes()], (await s.arrayBuffer()).byteLength]; })()`, `[2,"de",[100,101],2]`},
	{`(async () => { const bytes = new Uint8Array([1]), b = new Blob([bytes]); bytes[0] = 2; (await b.bytes())[0] = 3; return (await b.bytes())[0]; })()`, `1`},
	{`(async () => { let out = ""; for await (const c of new Blob(["abc", "d"]).stream()) out += new TextDecoder().decode(c); return out; })()`, `"abcd"`},
	{`(async () => { const r = new Blob(["x".repeat(70000)]).stream().getReader({ mode: "byob" }); let n = 0; for (;;) { const { done, value } = await r.read(new Uint8Array(3000)); if (done) return n; n += value.length; } })()`, `70000`},
	{`(() => { const f = new File(["a"], "n\ud800", { lastModified: 5, type: "A/B" }); return [f.name, f.lastModified, f.type, f.size, f instanceof Blob, String(f), String(new Blob())]; })()`, `["n�",5,"a/b",1,true,"[object File]","[object Blob]"]`},
	{`new File(["a"])`, `"TypeError"`},
	{`Math.abs(new File([], "a").lastModified - Date.now()) < 10000`, `true`},
	{`(() => { const { size } = Object.getOwnPropertyDescriptors(Blob.prototype); return size.get.call({}); })()`, `"TypeError"`},
	{`(() => { const list = []; for (const k in new Blob()) list.push(k); return list.sort(); })()`, `["arrayBuffer","bytes","size","slice","stream","text","type"]`},
	// FormData
	{`(() => { const f = new FormData(); f.append("a", 1); f.append("b", "x"); f.append("a", 2); f.set("a", 3); return [...f]; })()`, `[["a","3"],["b","x"]]`},
	{`(() => { const f = new FormData(); f.append("a", "1"); f.append("a", "2"); f.delete("a"); return [f.get("a"), f.has("a"), f.getAll("a")]; })()`, `[null,false,[]]`},
	{`(() => { const f = new FormData(); f.append("a", new Blob(["x"], { type: "t/u" })); f.append("b", new File(["y"], "n"), "m"); return [...f.values()].map((v) => [v instanceof File, v.name, v.type, v.size]); })()`, `[[true,"blob","t/u",1],[true,"m","",1]]`},
	{`(() => { const f = new FormData(), file = new File([], "n"); f.append("a", file); return f.get("a") === file; })()`, `true`},
	{`(() => { new FormData().append("a", "b", "c"); })()`, `"TypeError"`},
	{`(() => { new FormData().append("a"); })()`, `"TypeError"`},
	{`new FormData({})`, `"TypeError"`},
	{`(() => { const f = new FormData(), out = []; f.append("a", "\ud800"); f.forEach((v, n, self) => out.push(v, n, self === f)); return [...out, [...f.keys()], String(f)]; })()`, `["�","a",true,["a"],"[object FormData]"]`},
	{`new Response(new FormData()).text().then((t) => /^------fazt[-0-9a-f]+--\r\n$/.test(t))`, `true`},
	{`(async () => { const f = new FormData(); f.append('a"\n', "1\n2"); f.append("f", new File(["x"], 'q"\r.txt')); const t = await new Response(f).text(); return t.replace(/----fazt[-0-9a-f]+/g, "B"); })()`,
		`"--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0A\"\r\n\r\n1\r\n2\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"q%22%0D%0A.txt\"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--B\r\n"`},
	{`(async () => { const f = new FormData(); f.append('é"', "ü%"); f.append("f", new File([new Uint8Array([0, 255])], "n.bin")); const g = await new Response(f).formData(); return [...g].map(([n, v]) => typeof v === "string" ? [n, v] : [n, v.name, v.type, v.size]); })()`, `[["é\"","ü%"],["f","n.bin","application/octet-stream",2]]`},
	{`new Response("--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\nx\r\n--b--", { headers: { "content-type": "multipart/form-data; boundary=b" } }).formData().then((f) => f.get("a").type)`, `"text/plain"`},
	{`new Response("--b\r\n\r\nx\r\n--b--", { headers: { "content-type": "multipart/form-data; boundary=b" } }).formData()`, `"TypeError"`},
	{`new Response("--b", { headers: { "content-type": "multipart/form-data; boundary=b" } }).formData()`, `"TypeError"`},
	{`new Response("x", { headers: { "content-type": "multipart/form-data" } }).formData()`, `"TypeError"`},
	{`new Response("a=1&b=%20", { headers: { "content-type": "application/x-www-form-urlencoded;charset=x" } }).formData().then((f) => [...f])`, `[["a","1"],["b"," "]]`},
	{`new Response("a").formData()`, `"TypeError"`},
	// Request
	{`(() => { const r = new Request("http://a/?b#c"); return [r.method, r.url, r.mode, r.credentials, r.cache, r.redirect, r.referrer, r.referrerPolicy, r.integrity, r.keepalive, r.duplex, r.destination, r.body, r.bodyUsed, String(r)]; })()`,
		`["GET","http://a/?b#c","cors","same-origin","default","follow","about:client","","",false,"half","",null,false,"[object Request]"]`},
	{`["get", "Post", "patch", "PaTcH", "foo"].map((method) => new Request("http://a", { method }).method)`, `["GET","POST","patch","PaTcH","foo"]`},
	{`new Request()`, `"TypeError"`},
	{`new Request("/relative")`, `"TypeError"`},
	{`new Request("http://user:pw@a/")`, `"TypeError"`},
	{`new Request("http://a", { mode: "navigate" })`, `"TypeError"`},
	{`new Request("http://a", { redirect: "none" })`, `"TypeError"`},
	{`new Request("http://a", { cache: "only-if-cached", mode: "cors" })`, `"TypeError"`},
	{`new Request("http://a", { window: "http://b" })`, `"TypeError"`},
	{`new Request("http://a", { signal: {} })`, `"TypeError"`},
	{`new Request("http://a", { method: "a b" })`, `"TypeError"`},
	{`new Request("http://a", { method: "HEAD", body: "" })`, `"TypeError"`},
	{`new Request("http://a", { method: "POST", body: new ReadableStream() })`, `"TypeError"`},
	{`new Request("http://a", { method: "POST", body: "x", duplex: "full" })`, `"TypeError"`},
	{`new Request("http://a", { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" }).text()`, `"x"`},
	{`(async () => { const a = new Request("http://a", { method: "POST", body: "x", headers: { h: "1" } }), b = new Request(a); return [a.bodyUsed, b.bodyUsed, await b.text(), b.headers.get("h"), b.method]; })()`, `[true,false,"x","1","POST"]`},
	{`(async () => { const a = new Request("http://a", { method: "POST", body: "x" }), b = new Request(a, { body: "y" }); return [a.bodyUsed, await b.text(), await a.text()]; })()`, `[false,"y","x"]`},
	{`(async () => { const a = new Request("http://a", { method: "POST", body: "x" }); await a.text(); return new Request(a); })()`, `"TypeError"`},
	{`(async () => { const a = new Request("http://a", { method: "POST", body: "x" }); a.body.getReader(); return a.clone(); })()`, `"TypeError"`},
	{`(async () => { const a = new Request("http://a", { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" }), b = new Request(a); return [await b.text(), a.bodyUsed]; })()`, `["x",true]`},
	{`(() => { const c = new AbortController(), r = new Request("http://a", { signal: c.signal }), d = r.clone(); c.abort("why"); return [r.signal.aborted, r.signal.reason, r.signal !== c.signal, d.signal.aborted]; })()`, `[true,"why",true,true]`},
	{`new Request("http://a").signal.aborted`, `false`},
	{`new Request(new URL("http://a/b")).url`, `"http://a/b"`},
	// Response
	{`(() => { const r = new Response(); return [r.status, r.statusText, r.type, r.url, r.redirected, r.body, r.bodyUsed, String(r)]; })()`, `[200,"","default","",false,null,false,"[object Response]"]`},
	{`[...["x", new Blob(["x"], { type: "a/b" }), new Blob(["x"]), new URLSearchParams("a=b"), new Uint8Array(1), new ArrayBuffer(1), new ReadableStream()].map((b) => new Response(b).headers.get("content-type"))]`,
		`["text/plain;charset=UTF-8","a/b",null,"application/x-www-form-urlencoded;charset=UTF-8",null,null,null]`},
	{`new Response("x", { statusText: "a\nb" })`, `"TypeError"`},
	{`[200.9, "404"].map((status) => new Response(null, { status }).status)`, `[200,404]`},
	{`new Response(null, { status: 600 })`, `"RangeError"`},
	{`new Response("", { status: 304 })`, `"TypeError"`},
	{`new Response(null, { status: 204 }).status`, `204`},
	{`new Response(undefined, { status: 204 }).status`, `204`},
	{`new Response("x", 5)`, `"TypeError"`},
	{`Response.redirect("http://[")`, `"TypeError"`},
	{`(() => { const r = Response.error(); return [r.status, r.type, r.ok, r.body]; })()`, `[0,"error",false,null]`},
	{`Response.json(undefined)`, `"TypeError"`},
	{`Response.json("\ud800").text()`, `"\"\\ud800\""`},
	{`(() => { const h = new Response(null, { headers: [["set-cookie", "a"], ["set-cookie", "b"]] }).headers; return h.getSetCookie(); })()`, `["a","b"]`},
	{`new Response("\ufeffa\ud800").text()`, `"a�"`},
	{`new Response(new Uint8Array([0xef, 0xbb, 0xbf, 97])).text()`, `"a"`},
	{`new Response("").json()`, `"SyntaxError"`},
	{`new Response("\ufeff{}").json()`, `{}`},
	{`(async () => { const r = new Response(null); return [await r.text(), (await r.bytes()).length, (await r.blob()).size, r.bodyUsed]; })()`, `["",0,0,false]`},
	{`(async () => { const b = await new Response("x", { headers: { "content-type": "A/b; c=D" } }).blob(); return [b.type, b.size]; })()`, `["a/b;c=d",1]`},
	{`(async () => { const r = new Response("x"); const b = r.body; return [b === r.body, b.locked, r.bodyUsed, await r.text(), r.bodyUsed, b.locked]; })()`, `[true,false,false,"x",true,true]`},
	{`(async () => { const r = new Response("x"); await r.text(); return [r.body instanceof ReadableStream, r.body.locked]; })()`, `[true,true]`},
	{`(async () => { const r = new Response("x"); await r.body.getReader().read(); return [r.bodyUsed, await r.text()]; })()`, `"TypeError"`},
	{`(async () => { const r = new Response("x"); r.body.getReader(); return r.text(); })()`, `"TypeError"`},
	{`(async () => { const r = new Response("x"); await r.body.cancel(); return r.bodyUsed; })()`, `true`},
	{`(async () => { const r = new Response("x"); await r.text(); return r.clone(); })()`, `"TypeError"`},
	{`(async () => { const r = new Response(new Uint8Array([1, 2])), c = r.clone(); (await r.bytes())[0] = 9; return [...await c.bytes()]; })()`, `[1,2]`},
	{`(async () => { const r = new Response(new Blob(["abc"]).stream(), { status: 201, headers: { a: "b" } }), c = r.clone(); return [await r.text(), await c.text(), c.status, c.headers.get("a")]; })()`, `["abc","abc",201,"b"]`},
	{`(async () => { const s = new Blob(["a"]).stream(); new Response(s); return new Response(s).text(); })()`, `"a"`},
	{`(() => { const s = new Blob(["a"]).stream(); s.getReader(); return new Response(s); })()`, `"TypeError"`},
	{`(async () => { const s = new Blob(["a"]).stream(); await new Response(s).text(); return new Response(s); })()`, `"TypeError"`},
	{`new Response(new ReadableStream({ start(c) { c.enqueue("text"); c.close(); } })).text()`, `"TypeError"`},
	{`new Response(new ReadableStream({ start(c) { c.error(new RangeError("x")); } })).text()`, `"RangeError"`},
	{`new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array([97])); c.enqueue(new Uint8Array([98, 99]).subarray(1)); c.close(); } })).text()`, `"ac"`},
	{`new Response((async function* () { yield "a"; yield new Uint8Array([98]); })()).text()`, `"ab"`},
	{`new Response([1, 2]).text()`, `"1,2"`},
	{`new Response({}).text()`, `"[object Object]"`},
	{`(async () => { const r = new Response("abc"); const w = new Response(r.body, { status: 201 }); return [await w.text(), r.bodyUsed, w.status]; })()`, `["abc",true,201]`},
	{`Object.getOwnPropertyDescriptor(Response.prototype, "bodyUsed").get.call({})`, `"TypeError"`},
	{`(async () => { const { pipe } = { pipe: new Response("abc").body.pipeThrough(new TransformStream()) }; return new Response(pipe).text(); })()`, `"abc"`},
}

func TestBodiesFollowTheStandards(t *testing.T) { evaluate(t, bodiesAPI) }

// Parts are loaded when needed, and most functions need none.
func TestASimpleResponseLoadsNoPart(t *testing.T) {
	h := runtimetest.New(t, `export default async (request) => {
		console.log({ a: 1 }, new Headers(), [new Uint8Array(1)]);
		const { n } = await request.json();
		return n === 1 ? Response.json({ n }) : new Response(new Uint8Array([n]), { headers: { a: "b" } });
	};`)
	for _, name := range []string{"bodies", "streams"} {
		if !h.ReplacePart(name, func() ([]byte, error) {
			t.Errorf("%s was loaded", name)
			return nil, io.ErrUnexpectedEOF
		}) {
			t.Fatalf("there is no part %s", name)
		}
	}
	for _, body := range []string{`{"n":1}`, `{"n":2}`} {
		if w := h.Ask(t, "POST", "/", body); w.Code != 200 {
			t.Errorf("%d %s\n%s", w.Code, w.Body, h.Log)
		}
	}
}
