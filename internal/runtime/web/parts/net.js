// Requests to other servers: fetch and fazt.net.fetch. This part is run when one of them is first called. Its last expression is
// a function that takes the prelude's helpers.
(() => {
"use strict";

return ({ host, later, forget, current, local, bodies, flatHeaders, lazyHeaders, put, response, exact, lengthOf, types }) => {
const { Headers, URL, TextDecoder, TextEncoder, Response, content } = types;

// failure turns an error of the host into the one for the caller: with the stack of the call, and the code at the start of the
// message, for people who see only the text.
const failure = (e, at) => {
	if (typeof e?.code !== "string") return e;
	const { code, message, retryable, retryAfter } = e;
	Object.defineProperty(at, "message", { value: code.startsWith("NET_") ? `${code}: ${message}` : message, writable: true, enumerable: false, configurable: true });
	at.code = code;
	at.retryable = retryable;
	if (retryAfter !== undefined) at.retryAfter = retryAfter;
	return at;
};
const bodyless = (status) => status === 204 || status === 205 || status === 304;

const text = (options, name) => {
	const value = options[name];
	if (value === undefined || value === null) return "";
	if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
	return value;
};
const milliseconds = (options) => {
	const { timeout } = options;
	if (timeout === undefined || timeout === null) return 0;
	if (!(typeof timeout === "number" && timeout >= 1 && timeout < Infinity)) throw new TypeError("timeout must be a number of milliseconds, at least 1; leave it out to use the limits of the instance");
	return timeout;
};

// refused writes a call that cannot be made to the owner's log, and returns the error, which the caller gets. It runs no code of
// the caller again.
const refused = (input, options, e) => {
	const url = typeof input === "string" ? input : input instanceof URL ? input.href : "";
	const method = typeof options === "object" ? Object.getOwnPropertyDescriptor(options, "method")?.value ?? "GET" : "GET";
	if (e instanceof TypeError) host.fetchRefused(typeof method === "string" ? method : "", url, `TypeError: ${e.message}`);
	return e;
};

// ---- fetch -----------------------------------------------------------------------------------------------------

// upload sends a stream as the body of a call, each piece after the connection has taken the one before it. It fails only if the
// stream does: the call itself reports why it failed.
const upload = async (id, stream) => {
	const reader = stream.getReader();
	for (;;) {
		const { done, value } = await reader.read();
		if (!done && !(value instanceof Uint8Array)) throw new TypeError("each chunk of a body must be a Uint8Array");
		try {
			if (done) return void await later(host.fetchEnd(id));
			if (lengthOf(value) > 0) await later(host.fetchWrite(id, exact(value)));
		} catch (e) {
			return void reader.cancel(e).catch(() => {});
		}
	}
};

const fetch = async (input, init, count, assets = 0) => {
	const at = new TypeError(), options = init ?? {}, of = current();
	let s, auth, timeout;
	try {
		s = bodies().request(input, options, count);
		auth = text(options, "auth");
		timeout = milliseconds(options);
	} catch (e) { throw assets ? e : refused(input, options, e); }
	const cache = { "no-store": "no-store", reload: "reload", "no-cache": "reload" }[s.cache] ?? "default";
	const { signal } = s;
	signal?.throwIfAborted();
	if (/^(?:data|blob):/.test(s.url)) return local().fetch(s);
	const streams = s.stream !== undefined || typeof s.data === "number";
	const stream = streams ? s.stream ?? bodies().open(s) : undefined;
	let id;
	try {
		id = host.fetch(s.method, s.url, flatHeaders(typeof s.headers === "string" ? lazyHeaders(s.headers) : s.headers), streams ? null : s.data, streams ? 1 : 0, 0, auth, timeout, s.redirect ?? "follow", cache, assets);
	} catch (e) { throw failure(e, at); }
	let aborted = false;
	const fail = (e) => aborted ? signal.reason : failure(e, at);
	return new Promise((resolve, reject) => {
		signal?.addEventListener("abort", () => {
			if (current() === of) host.fetchCancel(id);
			aborted = true;
			reject(signal.reason);
		}, { once: true });
		const answer = later(id);
		if (streams) upload(id, stream).catch((e) => {
			if (current() === of) host.fetchCancel(id);
			reject(e);
		});
		answer.then((head) => {
			const { status, statusText, headers, url, redirected, body } = head;
			if (body !== undefined && current() === of) host.fetchTaken(id);
			const none = bodyless(status) || s.method === "HEAD";
			resolve(response({ __proto__: null, data: none ? null : body === undefined ? Number.MAX_SAFE_INTEGER : body, remote: body === undefined && !none ? { id, of, failure: fail } : undefined,
				used: false, contentType: null, headers, status, statusText, url, redirected }));
		}, (e) => reject(fail(e)));
	});
};

// ---- fazt.net.fetch --------------------------------------------------------------------------------------------

// Answer is a response that has arrived completely.
class Answer {
	#head; #headers;
	constructor(head) { this.#head = head; }
	get status() { return this.#head.status; }
	get statusText() { return this.#head.statusText; }
	get ok() { return this.#head.status >= 200 && this.#head.status < 300; }
	get url() { return this.#head.url; }
	get redirected() { return this.#head.redirected; }
	get cached() { return this.#head.cached; }
	get headers() {
		if (this.#headers === undefined) {
			this.#headers = {};
			for (const [name, value] of lazyHeaders(this.#head.headers)) if (!Object.hasOwn(this.#headers, name)) put(this.#headers, name, value);
		}
		return this.#headers;
	}
	text() { const { body } = this.#head; return typeof body === "string" ? body : new TextDecoder().decode(body); }
	json() { return JSON.parse(this.text()); }
	bytes() { const { body } = this.#head; return typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body.slice(0)); }
	arrayBuffer() { return this.bytes().buffer; }
}

// Asked is a response that may not have arrived yet. Reading it blocks until it has; await does not block the script.
class Asked {
	#call;
	constructor(call) { this.#call = call; }
	#now() {
		const c = this.#call;
		if (c.answer === undefined && c.error === undefined) {
			c.promise.catch(() => {}); // the error is thrown here
			if (current() !== c.of) throw new TypeError("the request has already ended");
			try {
				c.answer = new Answer(host.fetchWait(c.id));
				host.fetchTaken(c.id);
			} catch (e) { c.error = failure(e, c.at); }
			c.settle(c);
		}
		if (c.error !== undefined) throw c.error;
		return c.answer;
	}
	get status() { return this.#now().status; }
	get statusText() { return this.#now().statusText; }
	get ok() { return this.#now().ok; }
	get url() { return this.#now().url; }
	get redirected() { return this.#now().redirected; }
	get cached() { return this.#now().cached; }
	get headers() { return this.#now().headers; }
	text() { return this.#now().text(); }
	json() { return this.#now().json(); }
	bytes() { return this.#now().bytes(); }
	arrayBuffer() { return this.#now().arrayBuffer(); }
	then(fulfilled, rejected) { return this.#call.promise.then(fulfilled, rejected); }
	catch(rejected) { return this.then(undefined, rejected); }
	finally(done) { return this.#call.promise.finally(done); }
}

// asking returns what fazt.net.fetch sends: method, headers, body, secret and timeout.
const asking = (options) => {
	if (typeof options !== "object") throw new TypeError("the options of fazt.net.fetch must be an object");
	const headers = new Headers(options.headers ?? undefined);
	let { body } = options, data = null, type = null;
	if (typeof body === "object" && body !== null && (Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype || Object.getPrototypeOf(body) === null)) {
		body = JSON.stringify(body);
		type = "application/json";
	}
	if (body !== undefined && body !== null) {
		const made = content(body);
		if (made.length > 2 && made[2] !== undefined) throw new TypeError("fazt.net.fetch cannot send a stream; use fetch");
		data = made[0];
		type ??= made[1];
		if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
	}
	const cache = options.cache === false ? "no-store" : options.cache === true ? "" : text(options, "cache");
	return [text(options, "method").toUpperCase() || "GET", headers, data, text(options, "auth"), milliseconds(options), text(options, "redirect"), cache];
};

const ask = (url, options) => {
	const at = new Error(), of = current();
	let method, target, headers, data, auth, timeout, redirect, cache, id;
	try {
		target = url instanceof URL ? url.href : String(url);
		[method, headers, data, auth, timeout, redirect, cache] = asking(options ?? {});
	} catch (e) { throw refused(target, options ?? {}, e); }
	try {
		id = host.fetch(method, target, flatHeaders(headers), data, 0, 1, auth, timeout, redirect, cache, 0);
	} catch (e) { throw failure(e, at); }
	const call = { id, of, at, answer: undefined, error: undefined, promise: undefined, settle: undefined };
	call.promise = new Promise((resolve, reject) => {
		call.settle = ({ answer, error }) => {
			forget(id);
			if (error === undefined) resolve(answer); else reject(error);
		};
		later(id).then((head) => {
			if (current() === of) host.fetchTaken(id);
			call.answer = new Answer(head);
			resolve(call.answer);
		}, (e) => reject(call.error = failure(e, at)));
	});
	return new Asked(call);
};

for (const [c, name] of [[Answer, "FaztReply"], [Asked, "FaztReply"]]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: name, configurable: true });

return { fetch, ask };
};
})()
