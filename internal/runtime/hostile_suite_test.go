package runtime_test

import (
	"fmt"
	"maps"
	"net/http"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// endless are scripts that try to run forever, to use all memory or to crash the process.
var endless = map[string]string{
	"loop":                  "for (;;) {}",
	"loop in catch":         "for (;;) { try { throw 1 } catch { for (;;) {} } }",
	"loop in finally":       "try { for (;;) {} } finally { for (;;) {} }",
	"loop in a getter":      "({ get x() { for (;;) {} } }).x",
	"loop in a setter":      "({ set x(v) { for (;;) {} } }).x = 1",
	"loop in a proxy":       "new Proxy({}, { get() { for (;;) {} } }).x",
	"loop in toString":      "String({ toString() { for (;;) {} } })",
	"loop in valueOf":       "+{ valueOf() { for (;;) {} } }",
	"loop in toPrimitive":   "`${{ [Symbol.toPrimitive]() { for (;;) {} } }}`",
	"loop in a sort":        "[3, 2, 1].sort(() => { for (;;) {} })",
	"loop in a typed sort":  "new Uint8Array(9).sort(() => { for (;;) {} })",
	"loop in a replacer":    `"abc".replace(/./g, () => { for (;;) {} })`,
	"loop in a reviver":     `JSON.parse("[1]", () => { for (;;) {} })`,
	"loop in hasInstance":   "({}) instanceof { [Symbol.hasInstance]() { for (;;) {} } }",
	"loop in a class":       "class A { static { for (;;) {} } }",
	"loop in a constructor": "new (class { constructor() { for (;;) {} } })()",
	"loop in eval":          `(0, eval)("for (;;) {}")`,
	"loop in a generator":   "[...(function* () { for (;;) yield 1; })()]",
	"generator's return":    "for (const x of (function* () { try { yield 1 } finally { for (;;) {} } })()) break",
	"async generator":       "for await (const x of (async function* () { for (;;) yield 1; })()) {}",
	"iterator for ever":     "Array.from({ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) })",
	"entries for ever":      "Object.fromEntries((function* () { for (let i = 0; ; i++) yield [i, i]; })())",
	"set for ever":          "new Set((function* () { for (let i = 0; ; i++) yield i; })())",
	"promises for ever":     "await Promise.all((function* () { for (;;) yield 1; })())",
	"promise chain":         "const f = () => Promise.resolve().then(f); await f()",
	"thenable":              "await { then(done) { done(this) } }",
	"microtasks":            "const f = () => queueMicrotask(f); f(); await new Promise(() => {})",
	"async loop":            "for (;;) await null",
	"timers for ever":       "for (;;) await new Promise((r) => setTimeout(r, 0))",

	"regular expression":             `/^(a+)+$/.test("a".repeat(50) + "b")`,
	"regular expression, nested":     `/^(([a-z])+.)+[A-Z]([a-z])+$/.test("a".repeat(60))`,
	"regular expression, back":       `/(?<=^(a+)+)b/.test("a".repeat(60) + "c")`,
	"regular expression, reference":  `/^(a*)*\1$/.test("a".repeat(60) + "b")`,
	"regular expression, alternates": `/^(a|aa|aaa)*$/.test("a".repeat(80) + "b")`,
	"regular expression, sticky":     `"a".repeat(1e6).replace(/(?=(a*)*b)/gy, "")`,
	"regular expression, huge":       `new RegExp("(".repeat(1e6))`,
	"regular expression, counted":    `new RegExp("((a{1,9999}){1,9999}){1,9999}").test("a".repeat(1e5) + "b")`,

	"recursion":             "const f = () => f() + 1; f()",
	"async recursion":       "const f = async () => await f(); await f()",
	"recursive generator":   "function* f() { yield* f(); } [...f()]",
	"recursive getter":      "const o = { get x() { return this.x } }; o.x",
	"recursive toString":    "const a = []; a.push(a, { toString() { return String(a) } }); String(a)",
	"recursive toJSON":      "const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)",
	"recursive proxies":     "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x; Object.keys(p); delete p.y",
	"proxy of itself":       "const p = new Proxy({}, {}); Object.setPrototypeOf(p, p); p.x",
	"proxy as prototype":    "const p = Object.create(new Proxy({}, { get(t, k, r) { return r[k] } })); p.x",
	"bind chain":            "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); f()",
	"apply chain":           "let f = () => 1; for (let i = 0; i < 1e5; i++) { const g = f; f = () => Reflect.apply(g, null, []); } f()",
	"class chain":           "let C = class {}; for (let i = 0; i < 1e5; i++) C = class extends C {}; new C()",
	"prototype chain":       "let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); for (;;) o.x",
	"instanceof chain":      "let f = function () {}; for (let i = 0; i < 1e5; i++) f = f.bind(); ({}) instanceof f",
	"nested arrays, flat":   "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
	"nested arrays, join":   "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.join()",
	"JSON.parse, nested":    `JSON.parse("[".repeat(1e6))`,
	"JSON.parse, whole":     `JSON.parse("[".repeat(2e5) + "]".repeat(2e5))`,
	"JSON.parse, objects":   `JSON.parse('{"a":'.repeat(1e5) + "1" + "}".repeat(1e5))`,
	"JSON.parse, reviver":   `JSON.parse("[".repeat(3e3) + "]".repeat(3e3), function (k, v) { return [v] })`,
	"JSON.stringify, deep":  "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o)",
	"JSON.stringify, space": `let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; JSON.stringify(o, null, "          ")`,
	"structuredClone, deep": "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; structuredClone(o)",
	"console, deep":         "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; console.log(o)",
	"nested parentheses":    `new Function("return " + "(".repeat(1e5) + ")".repeat(1e5))()`,
	"nested blocks":         `new Function("{".repeat(1e5) + "}".repeat(1e5))()`,
	"nested functions":      `new Function("(function(){".repeat(1e4) + "})".repeat(1e4))()`,
	"nested templates":      "new Function(\"return \" + \"`${\".repeat(1e4) + \"}`\".repeat(1e4))()",
	"nested array literals": `new Function("return " + "[".repeat(1e5) + "]".repeat(1e5))()`,
	"nested unary":          `new Function("return " + "!".repeat(1e6) + "1")()`,
	"nested conditions":     `new Function("return " + "1?".repeat(1e5) + "1" + ":1".repeat(1e5))()`,
	"long source":           `new Function("let a=0;" + "a++;".repeat(1e7))()`,
	"cause of itself":       "const e = new Error(); e.cause = e; throw e",
	"error of errors":       "let e = new Error(); for (let i = 0; i < 1e5; i++) e = new AggregateError([e], '', { cause: e }); throw e",

	"huge string":       `"x".repeat(1e9)`,
	"padded string":     `"x".padStart(2 ** 30 - 1, "abc")`,
	"doubling string":   `let s = "x"; for (;;) s += s`,
	"growing string":    `let s = ""; for (;;) s = s + "x" + s.length`,
	"replaced string":   `let s = "aaaaaaaaaa"; for (;;) s = s.replaceAll("a", s)`,
	"joined string":     `new Array(2 ** 32 - 1).join("x")`,
	"split string":      `const s = "x".repeat(4e6); const all = []; for (;;) all.push(s.split(""))`,
	"normalised string": `const s = "\ufdfa".repeat(1e6); for (;;) s.normalize("NFKD")`,
	"ropes":             `let s = "x"; for (let i = 0; i < 1e6; i++) s = s + "y"; for (;;) { s += s; s.charCodeAt(5) }`,
	"encoded string":    `encodeURIComponent("\u20ac".repeat(5e6))`,
	"utf-8":             `const all = []; for (;;) all.push(new TextEncoder().encode("\u20ac".repeat(1e6)))`,
	"base64":            `const all = []; for (;;) all.push(btoa("x".repeat(1e6)))`,
	"array for ever":    "const a = []; for (;;) a.push({})",
	"array doubling":    "let a = [1]; for (;;) a = a.concat(a)",
	"array spread":      "let a = [1, 2]; for (;;) a = [...a, ...a]",
	"arguments":         "Math.max(...new Array(1e7))",
	"huge array":        "new Array(2 ** 32 - 1).fill(0)",
	"sparse array":      "const a = []; a[2 ** 32 - 2] = 1; a.sort(); a.reverse()",
	"huge array buffer": "new ArrayBuffer(4e9)",
	"resizable buffer":  "const b = new ArrayBuffer(0, { maxByteLength: 1e9 }); b.resize(1e9)",
	"buffers":           "const all = []; for (;;) all.push(new ArrayBuffer(1e6))",
	"huge typed array":  "new Float64Array(1e9)",
	"typed array flood": "const all = []; for (;;) all.push(new Float64Array(1e5).fill(1))",
	"map flood":         "const m = new Map(); for (let i = 0; ; i++) m.set(i, {})",
	"weak map flood":    "const m = new WeakMap(), all = []; for (;;) { const k = {}; m.set(k, k); all.push(k) }",
	"symbol flood":      "const all = []; for (let i = 0; ; i++) all.push(Symbol.for('s' + i))",
	"property flood":    "const o = {}; for (let i = 0; ; i++) o['p' + i] = i",
	"shape flood":       "const all = []; for (let i = 0; ; i++) all.push({ ['p' + i]: i, ['q' + i]: i })",
	"closure flood":     "let f = () => 1; for (;;) { const g = f; f = () => g; }",
	"big integers":      "let n = 3n; for (;;) n *= n",
	"big shift":         "1n << (2n ** 40n)",
	"big power":         "7n ** (10n ** 9n)",
	"big text":          "String(7n ** 3000000n)",
	"big parse":         `BigInt("9".repeat(5e6))`,
	"big division":      "const n = 7n ** 900000n; for (;;) (n * n + 1n) / n",
	"promise flood":     "const a = []; for (;;) a.push(new Promise(() => {}))",
	"rejection flood":   "for (;;) Promise.reject(new Error('x'))",
	"job flood":         "for (;;) Promise.resolve().then(() => {})",
	"console flood":     `for (;;) console.log("x".repeat(1000))`,
	"timer flood":       "for (;;) setTimeout(() => {}, 1e6)",
	"interval flood":    "for (;;) setInterval(() => {}, 0)",
	"header flood":      "const h = new Headers(); for (let i = 0; ; i++) h.append('x-' + i, 'y')",
	"URL flood":         "const all = []; for (let i = 0; ; i++) all.push(new URL('http://a.b/' + i))",
	"random flood":      "for (;;) crypto.getRandomValues(new Uint8Array(65536))",
	"finalizers":        "const r = new FinalizationRegistry(() => { for (;;) {} }); for (;;) r.register({}, 1)",
	"garbage cycles":    "for (;;) { const a = {}, b = { a }; a.b = b; }",

	"throw in a getter":   `throw { get message() { for (;;) {} }, get stack() { for (;;) {} } }`,
	"thrown proxy":        `throw new Proxy(new Error("x"), { get() { for (;;) {} } })`,
	"prepared stack":      `Error.prepareStackTrace = () => { for (;;) {} }; throw new Error("x")`,
	"stringify bomb":      `return Response.json({ toJSON() { for (;;) {} } })`,
	"prototype pollution": `Object.prototype.then = (r) => { for (;;) {} }; return {}`,
	"broken promise":      `Promise.prototype.then = () => { for (;;) {} }; return Promise.resolve(new Response("x"))`,
	"broken response":     `return new Proxy(new Response("x"), { get() { for (;;) {} } })`,
	"broken headers":      `return new Response("x", { headers: new Proxy({}, { ownKeys() { for (;;) {} } }) })`,
	"broken string":       `String.prototype.toLowerCase = () => { for (;;) {} }; new Headers({ a: "b" }).get("A")`,
}

// longest are the built-ins that walk an object claiming to have 2^53-1 members, without checking the clock in between. "it" is
// such an object.
var longest = map[string]string{
	"apply":                    "Reflect.apply(() => {}, null, it)",
	"Function.prototype.apply": "(() => {}).apply(null, it)",
	"construct":                "Reflect.construct(class {}, it)",
	"String.raw":               "String.raw({ raw: it })",
	"String.fromCharCode":      "String.fromCharCode.apply(null, it)",
	"Array.from":               "Array.from(it)",
	"Array.from, mapped":       "Array.from(it, () => 1)",
	"spreadable":               "[].concat({ __proto__: it, [Symbol.isConcatSpreadable]: true, length: 2 ** 53 - 1 })",
	"typed array":              "new Uint8Array(it)",
	"typed array, from":        "Uint8Array.from(it)",
	"typed array, set":         "new Uint8Array(8).set(it)",
	"JSON.stringify, proxy":    "JSON.stringify(new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : undefined }))",
	"JSON.stringify, list":     "JSON.stringify({}, new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : undefined }))",
	"JSON.stringify, toJSON":   "JSON.stringify({ toJSON: () => new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : undefined }) })",
	"structuredClone":          "const a = []; a.length = 2 ** 32 - 1; structuredClone(a)",
	"structuredClone, proxy":   "structuredClone(new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : undefined }))",
	"Object.fromEntries":       "Object.fromEntries({ __proto__: it, [Symbol.iterator]: Array.prototype[Symbol.iterator] })",
	"Object.assign":            "const o = {}; for (let i = 0; i < 1e5; i++) o[i] = i; for (;;) Object.assign({}, o)",
	"Object.groupBy":           "Object.groupBy({ __proto__: it, [Symbol.iterator]: Array.prototype[Symbol.iterator] }, () => 'a')",
	"spread":                   "[...{ __proto__: it, [Symbol.iterator]: Array.prototype[Symbol.iterator] }]",
	"proxy's keys":             "Reflect.ownKeys(new Proxy({}, { ownKeys: () => it }))",
	"console.log":              "const a = []; a.length = 2 ** 32 - 1; console.log(a)",
	"console.table":            "const a = []; a.length = 2 ** 32 - 1; console.table(a)",
	"Response.json":            "const a = []; a.length = 2 ** 32 - 1; return Response.json(a)",
	"sparse, indexOf":          "const a = []; a[2 ** 32 - 2] = 1; a.indexOf(2)",
	"sparse, join":             "const a = []; a[2 ** 32 - 2] = 1; a.join('')",
	"sparse, sort":             "const a = []; a[2 ** 32 - 2] = 1; a.sort()",
	"sparse, reverse":          "const a = []; a[2 ** 32 - 2] = 1; a.reverse()",
	"sparse, includes":         "const a = []; a[2 ** 32 - 2] = 1; a.includes(2)",
	"sparse, flat":             "const a = []; a[2 ** 32 - 2] = 1; a.flat()",
	"deleted":                  "const a = []; a[2 ** 32 - 2] = 1; a.length = 0",
}

// walkers returns longest and every method of arrays.
func walkers() map[string]string {
	all := maps.Clone(longest)
	arguments := map[string]string{
		"concat": "it", "indexOf": "1", "lastIndexOf": "1", "includes": "1", "reduce": "() => 1, 1", "reduceRight": "() => 1, 1", "copyWithin": "0, 1", "fill": "1",
		"splice": "1, 2, 3", "toSpliced": "1, 2, 3", "unshift": "1", "join": `""`, "with": "1, 1", "slice": "1", "sort": "", "toSorted": "", "flatMap": "() => [it]", "every": "() => true",
	}
	for _, method := range []string{
		"at", "concat", "copyWithin", "entries", "every", "fill", "filter", "find", "findIndex", "findLast", "findLastIndex", "flat", "flatMap", "forEach", "includes",
		"indexOf", "join", "keys", "lastIndexOf", "map", "pop", "push", "reduce", "reduceRight", "reverse", "shift", "slice", "some", "sort", "splice", "toLocaleString",
		"toReversed", "toSorted", "toSpliced", "toString", "unshift", "values", "with",
	} {
		args, ok := arguments[method]
		if !ok {
			args = "() => false"
		}
		all["Array.prototype."+method] = fmt.Sprintf("Array.prototype.%s.call(it%s)", method, strings.TrimSuffix(", "+args, ", "))
	}
	for name, code := range all {
		all[name] = "const it = { __proto__: null, length: 2 ** 53 - 1 }; " + code
	}
	return all
}

// Each must be stopped soon after its deadline, whatever it is doing, and the process must be unharmed: it serves the next
// request of the same app.
func TestHostileScriptsAreStoppedAndTheNextRequestIsServed(t *testing.T) {
	for _, style := range []string{"module", "classic"} {
		t.Run(style, func(t *testing.T) { stopAll(t, style, endless) })
	}
}

func TestEndlessBuiltInsAreStoppedAndTheNextRequestIsServed(t *testing.T) {
	for _, style := range []string{"module", "classic"} {
		t.Run(style, func(t *testing.T) { stopAll(t, style, walkers()) })
	}
}

func stopAll(t *testing.T, style string, scripts map[string]string) {
	names := slices.Sorted(maps.Keys(scripts))
	if testing.Short() { // the race detector makes the engine ten times slower, and these do not differ in races
		names = []string{"loop", "timer flood", "huge string", "Array.prototype.indexOf", "Array.prototype.fill"}
		names = slices.DeleteFunc(names, func(name string) bool { return scripts[name] == "" })
	}
	const deadline = 100
	var limits atomic.Pointer[system.Runtime]
	set := func(deadline int) {
		l := system.Defaults().Runtime
		l.ExecTimeout, l.MaxMemory, l.MaxStack = deadline, 24<<20, 512<<10
		l.VMs = 1 // otherwise VMs of earlier scripts would count as a leak
		limits.Store(&l)
	}
	set(30_000)
	first := runtimetest.NewWith(t, wrap(style, ""), runtimetest.Options{Limits: func(string) system.Runtime { return *limits.Load() }})
	first.Ask(t, "GET", "/ok", "")
	var before int64
	if goruntime.GOOS == "linux" {
		debug.FreeOSMemory()
		before = resident(t)
	}
	slowest, which, abandoned := time.Duration(0), "", uint64(0)
	for _, name := range names {
		set(30_000)
		h := first.Another(t, name, wrap(style, scripts[name]))
		h.Log.Forget()
		if w := h.Ask(t, "GET", "/ok", ""); w.Code != http.StatusOK {
			t.Errorf("%s: before: %d %s\n%s", name, w.Code, w.Body, h.Log)
			continue
		}
		set(deadline)
		began := time.Now()
		w := h.Ask(t, "GET", "/hostile", "")
		if over := time.Since(began) - deadline*time.Millisecond; over > slowest {
			slowest, which = over, name
		}
		t.Logf("%-40s %7.0f ms  %d", name, float64(time.Since(began).Microseconds())/1000, w.Code)
		if w.Code == http.StatusOK && w.Body.String() != "done" {
			t.Errorf("%s: answered %d %.200s", name, w.Code, w.Body)
		}
		set(30_000)
		if w := h.Ask(t, "GET", "/ok", ""); w.Code != http.StatusOK || w.Body.String() != "ok" {
			t.Errorf("%s: the next request: %d %s\n%s", name, w.Code, w.Body, h.Log)
		}
		if s := h.Stats(); s.Abandoned != abandoned {
			t.Errorf("%s: had to be abandoned", name)
			abandoned = s.Abandoned
		}
		h.Drop(h.Fn.Deployment)
	}
	t.Logf("%d scripts; the slowest was stopped %v after its deadline: %s", len(names), slowest.Round(time.Millisecond), which)
	if goruntime.GOOS == "linux" {
		debug.FreeOSMemory()
		grown := resident(t) - before
		t.Logf("memory grew by %d MB", grown>>20)
		if grown > 100<<20 && !testing.Short() {
			t.Errorf("the scripts left %d MB behind", grown>>20)
		}
	}
}

// wrap makes a function of code, in one of the styles. It does not run the code for /ok.
func wrap(style, code string) string {
	if style == "module" {
		return `export default async (request) => {
			if (request.url.endsWith("/ok")) return new Response("ok");
			` + code + `;
			return new Response("done");
		};`
	}
	return `if (request.path === "/ok") respond("ok"); else respond(await (async () => {
		` + code + `;
	})() ?? "done");`
}

// pollution replaces everything it can reach, and adds properties everywhere.
const pollution = `
	const spoil = () => { throw new Error("polluted"); };
	const seen = new Set();
	const visit = (object, depth) => {
		if (object === null || typeof object !== "object" && typeof object !== "function" || seen.has(object) || depth > 4) return;
		seen.add(object);
		for (const key of Reflect.ownKeys(object)) {
			let d;
			try { d = Reflect.getOwnPropertyDescriptor(object, key); } catch { continue; }
			if (d && "value" in d) visit(d.value, depth + 1);
			if (d && d.get) visit(d.get, depth + 1);
		}
		try { visit(Object.getPrototypeOf(object), depth + 1); } catch {}
	};
	visit(globalThis, 0);
	const own = Reflect.ownKeys, describe = Reflect.getOwnPropertyDescriptor, set = Reflect.defineProperty, all = [...seen];
	globalThis.leaked = "leaked";
	for (let i = 0; i < all.length; i++) {
		const keys = own(all[i]);
		for (let j = 0; j < keys.length; j++) {
			const d = describe(all[i], keys[j]);
			if (d && d.configurable && typeof d.value === "function" && keys[j] !== "constructor") set(all[i], keys[j], { value: spoil, writable: true, configurable: true });
			else if (d && d.configurable && d.get) set(all[i], keys[j], { get: spoil, configurable: true });
		}
		try { all[i].polluted = "polluted"; } catch {}
	}
`

// A script's changes to built-ins of its VM must not affect another request of a script, another app, or the host.
func TestPollutingEveryBuiltInAffectsNoOtherRequest(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	probe := `JSON.stringify([typeof leaked, {}.polluted, [].polluted, "".polluted, (() => {}).polluted, [3, 1, 2].sort().map((x) => x + 1).join(), new Headers({ A: "b" }).get("a"), new Map([[1, 2]]).get(1), "AbC".toLowerCase()])`
	want := `["undefined",null,null,null,null,"2,3,4","b",2,"abc"]`
	module := `export default async (request) => {
		if (request.url.endsWith("/pollute")) {` + pollution + `}
		return new Response(` + probe + `);
	};`
	classic := `if (request.path === "/pollute") {` + pollution + `} respond(` + probe + `);`
	for style, code := range map[string]string{"module": module, "classic": classic} {
		t.Run(style, func(t *testing.T) {
			h := runtimetest.New(t, code, func(l *system.Runtime) { l.VMsPerApp, l.VMs = 1, 4 })
			other := h.Another(t, "dep_2", module)
			script := h.Another(t, "dep_3", classic)
			if w := h.Ask(t, "GET", "/", "", "Cookie", "user=alice"); w.Body.String() != want {
				t.Fatal(w.Code, w.Body, h.Log)
			}
			for range 3 {
				h.Ask(t, "GET", "/pollute", "", "Cookie", "user=alice")
				w := h.Ask(t, "GET", "/", "", "Cookie", "user=bob")
				if style == "classic" && w.Body.String() != want {
					t.Errorf("another user of the same app: %d %s\n%s", w.Code, w.Body, h.Log)
				}
				if strings.Contains(w.Body.String(), "alice") {
					t.Errorf("another user gets %s", w.Body)
				}
				for name, app := range map[string]*runtimetest.Host{"module": other, "classic": script} {
					if w := app.Ask(t, "GET", "/", ""); w.Body.String() != want {
						t.Errorf("another app, %s: %d %s", name, w.Code, w.Body)
					}
				}
			}
		})
	}
}

// Module state lives only in the VMs of its deployment, and no host object that outlives a request holds data of the request
// or its user.
func TestTwoRequestsTwoUsersAndTwoAppsShareNothing(t *testing.T) {
	for style, code := range map[string]string{
		"module": `export default async (request, env, ctx) => {
			const before = JSON.stringify([globalThis.held?.url ?? null, globalThis.own ?? null]);
			const user = request.headers.get("x-user");
			await new Promise((done) => setTimeout(done, 5));
			return new Response(user + " " + request.headers.get("x-user") + " " + before, { headers: { "x-user": user } });
		};`,
		"classic": `const before = JSON.stringify([globalThis.held ?? null, globalThis.own ?? null]);
			globalThis.held = request.headers["x-user"]; globalThis.own = "own"; Object.prototype.own = "own";
			const user = request.headers["x-user"];
			await new Promise((done) => setTimeout(done, 5));
			respond(200, user + " " + request.headers["x-user"] + " " + before, { "x-user": user });`,
	} {
		t.Run(style, func(t *testing.T) {
			h := runtimetest.New(t, code, func(l *system.Runtime) {
				l.QueueWait, l.ExecTimeout, l.CPUTime, l.VMs, l.VMsPerApp = 60_000, 60_000, 60_000, 6, 3
			})
			apps := []*runtimetest.Host{h, h.Another(t, "dep_2", code)}
			var all sync.WaitGroup
			for n := range 60 {
				all.Go(func() {
					user := fmt.Sprint("user", n)
					w := apps[n%2].Ask(t, "GET", "/", "", "X-User", user)
					if want := user + " " + user + " [null,null]"; w.Body.String() != want || w.Header().Get("X-User") != user {
						t.Errorf("%s got %d %s %v", user, w.Code, w.Body, w.Header())
					}
				})
			}
			all.Wait()
		})
	}
}

// Only the prelude can access the host object. No script can reach it, or replace what the prelude keeps.
func TestNoScriptReachesTheHostObject(t *testing.T) {
	h := runtimetest.New(t, `export default async (request) => {
		const found = [];
		const seen = new Set();
		const visit = (object, path) => {
			if (object === null || typeof object !== "object" && typeof object !== "function" || seen.has(object) || path.length > 120) return;
			seen.add(object);
			for (const key of Reflect.ownKeys(object)) {
				const d = Reflect.getOwnPropertyDescriptor(object, key);
				for (const part of ["value", "get", "set"]) {
					const v = d[part];
					if (v && typeof v === "object" && "respond" in v && "urlSet" in v) found.push(path + "." + String(key));
					visit(v, path + "." + String(key));
				}
			}
			visit(Object.getPrototypeOf(object), path + ".__proto__");
		};
		visit(globalThis, "globalThis");
		visit(request, "request");
		visit(new Response(""), "response");
		for (const f of [fetchCaller, Error.captureStackTrace]) { try { visit(f?.caller, "caller"); visit(f?.arguments, "arguments"); } catch {} }
		return Response.json([found, seen.size > 200]);
	};
	function fetchCaller() {}`)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "[[],true]" {
		t.Fatal(w.Code, w.Body, h.Log)
	}
}
