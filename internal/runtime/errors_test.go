package runtime_test

import (
	"net/http"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// The expected stacks and messages are those of Node.js 20 for the same lines, with the names of this deployment's files. Only
// columns differ: the engine's are a few characters further on.
func TestErrorsSayWhatV8Says(t *testing.T) {
	h := runtimetest.New(t, `const cases: Record<string, () => unknown> = {
  made: () => { const f = () => new TypeError("no"); return f().stack.split("\n").slice(0, 2).join("|"); },
  thrown: () => { const x: any = {}; try { x.foo(); } catch (e) { return e.stack.split("\n").slice(0, 2).join("|"); } },
  method: () => { const x: any = {}; x.foo(); },
  nested: () => { const x: any = { a: {} }; x.a.bar(1, "(", 2); },
  name: () => { const foo: any = 1; foo(); },
  index: () => { const a: any = [1]; a[0](); },
  constructed: () => { const x: any = {}; new x.Foo(1); },
  called: () => { const f: any = () => ({}); f(1).go(); },
  optional: () => { const x: any = { foo: 1 }; x?.foo(); },
  mine: () => { throw new TypeError("not a function"); },
  renamed: () => { const e = new Error("a"); e.message = "b"; return e.stack.split("\n")[0]; },
  sub: () => { class Mine extends Error { name = "Mine"; } return new Mine("x").stack.split("\n")[0]; },
  domException: () => new DOMException("x", "AbortError").stack.split("\n")[0],
  syntax: () => { try { new Function("("); } catch (e) { return e.stack.split("\n")[0].slice(0, 12); } },
  set: () => { const e = new Error("x"); e.stack = "mine"; return e.stack; },
  capture: () => { const o: any = { name: "N", message: "m" }; function outer() { inner(); } function inner() { Error.captureStackTrace(o, inner); } outer(); return o.stack.split("\n").slice(0, 2).join("|"); },
  captured: () => { const o: any = {}; Error.captureStackTrace(o); Object.defineProperty(o, "stack", { value: 1 }); return [o.stack, Object.keys(o).length].join(); },
  limit: () => { Error.stackTraceLimit = 1; const n = new Error("x").stack.split("\n").length; Error.stackTraceLimit = 10; return n; },
  none: () => { const was = typeof Error.prepareStackTrace; return was; },
  prepare: () => {
    Error.prepareStackTrace = (e, sites) => e.message + sites.map((s) => [s.getFunctionName(), s.getFileName(), s.getLineNumber()].join(":"))[0];
    function f() { return new Error("x").stack; }
    try { return f(); } finally { Error.prepareStackTrace = undefined; }
  },
};
export default { fetch(request: Request) {
  const f = cases[new URL(request.url).pathname.slice(1)];
  try { return new Response(String(f())); } catch (e) { return new Response("THROWN " + e); }
} };
`)
	for name, want := range map[string]string{
		"made":         "TypeError: no|    at f (api/main.ts:2:37)",
		"thrown":       "TypeError: x.foo is not a function|    at thrown (api/main.ts:3:46)",
		"method":       "THROWN TypeError: x.foo is not a function",
		"nested":       "THROWN TypeError: x.a.bar is not a function",
		"name":         "THROWN TypeError: foo is not a function",
		"index":        "THROWN TypeError: a[0] is not a function",
		"constructed":  "THROWN TypeError: x.Foo is not a constructor",
		"called":       "THROWN TypeError: f(...).go is not a function",
		"optional":     "THROWN TypeError: x?.foo is not a function",
		"mine":         "THROWN TypeError: not a function",
		"renamed":      "Error: a",
		"sub":          "Error: x",
		"domException": "AbortError: x",
		"syntax":       "SyntaxError:",
		"set":          "mine",
		"capture":      "N: m|    at outer (api/main.ts:17:83)",
		"captured":     "1,0",
		"limit":        "2",
		"none":         "undefined",
		"prepare":      "xf:api/main.ts:23",
	} {
		if got := h.Ask(t, "GET", "/"+name, "").Body.String(); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}

func TestTheLogShowsCausesAndThrownObjects(t *testing.T) {
	for name, tt := range map[string]struct {
		code string
		want []string
	}{
		"a cause": {`const inner = new TypeError("inner"); throw new Error("outer", { cause: inner });`,
			[]string{"Error: outer\n    at fetch (api/main.ts:1:", "\n  [cause]: TypeError: inner\n      at fetch (api/main.ts:1:"}},
		"a cause that is an object": {`throw new Error("outer", { cause: { code: 5 } });`, []string{"\n  [cause]: { code: 5 }"}},
		"a cause of itself":         {`const e = new Error("me"); e.cause = e; throw e;`, []string{"\n  [cause]: [circular]"}},
		"several errors":            {`throw new AggregateError([new Error("a"), "b"], "all");`, []string{"AggregateError: all\n    at fetch", "\n  [errors][0]: Error: a\n      at fetch", "\n  [errors][1]: \"b\""}},
		"an object":                 {`throw { code: 5, why: "no" };`, []string{`thrown: { code: 5, why: "no" }`}},
		"a text":                    {`throw "no";`, []string{"thrown: no"}},
		"a rejection":               {`Promise.reject({ code: 6 }); return new Response("");`, []string{"unhandled rejection: thrown: { code: 6 }"}},
		"a getter that throws":      {`throw { get a() { throw 1; } };`, []string{"thrown: { a: [getter] }"}},
		"a proxy that throws":       {`throw new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; }, getPrototypeOf() { throw 3; } });`, []string{"thrown: a value that cannot be shown"}},
		"the console":               {`console.error(new Error("outer", { cause: "why" })); return new Response("");`, []string{"Error: outer\n    at fetch (api/main.ts:1:", "\n  [cause]: \"why\""}},
	} {
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, `export default { fetch() { `+tt.code+` } };`)
			got := h.Ask(t, "GET", "/", "")
			if strings.Contains(tt.code, "return") != (got.Code == http.StatusOK) {
				t.Errorf("%d %s", got.Code, got.Body)
			}
			if body := got.Body.String(); got.Code != http.StatusOK && (!strings.Contains(body, "the app's function failed") || strings.Contains(body, "instance")) {
				t.Error(body)
			}
			for _, want := range tt.want {
				if !strings.Contains(h.Log.String(), want) {
					t.Errorf("%q is not in\n%s", want, h.Log)
				}
			}
		})
	}
}
