package server_test

import (
	"net/url"
	"testing"

	"fazt/internal/fazttest"
)

// JSON says null for what it cannot write, so values that were never meant were stored, and values with a miscalculated
// lifetime never expired.
func TestWhatJSONCannotSayIsRefused(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", `-- api/main.js --
const { kv } = fazt.app, calls = {
	value: (v) => kv.set("k", v), nested: (v) => kv.set("k", { a: [v] }), ttl: (v) => kv.set("k", 1, { ttl: v }), limit: (v) => kv.list("", { limit: v }),
	key: (v) => kv.get(v), prefix: (v) => kv.list(v),
};
const values = { NaN: NaN, Infinity, "-Infinity": -Infinity, undefined: undefined, function: () => 1, symbol: Symbol("s"), null: null, zero: 0, one: 1, text: "NaN null" };
export default { async fetch(request) {
	const [call, name] = new URL(request.url).searchParams.get("q").split(" ");
	try { return Response.json([await calls[call](values[name]) ?? null, await kv.get("k") ?? null]); } catch (e) { return new Response(e.code + ": " + e.message); }
} };
`)
	for _, tt := range []struct{ call, want string }{
		{"value NaN", "INVALID: set: NaN cannot be written as JSON"},
		{"value Infinity", "INVALID: set: Infinity cannot be written as JSON"},
		{"value -Infinity", "INVALID: set: -Infinity cannot be written as JSON"},
		{"value undefined", "INVALID: set: value must not be undefined"},
		{"value function", "INVALID: set: value must not be a function"},
		{"value symbol", "INVALID: set: value must not be a symbol"},
		{"value null", "[null,null]"},
		{"value zero", "[null,0]"},
		{"value text", `[null,"NaN null"]`},
		{"nested NaN", "INVALID: set: NaN cannot be written as JSON"},
		{"nested null", `[null,{"a":[null]}]`},
		{"nested undefined", `[null,{"a":[null]}]`}, // as JSON.stringify does
		{"ttl NaN", "INVALID: set: NaN cannot be written as JSON"},
		{"ttl Infinity", "INVALID: set: Infinity cannot be written as JSON"},
		{"ttl null", "INVALID: set: ttl must be more than 0 milliseconds, not null; leave it out for a value that does not expire"},
		{"ttl zero", "INVALID: set: ttl must be more than 0 milliseconds, not 0; leave it out for a value that does not expire"},
		{"ttl undefined", "[null,1]"},
		{"limit NaN", "INVALID: list: NaN cannot be written as JSON"},
		{"limit one", `[[{"key":"k","value":1}],1]`},
		{"key undefined", "INVALID: get: key must not be undefined"},
		{"key null", "INVALID: get: key is missing; it must be string"},
		{"prefix undefined", `[[{"key":"k","value":1}],1]`},
	} {
		if got := i.Get("app", "/api/x?q="+url.QueryEscape(tt.call)).Text; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.call, got, tt.want)
		}
	}
}
