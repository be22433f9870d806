package runtime_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// spoilable lists every function that a script can replace: those of built-in constructors and prototypes, and accessors.
const spoilable = `
	const found = [], seen = new Set();
	const visit = (object, path) => {
		if (object === null || typeof object !== "object" && typeof object !== "function" || seen.has(object)) return;
		seen.add(object);
		for (const key of Reflect.ownKeys(object)) {
			const d = Reflect.getOwnPropertyDescriptor(object, key), at = [...path, typeof key === "symbol" ? "@" + key.description.slice(7) : key];
			if ((d.configurable || d.writable) && (typeof d.value === "function" || d.get && path.length > 0)) found.push(at);
			if (d.value !== undefined && path.length < 3) visit(d.value, at);
		}
		if (path.length > 0 && path.length < 4) visit(Object.getPrototypeOf(object), [...path, "__proto__"]);
	};
	visit(globalThis, []);
	for (const [name, o] of [["[]", [][Symbol.iterator]()], ["map", new Map()[Symbol.iterator]()], ["generator", (function* () {})()], ["async", (async () => {})], ["text", ""[Symbol.iterator]()], ["matches", "".matchAll(/x/g)]]) {
		globalThis["__" + name] = o;
		visit(Object.getPrototypeOf(o), ["__" + name, "__proto__"]);
	}
`

// spoiler replaces the function that the request names. Otherwise it uses only syntax, so any failure is the product's.
const spoiler = `
	const junk = { throws: () => { throw new Error("spoiled"); }, undefined: () => undefined, object: () => ({}), number: () => 7, text: () => "junk", itself: function () { return this; } };
	const parse = JSON.parse, define = Object.defineProperty, symbols = Symbol;
	const spoil = (asked) => {
		const { path, how } = parse(asked);
		let object = globalThis;
		for (let i = 0; i < path.length - 1; i++) object = path[i] === "__proto__" ? Object.getPrototypeOf(object) : object[path[i][0] === "@" ? symbols[path[i].slice(1)] : path[i]];
		const last = path[path.length - 1], key = last[0] === "@" ? symbols[last.slice(1)] : last;
		const before = Object.getOwnPropertyDescriptor(object, key), f = function () { return junk[how].call(this); };
		define(object, key, before.get ? { get: f, configurable: true } : { value: f, writable: true, configurable: true });
	};
	const encoder = new TextEncoder();
	export default {
		async list() {` + spoilable + ` return new Response(JSON.stringify(found)); },
		fetch(request) {
			switch (request.method) {
			case "LIST": return this.list();
			case "SPOIL": return (async () => { spoil(await request.text()); return new Response("spoiled"); })();
			case "GET": return new Response("plain", { status: 201 });
			case "HEADERS": return new Response("plain", { status: 202, headers: { "x-own": "own", "content-type": "text/x" } });
			case "JSON": return (async () => Response.json({ a: [1, "b"] }))();
			case "POST": return (async () => new Response("<" + await request.text() + ">"))();
			case "SLOW": return (async () => { await fazt_wait(1); return new Response("slow"); })();
			case "STREAM": return new Response(new ReadableStream({ start(c) { c.enqueue(encoder.encode("piece")); c.close(); } }));
			}
		},
	};
	const timer = setTimeout, fazt_wait = (ms) => new Promise((done) => { timer(done, ms); });
`

// sound holds the expected response for each kind of request.
var sound = map[string]string{
	"GET": "201 text/plain;charset=UTF-8 plain", "HEADERS": "202 text/x plain", "JSON": `200 application/json {"a":[1,"b"]}`, "POST": "200 text/plain;charset=UTF-8 <body>",
	"SLOW": "200 text/plain;charset=UTF-8 slow", "STREAM": "200  piece",
}

// Whichever built-in function a script replaces, and with whatever, later requests are answered correctly or fail cleanly, the
// process survives, and a new VM is unaffected.
func TestReplacedBuiltInsSpoilNoResponse(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	h := runtimetest.New(t, spoiler, func(l *system.Runtime) { l.ExecTimeout, l.CPUTime, l.QueueWait = 20_000, 20_000, 20_000 })
	var all [][]string
	if w := h.Ask(t, "LIST", "/", ""); json.Unmarshal(w.Body.Bytes(), &all) != nil || len(all) < 700 {
		t.Fatalf("%d functions: %d %.200s\n%s", len(all), w.Code, w.Body, h.Log)
	}
	broken := 0
	own := map[string]bool{"Response": true, "Response.json": true, "Request.prototype.__proto__.text": true, "Request.prototype.method": true, "ReadableStream": true, "Promise": true}
	for n, path := range all {
		if own[strings.Join(path, ".")] { // the test script itself uses it
			continue
		}
		for i, how := range []string{"throws", "undefined", "object", "number", "text", "itself"} {
			if (n+i)%6 != 0 || testing.Short() && (n+i)%60 != 0 {
				continue
			}
			h.Drop(h.Fn.Deployment)
			asked, _ := json.Marshal(map[string]any{"path": path, "how": how})
			h.Log.Forget()
			if w := h.Ask(t, "SPOIL", "/", string(asked)); w.Code != http.StatusOK && w.Code != http.StatusInternalServerError {
				t.Errorf("%v, %s: %d %s\n%s", path, how, w.Code, w.Body, h.Log)
			}
			for method, want := range sound {
				w, cut := tryAsk(t, h, method)
				if cut && method == "STREAM" { // a broken response
					broken++
					continue
				}
				got := fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type"), " ", w.Body)
				switch {
				case got == want && (method != "HEADERS" || w.Header().Get("X-Own") == "own"):
				case method == "STREAM" && w.Code == http.StatusInternalServerError && strings.Contains(w.Body.String(), `"code":"FUNCTION_FAILED"`): // streams are made of built-ins
					broken++
				default:
					t.Errorf("%s, %s: %s: %s\n%s", strings.Join(path, "."), how, method, got, h.Log)
				}
			}
		}
	}
	t.Logf("%d functions; %d streams failed", len(all), broken)
}

// tryAsk is ask; cut means that the connection was broken before the response was complete.
func tryAsk(t *testing.T, h *runtimetest.Host, method string) (w *httptest.ResponseRecorder, cut bool) {
	defer func() {
		if fault := recover(); fault == http.ErrAbortHandler { //nolint:errorlint // the sentinel of net/http is compared by identity
			cut = true
		} else if fault != nil {
			panic(fault)
		}
	}()
	return h.Ask(t, method, "/", "body"), false
}

// Properties that a script adds to Object.prototype have no effect on the product's objects.
func TestPropertiesOnObjectPrototypeSpoilNoResponse(t *testing.T) {
	for name, code := range map[string]string{
		"values":  `for (const name of names) Object.prototype[name] = "junk";`,
		"getters": `for (const name of names) Object.defineProperty(Object.prototype, name, { configurable: true, get() { return "junk"; }, set(v) { stolen++; Object.defineProperty(this, name, { value: "stolen", writable: true, configurable: true }); } });`,
		"indexes": `for (let i = 0; i < 9; i++) Object.defineProperty(Array.prototype, i, { configurable: true, get() { return "junk"; }, set(v) { stolen++; } });`,
		"then":    `Object.prototype.then = function (done) { stolen++; done("junk"); };`,
	} {
		h := runtimetest.New(t, strings.Replace(spoiler, `case "SPOIL":`, `case "STOLEN": return new Response("" + stolen);
			case "SPOIL": `+code+` return new Response("spoiled");
			case "OTHERS":`, 1)+`
			let stolen = 0;
			const names = ["data", "used", "stream", "status", "contentType", "statusText", "signal", "controller", "left", "from", "most", "size", "fn", "args", "repeat", "raw", "resolve", "reject", "code", "retryable", "done"];`)
		if w := h.Ask(t, "SPOIL", "/", ""); w.Code != http.StatusOK && name != "then" {
			t.Errorf("%s: %d %s\n%s", name, w.Code, w.Body, h.Log)
		}
		for method, want := range sound {
			if method == "STREAM" || name == "then" && method != "GET" && method != "HEADERS" { // streams are made of built-ins, and await looks for then
				continue
			}
			w, _ := tryAsk(t, h, method)
			if got := fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type"), " ", w.Body); got != want {
				t.Errorf("%s: %s: %s\n%s", name, method, got, h.Log)
			}
		}
	}
}
