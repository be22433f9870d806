package wasmapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testdata returns a module of package wasm.
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "wasm", "testdata", name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bytesOf returns a module of package wasm as an expression.
func bytesOf(t testing.TB, name string) string {
	return "new Uint8Array(" + strings.ReplaceAll(fmt.Sprint(testdata(t, name)), " ", ",") + ")"
}

// modules are all modules of package wasm, by name, as declarations of a script.
func modules(t testing.TB) string {
	var b strings.Builder
	for _, name := range []string{"again", "block", "control", "shared", "start"} {
		fmt.Fprintf(&b, "const %s = %s;\n", name, bytesOf(t, name))
	}
	return b.String()
}

// env is what the module called shared imports.
const env = `
const made = (more = {}) => {
	const calls = [];
	const env = { log: (...args) => { calls.push(args.map(String)); return 2n ** 63n + 5n; }, pair: (n) => [n + 1, n / 2], memory: new WebAssembly.Memory({ initial: 1, maximum: 4 }),
		table: new WebAssembly.Table({ element: "anyfunc", initial: 2 }), count: new WebAssembly.Global({ value: "i32", mutable: true }, 40), base: 2, keep: (v) => v, ...more };
	return { env, calls, instance: () => new WebAssembly.Instance(new WebAssembly.Module(shared), { env }) };
};
const caught = (fn) => { try { return fn(); } catch (e) { return (e instanceof Error ? e.constructor.name + ": " : "thrown: ") + (e.message ?? e); } };
`

func TestTheJavaScriptInterface(t *testing.T) {
	cases := []struct{ name, code, want string }{
		{"namespace", `[String(WebAssembly), Object.keys(WebAssembly), typeof WebAssembly.Module, Object.getOwnPropertyDescriptor(globalThis, "WebAssembly").enumerable]`,
			`["[object WebAssembly]",["validate","compile","instantiate","compileStreaming","instantiateStreaming"],"function",false]`},
		{"validate", `[WebAssembly.validate(shared), WebAssembly.validate(shared.buffer), WebAssembly.validate(shared.subarray(1)), WebAssembly.validate(new Uint8Array(0)), caught(() => WebAssembly.validate("x"))]`,
			`[true,true,false,false,"TypeError: the module must be an ArrayBuffer or a view of one"]`},
		{"imports", `WebAssembly.Module.imports(new WebAssembly.Module(again))`, `[{"module":"env","name":"f","kind":"function"}]`},
		{"exports", `WebAssembly.Module.exports(new WebAssembly.Module(block))`,
			`[{"name":"memory","kind":"memory"},{"name":"fill","kind":"function"},{"name":"wrong","kind":"function"},{"name":"grow","kind":"function"}]`},
		{"custom sections", `WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array([...again, 0, 5, 1, 120, 7, 8, 9])), "x").map((b) => [...new Uint8Array(b)])`, `[[7,8,9]]`},
		{"instantiate bytes", `Object.keys(await WebAssembly.instantiate(block)).concat((await WebAssembly.instantiate(block)).instance.exports.grow(1))`, `["module","instance",2]`},
		{"instantiate a module", `(await WebAssembly.instantiate(await WebAssembly.compile(block))).exports.grow(1)`, `2`},
		{"streaming", `[(await WebAssembly.instantiateStreaming(Promise.resolve(new Response(block, { headers: { "content-type": "application/wasm" } })))).instance.exports.grow(0),
			await WebAssembly.compileStreaming(new Response(block)).catch((e) => e.constructor.name + ": " + e.message)]`,
			`[2,"TypeError: Incorrect response MIME type. Expected 'application/wasm', not ''"]`},
		{"a module that is not one", `[await WebAssembly.compile(new Uint8Array(8)).catch((e) => [e instanceof WebAssembly.CompileError, e instanceof Error, e.name, String(e)])]`,
			`[[true,true,"CompileError","CompileError: expected the magic word 00 61 73 6d, found 00000000 @+0"]]`},
		{"exported functions", `(() => { const { exports: e } = new WebAssembly.Instance(new WebAssembly.Module(block)); return [e.fill === e.fill, e.fill.name, e.fill.length, Object.isFrozen(e), Object.getPrototypeOf(e), caught(() => new e.fill())]; })()`,
			`[true,"0",1,true,null,"TypeError: not a constructor"]`},
		{"values", `(() => { const { instance, calls } = made(), e = instance().exports; return [String(e.call(7)), calls, e.pairs(5), e.double("21"), e.double(2 ** 32 + 4), e.double()]; })()`,
			`["-9223372036854775803",[["7","-1","0.5","1e+300"]],[2.5,6],42,8,0]`},
		{"a number for a BigInt", `(() => { const { instance } = made({ log: () => 5 }); return caught(() => instance().exports.call(1)); })()`, `"TypeError: cannot convert to bigint"`},
		{"globals", `(() => { const { env, instance } = made(), e = instance().exports; const got = [e.bump(), env.count.value, String(e.big.value), e.float.value];
			env.count.value = 1; e.big.value = 2n ** 64n - 1n; return [...got, e.bump(), String(e.big.value), caught(() => { e.float.value = 1; }), String(e.big), e.big === instance().exports.big]; })()`,
			`[42,42,"-5",1.5,3,"-1","TypeError: set WebAssembly.Global.value: Can't set the value of an immutable global.","[object WebAssembly.Global]",false]`},
		{"tables", `(() => { const { env, instance } = made(), e = instance().exports; const t = env.table; const got = [t.length, t.get(0), t.get(1) === e.double, t.get(1)(4), e.indirect(1, 5), caught(() => e.indirect(0, 1))];
			t.set(0, e.double); return [...got, e.indirect(0, 8), t.grow(3, e.double), t.length, e.indirect(4, 9), e.ref(4) === e.double, caught(() => t.get(5)), caught(() => t.set(0, () => 1)), (e.set(0, null), t.get(0)), e.externs.length]; })()`,
			`[2,null,true,8,10,"RuntimeError: null function or function signature mismatch",16,2,5,18,true,"RangeError: the index is outside of the table","TypeError: the value must be null or an exported WebAssembly function",null,4]`},
		{"functions outlive their instance in a table", `(() => { const table = new WebAssembly.Table({ element: "anyfunc", initial: 2 }), fresh = new WebAssembly.Table({ element: "anyfunc", initial: 1 }); made({ table }).instance(); fresh.set(0, made().instance().exports.double);
			caught(() => new WebAssembly.Memory({ initial: 1020 })); made().instance(); return [table.get(1)?.(4), table.get(1)?.(5), fresh.get(0)?.(6)]; })()`, `[8,10,12]`},
		{"references to values", `(() => { const e = made().instance().exports, o = { a: 1 }; e.put(1, o); e.put(2, undefined); e.put(3, "text"); e.externs.set(0, Symbol.iterator);
			return [e.get(1) === o, e.get(2) === undefined, e.get(3), e.get(0) === Symbol.iterator, e.externs.get(1) === o, (e.put(1, null), e.get(1))]; })()`, `[true,true,"text",true,true,null]`},
		{"memory", `(() => { const { env, instance } = made(), e = instance().exports, b = env.memory.buffer; new Uint8Array(b)[3] = 77; e.poke(4, 300);
			return [e.peek(3), new Uint8Array(b)[4], new TextDecoder().decode(new Uint8Array(b, 16, 5)), b === env.memory.buffer, e.grow(1), b.byteLength, env.memory.buffer.byteLength, env.memory.grow(2), e.size(), e.grow(1), new Uint8Array(env.memory.buffer)[3], caught(() => env.memory.grow(1))]; })()`,
			`[77,44,"hello",true,1,0,131072,2,4,-1,77,"RangeError: WebAssembly.Memory.grow(): could not allocate memory, or its largest size was exceeded"]`},
		{"a memory without pages", `(() => { const m = new WebAssembly.Memory({ initial: 0 }), b = m.buffer; const got = [b.byteLength, m.buffer === b, m.grow(0), m.buffer === b, m.grow(1), m.buffer.byteLength]; new Uint8Array(m.buffer).fill(1); return got; })()`, `[0,true,0,false,0,65536]`},
		{"buffers are not transferred", `(() => { const b = new WebAssembly.Memory({ initial: 1 }).buffer; return [caught(() => b.transfer()), b.byteLength, new ArrayBuffer(3).transfer().byteLength]; })()`,
			`["TypeError: ArrayBuffer.prototype.transfer: the buffer of a WebAssembly.Memory cannot be transferred",65536,3]`},
		{"wrong imports", `[made({ log: 1 }), made({ memory: {} }), made({ table: null }), made({ count: 5 }), made({ base: 5n }), made({ count: new WebAssembly.Global({ value: "i64", mutable: true }) }),
			made({ memory: new WebAssembly.Memory({ initial: 1 }) }), made({ table: new WebAssembly.Table({ element: "externref", initial: 2 }) })].map((m) => caught(m.instance)).concat(caught(() => new WebAssembly.Instance(new WebAssembly.Module(again), {})), caught(() => new WebAssembly.Instance(new WebAssembly.Module(again))))`,
			`["LinkError: Import #0 \"env\" \"log\": function import requires a callable","LinkError: Import #2 \"env\" \"memory\": memory import must be a WebAssembly.Memory object","LinkError: Import #3 \"env\" \"table\": table import must be a WebAssembly.Table object","LinkError: Import #4 \"env\" \"count\": imported mutable global must be a WebAssembly.Global object","LinkError: Import #5 \"env\" \"base\": global import must be a number, or a WebAssembly.Global object","LinkError: Import \"env\" \"count\": imported global does not match the expected type","LinkError: Import \"env\" \"memory\": imported memory of 1 pages does not match the expected type: at least 1","LinkError: Import \"env\" \"table\": imported table does not match the expected type","TypeError: Import #0 \"env\": module is not an object or function","TypeError: WebAssembly.Instance(): Imports argument must be present and must be an object"]`},
		{"functions of one instance in another", `(() => { const a = made().instance().exports, b = new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: a.double } }).exports; return [b.run(5), caught(() => new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: a.bump } }))]; })()`,
			`[25,"LinkError: Import \"env\" \"f\": imported function does not match the expected type"]`},
		{"exceptions pass", `(() => { const error = { mine: true }; const e = new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f: () => { throw error; } } }).exports; try { e.deep(50); } catch (x) { return [x === error, caught(() => e.run(1))]; } })()`, `[true,"thrown: [object Object]"]`},
		{"traps", `(() => { const e = new WebAssembly.Instance(new WebAssembly.Module(control)).exports; return ["unreachable", "endless"].map((f) => caught(e[f])).concat(caught(() => e.reads(-1)), e.old(3), caught(() => e.deep(1e7)), e.deep(100)); })()`,
			`["RuntimeError: unreachable","RangeError: Maximum call stack size exceeded","RuntimeError: memory access out of bounds",93,"RangeError: Maximum call stack size exceeded",100]`},
		{"calls back and forth", `(() => { let e, depth = 0; const f = (n) => { depth++; return n > 0 ? e.run(n - 1) : 1; }; e = new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f } }).exports; return [e.run(20), depth]; })()`, `[631,21]`},
		{"without end", `(() => { let e; const f = () => e.deep(3); e = new WebAssembly.Instance(new WebAssembly.Module(again), { env: { f } }).exports; return [caught(() => e.deep(3)), caught(() => e.deep(3))]; })()`,
			`["RangeError: Maximum call stack size exceeded","RangeError: Maximum call stack size exceeded"]`},
		{"start functions", `(() => { const run = (n) => caught(() => String(new WebAssembly.Instance(new WebAssembly.Module(start), { env: { f: () => n } }))); return [run(1), run(0), caught(() => new WebAssembly.Instance(new WebAssembly.Module(start), { env: { f: () => { throw new Error("no"); } } }))]; })()`,
			`["[object WebAssembly.Instance]","RuntimeError: unreachable","Error: no"]`},
		{"wrong receivers", `[caught(() => WebAssembly.Memory.prototype.buffer), caught(() => WebAssembly.Memory.prototype.grow.call({}, 1)), caught(() => WebAssembly.Module.exports({})), caught(() => new WebAssembly.Memory()), caught(() => new WebAssembly.Memory({ initial: -1 })), caught(() => new WebAssembly.Memory({ initial: 2, maximum: 1 })), caught(() => new WebAssembly.Memory({ initial: 65537 })), caught(() => WebAssembly.Module(block))]`,
			`["TypeError: Receiver is not a WebAssembly.Memory","TypeError: Receiver is not a WebAssembly.Memory","TypeError: Receiver is not a WebAssembly.Module","TypeError: 1 argument required, but only 0 given","TypeError: 'initial' must be a number from 0 to 4294967295","RangeError: WebAssembly.Memory(): Property 'maximum' is below 'initial'","RangeError: WebAssembly.Memory(): a memory has at most 65536 pages","TypeError: class constructors must be invoked with 'new'"]`},
	}
	var code strings.Builder
	code.WriteString(modules(t) + env + "const cases = {\n")
	for _, c := range cases {
		fmt.Fprintf(&code, "%q: async () => (%s),\n", c.name, c.code)
	}
	code.WriteString("};\nexport default async (request) => Response.json(await cases[decodeURIComponent(new URL(request.url).pathname.slice(1))]() ?? null);")
	h := runtimetest.New(t, code.String())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := h.Ask(t, http.MethodGet, "/"+strings.ReplaceAll(c.name, " ", "%20"), "")
			var got, want any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", diff, w.Body)
			}
		})
	}
}

func memoryLimit(n int64) func(*system.Runtime) { return func(l *system.Runtime) { l.MaxMemory = n } }
