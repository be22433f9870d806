test(() => {
	const h = new Headers([["b", "1"], ["A", "2"], ["b", "3"]]);
	assert_array_equals([...h].flat(), ["a", "2", "b", "1, 3"]);
	assert_array_equals([...h.keys()], ["a", "b"]);
	assert_array_equals([...h.values()], ["2", "1, 3"]);
	assert_equals(h[Symbol.iterator], h.entries);
	assert_class_string(h, "Headers");
	assert_class_string(h.entries(), "Headers Iterator");
}, "headers are sorted and combined");
for (const [name, init] of Object.entries({ "null": null, "a number": 1, "a list of one": [["a"]], "a list of three": [["a", "b", "c"]], "a list of texts": ["ab"], "a bad name": { "a b": "c" }, "an empty name": { "": "x" }, "a line break": { a: "b\nc" }, "NUL": { a: "\0" }, "no Latin-1": { a: "ł" }, "a name that is no Latin-1": { "ł": "a" } })) {
	test(() => { assert_throws_js(TypeError, () => new Headers(init)); }, `headers refuse ${name}`);
}
test(() => {
	assert_equals(new Headers({ a: " \t b \r\n" }).get("A"), "b");
	assert_equals(new Headers({ a: "é" }).get("a"), "é");
	assert_equals(new Headers(undefined).get("x"), null);
	assert_equals(new Headers(new Headers({ a: "b" })).get("a"), "b");
	assert_equals(new Headers(new Map([["a", "b"]])).get("a"), "b");
}, "headers take what they may");
test(() => {
	const h = new Headers();
	assert_throws_js(TypeError, () => h.append("a"));
	assert_throws_js(TypeError, () => h.get());
	assert_throws_js(TypeError, () => h.set("(", "x"));
	assert_throws_js(TypeError, () => h.forEach());
	assert_throws_js(TypeError, () => Headers.prototype.get.call({}, "a"));
}, "headers check their arguments");
test(() => {
	const h = new Headers({ "set-cookie": "a=1" });
	h.append("Set-Cookie", "b=2");
	h.append("x", "1");
	assert_array_equals(h.getSetCookie(), ["a=1", "b=2"]);
	assert_equals(h.get("set-cookie"), "a=1, b=2");
	assert_array_equals([...h].flat(), ["set-cookie", "a=1", "set-cookie", "b=2", "x", "1"]);
	h.set("set-cookie", "c=3");
	assert_array_equals(h.getSetCookie(), ["c=3"]);
	h.delete("SET-COOKIE");
	assert_array_equals(h.getSetCookie(), []);
}, "several cookies");
test(() => {
	const h = new Headers([["a", "1"], ["b", "2"], ["c", "3"]]), seen = [];
	for (const [n] of h) { seen.push(n); if (n === "a") h.delete("b"); }
	assert_array_equals(seen, ["a", "c"]);
	const added = [];
	for (const [n] of h) { added.push(n); if (n === "a") h.append("d", "4"); }
	assert_array_equals(added, ["a", "c", "d"]);
}, "headers may change while they are gone through");
test(() => {
	const h = new Headers({ a: "1" }), self = {}, seen = [];
	h.forEach(function (v, n, all) { seen.push(v, n, all === h, this === self); }, self);
	assert_array_equals(seen, ["1", "a", true, true]);
	assert_true(h.has("A"));
	assert_false(h.has("b"));
}, "forEach and has");
