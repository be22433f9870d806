package wasmapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// differs is a function that looks at parts of a buffer.
const differs = `const differs = (buffer, mark) => { const view = new Uint8Array(buffer); for (let i = 0; i < view.length; i += 251) if (view[i] !== mark) return true; return view[view.length - 1] !== mark; };
`

// Instances that nothing holds make room, in one call and over many requests; those that are held keep what they have, and so do
// the other objects of the script. Ten times as much memory is used as there is.
func TestInstancesComeAndGo(t *testing.T) {
	const code = `
const module = new WebAssembly.Module(block), kept = new Map(), texts = [];
let made = 0;
const churn = (n, salt) => {
	for (let i = 0; i < n; i++) {
		const e = new WebAssembly.Instance(module).exports, mark = (made++ * 7 + salt) & 255;
		e.fill(mark);
		if (i % 5 === 0) e.grow(1 + i % 3);
		new Uint8Array(e.memory.buffer).fill(mark);
		texts.push({ mark, text: "text " + mark + " " + i, list: [mark, i] });
		if (texts.length > 500) texts.splice(0, 250);
		if (i % 9 === 0) kept.set(i % 36, { e, mark, buffer: e.memory.buffer });
		if (i % 11 === 0) { const own = { e }; own.self = own; e.memory.own = own; }
		if (e.wrong(mark) !== 0) throw new Error("instance " + i + " is damaged");
	}
	for (const { e, mark, buffer } of kept.values()) {
		if (e.wrong(mark) !== 0 || buffer !== e.memory.buffer || differs(buffer, mark)) throw new Error("a kept instance is damaged");
	}
	for (const { mark, text, list } of texts) if (!text.startsWith("text " + mark) || list[0] !== mark) throw new Error("an object is damaged");
};
export default async (request) => { churn(60, Number(new URL(request.url).searchParams.get("salt"))); await null; churn(20, 3); return new Response(String(made)); };`
	h := runtimetest.New(t, modules(t)+differs+code, memoryLimit(16<<20))
	requests := 40
	if testing.Short() {
		requests = 2
	}
	for i := range requests {
		w := h.Ask(t, http.MethodGet, fmt.Sprintf("/?salt=%d", i*13), "")
		if w.Code != http.StatusOK {
			t.Fatalf("request %d: %d %s\n%s", i, w.Code, w.Body, h.Log)
		}
		h.Log.Forget()
	}
	if s := h.Stats(); s.VMs != 1 {
		t.Errorf("%+v", s)
	}
}

// An ArrayBuffer outlives the instance whose memory it shows, and one that was taken away from a memory does too.
func TestBuffersOutliveInstances(t *testing.T) {
	const code = `
const module = new WebAssembly.Module(block), held = [];
export default () => {
	for (let i = 0; i < 40; i++) {
		let e = new WebAssembly.Instance(module).exports;
		e.fill(i);
		held.push([i, structuredClone(e.memory.buffer, { transfer: [e.memory.buffer] })]);
		if (e.memory.buffer.byteLength !== 131072 || e.grow(1) !== 2 || e.wrong(i) === 0 && i !== 0) throw new Error("the memory is damaged");
		if (held.length > 10) held.shift();
		e = undefined;
		const other = new Uint8Array(50000).fill(255);
		for (const [n, buffer] of held) if (differs(buffer, n)) throw new Error("buffer " + n + " is damaged, " + other.length);
	}
	return new Response("fine");
};`
	h := runtimetest.New(t, modules(t)+differs+code, memoryLimit(32<<20))
	for i := range 5 {
		if w := h.Ask(t, http.MethodGet, "/", ""); w.Body.String() != "fine" {
			t.Fatalf("request %d: %d %s\n%s", i, w.Code, w.Body, h.Log)
		}
	}
}

// A classic script starts from the same memory every time: nothing of a module is left.
func TestScriptsStartAnew(t *testing.T) {
	const code = `
if (typeof WebAssembly.leftover !== "undefined") throw new Error("something is left");
WebAssembly.leftover = new WebAssembly.Instance(new WebAssembly.Module(block)).exports;
WebAssembly.leftover.fill(9);
WebAssembly.leftover.grow(50);
respond({ wrong: WebAssembly.leftover.wrong(9) > 0, size: WebAssembly.leftover.memory.buffer.byteLength });`
	h := runtimetest.New(t, modules(t)+code, memoryLimit(8<<20))
	for i := range 20 {
		if w := h.Ask(t, http.MethodGet, "/", ""); w.Body.String() != `{"wrong":true,"size":3407872}` {
			t.Fatalf("request %d: %d %s\n%s", i, w.Code, w.Body, h.Log)
		}
	}
}

// What modules hold is bounded by the memory of the VM, and the VM works on.
func TestMemoryIsBounded(t *testing.T) {
	cases := map[string]string{
		"memories":    `const all = []; for (;;) all.push(new WebAssembly.Memory({ initial: 16 }));`,
		"one memory":  `new WebAssembly.Memory({ initial: 60000 });`,
		"growing":     `const m = new WebAssembly.Memory({ initial: 1 }); for (;;) m.grow(16);`,
		"tables":      `const all = []; for (;;) all.push(new WebAssembly.Table({ element: "externref", initial: 100000 }));`,
		"one table":   `new WebAssembly.Table({ element: "anyfunc", initial: 10000000 });`,
		"table grows": `const t = new WebAssembly.Table({ element: "anyfunc", initial: 0 }); for (;;) t.grow(10000);`,
		"globals":     `const all = []; for (;;) all.push(new WebAssembly.Global({ value: "i32" }));`,
		"modules":     `const all = []; for (;;) all.push(new WebAssembly.Module(block));`,
		"instances":   `const all = [], m = new WebAssembly.Module(block); for (;;) all.push(new WebAssembly.Instance(m));`,
		"large":       `new WebAssembly.Module(large());`,
		"references":  `const e = made().instance().exports; e.externs.grow(100000); for (let i = 0; ; i++) e.externs.set(i % 100000, { i, text: "x".repeat(100) + i });`,
	}
	if testing.Short() { // the race detector makes the engine slow
		for name := range cases {
			if !slices.Contains([]string{"memories", "growing", "tables", "table grows"}, name) {
				delete(cases, name)
			}
		}
	}
	var code strings.Builder
	// large has a million functions in three megabytes.
	code.WriteString(modules(t) + env + `const large = () => { const large = new Uint8Array(8e6);
		const leb = (n) => [n & 127 | 128, n >> 7 & 127 | 128, n >> 14 & 127 | 128, n >> 21 & 127];
		const n = 1e6, head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, ...leb(n + 4), ...leb(n)];
		large.set(head); let at = head.length + n; const start = [10, ...leb(n * 3 + 4), ...leb(n)]; large.set(start, at); at += start.length;
		for (let i = 0; i < n; i++, at += 3) { large[at] = 2; large[at + 2] = 11; }
		return large;
	};
	const cases = {`)
	for name, text := range cases {
		fmt.Fprintf(&code, "%q: () => { %s },\n", name, text)
	}
	code.WriteString(`}; export default (request) => { const run = cases[decodeURIComponent(new URL(request.url).pathname.slice(1))]; if (run === undefined) return new Response("fine"); try { run(); } catch (e) { if (e instanceof RangeError || String(e).includes("out of memory")) return new Response("bounded"); throw e; } };`)
	h := runtimetest.New(t, code.String(), memoryLimit(32<<20))
	for name := range cases {
		w := h.Ask(t, http.MethodGet, "/"+strings.ReplaceAll(name, " ", "%20"), "")
		if text := w.Body.String(); text != "bounded" && !strings.Contains(h.Log.String(), "out of memory") && !strings.Contains(h.Log.String(), "thrown: null") {
			t.Errorf("%s: %d %s\n%s", name, w.Code, text, h.Log)
		}
		if s := h.Stats(); s.Memory > 80<<20 {
			t.Errorf("%s: the VMs hold %d MiB", name, s.Memory>>20)
		}
		if w := h.Ask(t, http.MethodGet, "/", ""); w.Body.String() != "fine" {
			t.Errorf("after %s: %d %s\n%s", name, w.Code, w.Body, h.Log)
		}
		h.Log.Forget()
	}
}

// Loops of modules end at the deadline like those of scripts, wherever they are, and the next request is served.
func TestLoopsEndAtTheDeadline(t *testing.T) {
	cases := map[string]string{
		"loop":    `new WebAssembly.Instance(new WebAssembly.Module(control)).exports.forever();`,
		"calls":   `new WebAssembly.Instance(new WebAssembly.Module(control)).exports.forever_calls();`,
		"fill":    `new WebAssembly.Instance(new WebAssembly.Module(control)).exports.fill_forever();`,
		"grow":    `new WebAssembly.Instance(new WebAssembly.Module(control)).exports.grow_forever();`,
		"caught":  `for (;;) try { new WebAssembly.Instance(new WebAssembly.Module(control)).exports.forever(); } catch {}`,
		"script":  `new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: () => { for (;;); } } }).exports.run(1);`,
		"inner":   `const { forever } = new WebAssembly.Instance(new WebAssembly.Module(control)).exports; new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: () => forever() } }).exports.deep(100);`,
		"builtin": `new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: () => [].indexOf.call({ length: 2 ** 53 - 1 }, 1) } }).exports.run(1);`,
		"compile": `for (;;) new WebAssembly.Module(control);`,
	}
	var code strings.Builder
	code.WriteString(modules(t) + "const cases = {")
	for name, text := range cases {
		fmt.Fprintf(&code, "%q: () => { %s },\n", name, text)
	}
	code.WriteString(`}; export default (request) => { cases[new URL(request.url).pathname.slice(1)]?.(); return new Response("fine"); };`)
	h := runtimetest.New(t, code.String(), func(l *system.Runtime) { l.ExecTimeout = 200 })
	for name := range cases {
		began := time.Now()
		if w := h.Ask(t, http.MethodGet, "/"+name, ""); w.Code != http.StatusGatewayTimeout {
			t.Errorf("%s: %d %s\n%s", name, w.Code, w.Body, h.Log)
		}
		t.Logf("%s took %v", name, time.Since(began).Round(time.Millisecond))
		if w := h.Ask(t, http.MethodGet, "/", ""); w.Body.String() != "fine" {
			t.Errorf("after %s: %d %s\n%s", name, w.Code, w.Body, h.Log)
		}
		h.Log.Forget()
	}
	if s := h.Stats(); s.Abandoned > 0 {
		t.Errorf("%+v", s)
	}
}

// A loop of a module lets other apps have their turns.
func TestLoopsTakeTurns(t *testing.T) {
	h := runtimetest.NewWith(t, modules(t)+`export default () => { new WebAssembly.Instance(new WebAssembly.Module(control)).exports.forever(); };`, runtimetest.Options{Limits: func(string) system.Runtime {
		l := runtimetest.Patient()
		l.ExecTimeout, l.VMsPerApp = 3000, 4
		return l
	}})
	other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
	other.Fn.AppID = "app_b"
	ended := make(chan int, 4)
	for range cap(ended) {
		go func() { ended <- h.Ask(t, http.MethodGet, "/", "").Code }()
	}
	served := 0
	for left := cap(ended); left > 0; {
		select {
		case code := <-ended:
			left--
			if code != http.StatusGatewayTimeout {
				t.Errorf("the loop ended with %d", code)
			}
		default:
			if w := other.Ask(t, http.MethodGet, "/", ""); w.Code != http.StatusOK {
				t.Errorf("another app: %d %s", w.Code, w.Body)
			}
			served++
		}
	}
	t.Logf("%d requests were served meanwhile", served)
	if served < 5 {
		t.Errorf("only %d requests were served", served)
	}
}

func TestImportsOfModules(t *testing.T) {
	data := map[string]string{}
	for _, name := range []string{"block", "again"} {
		data[name] = string(testdata(t, name))
	}
	p, err := compile.Compile(t.Context(), runtimetest.Files{
		"api/main.js": `import block from "./block.wasm"; import same from "./block.wasm?module"; import again from "tripler"; import raw from "./block.wasm?bytes"; import vector from "./vector.wasm"; import unused from "../unused.wasm";
			const run = (f) => new WebAssembly.Instance(again, { env: { f } }).exports.run(2);
			export default () => { let why; try { new WebAssembly.Instance(vector); } catch (e) { why = e.message; }
				return Response.json([block instanceof WebAssembly.Module, same instanceof WebAssembly.Module, raw instanceof Uint8Array, raw.length, new WebAssembly.Instance(block).exports.grow(0), run((n) => n), why]); };`,
		"api/block.wasm": data["block"], "unused.wasm": "not a module", "api/vector.wasm": "\x00asm\x01\x00\x00\x00\x01\x05\x01\x60\x00\x01\x7b",
		"node_modules/tripler/package.json": `{"name":"tripler","main":"index.js"}`, "node_modules/tripler/index.js": `export { default } from "./again.wasm?module";`, "node_modules/tripler/again.wasm": data["again"],
	})
	if err != nil {
		t.Fatal(err)
	}
	h := runtimetest.New(t, "respond()")
	h.Fn.Load, h.Fn.Deployment = func(context.Context) (*compile.Program, error) { return p, nil }, "dep_other"
	want := fmt.Sprintf(`[true,true,true,%d,2,8,"vectors (SIMD) are not supported @+15"]`, len(data["block"]))
	if w := h.Ask(t, http.MethodGet, "/", ""); w.Body.String() != want {
		t.Errorf("%d %s, not %s\n%s", w.Code, w.Body, want, h.Log)
	}
}
