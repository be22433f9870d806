const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
promise_test(async () => {
	const { port1, port2 } = new MessageChannel(), got = [];
	port2.onmessage = (e) => got.push(e.data);
	port1.postMessage("a");
	port1.postMessage({ b: new Map([[1, 2]]) });
	await Promise.resolve();
	assert_equals(got.length, 0, "a message is a task");
	await turn(1);
	assert_equals(got[0], "a");
	assert_equals(got[1].b.get(1), 2);
	assert_true(port1 instanceof MessagePort && port1 instanceof EventTarget);
	assert_class_string(port1, "MessagePort");
	assert_throws_js(TypeError, () => new MessagePort());
	assert_throws_dom("DataCloneError", () => port1.postMessage(() => {}));
	assert_throws_js(TypeError, () => port1.postMessage());
}, "messages arrive in order, in tasks of their own");
promise_test(async () => {
	const { port1, port2 } = new MessageChannel(), got = [];
	port1.postMessage(1);
	port2.addEventListener("message", (e) => got.push([e.type, e.data, e.target === port2, e.origin, e.source, e.ports.length]));
	await turn(1);
	assert_equals(got.length, 0, "not started");
	port2.start();
	await turn(1);
	assert_equals(JSON.stringify(got), '[["message",1,true,"",null,0]]');
	port2.close();
	port1.postMessage(2);
	await turn(1);
	assert_equals(got.length, 1);
}, "a port delivers from start to close");
promise_test(async () => {
	const { port1, port2 } = new MessageChannel(), inner = new MessageChannel();
	const arrived = new Promise((resolve) => { port2.onmessage = resolve; });
	inner.port2.postMessage("sent before the transfer");
	const buffer = new Uint8Array([1, 2, 3]).buffer;
	port1.postMessage({ port: inner.port1, buffer }, [inner.port1, buffer]);
	assert_equals(buffer.byteLength, 0);
	const e = await arrived;
	assert_equals(e.ports[0], e.data.port);
	assert_equals(e.data.buffer.byteLength, 3);
	const text = await new Promise((resolve) => { e.data.port.onmessage = (m) => resolve(m.data); });
	assert_equals(text, "sent before the transfer");
	assert_throws_dom("DataCloneError", () => structuredClone(inner.port1, { transfer: [inner.port1] }));
	assert_throws_dom("DataCloneError", () => port1.postMessage(port1, [port1]));
	assert_throws_dom("DataCloneError", () => structuredClone(port1));
	const p = structuredClone(port1, { transfer: [port1] });
	assert_true(p instanceof MessagePort && p !== port1);
	const back = new Promise((resolve) => { port2.onmessage = (m) => resolve(m.data); });
	p.postMessage(5);
	assert_equals(await back, 5);
}, "ports and buffers are transferred");
promise_test(async () => {
	const a = new BroadcastChannel("x"), b = new BroadcastChannel("x"), other = new BroadcastChannel("y"), got = [];
	for (const [n, c] of Object.entries({ a, b, other })) c.onmessage = (e) => got.push(n + e.data);
	a.postMessage(1);
	await turn(1);
	assert_array_equals(got, ["b1"]);
	assert_equals(a.name, "x");
	b.close();
	a.postMessage(2);
	await turn(1);
	assert_equals(got.length, 1);
	assert_throws_dom("InvalidStateError", () => b.postMessage(1));
	assert_throws_dom("DataCloneError", () => a.postMessage(Symbol()));
	assert_throws_js(TypeError, () => new BroadcastChannel());
	a.close();
	other.close();
}, "BroadcastChannel reaches the others of its name");
promise_test(async () => {
	const order = [];
	setImmediate((a, b) => order.push("i" + a + b), 1, 2);
	clearImmediate(setImmediate(() => order.push("never")));
	queueMicrotask(() => order.push("m"));
	await turn(1);
	assert_array_equals(order, ["m", "i12"]);
}, "setImmediate");
promise_test(async (t) => {
	await scheduler.wait(1);
	await scheduler.yield();
	assert_equals(await scheduler.postTask(() => 7, { priority: "background", delay: 1 }), 7);
	const c = new AbortController();
	const waits = scheduler.wait(60000, { signal: c.signal });
	c.abort();
	await promise_rejects_dom(t, "AbortError", waits);
	await promise_rejects_exactly(t, 3, scheduler.postTask(() => { throw 3; }));
	await promise_rejects_js(t, TypeError, scheduler.postTask(1));
}, "scheduler");
promise_test(async () => {
	async function* three() { yield 1; yield 2; yield 3; }
	assert_array_equals(await Array.fromAsync(three()), [1, 2, 3]);
	assert_array_equals(await Array.fromAsync([Promise.resolve(1), 2], async (x) => x * 2), [2, 4]);
	assert_array_equals(await Array.fromAsync({ length: 1, 0: Promise.resolve(5) }), [5]);
}, "Array.fromAsync");
for (const [pattern, text, want] of [
	["[\\p{L}--[a-z]]", "aB", "B"], ["[\\p{ASCII}&&\\p{Emoji}]", "x1", "1"], ["[[a-z]--[aeiou]]+", "aebcd", "bcd"], ["[\\q{abc|d}]", "xabc", "abc"],
	["^\\p{RGI_Emoji}$", "👨‍👩‍👧", "👨‍👩‍👧"], ["^\\p{Emoji_Keycap_Sequence}$", "1️⃣", "1️⃣"], ["[^\\p{Lu}]", "Aa", "a"], ["[\\p{Script=Greek}&&\\p{Lower}]", "Ωω", "ω"],
]) test(() => { assert_equals(new RegExp(pattern, "v").exec(text)?.[0], want); }, `the flag v: ${pattern}`);
test(() => {
	for (const bad of ["[a--b&&c]", "[(]", "[a&&&b]", "[^\\q{ab}]", "[a-z--b]"]) assert_throws_js(SyntaxError, () => new RegExp(bad, "v"), bad);
	assert_throws_js(SyntaxError, () => new RegExp("a", "uv"));
	assert_equals(new RegExp("[\\p{Lu}--A]", "vi").flags, "iv");
	assert_true(new RegExp("a", "v").unicodeSets);
}, "the flag v: errors and properties");
test(() => {
	assert_true(performance instanceof Performance && performance instanceof EventTarget);
	assert_class_string(performance, "Performance");
	assert_throws_js(TypeError, () => new Performance());
	assert_equals(performance.toJSON().timeOrigin, performance.timeOrigin);
	const mark = performance.mark("a", { detail: { x: 1 }, startTime: 5 });
	assert_true(mark instanceof PerformanceMark && mark instanceof PerformanceEntry);
	assert_equals(mark.detail.x, 1);
	performance.mark("b", { startTime: 12 });
	const m = performance.measure("m", "a", "b");
	assert_true(m instanceof PerformanceMeasure);
	assert_array_equals([m.name, m.entryType, m.startTime, m.duration, m.detail], ["m", "measure", 5, 7, null]);
	assert_equals(performance.measure("n", { start: 2, duration: 3 }).duration, 3);
	assert_equals(performance.measure("o", { start: "a", end: 10, detail: "d" }).duration, 5);
	assert_array_equals(performance.getEntriesByType("measure").map((e) => e.name), ["n", "m", "o"]);
	assert_array_equals(performance.getEntriesByName("a").map((e) => e.startTime), [5]);
	assert_equals(JSON.stringify(mark), '{"name":"a","entryType":"mark","startTime":5,"duration":0,"detail":{"x":1}}');
	assert_throws_dom("SyntaxError", () => performance.measure("m", "missing"));
	assert_throws_js(TypeError, () => performance.mark("a", { startTime: -1 }));
	assert_throws_js(TypeError, () => performance.measure("m", { start: 1, end: 2, duration: 1 }));
	assert_throws_js(TypeError, () => new PerformanceEntry());
	performance.clearMarks("a");
	assert_equals(performance.getEntriesByType("mark").length, 1);
	performance.clearMarks();
	performance.clearMeasures();
	assert_equals(performance.getEntries().length, 0);
	for (let i = 0; i < 1010; i++) performance.mark("x" + i);
	assert_equals(performance.getEntries().length, 1000, "the newest ones are kept");
	performance.clearMarks();
}, "performance: marks and measures");
test(() => {
	const bytes = (...list) => new Uint8Array(list);
	assert_true(crypto.subtle.timingSafeEqual(bytes(1, 2), bytes(1, 2)));
	assert_false(crypto.subtle.timingSafeEqual(bytes(1, 2), bytes(1, 3).buffer));
	assert_true(crypto.subtle.timingSafeEqual(bytes(), bytes()));
	assert_throws_js(TypeError, () => crypto.subtle.timingSafeEqual(bytes(1), bytes(1, 2)));
	assert_throws_js(TypeError, () => crypto.subtle.timingSafeEqual("a", "a"));
}, "crypto.subtle.timingSafeEqual");
