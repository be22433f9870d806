package runtime_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Each line is an expression in which node("x") is a module, and what JSON.stringify returns for it in Node.js. A thrown error
// counts as its name.
var nodeModules = [][2]string{
	{`buffer.Buffer.from("héllo").toString("base64")`, `"aMOpbGxv"`},
	{`Buffer.from("68656c6c6f", "hex").toString()`, `"hello"`},
	{`Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(2)]).readUInt32BE(0)`, `16908288`},
	{`buffer.Buffer === Buffer && Buffer.isBuffer(crypto.randomBytes(3))`, `true`},
	{`Buffer.from("a") instanceof Uint8Array`, `true`},
	{`(() => { const e = new EventEmitter(); const out = []; e.once("x", (v) => out.push(v)); e.on("x", (v) => out.push(-v)); e.emit("x", 1); e.emit("x", 2); return [out, e.listenerCount("x")]; })()`, `[[1,-1,-2],1]`},
	{`(async () => { const e = new EventEmitter(); setTimeout(() => e.emit("done", 7), 1); return await once(e, "done"); })()`, `[7]`},
	{`(async () => { const e = new EventEmitter(), out = []; setTimeout(() => { e.emit("v", 1); e.emit("v", 2); }, 1); for await (const [v] of EventEmitter.on(e, "v")) { out.push(v); if (v === 2) break; } return out; })()`, `[1,2]`},
	{`new EventEmitter().emit("error", new RangeError("x"))`, `"RangeError"`},
	{`util.format("%s %d %j %%", "a", 1.5, { b: 1 })`, `"a 1.5 {\"b\":1} %"`},
	{`util.inspect({ a: [1, { b: "c" }] })`, `"{ a: [ 1, { b: 'c' } ] }"`},
	{`util.promisify((a, done) => done(null, a + 1))(1)`, `2`},
	{`util.isDeepStrictEqual({ a: [1, 2] }, { a: [1, 2] }) && !util.isDeepStrictEqual({ a: 1 }, { a: "1" })`, `true`},
	{`[util.types.isDate(new Date()), types.isPromise(Promise.resolve()), util.inherits.length]`, `[true,true,2]`},
	{`util.stripVTControlCharacters("\u001b[31mred\u001b[0m")`, `"red"`},
	{`assert.strictEqual(1, 2)`, `"AssertionError"`},
	{`(assert.deepStrictEqual({ a: [1] }, { a: [1] }), assert(true), assert.rejects(Promise.reject(new TypeError("x")), TypeError).then(() => 1))`, `1`},
	{`(() => { try { strict.equal(1, "1"); } catch (e) { return e.code; } })()`, `"ERR_ASSERTION"`},
	{`[path.join("/a", "../b", "./c.txt"), path.extname("x.tar.gz"), path.relative("/a/b", "/a/c"), path.posix.basename("/x/y.js", ".js"), posix.sep]`, `["/b/c.txt",".gz","../c","y","/"]`},
	{`[querystring.stringify({ a: ["1", "2"], b: "x y" }), querystring.parse("a=1&a=2&b=x%20y").a]`, `["a=1&a=2&b=x%20y",["1","2"]]`},
	{`[url.parse("http://u:p@h.x:8/a?b=c#d").auth, url.resolve("http://a/b/c", "../d"), url.format(new URL("http://a/b#c"), { fragment: false }), new url.URL("http://a").host]`, `["u:p","http://a/d","http://a/b","a"]`},
	{`[url.fileURLToPath("file:///a%20b"), url.pathToFileURL("/a b?c").href]`, `["/a b","file:///a%20b%3Fc"]`},
	{`(() => { const d = new StringDecoder("utf8"); return d.write(Buffer.from([0xe2, 0x82])) + d.write(Buffer.from([0xac])) + d.end(); })()`, `"€"`},
	{`punycode.toASCII("mañana.com")`, `"xn--maana-pta.com"`},
	{`[process.env.A, process.env.NODE_ENV, process.env.NONE ?? null, typeof process.versions.node, process.cwd()]`, `["b","production",null,"undefined","/"]`},
	{`process === globalThis.process && buffer.Buffer === globalThis.Buffer`, `true`},
	{`new Promise((r) => process.nextTick((a, b) => r([a, b]), 1, 2))`, `[1,2]`},
	{`(async () => [await sleep(1, "v"), typeof timers.setTimeout, await new Promise((r) => timers.setImmediate(r, 3))])()`, `["v","function",3]`},
	{`crypto.randomBytes(70000).length`, `70000`},
	{`/^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(crypto.randomUUID()) && crypto.webcrypto === globalThis.crypto`, `true`},
	{`(() => { for (let i = 0; i < 100; i++) { const n = crypto.randomInt(3, 5); if (n !== 3 && n !== 4) return n; } return crypto.randomInt(1); })()`, `0`},
	{`[crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ab")), crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ac"))]`, `[true,false]`},
	{`crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))`, `"RangeError"`},
	{`crypto.createHash("whirlpool")`, `"Error"`},
	{`crypto.createHash("sha256").update("a").update(Buffer.from("bc")).digest("hex")`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
	{`[crypto.createHash("md5").update("abc").digest("hex"), crypto.createHash("sha1").update("abc").digest("base64"), crypto.createHash("sha512").digest().length]`, `["900150983cd24fb0d6963f7d28e17f72","qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",64]`},
	{`crypto.createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex")`, `"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"`},
	{`(() => { const h = crypto.createHash("sha256"); h.digest(); return h.update("x"); })()`, `"Error"`},
}

const nodeImports = `
import * as buffer from "node:buffer"; import EventEmitter, { once } from "node:events"; import util, { types } from "util"; import assert, { strict } from "node:assert";
import path, { posix } from "path"; import * as querystring from "querystring"; import url from "node:url"; import { StringDecoder } from "string_decoder"; import punycode from "punycode";
import process from "node:process"; import timers from "timers"; import { setTimeout as sleep } from "node:timers/promises"; import * as crypto from "node:crypto";
`

func TestNodeModules(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	needNodeModules(t)
	code := nodeImports + "const list = [\n"
	for _, c := range nodeModules {
		code += "async () => (" + c[0] + "),\n"
	}
	h := runtimetest.New(t, code+`];
export default async () => {
	const out = [];
	for (const f of list) {
		try { out.push(JSON.stringify(await f()) ?? "undefined"); } catch (e) { console.log(e.message, e.stack); out.push(JSON.stringify(e.name)); }
	}
	return Response.json(out);
};`, func(l *system.Runtime) { l.ExecTimeout, l.CPUTime = 60_000, 60_000 })
	w := h.Ask(t, "GET", "/", "")
	var got []string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != len(nodeModules) {
		t.Fatalf("%v: %d %s\n%s", err, w.Code, w.Body, h.Log)
	}
	for i, c := range nodeModules {
		if got[i] != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got[i], c[1])
		}
	}
}

// needNodeModules skips the test if the packages were not bundled.
func needNodeModules(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("web/dist/node-util.js"); err != nil {
		t.Skip("make web bundles the packages")
	}
}

func TestAsyncLocalStorageFollowsPromisesAndTimers(t *testing.T) {
	needNodeModules(t)
	h := runtimetest.New(t, `
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
const als = new AsyncLocalStorage(), other = new AsyncLocalStorage();
const seen = () => als.getStore() ?? "none";
const steps = async (name) => {
	const out = [seen()];
	await null; out.push(seen());
	await new Promise((r) => setTimeout(r, 1)); out.push(seen());
	await Promise.all([1, 2].map(async () => { await null; out.push(seen()); }));
	for await (const v of (async function* () { await null; yield seen(); })()) out.push(v);
	try { await Promise.reject(new Error()); } catch { out.push(seen()); }
	await new Promise((r) => queueMicrotask(() => { out.push(seen()); r(); }));
	return out.every((v) => v === name) && out.length;
};
const leak = async () => { await null; return seen(); };
export default { async fetch(request) {
	const name = new URL(request.url).pathname;
	if (name === "/leak") return new Response(seen() + await leak());
	if (name === "/enter") { als.enterWith("entered"); await null; return new Response(seen()); }
	const [a, b] = await Promise.all([als.run("a", steps, "a"), als.run("b", () => steps("b"))]);
	const bound = als.run("c", () => AsyncResource.bind(() => seen())), snapshot = als.run("d", () => AsyncLocalStorage.snapshot());
	const nested = als.run("e", () => other.run("f", () => [seen(), other.getStore(), als.exit(seen), seen()]));
	return Response.json([a, b, bound(), snapshot(seen), nested, seen(), await leak()]);
} };`)
	want := `[8,8,"c","d",["e","f","none","e"],"none","none"]`
	for range 2 {
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
			t.Fatalf("%s\nwant %s\n%s", w.Body, want, h.Log)
		}
	}
	if w := h.Ask(t, "GET", "/enter", ""); w.Body.String() != "entered" {
		t.Fatalf("%s\n%s", w.Body, h.Log)
	}
	if w := h.Ask(t, "GET", "/leak", ""); w.Body.String() != "nonenone" {
		t.Fatalf("the next request sees %s", w.Body)
	}
}

func TestAPackageMayTryToImportAMissingModule(t *testing.T) {
	h := runtimetest.NewOf(t, runtimetest.Files{"api/main.js": "import p from 'p'; export default () => new Response(p);",
		"node_modules/p/index.js": "let fs; try { fs = require('fs'); } catch {} module.exports = fs ? 'there' : 'not there';"})
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "not there" {
		t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
	}
}

// write writes files to a folder.
func write(t *testing.T, dir string, list runtimetest.Files) {
	t.Helper()
	for name, text := range list {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// deployed returns what the server receives of a folder.
func deployed(t *testing.T, dir string, own runtimetest.Files) (runtimetest.Files, []string) {
	t.Helper()
	p, err := compile.Gather(t.Context(), dir, own)
	if err != nil {
		t.Fatal(err)
	}
	sent := runtimetest.Files{}
	for name, text := range own {
		sent[name] = text
	}
	for _, name := range p.Files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		sent[name] = string(data)
	}
	if p.Imports != nil {
		sent[compile.ImportsFile] = string(p.Imports)
	}
	return sent, p.Files
}

var ownFiles = runtimetest.Files{
	"api/main.ts": `import esm from "dual"; import sub from "dual/sub"; import old from "old"; import { named } from "@s/typed"; import link from "linked"; import self from "#lib/x"; import { on } from "worker";
const dual = require("dual");
export default () => Response.json([esm, dual, sub, old, named, link, self, on]);`,
	"lib/x.js":     `export default "own";`,
	"package.json": `{"name":"own","imports":{"#lib/*":"./lib/*.js"}}`,
}

var installedFiles = runtimetest.Files{
	"node_modules/dual/package.json": `{"name":"dual","exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./sub":"./deep/sub.js"},"sideEffects":false}`,
	"node_modules/dual/m.mjs":        `import { unused } from "./unused.mjs"; export default "import"; export { unused };`,
	"node_modules/dual/unused.mjs":   `export const unused = "UNUSED"; console.log(unused);`,
	"node_modules/dual/c.cjs":        `module.exports = "require";`, "node_modules/dual/deep/sub.js": `module.exports = "sub";`, "node_modules/dual/never.js": "not JavaScript at all (",
	"node_modules/old/package.json": `{"name":"old","main":"lib"}`, "node_modules/old/lib/index.js": `module.exports = require("nested");`,
	"node_modules/old/node_modules/nested/index.js": `module.exports = "nested in old";`, "node_modules/nested/index.js": `module.exports = "wrong";`,
	"node_modules/@s/typed/package.json": `{"name":"@s/typed","exports":"./src/index.ts"}`, "node_modules/@s/typed/src/index.ts": `import { own } from "@s/typed/none"; export const named: string = "typed";`,
	"node_modules/worker/package.json":               `{"exports":{"browser":"./b.js","worker":"./w.js","default":"./d.js"}}`,
	"node_modules/worker/w.js":                       `export const on = "worker";`,
	"node_modules/.store/linked@1/node/package.json": `{"name":"linked","module":"m.js","main":"c.js"}`, "node_modules/.store/linked@1/node/m.js": `export default "linked";`,
}

func TestPackagesAreResolvedByTheirPackageJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ownFiles)
	write(t, dir, installedFiles)
	write(t, dir, runtimetest.Files{"node_modules/@s/typed/src/index.ts": `import { t } from "@s/typed"; export const named: string = "typed"; export const t = 1;`})
	if err := os.Symlink(filepath.Join(".store", "linked@1", "node"), filepath.Join(dir, "node_modules", "linked")); err != nil {
		t.Skip(err)
	}
	const want = `["import","require","sub","nested in old","typed","linked","own","worker"]`
	sent, names := deployed(t, dir, ownFiles)
	list := []string{
		"node_modules/.store/linked@1/node/m.js", "node_modules/.store/linked@1/node/package.json", "node_modules/@s/typed/package.json", "node_modules/@s/typed/src/index.ts",
		"node_modules/dual/c.cjs", "node_modules/dual/deep/sub.js", "node_modules/dual/m.mjs", "node_modules/dual/package.json", "node_modules/dual/unused.mjs", "node_modules/old/lib/index.js",
		"node_modules/old/node_modules/nested/index.js", "node_modules/old/package.json", "node_modules/worker/package.json", "node_modules/worker/w.js",
	}
	if diff := cmp.Diff(list, names); diff != "" {
		t.Fatal(diff)
	}
	h := runtimetest.NewOf(t, sent)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
	if log := h.Log.String(); strings.Contains(log, "UNUSED") {
		t.Errorf("an unused file without side effects was run: %s", log)
	}

	// A pulled folder has the files, but no links.
	pulled := t.TempDir()
	write(t, pulled, sent)
	again, _ := deployed(t, pulled, ownFiles)
	if diff := cmp.Diff(sent, again); diff != "" {
		t.Fatalf("a pulled folder is deployed differently: %s", diff)
	}
}

func TestAWorkspaceLinkMayLeadToFilesOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	own := runtimetest.Files{"api/main.js": "import x from 'shared'; export default () => new Response(x);", "packages/shared/index.ts": `import y from "./y"; export default y as string;`, "packages/shared/y.ts": `export default "shared";`, "packages/shared/package.json": `{"main":"index.ts"}`}
	write(t, dir, own)
	if err := os.MkdirAll(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "packages", "shared"), filepath.Join(dir, "node_modules", "shared")); err != nil {
		t.Skip(err)
	}
	sent, names := deployed(t, dir, own)
	if len(names) > 0 {
		t.Errorf("duplicate files: %v", names)
	}
	if w := runtimetest.NewOf(t, sent).Ask(t, "GET", "/", ""); w.Body.String() != "shared" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	delete(own, "packages/shared/index.ts")
	if _, err := compile.Gather(t.Context(), dir, own); err == nil || !strings.Contains(err.Error(), "excludes it") {
		t.Fatalf("got %v", err)
	}
}

// The engine used to continue before the cleanup of an async generator was done.
func TestExitingALoopWaitsForItsAsyncGenerator(t *testing.T) {
	h := runtimetest.New(t, `export default async () => {
		const log = [];
		async function* numbers() { try { yield 1; yield 2; } finally { await null; log.push("end"); } }
		for await (const n of numbers()) { log.push(n); break; }
		log.push("after");
		log.push(await (async () => { for await (const n of numbers()) return n; })());
		try { for await (const n of numbers()) throw "thrown"; } catch (e) { log.push(e); }
		return Response.json(log);
	};`)
	if got := h.Ask(t, "GET", "/", "").Body.String(); got != `[1,"end","after","end",1,"end","thrown"]` {
		t.Errorf("%s\n%s", got, h.Log)
	}
}

func TestNodeModulesThatAreMissingFailWhenUsed(t *testing.T) {
	h := runtimetest.New(t, `
import child, { spawn } from "node:child_process";
import * as repl from "repl";
class Own extends repl.REPLServer {}
const used = [() => spawn("ls"), () => child.exec("ls"), () => repl.start(), () => new Own(), () => repl.builtinModules.map(String), () => require("cluster").fork()];
export default () => Response.json([typeof spawn, child instanceof Object, Object.keys(child), { ...child }, ...used.map((f) => { try { return f(); } catch (e) { return e.message; } }),
	import.meta.url, import.meta.dirname, new URL("./x.txt", import.meta.url).href]);`)
	want := `["function",true,[],{},` +
		`"node:child_process.spawn is not available in functions; api/main.ts uses it","node:child_process.exec is not available in functions; api/main.ts uses it",` +
		`"node:repl.start is not available in functions; api/main.ts uses it","node:repl.REPLServer is not available in functions; api/main.ts uses it",` +
		`"node:repl.builtinModules.map is not available in functions; api/main.ts uses it","node:cluster.fork is not available in functions; api/main.ts uses it",` +
		`"file:///api/main.ts","/api","file:///api/x.txt"]`
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%s\nwant %s\n%s", w.Body, want, h.Log)
	}
}
