// The part of testharness.js that test files need, as far as it applies to a server runtime. The result is an array of
// { name, ok, message }, from results().
"use strict";
var self = globalThis;
self.GLOBAL = { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false };
var results, test, promise_test, async_test, setup, done, step_timeout, format_value, add_completion_callback, subsetTest, subsetTestByKey, shouldRunSubTest;
var AssertionError = class AssertionError extends Error { name = "AssertionError"; };
{
	const list = [], waiting = [];
	let last = Promise.resolve();
	const fail = (e) => `${e?.name ?? typeof e}: ${e?.message ?? String(e)}`;
	const show = (v) => {
		try { return typeof v === "string" ? JSON.stringify(v) : typeof v === "object" && v !== null ? Object.prototype.toString.call(v) : Object.is(v, -0) ? "-0" : String(v); } catch { return typeof v; }
	};
	class Test {
		constructor(name) {
			this.name = name;
			this.cleanups = [];
			this.entry = { name, ok: true, message: "" };
			list.push(this.entry);
			this.ended = new Promise((resolve) => { this.end = resolve; });
			this.phase = 0;
		}
		fail(e) { if (this.entry.ok) Object.assign(this.entry, { ok: false, message: fail(e) }); }
		step(fn, self = this, ...args) { try { return fn?.call(self, ...args); } catch (e) { this.fail(e); this.done(); } }
		step_func(fn, self = this) { const t = this; return function (...args) { return t.step(fn, self === t ? this ?? t : self, ...args); }; }
		step_func_done(fn, self = this) { const t = this; return function (...args) { t.step(fn, self, ...args); t.done(); }; }
		step_timeout(fn, ms, ...args) { return setTimeout(this.step_func(fn), ms, ...args); }
		step_wait(fn) { return new Promise((resolve) => { const look = () => fn() ? resolve() : setTimeout(look, 5); look(); }); }
		unreached_func(text) { return this.step_func(() => assert_unreached(text)); }
		add_cleanup(fn) { this.cleanups.push(fn); }
		get_signal() { return new AbortController().signal; }
		done() { this.phase = 4; this.end(); }
		async clean() { for (const fn of this.cleanups) { try { await fn(); } catch (e) { this.fail(e); } } }
	}
	const limited = (t, promise) => new Promise((resolve) => {
		const clock = setTimeout(() => { t.fail(new Error("it did not end")); resolve(); }, 10000);
		promise.then(() => { clearTimeout(clock); resolve(); });
	});
	test = (fn, name = "a test") => { const t = new Test(name); t.step(fn, t, t); waiting.push(t.clean()); };
	promise_test = (fn, name = "a test") => {
		const t = new Test(name);
		last = last.then(() => limited(t, (async () => { try { await fn.call(t, t); } catch (e) { t.fail(e); } await t.clean(); })()));
		waiting.push(last);
	};
	async_test = (fn, name) => {
		if (typeof fn !== "function") [fn, name] = [undefined, fn];
		const t = new Test(name ?? "a test");
		if (fn) t.step(fn, t, t);
		waiting.push(limited(t, t.ended.then(() => t.clean())));
		return t;
	};
	setup = (fn) => { if (typeof fn === "function") fn(); };
	done = () => {};
	add_completion_callback = () => {};
	step_timeout = (fn, ms, ...args) => setTimeout(fn, ms, ...args);
	format_value = show;
	shouldRunSubTest = () => true;
	subsetTest = (run, ...args) => run(...args);
	subsetTestByKey = (key, run, ...args) => run(...args);
	results = async () => { for (let i = 0; i < waiting.length; i++) await waiting[i]; return list; };

	const assert = (ok, text, note) => { if (!ok) throw new AssertionError((note ? note + ": " : "") + text); };
	const same = Object.is;
	const asserts = {
		equals: (a, b, note) => assert(same(a, b), `got ${show(a)}, want ${show(b)}`, note),
		not_equals: (a, b, note) => assert(!same(a, b), `got ${show(a)}`, note),
		true: (a, note) => assert(a === true, `got ${show(a)}, want true`, note),
		false: (a, note) => assert(a === false, `got ${show(a)}, want false`, note),
		array_equals: (a, b, note) => {
			assert(a != null && typeof a === "object" && a.length === b.length, `got ${a?.length} members (${[...a ?? []].map(show)}), want ${b.length} (${[...b].map(show)})`, note);
			for (let i = 0; i < b.length; i++) assert(same(a[i], b[i]), `member ${i}: got ${show(a[i])}, want ${show(b[i])}`, note);
		},
		object_equals: (a, b, note) => assert(JSON.stringify(a) === JSON.stringify(b), `got ${JSON.stringify(a)}, want ${JSON.stringify(b)}`, note),
		in_array: (a, list, note) => assert(list.includes(a), `${show(a)} is not among ${list.map(show)}`, note),
		approx_equals: (a, b, by, note) => assert(Math.abs(a - b) <= by, `got ${a}, want about ${b}`, note),
		less_than: (a, b, note) => assert(a < b, `${a} is not below ${b}`, note),
		less_than_equal: (a, b, note) => assert(a <= b, `${a} is above ${b}`, note),
		greater_than: (a, b, note) => assert(a > b, `${a} is not above ${b}`, note),
		greater_than_equal: (a, b, note) => assert(a >= b, `${a} is below ${b}`, note),
		regexp_match: (a, re, note) => assert(re.test(a), `${show(a)} does not match ${re}`, note),
		class_string: (a, name, note) => assert(Object.prototype.toString.call(a) === `[object ${name}]`, `got ${Object.prototype.toString.call(a)}, want ${name}`, note),
		own_property: (a, name, note) => assert(Object.hasOwn(a, name), `there is no own ${name}`, note),
		not_own_property: (a, name, note) => assert(!Object.hasOwn(a, name), `there is an own ${name}`, note),
		inherits: (a, name, note) => assert(name in a && !Object.hasOwn(a, name), `${name} is not inherited`, note),
		idl_attribute: (a, name, note) => assert(name in a, `there is no ${name}`, note),
		readonly: (a, name, note) => { const v = a[name]; try { a[name] = v + "a"; } catch { /* strict mode */ } assert(same(a[name], v), `${name} can be written`, note); },
		unreached: (note) => assert(false, "it was reached", note),
		implements: (a, name, note) => assert(a != null, `${name} is missing`, note),
		throws_js: (kind, fn, note) => {
			try { fn(); } catch (e) { return assert(e?.name === kind.name && e instanceof Error, `threw ${fail(e)}, want ${kind.name}`, note); }
			assert(false, `did not throw ${kind.name}`, note);
		},
		throws_dom: (name, fn, note, ...more) => {
			if (typeof fn === "function" && fn.prototype instanceof Error) [fn, note] = [note, more[0]];
			try { fn(); } catch (e) { return assert(dom(e, name), `threw ${fail(e)}, want ${name}`, note); }
			assert(false, `did not throw ${name}`, note);
		},
		throws_exactly: (want, fn, note) => {
			try { fn(); } catch (e) { return assert(same(e, want), `threw ${fail(e)}`, note); }
			assert(false, "did not throw", note);
		},
	};
	const legacy = { INVALID_STATE_ERR: "InvalidStateError", NOT_SUPPORTED_ERR: "NotSupportedError", SYNTAX_ERR: "SyntaxError", INVALID_CHARACTER_ERR: "InvalidCharacterError", ABORT_ERR: "AbortError", DATA_CLONE_ERR: "DataCloneError" };
	const dom = (e, name) => e instanceof DOMException && (typeof name === "number" ? e.code === name : e.name === (legacy[name] ?? name));
	for (const [name, fn] of Object.entries(asserts)) globalThis["assert_" + name] = fn;
	const rejects = async (promise, is, text) => {
		let e;
		try { await promise; } catch (thrown) { e = { thrown }; }
		assert(e !== undefined, "it did not reject", text);
		assert(is(e.thrown), `it rejected with ${fail(e.thrown)}`, text);
	};
	globalThis.promise_rejects_js = (t, kind, promise, note) => rejects(promise, (e) => e?.name === kind.name && e instanceof Error, note);
	globalThis.promise_rejects_dom = (t, name, promise, note, ...more) => typeof promise === "function" ? rejects(note, (e) => dom(e, name), more[0]) : rejects(promise, (e) => dom(e, name), note);
	globalThis.promise_rejects_exactly = (t, want, promise, note) => rejects(promise, (e) => same(e, want), note);
}
