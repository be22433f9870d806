// Blob, File and FormData, bodies that are streams or forms, and the constructor of Request: what a function that responds to
// small requests with text never needs. This part is run when it is first needed. Its last expression is a function that takes
// the prelude's helpers and returns the classes, and the functions with which Request and Response use them.
(() => {
"use strict";

return ({ host, later, slot, isBody, current, waitUntil, setLeave, view, exact, token, lengthOf, heldWeakMap, types }) => {
const { Headers, URL, URLSearchParams, TextEncoder, TextDecoder, AbortSignal, Request } = types;
const { isView } = ArrayBuffer;

const utf8 = (text) => new Uint8Array(host.bytesOf(text, 0));
const scalar = (value) => String(value).toWellFormed();
const named = (classes) => {
	for (const c of classes) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
};
// enumerable makes members enumerable, like those of a Web IDL interface.
const enumerable = (c, ...names) => {
	for (const name of names) Object.defineProperty(c.prototype, name, { enumerable: true });
};

// ---- Blob, File, FormData --------------------------------------------------------------------------------------

const joined = (list) => {
	let size = 0, at = 0;
	for (const b of list) size += b.length;
	const all = new Uint8Array(size);
	for (const b of list) {
		all.set(b, at);
		at += b.length;
	}
	return all;
};
const blobType = (type) => {
	type = String(type);
	return /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : "";
};

// mediaType returns a Content-Type as the MIME Sniffing standard writes it, "" if it is none.
const mimeToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, quotable = /^[\t\x20-\x7e\x80-\xff]*$/;
const mediaType = (text) => {
	const [, type, subtype, rest] = /^[ \t\r\n]*([^/]*)\/([^;]*)([^]*)$/.exec(text) ?? [];
	const kind = subtype?.replace(/[ \t\r\n]+$/, "");
	if (kind === undefined || !mimeToken.test(type) || !mimeToken.test(kind)) return "";
	let out = `${type}/${kind}`.toLowerCase();
	const seen = new Set();
	for (const [, n, quoted, plain] of rest.matchAll(/;[ \t\r\n]*([^;=]*)(?:=(?:"((?:[^"\\]|\\[^])*)"?[^;]*|([^;]*)))?/g)) {
		const name = n.toLowerCase(), value = quoted?.replace(/\\([^])/g, "$1") ?? plain?.replace(/[ \t\r\n]+$/, "");
		if (value === undefined || value === "" && quoted === undefined || !mimeToken.test(name) || !quotable.test(value) || seen.has(name)) continue;
		seen.add(name);
		out += `;${name}=${mimeToken.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
	}
	return out;
};

let blobBytes, blobOf;
class Blob {
	#bytes = new Uint8Array(0); #type = "";
	static {
		blobBytes = (blob) => blob.#bytes;
		blobOf = (bytes, type) => { const b = new Blob(); b.#bytes = bytes; b.#type = type; return b; };
	}
	constructor(parts = undefined, options = undefined) {
		if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function") throw new TypeError("the options of a Blob must be an object");
		const endings = String(options?.endings ?? "transparent"), type = options?.type === undefined ? "" : blobType(options.type);
		if (endings !== "transparent" && endings !== "native") throw new TypeError(`unknown Blob endings ${endings}; use transparent or native`);
		this.#type = type;
		if (parts === undefined) return;
		if (typeof parts !== "object" && typeof parts !== "function" || parts === null || typeof parts[Symbol.iterator] !== "function") throw new TypeError("the parts of a Blob must be iterable, such as an array");
		const list = [];
		let copied = false;
		for (const p of parts) {
			if (typeof p === "object" && p !== null) {
				if (#bytes in p) { list.push(p.#bytes); continue; }
				if (p instanceof ArrayBuffer || isView(p)) { list.push(view(p)); copied = true; continue; }
			}
			const text = scalar(p);
			list.push(utf8(endings === "native" ? text.replace(/\r\n?/g, "\n") : text));
		}
		this.#bytes = list.length === 1 && !copied ? list[0] : joined(list);
	}
	get size() { return this.#bytes.length; }
	get type() { return this.#type; }
	async arrayBuffer() { return this.#bytes.slice().buffer; }
	async bytes() { return this.#bytes.slice(); }
	async text() { return new TextDecoder().decode(this.#bytes); }
	slice(start = 0, end = this.size, type = "") {
		const clamp = (n) => (n = Math.trunc(Number(n)) || 0, n < 0 ? Math.max(this.size + n, 0) : Math.min(n, this.size));
		const from = clamp(start);
		return blobOf(this.#bytes.subarray(from, Math.max(clamp(end), from)), blobType(type));
	}
	stream() { return streamOf(this.#bytes); }
}
class File extends Blob {
	#name; #modified;
	constructor(parts, name, options = undefined) {
		if (arguments.length < 2) throw new TypeError("a File needs its content and a name");
		super(parts, options);
		this.#name = scalar(name);
		this.#modified = options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0;
	}
	get name() { return this.#name; }
	get lastModified() { return this.#modified; }
	get webkitRelativePath() { return ""; }
}

class FormData {
	#list = [];
	constructor(form = undefined) {
		if (form !== undefined) throw new TypeError("form elements are not supported; call new FormData() without arguments");
	}
	static #entry(name, value, filename, count) {
		if (count < 2) throw new TypeError("a FormData entry needs a name and a value");
		if (!(value instanceof Blob)) {
			if (count > 2) throw new TypeError("only a Blob can have a file name");
			return [scalar(name), scalar(value)];
		}
		if (count > 2 || !(value instanceof File)) {
			const file = new File([], count > 2 ? filename : "blob", { lastModified: value instanceof File ? value.lastModified : undefined });
			value = fileOf(blobBytes(value), file, value.type);
		}
		return [scalar(name), value];
	}
	append(name, value, filename = undefined) { this.#list.push(FormData.#entry(name, value, filename, arguments.length)); }
	delete(name) { name = scalar(name); this.#list = this.#list.filter(([n]) => n !== name); }
	get(name) { name = scalar(name); return this.#list.find(([n]) => n === name)?.[1] ?? null; }
	getAll(name) { name = scalar(name); return this.#list.filter(([n]) => n === name).map(([, v]) => v); }
	has(name) { name = scalar(name); return this.#list.some(([n]) => n === name); }
	set(name, value, filename = undefined) {
		const entry = FormData.#entry(name, value, filename, arguments.length), at = this.#list.findIndex(([n]) => n === entry[0]);
		if (at < 0) return void this.#list.push(entry);
		this.#list[at] = entry;
		this.#list = this.#list.filter(([n], i) => n !== entry[0] || i <= at);
	}
	forEach(fn, self = undefined) {
		if (typeof fn !== "function") throw new TypeError("the argument of forEach must be a function");
		for (const [n, v] of this) fn.call(self, v, n, this);
	}
	*entries() { for (let i = 0; i < this.#list.length; i++) yield [...this.#list[i]]; }
	*keys() { for (const [n] of this.entries()) yield n; }
	*values() { for (const [, v] of this.entries()) yield v; }
}
Object.defineProperty(FormData.prototype, Symbol.iterator, { value: FormData.prototype.entries, writable: true, configurable: true });
// fileOf makes a File from the name of another one and the given bytes and type, without copying the bytes.
const fileOf = (bytes, { name, lastModified }, type) => new File([blobOf(bytes, type)], name, { type, lastModified });

named([Blob, File, FormData]);
enumerable(Blob, "size", "type", "arrayBuffer", "bytes", "text", "slice", "stream");
enumerable(File, "name", "lastModified");
enumerable(FormData, "append", "delete", "get", "getAll", "has", "set", "forEach", "entries", "keys", "values");

const multipart = (form) => {
	const boundary = "----fazt" + host.uuid();
	const quote = (text) => text.replace(/\r\n?|\n/g, "%0D%0A").replaceAll('"', "%22");
	const lines = (text) => text.replace(/\r\n?|\n/g, "\r\n");
	const parts = [];
	for (const [n, v] of form) {
		parts.push(utf8(`--${boundary}\r\nContent-Disposition: form-data; name="${quote(lines(n))}"`));
		if (typeof v === "string") parts.push(utf8(`\r\n\r\n${lines(v)}\r\n`));
		else parts.push(utf8(`; filename="${quote(v.name)}"\r\nContent-Type: ${v.type || "application/octet-stream"}\r\n\r\n`), blobBytes(v), utf8("\r\n"));
	}
	parts.push(utf8(`--${boundary}--\r\n`));
	return [joined(parts).buffer, "multipart/form-data; boundary=" + boundary];
};

const form = (parts) => {
	if (parts === undefined) throw new TypeError("the body is not valid multipart/form-data");
	const out = new FormData();
	for (const { name, filename, type, data } of parts) {
		out.append(name, filename === undefined ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(data) : fileOf(new Uint8Array(data), new File([], filename), type));
	}
	return out;
};

// ---- streams ---------------------------------------------------------------------------------------------------

// The stream classes as they are when first needed. Replacing the globals later does not affect bodies.
let Readable, Transform;
const readable = () => {
	if (Readable === undefined) ({ ReadableStream: Readable, TransformStream: Transform } = types.streams());
	return Readable;
};
const isStream = (v) => Readable !== undefined && v instanceof Readable || types.streamsLoaded() && v instanceof readable();
const disturbed = (stream) => stream._disturbed;
const unusable = (stream) => stream.locked || disturbed(stream);

// Streams made from data, with that data. It can be used directly as long as the stream has not been read from.
const made = heldWeakMap();
const piece = 65536;

const streamOf = (data) => {
	const bytes = typeof data === "string" ? utf8(data) : view(data);
	let at = 0;
	const stream = new (readable())({
		type: "bytes",
		pull(c) {
			if (at < bytes.length) c.enqueue(bytes.slice(at, at += piece));
			if (at >= bytes.length) finish(c);
		},
	}, { highWaterMark: 0 });
	return stream;
};
const finish = (c) => {
	c.close();
	c.byobRequest?.respond(0);
};

// incoming makes a stream of the body of the current request. It fails after that request, so it can never read the body of
// another one.
const incoming = (s) => new (readable())({
	type: "bytes",
	async pull(c) {
		if (current() !== s) throw new TypeError("the request has already ended");
		const data = await later(host.bodyNext());
		if (data === undefined) finish(c);
		else c.enqueue(new Uint8Array(data));
	},
}, { highWaterMark: 0 });

// remote makes a stream of the body of another server's response. It can be read only during the request that made the call.
const remote = (s) => {
	const { id, of } = s.remote;
	return new (readable())({
		type: "bytes",
		async pull(c) {
			if (current() !== of) throw new TypeError("the request has already ended");
			let data;
			try { data = await later(host.fetchNext(id)); } catch (e) { throw s.remote.failure(e); }
			if (data === undefined) finish(c);
			else c.enqueue(new Uint8Array(data));
		},
		cancel() { if (current() === of) host.fetchCancel(id); },
	}, { highWaterMark: 0 });
};
const remoteRest = async ({ id, of, failure }) => {
	if (current() !== of) throw new TypeError("the request has already ended");
	try { return await later(host.fetchRest(id)); } catch (e) { throw failure(e); }
};

const iterated = (source) => {
	const iterator = source[Symbol.asyncIterator]();
	return new (readable())({
		async pull(c) {
			const { done, value } = await iterator.next();
			if (done) c.close();
			else c.enqueue(typeof value === "string" ? utf8(value) : value);
		},
		async cancel(reason) { await iterator.return?.(reason); },
	}, { highWaterMark: 0 });
};

const bytesOf = (value) => {
	if (value instanceof Uint8Array) return value;
	throw new TypeError("each chunk of a body must be a Uint8Array" + (typeof value === "string" ? ", not a string; pipe it through a TextEncoderStream, or encode it with new TextEncoder().encode(text)" : ""));
};

const collect = async (stream, most) => {
	const reader = stream.getReader(), list = [];
	for (let size = 0;;) {
		const { done, value } = await reader.read();
		if (done) return joined(list).buffer;
		list.push(bytesOf(value));
		if ((size += value.length) > most) {
			reader.cancel().catch(() => {});
			host.bodyOver(); // throws
		}
	}
};

// open turns the body into a stream, for good.
const open = (s) => {
	if (typeof s.data === "number") {
		s.most = s.data;
		s.stream = s.remote === undefined ? incoming(s.from ?? s) : remote(s);
	} else {
		s.stream = streamOf(s.data);
		made.set(s.stream, s.data);
	}
	if (s.used) s.stream.getReader(); // the body was read without the stream
	s.data = null;
	return s.stream;
};

// take reads the whole body, which cannot be read again.
const take = (s) => {
	if (s.stream === undefined) {
		s.used = true;
		if (s.remote !== undefined) return remoteRest(s.remote);
		if (current() !== (s.from ?? s)) throw new TypeError("the request has already ended");
		return later(host.bodyRest());
	}
	const { stream } = s;
	if (made.has(stream)) {
		stream.getReader();
		stream._disturbed = true;
		return made.get(stream);
	}
	return collect(stream, s.most);
};

const formData = async (s, type, bytes) => {
	if (/^application\/x-www-form-urlencoded *(;|$)/i.test(type)) {
		const out = new FormData();
		// A byte order mark is a part of the first name.
		for (const [n, v] of new URLSearchParams(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await bytes()))) out.append(n, v);
		return out;
	}
	if (!/^multipart\/form-data *;/i.test(type)) {
		await bytes();
		throw new TypeError("the body is not a form");
	}
	if (typeof s.data === "number" && s.remote === undefined && !s.used && current() === (s.from ?? s)) {
		s.used = true;
		return form(await later(host.bodyForm(type)));
	}
	return form(host.multipart(type, exact(await bytes())));
};

// content does what content in the prelude does, for bodies other than text and bytes: it returns [data, type, stream].
const content = (body) => {
	if (typeof body === "object" && body !== null) {
		if (body instanceof Blob) return [blobBytes(body).slice().buffer, body.type || null];
		if (body instanceof URLSearchParams) return [body.toString(), "application/x-www-form-urlencoded;charset=UTF-8"];
		if (body instanceof FormData) return multipart(body);
		if (isStream(body)) {
			if (unusable(body)) throw new TypeError("the stream has already been read, or is being read");
			return [null, null, body];
		}
		if (typeof body[Symbol.asyncIterator] === "function" && typeof body !== "string") return [null, null, iterated(body)];
	}
	return [scalar(body), "text/plain;charset=UTF-8"];
};

// copy returns a copy of the body for a clone. The two are independent.
const copy = (s) => {
	if (s.stream === undefined && typeof s.data !== "number") return { data: typeof s.data === "string" || s.data === null ? s.data : s.data.slice(0) };
	if (s.stream === undefined) open(s);
	const known = made.get(s.stream);
	if (known !== undefined) return { data: typeof known === "string" ? known : known.slice(0) };
	const [mine, other] = s.stream.tee();
	s.stream = mine;
	return { data: null, stream: other, most: s.most };
};

// move returns the body for a new Request made from another one, whose body is used then.
const move = (s) => {
	if (s.stream === undefined) {
		const { data } = s;
		if (data !== null) s.used = true;
		return { data, from: s.from ?? s };
	}
	const known = made.get(s.stream);
	if (known !== undefined) {
		take(s);
		return { data: known };
	}
	readable();
	return { data: null, most: s.most, stream: s.stream.pipeThrough(new Transform()) };
};

// send sends a response piece by piece, each after the connection has taken the one before it.
const send = (s, status, headers, type) => {
	const reader = s.stream.getReader(), known = made.get(s.stream);
	if (known !== undefined) {
		s.stream._disturbed = true;
		return host.respond(status, headers, known, type);
	}
	const id = host.stream(status, headers, type ?? "");
	if (id === 0) return void reader.cancel().catch(() => {});
	let over = false;
	const stop = (reason) => {
		if (over) return;
		over = true;
		host.end(reason);
		waitUntil(reader.cancel(reason).catch(() => {}));
	};
	setLeave(stop);
	(async () => {
		try {
			await later(id);
			while (!over) {
				const { done, value } = await reader.read();
				if (over) return;
				if (done) {
					over = true;
					return host.end();
				}
				if (lengthOf(bytesOf(value)) > 0) await later(host.write(exact(value)));
			}
		} catch (e) { stop(e); }
	})();
};

// ---- making a request ------------------------------------------------------------------------------------------

const enumerations = {
	mode: ["same-origin", "no-cors", "cors", "navigate"], credentials: ["omit", "same-origin", "include"], redirect: ["follow", "error", "manual"],
	cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
	referrerPolicy: ["", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"],
	priority: ["high", "low", "auto"],
};

// request makes the slot of new Request(input, init).
const request = (input, init = {}, count) => {
	if (count < 1) throw new TypeError("a Request needs a URL");
	if (init === null) init = {};
	if (typeof init !== "object" && typeof init !== "function") throw new TypeError("the second argument of a Request must be an object");
	const from = isBody(input) && input instanceof Request ? slot(input) : undefined, s = { __proto__: null, data: null, used: false };
	if (from === undefined) {
		const url = new URL(input instanceof URL ? input.href : String(input));
		if (url.username !== "" || url.password !== "") throw new TypeError("the URL of a Request cannot have a user name or a password");
		s.url = url.href;
	} else {
		s.url = from.url;
		for (const name of ["mode", "credentials", "redirect", "cache", "referrer", "referrerPolicy", "integrity", "keepalive"]) s[name] = from[name];
	}
	if (init.window !== undefined && init.window !== null) throw new TypeError("window must be null");
	for (const [name, values] of Object.entries(enumerations)) {
		if (init[name] === undefined) continue;
		const value = String(init[name]);
		if (!values.includes(value)) throw new TypeError(`unknown ${name} ${value} of a Request; use ${values.filter((v) => v !== "").join(", ")}`);
		s[name] = value;
	}
	if (s.mode === "navigate" && init.mode !== undefined) throw new TypeError("the mode of a Request cannot be navigate");
	if (s.cache === "only-if-cached" && s.mode !== "same-origin") throw new TypeError("the cache mode only-if-cached needs the mode same-origin");
	for (const name of ["referrer", "integrity"]) if (init[name] !== undefined) s[name] = String(init[name]);
	if (init.keepalive !== undefined) s.keepalive = Boolean(init.keepalive);
	s.method = from?.method ?? "GET";
	if (init.method !== undefined) {
		const method = String(init.method);
		if (!token.test(method) || /^(connect|trace|track)$/i.test(method)) throw new TypeError(`invalid request method ${JSON.stringify(method)}`);
		s.method = /^(get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method;
	}
	const signal = init.signal === undefined ? from && input.signal : init.signal;
	if (signal !== undefined && signal !== null) {
		if (!(signal instanceof AbortSignal)) throw new TypeError("the signal of a Request must be an AbortSignal");
		s.signal = AbortSignal.any([signal]);
	}
	s.headers = new Headers(init.headers ?? (from && input.headers));
	const given = init.body !== undefined && init.body !== null;
	const has = from !== undefined && (from.data !== null || from.stream !== undefined);
	if ((given || has) && (s.method === "GET" || s.method === "HEAD")) throw new TypeError(`a ${s.method} request cannot have a body`);
	if (init.duplex !== undefined && init.duplex !== "half") throw new TypeError("duplex must be \"half\"");
	if (given) {
		const [data, type, stream] = types.content(init.body);
		if (stream !== undefined) {
			if (init.duplex === undefined) throw new TypeError("a request whose body is a stream needs duplex: \"half\"");
			s.stream = stream;
		}
		s.data = data;
		if (type && !s.headers.has("content-type")) s.headers.set("content-type", type);
	} else if (has) {
		if (from.used || from.stream !== undefined && unusable(from.stream)) throw new TypeError("the body has already been read");
		Object.assign(s, move(from));
	}
	return s;
};

// cloned returns what structuredClone makes of a Blob. The bytes of a Blob never change.
const cloned = (blob) => blob instanceof File
	? new File([blob], blob.name, { type: blob.type, lastModified: blob.lastModified })
	: blobOf(blobBytes(blob), blob.type);

return { Blob, File, FormData, cloned, mediaType, content, open, take, formData, copy, send, request, disturbed, unusable };
};
})()
