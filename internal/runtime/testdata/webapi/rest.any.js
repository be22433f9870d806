test(() => {
	const o = { a: [1, { b: new Date(5) }], m: new Map([[1, new Set([2])]]), r: /x/gi, e: new RangeError("m", { cause: 1 }), u: undefined, n: null, big: 3n, s: new String("x") };
	o.self = o;
	const c = structuredClone(o);
	assert_not_equals(c, o);
	assert_equals(c.self, c);
	assert_equals(c.a[1].b.getTime(), 5);
	assert_true(c.m.get(1).has(2));
	assert_equals(String(c.r), "/x/gi");
	assert_true(c.e instanceof RangeError && c.e.message === "m");
	assert_true("u" in c && c.big === 3n && c.s instanceof String);
}, "structuredClone copies what it can");
test(() => {
	class P { x = 1; get y() { return 2; } }
	const c = structuredClone(new P());
	assert_equals(Object.getPrototypeOf(c), Object.prototype);
	assert_equals(c.x, 1);
	assert_false("y" in c);
	const a = [1, , 3];
	a.extra = "e";
	const b = structuredClone(a);
	assert_equals(b.length, 3);
	assert_false(1 in b);
	assert_equals(b.extra, "e");
	const v = new Uint16Array([1, 2, 3]).subarray(1);
	assert_array_equals(structuredClone(v), [2, 3]);
}, "structuredClone of objects, arrays and views");
for (const [name, value] of Object.entries({ "a function": () => {}, "a symbol": Symbol("x"), "a promise": Promise.resolve(), "a WeakMap": new WeakMap(), "a function inside": { f() {} } })) {
	test(() => { assert_throws_dom("DataCloneError", () => structuredClone(value)); }, `structuredClone refuses ${name}`);
}
test(() => {
	const b = new Uint8Array([1, 2, 3]).buffer;
	const c = structuredClone({ b }, { transfer: [b] });
	assert_equals(c.b.byteLength, 3);
	assert_equals(b.byteLength, 0);
	assert_throws_dom("DataCloneError", () => structuredClone(b, { transfer: [b] }));
	assert_throws_dom("DataCloneError", () => structuredClone(1, { transfer: [{}] }));
	assert_throws_js(TypeError, () => structuredClone());
}, "structuredClone transfers buffers");
test(() => {
	assert_throws_exactly(7, () => structuredClone({ get x() { throw 7; } }));
}, "structuredClone passes on what a getter throws");
promise_test(async () => {
	const order = [];
	setTimeout((a, b) => order.push("t" + a + b), 2, 1, 2);
	queueMicrotask(() => order.push("m"));
	const gone = setTimeout(() => order.push("never"), 1);
	clearTimeout(gone);
	let n = 0;
	await new Promise((resolve) => { const i = setInterval(() => { if (++n === 3) { clearInterval(i); resolve(); } }, 1); });
	await new Promise((resolve) => setTimeout(resolve, 5));
	assert_array_equals(order, ["m", "t12"]);
	clearTimeout(undefined);
	clearTimeout(12345);
	assert_throws_js(TypeError, () => queueMicrotask());
}, "timers and microtasks");
test(() => {
	const u = crypto.randomUUID();
	assert_regexp_match(u, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	const a = new Uint32Array(4);
	assert_equals(crypto.getRandomValues(a), a);
	assert_throws_dom("QuotaExceededError", () => crypto.getRandomValues(new Uint8Array(65537)));
}, "randomness");
test(() => {
	assert_equals(typeof performance.now(), "number");
	assert_true(performance.now() >= 0 && performance.timeOrigin > 1.6e12);
	assert_regexp_match(navigator.userAgent, /^Fazt\//);
	assert_equals(self, globalThis);
}, "performance and navigator");
promise_test(async (t) => { await promise_rejects_js(t, TypeError, fetch("http://example.com/")); }, "fetch is closed");
promise_test(async () => {
	const round = async (format, parts) => {
		const packed = new ReadableStream({ start(c) { for (const p of parts) c.enqueue(p); c.close(); } }).pipeThrough(new CompressionStream(format));
		let text = "";
		for await (const piece of packed.pipeThrough(new DecompressionStream(format)).pipeThrough(new TextDecoderStream())) text += piece;
		return text;
	};
	for (const format of ["gzip", "deflate", "deflate-raw"]) assert_equals(await round(format, [new Uint8Array([104, 105]), new Uint8Array(0), new TextEncoder().encode("é").buffer]), "hié");
	assert_equals(await round("gzip", []), "");
	assert_throws_js(TypeError, () => new CompressionStream("brotli"));
	assert_throws_js(TypeError, () => new DecompressionStream());
}, "compression there and back");
for (const [name, format, data] of [["nothing", "gzip", []], ["half a stream", "gzip", [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 203]], ["garbage", "deflate", [1, 2, 3, 4]], ["more after the end", "deflate-raw", [3, 0, 1]]]) {
	promise_test(async (t) => {
		const d = new DecompressionStream(format), w = d.writable.getWriter();
		w.write(new Uint8Array(data)).catch(() => {});
		w.close().catch(() => {});
		await promise_rejects_js(t, TypeError, (async () => { for await (const piece of d.readable) void piece; })());
	}, `decompression refuses ${name}`);
}
promise_test(async () => {
	const { readable, writable } = new TextEncoderStream(), w = writable.getWriter();
	w.write("a\ud83d"); w.write("\ude00"); w.write("\ud83d"); w.close();
	const all = [];
	for await (const piece of readable) all.push(...piece);
	assert_array_equals(all, [97, 240, 159, 152, 128, 239, 191, 189]);
	assert_class_string(new TextDecoderStream("latin1"), "TextDecoderStream");
	assert_equals(new TextDecoderStream("latin1").encoding, "windows-1252");
}, "text streams");
test(() => {
	for (const name of ["AbortController", "AbortSignal", "Blob", "ByteLengthQueuingStrategy", "CompressionStream", "CountQueuingStrategy", "CustomEvent", "DOMException", "DecompressionStream", "ErrorEvent", "Event", "EventTarget", "File", "FormData", "Headers", "MessageEvent", "PromiseRejectionEvent", "ReadableByteStreamController", "ReadableStream", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableStreamDefaultController", "ReadableStreamDefaultReader", "Request", "Response", "TextDecoder", "TextDecoderStream", "TextEncoder", "TextEncoderStream", "TransformStream", "TransformStreamDefaultController", "URL", "URLPattern", "URLSearchParams", "WritableStream", "WritableStreamDefaultController", "WritableStreamDefaultWriter"]) {
		assert_equals(typeof globalThis[name], "function", name);
		assert_equals(globalThis[name].name, name);
		assert_false(Object.keys(globalThis).includes(name), name + " cannot be listed");
	}
	for (const name of ["atob", "btoa", "clearInterval", "clearTimeout", "fetch", "queueMicrotask", "reportError", "setInterval", "setTimeout", "structuredClone"]) assert_equals(typeof globalThis[name], "function", name);
}, "the interfaces of the minimum common API are there");
