// The web-standard API of functions, as far as it is JavaScript. It is compiled once and run once in every realm; the
// last expression is a function that is given the host's functions and returns what the host calls.
(() => {
"use strict";

const define = (target, values) => {
	for (const name of Object.getOwnPropertyNames(values)) {
		Object.defineProperty(target, name, { value: values[name], writable: true, enumerable: false, configurable: true });
	}
};

return (host) => {
const { parse, stringify } = JSON;
const { freeze } = Object;
const { construct } = Reflect;

// ---- errors ----------------------------------------------------------------------------------------------------

class DOMException extends Error {
	#name;
	constructor(message = "", name = "Error") {
		super(message);
		this.#name = String(name);
	}
	get name() { return this.#name; }
	get code() { return { AbortError: 20, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5, QuotaExceededError: 22 }[this.#name] ?? 0; }
}

// ---- text ------------------------------------------------------------------------------------------------------

class TextEncoder {
	get encoding() { return "utf-8"; }
	encode(text = "") { return new Uint8Array(host.utf8(String(text))); }
	encodeInto(text, target) {
		let read = 0, written = 0;
		for (const c of String(text)) {
			const bytes = this.encode(c);
			if (written + bytes.length > target.length) break;
			target.set(bytes, written);
			written += bytes.length;
			read += c.length;
		}
		return { read, written };
	}
}

const view = (source) => {
	if (source instanceof ArrayBuffer) return new Uint8Array(source);
	if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
	throw new TypeError("not an ArrayBuffer or a view of one");
};

const labels = { "utf-8": "utf-8", utf8: "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-16le": "utf-16le", "utf-16": "utf-16le",
	latin1: "windows-1252", "iso-8859-1": "windows-1252", ascii: "windows-1252", "us-ascii": "windows-1252", "windows-1252": "windows-1252" };

class TextDecoder {
	#encoding; #fatal; #ignoreBOM; #rest = new Uint8Array(0); #begun = false;
	constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
		this.#encoding = labels[String(label).trim().toLowerCase()];
		if (!this.#encoding) throw new RangeError(`the encoding ${label} is not supported`);
		this.#fatal = Boolean(fatal);
		this.#ignoreBOM = Boolean(ignoreBOM);
	}
	get encoding() { return this.#encoding; }
	get fatal() { return this.#fatal; }
	get ignoreBOM() { return this.#ignoreBOM; }
	decode(source, { stream = false } = {}) {
		let bytes = source === undefined ? new Uint8Array(0) : view(source);
		if (this.#rest.length > 0) {
			const joined = new Uint8Array(this.#rest.length + bytes.length);
			joined.set(this.#rest);
			joined.set(bytes, this.#rest.length);
			bytes = joined;
			this.#rest = new Uint8Array(0);
		}
		if (stream) {
			const keep = host.incomplete(this.#encoding, exact(bytes));
			this.#rest = bytes.slice(bytes.length - keep);
			bytes = bytes.subarray(0, bytes.length - keep);
		}
		let text = host.decode(this.#encoding, this.#fatal, exact(bytes));
		if (text === undefined) {
			this.#rest = new Uint8Array(0);
			this.#begun = false;
			throw new TypeError(`the data is not valid ${this.#encoding}`);
		}
		if (!this.#ignoreBOM && !this.#begun && text.charCodeAt(0) === 0xfeff && this.#encoding !== "windows-1252") text = text.slice(1);
		this.#begun = stream && (this.#begun || bytes.length > 0);
		return text;
	}
}

// exact is an ArrayBuffer with the bytes of a view and no others.
const exact = (bytes) => bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const btoa = (data) => {
	const text = String(data), out = [];
	for (let i = 0; i < text.length; i += 3) {
		const a = text.charCodeAt(i), b = text.charCodeAt(i + 1), c = text.charCodeAt(i + 2);
		if (a > 255 || b > 255 || c > 255) throw new DOMException("the text has characters beyond Latin-1", "InvalidCharacterError");
		out.push(alphabet[a >> 2], alphabet[(a & 3) << 4 | b >> 4], i + 1 < text.length ? alphabet[(b & 15) << 2 | c >> 6] : "=", i + 2 < text.length ? alphabet[c & 63] : "=");
	}
	return out.join("");
};
const atob = (data) => {
	let text = String(data).replace(/[\t\n\f\r ]/g, "");
	if (text.length % 4 === 0) text = text.replace(/==?$/, "");
	if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw new DOMException("the text is not base64", "InvalidCharacterError");
	let bits = 0, held = 0;
	const out = [];
	for (const c of text) {
		held = (held << 6 | alphabet.indexOf(c)) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out.push(String.fromCharCode(held >> bits & 255));
		}
	}
	return out.join("");
};

// ---- URLs ------------------------------------------------------------------------------------------------------

const encodeForm = (text) => encodeURIComponent(text.toWellFormed()).replace(/[!'()~]|%20/g, (c) => c === "%20" ? "+" : "%" + c.charCodeAt(0).toString(16).toUpperCase());
const decodeForm = (text) => {
	text = text.replaceAll("+", " ");
	if (!text.includes("%")) return text;
	try { return decodeURIComponent(text); } catch { return host.percentDecode(text); }
};

class URLSearchParams {
	#list = []; #url;
	constructor(init = "", url = undefined) {
		this.#url = url instanceof URL ? url : undefined;
		if (typeof init === "object" && init !== null || typeof init === "function") {
			if (init[Symbol.iterator] !== undefined) {
				for (const pair of init) {
					const [...both] = pair;
					if (both.length !== 2) throw new TypeError("each entry must be a pair of name and value");
					this.#list.push([String(both[0]), String(both[1])]);
				}
			} else {
				for (const name of Reflect.ownKeys(init)) {
					if (Object.getOwnPropertyDescriptor(init, name)?.enumerable) this.#list.push([String(name), String(init[name])]);
				}
			}
		} else {
			this.#parse(String(init).replace(/^\?/, ""));
		}
	}
	#parse(query) {
		this.#list = [];
		for (const part of query.split("&")) {
			if (part === "") continue;
			const at = part.indexOf("=");
			this.#list.push(at < 0 ? [decodeForm(part), ""] : [decodeForm(part.slice(0, at)), decodeForm(part.slice(at + 1))]);
		}
	}
	#changed() { if (this.#url) setSearch(this.#url, this.toString()); }
	static reload(params, query) { params.#parse(query); }
	get size() { return this.#list.length; }
	append(name, value) { this.#list.push([String(name), String(value)]); this.#changed(); }
	delete(name, value) {
		name = String(name);
		this.#list = this.#list.filter(([n, v]) => n !== name || value !== undefined && v !== String(value));
		this.#changed();
	}
	get(name) { name = String(name); return this.#list.find(([n]) => n === name)?.[1] ?? null; }
	getAll(name) { name = String(name); return this.#list.filter(([n]) => n === name).map(([, v]) => v); }
	has(name, value) { name = String(name); return this.#list.some(([n, v]) => n === name && (value === undefined || v === String(value))); }
	set(name, value) {
		name = String(name);
		const at = this.#list.findIndex(([n]) => n === name);
		if (at < 0) return this.append(name, value);
		this.#list[at] = [name, String(value)];
		this.#list = this.#list.filter(([n], i) => n !== name || i <= at);
		this.#changed();
	}
	sort() { this.#list = this.#list.map((e, i) => [e, i]).sort(([[a], i], [[b], j]) => a < b ? -1 : a > b ? 1 : i - j).map(([e]) => e); this.#changed(); }
	forEach(fn, self) { for (const [name, value] of this) fn.call(self, value, name, this); }
	*entries() { for (let i = 0; i < this.#list.length; i++) yield [...this.#list[i]]; }
	*keys() { for (const [name] of this.entries()) yield name; }
	*values() { for (const [, value] of this.entries()) yield value; }
	[Symbol.iterator]() { return this.entries(); }
	toString() { return this.#list.map(([n, v]) => encodeForm(n) + "=" + encodeForm(v)).join("&"); }
}

let setSearch;
const reloadParams = URLSearchParams.reload;
delete URLSearchParams.reload;

const invalidURL = (url) => {
	const text = String(url);
	return new TypeError(text.length > 1000 ? `Invalid URL: ${text.slice(0, 100)}… (${text.length} characters; one with anything unusual in it may have 4096)` : `Invalid URL: ${text}`);
};

// The host parses by the WHATWG rules and gives the parts of the record.
class URL {
	#parts; #params;
	static { setSearch = (url, query) => { url.#parts = host.urlSet(url.href, "search", query); }; }
	constructor(url, base = undefined) {
		const parts = host.url(String(url), base === undefined ? undefined : String(base));
		if (parts === undefined) throw invalidURL(url);
		this.#parts = parts;
	}
	static canParse(url, base = undefined) { return host.url(String(url), base === undefined ? undefined : String(base)) !== undefined; }
	static parse(url, base = undefined) { return URL.canParse(url, base) ? new URL(url, base) : null; }
	#set(part, value) {
		const parts = host.urlSet(this.#parts.href, part, String(value));
		if (parts === undefined) return;
		this.#parts = parts;
		if (this.#params) reloadParams(this.#params, parts.search.slice(1));
	}
	get href() { return this.#parts.href; }
	set href(v) {
		const parts = host.url(String(v), undefined);
		if (parts === undefined) throw invalidURL(v);
		this.#parts = parts;
		if (this.#params) reloadParams(this.#params, parts.search.slice(1));
	}
	get origin() { return this.#parts.origin; }
	get protocol() { return this.#parts.protocol; }
	set protocol(v) { this.#set("protocol", v); }
	get username() { return this.#parts.username; }
	set username(v) { this.#set("username", v); }
	get password() { return this.#parts.password; }
	set password(v) { this.#set("password", v); }
	get host() { return this.#parts.host; }
	set host(v) { this.#set("host", v); }
	get hostname() { return this.#parts.hostname; }
	set hostname(v) { this.#set("hostname", v); }
	get port() { return this.#parts.port; }
	set port(v) { this.#set("port", v); }
	get pathname() { return this.#parts.pathname; }
	set pathname(v) { this.#set("pathname", v); }
	get search() { return this.#parts.search; }
	set search(v) { this.#set("search", v); }
	get hash() { return this.#parts.hash; }
	set hash(v) { this.#set("hash", v); }
	get searchParams() { return this.#params ??= new URLSearchParams(this.#parts.search.slice(1), this); }
	toString() { return this.href; }
	toJSON() { return this.href; }
}

// ---- events and aborting ---------------------------------------------------------------------------------------

class Event {
	#type; #stopped = false; #prevented = false; #cancelable;
	constructor(type, { cancelable = false } = {}) {
		this.#type = String(type);
		this.#cancelable = Boolean(cancelable);
		this.target = this.currentTarget = null;
		this.timeStamp = host.now();
	}
	get type() { return this.#type; }
	get cancelable() { return this.#cancelable; }
	get defaultPrevented() { return this.#prevented; }
	preventDefault() { if (this.#cancelable) this.#prevented = true; }
	stopPropagation() {}
	stopImmediatePropagation() { this.#stopped = true; }
	static stopped(event) { return event.#stopped; }
}
const eventStopped = Event.stopped;
delete Event.stopped;

class CustomEvent extends Event {
	constructor(type, init = {}) { super(type, init); this.detail = init.detail ?? null; }
}

class EventTarget {
	#listeners = new Map();
	addEventListener(type, fn, options = undefined) {
		if (fn === null || fn === undefined) return;
		const once = typeof options === "object" && options !== null && Boolean(options.once);
		const list = this.#listeners.get(type) ?? [];
		if (!list.some((l) => l.fn === fn)) this.#listeners.set(type, [...list, { fn, once }]);
	}
	removeEventListener(type, fn) {
		this.#listeners.set(type, (this.#listeners.get(type) ?? []).filter((l) => l.fn !== fn));
	}
	dispatchEvent(event) {
		event.target = event.currentTarget = this;
		for (const l of this.#listeners.get(event.type) ?? []) {
			if (l.once) this.removeEventListener(event.type, l.fn);
			try {
				if (typeof l.fn === "function") l.fn.call(this, event); else l.fn.handleEvent(event);
			} catch (e) { host.report(e); }
			if (eventStopped(event)) break;
		}
		const handler = this["on" + event.type];
		if (typeof handler === "function") handler.call(this, event);
		return !event.defaultPrevented;
	}
}

let abort;
class AbortSignal extends EventTarget {
	#aborted = false; #reason = undefined;
	static { abort = (signal, reason) => {
		if (signal.#aborted) return;
		signal.#aborted = true;
		signal.#reason = reason === undefined ? new DOMException("the operation was aborted", "AbortError") : reason;
		signal.dispatchEvent(new Event("abort"));
	}; }
	onabort = null;
	get aborted() { return this.#aborted; }
	get reason() { return this.#reason; }
	throwIfAborted() { if (this.#aborted) throw this.#reason; }
	static abort(reason) { const s = new AbortSignal(); abort(s, reason); return s; }
	static timeout(ms) {
		const s = new AbortSignal();
		setTimeout(() => abort(s, new DOMException("the operation timed out", "TimeoutError")), ms);
		return s;
	}
	static any(signals) {
		const s = new AbortSignal();
		for (const other of signals) {
			if (other.aborted) { abort(s, other.reason); break; }
			other.addEventListener("abort", () => abort(s, other.reason), { once: true });
		}
		return s;
	}
}
class AbortController {
	#signal = new AbortSignal();
	get signal() { return this.#signal; }
	abort(reason) { abort(this.#signal, reason); }
}

// ---- headers ---------------------------------------------------------------------------------------------------

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerName = (name) => {
	name = String(name);
	if (!token.test(name)) throw new TypeError(`${stringify(name)} cannot be the name of a header`);
	return name.toLowerCase();
};
const headerValue = (value) => {
	value = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
	if (/[\0\n\r]/.test(value)) throw new TypeError("the value of a header has a line break or a NUL");
	return value;
};

let headerList, lazyHeaders;
class Headers {
	#list = []; #flat;
	static {
		headerList = (h) => h.#all();
		lazyHeaders = (flat) => { const h = new Headers(); h.#flat = flat; return h; };
	}
	#all() {
		if (this.#flat !== undefined) {
			const parts = this.#flat === "" ? [] : this.#flat.split("\n");
			this.#flat = undefined;
			for (let i = 0; i + 1 < parts.length; i += 2) this.#list.push([parts[i], parts[i + 1]]);
		}
		return this.#list;
	}
	constructor(init = undefined) {
		if (init === undefined || init === null) return;
		if (init instanceof Headers) this.#list = headerList(init).map(([n, v]) => [n, v]);
		else if (typeof init !== "object") throw new TypeError("headers must be an object, a list of pairs or Headers");
		else if (init[Symbol.iterator] !== undefined) {
			for (const pair of init) {
				const both = [...pair];
				if (both.length !== 2) throw new TypeError("each header must be a pair of name and value");
				this.append(both[0], both[1]);
			}
		} else for (const name of Object.keys(init)) this.append(name, init[name]);
	}
	append(name, value) { this.#all().push([headerName(name), headerValue(value)]); }
	delete(name) { name = headerName(name); this.#list = this.#all().filter(([n]) => n !== name); }
	get(name) {
		name = headerName(name);
		const values = this.#all().filter(([n]) => n === name);
		return values.length === 0 ? null : values.map(([, v]) => v).join(", ");
	}
	getSetCookie() { return this.#all().filter(([n]) => n === "set-cookie").map(([, v]) => v); }
	has(name) { name = headerName(name); return this.#all().some(([n]) => n === name); }
	set(name, value) {
		name = headerName(name);
		value = headerValue(value);
		const at = this.#all().findIndex(([n]) => n === name);
		if (at < 0) return void this.#list.push([name, value]);
		this.#list[at] = [name, value];
		this.#list = this.#list.filter(([n], i) => n !== name || i <= at);
	}
	#sorted() {
		const merged = new Map(), out = [];
		for (const [n, v] of this.#all()) {
			if (n === "set-cookie") out.push([n, v]);
			else merged.set(n, merged.has(n) ? merged.get(n) + ", " + v : v);
		}
		return [...out, ...merged].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
	}
	forEach(fn, self) { for (const [n, v] of this) fn.call(self, v, n, this); }
	*entries() { yield* this.#sorted(); }
	*keys() { for (const [n] of this.#sorted()) yield n; }
	*values() { for (const [, v] of this.#sorted()) yield v; }
	[Symbol.iterator]() { return this.entries(); }
}

// ---- bodies ----------------------------------------------------------------------------------------------------

class Blob {
	#bytes; #type;
	constructor(parts = [], { type = "" } = {}) {
		const list = [...parts].map((p) => p instanceof Blob ? p.#bytes : p instanceof ArrayBuffer || ArrayBuffer.isView(p) ? view(p) : new TextEncoder().encode(String(p)));
		this.#bytes = new Uint8Array(list.reduce((n, b) => n + b.length, 0));
		list.reduce((at, b) => (this.#bytes.set(b, at), at + b.length), 0);
		this.#type = /^[\x20-\x7e]*$/.test(type) ? String(type).toLowerCase() : "";
	}
	get size() { return this.#bytes.length; }
	get type() { return this.#type; }
	async arrayBuffer() { return this.#bytes.slice().buffer; }
	async bytes() { return this.#bytes.slice(); }
	async text() { return new TextDecoder().decode(this.#bytes); }
	slice(start = 0, end = this.size, type = "") { return new Blob([this.#bytes.slice(start, end)], { type }); }
	static peek(blob) { return blob.#bytes; }
}
const blobBytes = Blob.peek;
delete Blob.peek;
class File extends Blob {
	constructor(parts, name, options = {}) { super(parts, options); this.name = String(name); this.lastModified = options.lastModified ?? Date.now(); }
}

class FormData {
	#list = [];
	append(name, value, filename) { this.#list.push([String(name), value instanceof Blob ? filename === undefined && value instanceof File ? value : new File([value], filename ?? "blob", { type: value.type }) : String(value)]); }
	delete(name) { this.#list = this.#list.filter(([n]) => n !== String(name)); }
	get(name) { return this.#list.find(([n]) => n === String(name))?.[1] ?? null; }
	getAll(name) { return this.#list.filter(([n]) => n === String(name)).map(([, v]) => v); }
	has(name) { return this.#list.some(([n]) => n === String(name)); }
	set(name, value, filename) { this.delete(name); this.append(name, value, filename); }
	forEach(fn, self) { for (const [n, v] of this) fn.call(self, v, n, this); }
	*entries() { for (const [n, v] of this.#list) yield [n, v]; }
	*keys() { for (const [n] of this.#list) yield n; }
	*values() { for (const [, v] of this.#list) yield v; }
	[Symbol.iterator]() { return this.entries(); }
}

// content turns what a body may be into text or bytes, with the type it implies.
const content = (body) => {
	if (body === null || body === undefined) return [null, null];
	if (typeof body === "string") return [body, "text/plain;charset=UTF-8"];
	if (body instanceof ArrayBuffer) return [body.slice(0), null];
	if (ArrayBuffer.isView(body)) return [view(body).slice().buffer, null];
	if (body instanceof Blob) return [exact(blobBytes(body)).slice(0), body.type || null];
	if (body instanceof URLSearchParams) return [body.toString(), "application/x-www-form-urlencoded;charset=UTF-8"];
	if (body instanceof FormData) {
		const boundary = "----fazt" + host.uuid();
		const quote = (s) => s.replace(/\r\n|\r|\n/g, "%0D%0A").replace(/"/g, "%22");
		const parts = [];
		for (const [n, v] of body) {
			parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quote(n)}"`);
			if (typeof v === "string") parts.push("\r\n\r\n", v, "\r\n");
			else parts.push(`; filename="${quote(v.name)}"\r\nContent-Type: ${v.type || "application/octet-stream"}\r\n\r\n`, v, "\r\n");
		}
		return [exact(blobBytes(new Blob([...parts, `--${boundary}--\r\n`]))), "multipart/form-data; boundary=" + boundary];
	}
	return [String(body), "text/plain;charset=UTF-8"];
};

// A Request or a Response keeps all it has in one private slot. What the host hands in and gets back is made and read
// with as few calls as possible: each one costs more here than the work in it.
let slot, isBody;
class Body {
	#slot;
	static {
		slot = (b) => b.#slot;
		isBody = (v) => typeof v === "object" && v !== null && #slot in v;
	}
	constructor(state) { this.#slot = state; }
	get bodyUsed() { return this.#slot.used; }
	#take() {
		const s = this.#slot;
		if (s.used) throw new TypeError("the body was read already");
		if (s.data !== null) s.used = true;
		return s.data;
	}
	async text() { const d = this.#take(); return d === null ? "" : typeof d === "string" ? d : new TextDecoder().decode(d); }
	async json() { return parse(await this.text()); }
	async bytes() { const d = this.#take(); return d === null ? new Uint8Array(0) : typeof d === "string" ? new TextEncoder().encode(d) : new Uint8Array(d); }
	async arrayBuffer() { return exact(await this.bytes()); }
	async blob() { return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" }); }
	async formData() {
		const type = this.headers.get("content-type") ?? "", form = new FormData();
		if (/^application\/x-www-form-urlencoded/i.test(type)) {
			for (const [n, v] of new URLSearchParams(await this.text())) form.append(n, v);
			return form;
		}
		if (/^multipart\/form-data/i.test(type)) {
			const parts = host.multipart(type, await this.arrayBuffer());
			if (parts === undefined) throw new TypeError("the body is not valid multipart/form-data");
			for (const { name, filename, type: t, data } of parts) {
				if (filename === undefined) form.append(name, new TextDecoder().decode(data));
				else form.append(name, new File([data], filename, { type: t }));
			}
			return form;
		}
		throw new TypeError("the body is not a form");
	}
}

// unread is the body of something that is to be sent or copied.
const unread = (s) => {
	if (s.used) throw new TypeError("the body was read already");
	return s.data;
};

class Request extends Body {
	constructor(input, init = undefined) {
		const from = input instanceof Request ? input : undefined;
		const method = init?.method === undefined ? from?.method ?? "GET" : String(init.method);
		if (!token.test(method) || /^(connect|trace|track)$/i.test(method)) throw new TypeError(`${stringify(method)} cannot be the method of a request`);
		const upper = /^(get|head|post|put|patch|delete|options)$/i.test(method) ? method.toUpperCase() : method;
		let data = null, type = null;
		if (init?.body !== undefined && init.body !== null) {
			if (upper === "GET" || upper === "HEAD") throw new TypeError(`a ${upper} request cannot have a body`);
			[data, type] = content(init.body);
		} else if (from) data = unread(slot(from));
		const headers = new Headers(init?.headers ?? from?.headers);
		if (type && !headers.has("content-type")) headers.set("content-type", type);
		super({
			data, used: false, method: upper, url: from ? from.url : new URL(input).href, headers,
			signal: init?.signal ?? from?.signal, redirect: init?.redirect ?? from?.redirect,
		});
	}
	get method() { return slot(this).method; }
	get url() { return slot(this).url; }
	get headers() {
		const s = slot(this);
		return typeof s.headers === "string" ? s.headers = lazyHeaders(s.headers) : s.headers;
	}
	get signal() { return slot(this).signal ??= new AbortController().signal; }
	get redirect() { return slot(this).redirect ?? "follow"; }
	get body() { return null; }
	clone() {
		const s = slot(this);
		return construct(Body, [{ ...s, data: unread(s), headers: new Headers(this.headers) }], Request);
	}
}

class Response extends Body {
	constructor(body = null, init = undefined) {
		const status = init?.status === undefined ? 200 : Number(init.status);
		if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`${init.status} cannot be the status of a response; it must be from 200 to 599`);
		if (body !== null && body !== undefined && (status === 204 || status === 205 || status === 304)) throw new TypeError(`a response with status ${status} cannot have a body`);
		const [data, contentType] = content(body);
		let headers;
		if (init?.headers !== undefined) {
			headers = new Headers(init.headers);
			if (contentType && !headers.has("content-type")) headers.set("content-type", contentType);
		}
		super({ data, used: false, contentType, headers, status, statusText: init?.statusText === undefined ? "" : String(init.statusText) });
	}
	get status() { return slot(this).status; }
	get ok() { const { status } = slot(this); return status >= 200 && status < 300; }
	get statusText() { return slot(this).statusText ?? ""; }
	get type() { return slot(this).status === 0 ? "error" : "default"; }
	get url() { return ""; }
	get redirected() { return false; }
	get body() { return null; }
	get headers() {
		const s = slot(this);
		return s.headers ??= new Headers(s.contentType ? { "content-type": s.contentType } : undefined);
	}
	clone() { return new Response(unread(slot(this)), { status: this.status, statusText: this.statusText, headers: this.headers }); }
	static json(data, init = undefined) {
		const text = stringify(data);
		if (text === undefined) throw new TypeError("the value has no JSON");
		if (init === undefined) return construct(Body, [{ data: text, used: false, contentType: "application/json", status: 200 }], Response);
		const headers = new Headers(init.headers);
		if (!headers.has("content-type")) headers.set("content-type", "application/json");
		return new Response(text, { ...init, headers });
	}
	static redirect(url, status = 302) {
		if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is not a redirect`);
		const target = String(url);
		return new Response(null, { status, headers: { location: URL.canParse(target) ? new URL(target).href : target } });
	}
	static error() { return construct(Body, [{ data: null, used: false, contentType: null, status: 0 }], Response); }
}

// ---- time ------------------------------------------------------------------------------------------------------

const timers = new Map(), calls = new Map();
const timer = (fn, ms, args, repeat) => {
	if (typeof fn !== "function") throw new TypeError("a timer needs a function");
	ms = Math.min(Math.max(Number(ms) || 0, 0), 0x7fffffff);
	const id = host.timer(ms);
	timers.set(id, { fn, ms, args, repeat });
	return id;
};
const setTimeout = (fn, ms = 0, ...args) => timer(fn, ms, args, false);
const setInterval = (fn, ms = 0, ...args) => timer(fn, ms, args, true);
const clearTimeout = (id) => { if (timers.delete(id)) host.cancel(id); };
const fire = (id) => {
	const t = timers.get(id);
	if (t === undefined) return;
	if (t.repeat) host.again(id, Math.max(t.ms, 1)); else timers.delete(id);
	t.fn(...t.args);
};
const settle = (id, ok, value) => {
	const c = calls.get(id);
	calls.delete(id);
	if (c !== undefined) (ok ? c.resolve : c.reject)(ok && value !== undefined ? parse(value) : value);
};
const queueMicrotask = (fn) => {
	if (typeof fn !== "function") throw new TypeError("queueMicrotask needs a function");
	Promise.resolve().then(() => { try { fn(); } catch (e) { host.report(e); } });
};

// ---- copies ----------------------------------------------------------------------------------------------------

const structuredClone = (value) => {
	const seen = new Map();
	const copy = (v) => {
		if (typeof v === "function" || typeof v === "symbol") throw new DOMException(`${String(v)} cannot be cloned`, "DataCloneError");
		if (typeof v !== "object" || v === null) return v;
		if (seen.has(v)) return seen.get(v);
		const keep = (c) => (seen.set(v, c), c);
		if (v instanceof Date) return keep(new Date(v.getTime()));
		if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
		if (v instanceof Boolean || v instanceof Number || v instanceof String || v instanceof BigInt) return keep(Object(v.valueOf()));
		if (v instanceof ArrayBuffer) return keep(v.slice(0));
		if (v instanceof DataView) return keep(new DataView(copy(v.buffer), v.byteOffset, v.byteLength));
		if (ArrayBuffer.isView(v)) return keep(new v.constructor(copy(v.buffer), v.byteOffset, v.length));
		if (v instanceof Map) { const c = keep(new Map()); for (const [k, e] of [...v]) c.set(copy(k), copy(e)); return c; }
		if (v instanceof Set) { const c = keep(new Set()); for (const e of [...v]) c.add(copy(e)); return c; }
		if (v instanceof Error) {
			const kinds = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
			const c = keep(new (kinds[v.name] ?? Error)(v.message));
			c.stack = v.stack;
			if ("cause" in v) c.cause = copy(v.cause);
			return c;
		}
		if (v instanceof Promise || v instanceof WeakMap || v instanceof WeakSet || v instanceof WeakRef) throw new DOMException("the value cannot be cloned", "DataCloneError");
		const c = keep(Array.isArray(v) ? new Array(v.length) : {});
		for (const key of Object.keys(v)) c[key] = copy(v[key]);
		return c;
	};
	return copy(value);
};

// ---- console ---------------------------------------------------------------------------------------------------

const inspect = (value, depth = 0, seen = []) => {
	switch (typeof value) {
	case "string": return depth === 0 ? value : stringify(value);
	case "bigint": return value + "n";
	case "symbol": return String(value);
	case "function": return /^class\b/.test(Function.prototype.toString.call(value)) ? `[class ${value.name || "(anonymous)"}]` : `[function ${value.name || "(anonymous)"}]`;
	case "object": break;
	default: return Object.is(value, -0) ? "-0" : String(value);
	}
	if (value === null) return "null";
	if (seen.includes(value)) return "[circular]";
	if (value instanceof Error) return value.stack ? `${value.name}: ${value.message}\n${value.stack.trimEnd()}` : `${value.name}: ${value.message}`;
	if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
	if (value instanceof RegExp) return String(value);
	if (value instanceof URL) return value.href;
	if (value instanceof Promise) return "[promise]";
	const inner = [...seen, value], more = (v) => inspect(v, depth + 1, inner);
	const name = value.constructor?.name ?? "null", deep = depth > 3;
	const join = (open, items, close, left) => {
		if (left > 0) items.push(`… ${left} more`);
		return items.length === 0 ? open + close : `${open} ${items.join(", ")} ${close}`;
	};
	if (Array.isArray(value)) return deep ? "[array]" : join("[", value.slice(0, 100).map(more), "]", value.length - 100);
	if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return join(`${name}(${value.length}) [`, [...value.subarray(0, 50)].map(String), "]", value.length - 50);
	if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
	if (deep) return `[${name}]`;
	if (value instanceof Map) return join(`Map(${value.size}) {`, [...value].slice(0, 100).map(([k, v]) => `${more(k)} => ${more(v)}`), "}", value.size - 100);
	if (value instanceof Set) return join(`Set(${value.size}) {`, [...value].slice(0, 100).map(more), "}", value.size - 100);
	if (value instanceof Headers || value instanceof URLSearchParams || value instanceof FormData) return join(`${name} {`, [...value].map(([k, v]) => `${k}: ${more(v)}`), "}", 0);
	if (value instanceof Request) return `Request { ${value.method} ${value.url} }`;
	if (value instanceof Response) return `Response { status: ${value.status} }`;
	const keys = Object.keys(value);
	const items = keys.slice(0, 100).map((k) => {
		const d = Object.getOwnPropertyDescriptor(value, k);
		return `${/^[A-Za-z_$][\w$]*$/.test(k) ? k : stringify(k)}: ${d?.get ? "[getter]" : more(d?.value)}`;
	});
	return join(name === "Object" || name === "null" ? "{" : `${name} {`, items, "}", keys.length - 100);
};

const format = (args) => {
	let rest = args, out = [];
	if (typeof args[0] === "string" && args.length > 1 && args[0].includes("%")) {
		let i = 1;
		out.push(args[0].replace(/%[sdifoOjc%]/g, (m) => {
			if (m === "%%") return "%";
			if (i >= args.length) return m;
			const v = args[i++];
			switch (m) {
			case "%s": return typeof v === "object" && v !== null ? inspect(v, 1) : inspect(v);
			case "%d": return typeof v === "bigint" ? v + "n" : String(Number(v));
			case "%i": return String(Math.trunc(Number(v)));
			case "%f": return String(parseFloat(v));
			case "%j": return stringify(v);
			case "%c": return "";
			default: return inspect(v, 1);
			}
		}));
		rest = args.slice(i);
	}
	for (const v of rest) out.push(inspect(v));
	return out.join(" ");
};

const print = (level, args) => {
	let text;
	try { text = format(args); } catch { text = "[a value that cannot be shown]"; }
	host.print(level, text);
};
const counts = new Map(), clocks = new Map();
const table = (data) => {
	if (typeof data !== "object" || data === null) return inspect(data);
	const rows = Object.entries(data), names = [...new Set(rows.flatMap(([, r]) => typeof r === "object" && r !== null ? Object.keys(r) : ["value"]))];
	const cells = [["", ...names], ...rows.map(([k, r]) => [k, ...names.map((n) => typeof r === "object" && r !== null ? n in r ? inspect(r[n], 1) : "" : n === "value" ? inspect(r, 1) : "")])];
	const widths = cells[0].map((_, i) => Math.max(...cells.map((c) => c[i].length)));
	return cells.map((c) => c.map((t, i) => t.padEnd(widths[i])).join("  ").trimEnd()).join("\n");
};
const console = {
	log: (...a) => print("info", a), info: (...a) => print("info", a), warn: (...a) => print("warn", a),
	error: (...a) => print("error", a), debug: (...a) => print("debug", a), trace: (...a) => print("debug", [...a, new Error().stack]),
	dir: (v) => print("info", [v]), assert: (ok, ...a) => { if (!ok) print("error", ["Assertion failed:", ...a]); },
	table: (data) => print("info", [table(data)]), group: (...a) => { if (a.length) print("info", a); }, groupEnd: () => {},
	count: (label = "default") => { counts.set(label, (counts.get(label) ?? 0) + 1); print("info", [`${label}: ${counts.get(label)}`]); },
	countReset: (label = "default") => { counts.delete(label); },
	time: (label = "default") => { clocks.set(label, host.now()); },
	timeLog: (label = "default", ...a) => { print("info", [`${label}: ${(host.now() - (clocks.get(label) ?? host.now())).toFixed(3)} ms`, ...a]); },
	timeEnd: (label = "default") => { console.timeLog(label); clocks.delete(label); },
};

// ---- the rest --------------------------------------------------------------------------------------------------

const crypto = {
	randomUUID: () => host.uuid(),
	getRandomValues: (array) => {
		if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) throw new TypeError("getRandomValues needs an array of integers");
		if (array.byteLength > 65536) throw new DOMException("more than 65536 bytes were asked for", "QuotaExceededError");
		view(array).set(new Uint8Array(host.random(array.byteLength)));
		return array;
	},
};
const performance = { now: () => host.now(), timeOrigin: host.origin() };

// ---- the product's own functions -------------------------------------------------------------------------------

const fazt = {};
let envValues = {};
// A list that goes on arrives as { $entries, cursor } and becomes an array with a property cursor.
const result = (text) => {
	if (text === undefined) return undefined;
	const v = parse(text);
	return v !== null && typeof v === "object" && Object.hasOwn(v, "$entries") && Array.isArray(v.$entries) ? Object.assign(v.$entries, v.cursor === undefined ? {} : { cursor: v.cursor }) : v;
};
for (const f of parse(host.bindings())) {
	const at = f.path.split(".").slice(1).reduce((o, name) => o[name] ??= {}, fazt);
	if (f.constant) Object.defineProperty(at, f.name, { enumerable: true, get: () => { const v = host.call(f.index, "[]"); return v === undefined ? undefined : parse(v); } });
	else if (f.async) at[f.name] = (...args) => new Promise((resolve, reject) => { calls.set(host.start(f.index, stringify(args)), { resolve, reject }); });
	else if (f.page) at[f.name] = (...args) => result(host.call(f.index, stringify(args)));
	else at[f.name] = (...args) => { const v = host.call(f.index, stringify(args)); return v === undefined ? undefined : parse(v); };
}
fazt.env = { get: (name, otherwise) => Object.hasOwn(envValues, name) ? envValues[name] : otherwise, has: (name) => Object.hasOwn(envValues, name) };
fazt.log = { info: console.info, warn: console.warn, error: console.error, debug: console.debug };

define(globalThis, {
	DOMException, TextEncoder, TextDecoder, atob, btoa, URL, URLSearchParams, Event, CustomEvent, EventTarget, AbortSignal, AbortController,
	Headers, Blob, File, FormData, Request, Response, setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout, queueMicrotask,
	structuredClone, console, crypto, performance, fazt, self: globalThis, navigator: freeze({ userAgent: host.agent() }),
});

// What few functions need is run when it is first asked for: a part is a script of its own.
const lazily = (part, names) => {
	for (const name of names) {
		const fix = (value) => (Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true }), value);
		Object.defineProperty(globalThis, name, { get: () => fix(loaded(part)[name]), set: fix, enumerable: false, configurable: true });
	}
};
const parts = new Map();
const loaded = (name) => {
	if (!parts.has(name)) {
		const part = host.part(name);
		parts.set(name, typeof part.setup === "function" ? part.setup(services) : part);
	}
	return parts.get(name);
};
// What parts may use of the host.
const services = freeze({ random: host.random, uuid: host.uuid, digest: host.digest, hmac: host.hmac, env: () => envValues });
// The modules of Node.js are parts; the compiler writes this for their imports.
define(globalThis, { __fazt_node: (name) => loaded("node-" + name).default });
lazily("node-buffer", ["Buffer"]);
lazily("node-process", ["process"]);
lazily("urlpattern", ["URLPattern"]);
lazily("streams", ["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController", "ReadableByteStreamController",
	"ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter", "WritableStreamDefaultController", "TransformStream",
	"TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"]);

// ---- running ---------------------------------------------------------------------------------------------------

let app, waiting = 0;

class Context {
	waitUntil(promise) {
		host.waiting(++waiting);
		Promise.resolve(promise).catch((e) => host.report(e)).then(() => host.waiting(--waiting));
	}
	passThroughOnException() {}
}
// done sends the answer. What has no headers of its own goes out with its type alone.
const done = (response) => {
	const s = isBody(response) ? slot(response) : undefined;
	if (!s?.status) throw new TypeError(`the function must answer with a Response, not ${inspect(response, 1)}`);
	if (s.used) throw new TypeError("the body was read already");
	if (s.headers === undefined) host.respond(s.status, "", s.data, s.contentType);
	else host.respond(s.status, headerList(s.headers).flat().join("\n"), s.data, null);
};
const fail = (e) => host.fail(e);

const dispatch = (method, url, headers, data) => {
	try {
		const request = construct(Body, [{ data, used: false, method, url, headers }], Request);
		const result = app.fetch(request, envValues, new Context());
		if (isBody(result)) done(result);
		else Promise.resolve(result).then(done).catch(fail);
	} catch (e) { fail(e); }
};

const start = () => {
	const module = globalThis.__fazt_app;
	globalThis.__fazt_app = undefined;
	const entry = module?.default;
	if (typeof entry === "function") app = { fetch: (request, env, ctx) => entry(request, env, ctx) };
	else if (typeof entry?.fetch === "function") app = entry;
	else throw new TypeError("the default export must be a function, or an object with a function fetch");
};

// ---- the classic style -----------------------------------------------------------------------------------------

let responded, record;
const header = (headers) => {
	const flat = [];
	for (const name of Object.keys(headers ?? {})) {
		const n = headerName(name);
		for (const v of Array.isArray(headers[name]) ? headers[name] : [headers[name]]) flat.push(n, headerValue(v));
	}
	return flat;
};
const answer = (r) => {
	const status = r.status ?? 200;
	if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`${inspect(status, 1)} cannot be the status of a response; it must be from 200 to 599`);
	const flat = header(r.headers), typed = flat.some((v, i) => i % 2 === 0 && v === "content-type");
	let body = r.body;
	if (body === undefined || body === null) return host.respond(status, flat.join("\n"), null);
	if (body instanceof ArrayBuffer || ArrayBuffer.isView(body) || body instanceof Blob) {
		[body] = content(body);
		if (!typed) flat.push("content-type", "application/octet-stream");
	} else if (typeof body === "string") {
		if (!typed) flat.push("content-type", "text/plain; charset=utf-8");
	} else {
		body = stringify(body);
		if (body === undefined) throw new TypeError("the body has no JSON");
		if (!typed) flat.push("content-type", "application/json");
	}
	host.respond(status, flat.join("\n"), body);
};

const prepare = (method, url, headers, body, ip, id) => {
	const parsed = new URL(url), all = {};
	const parts = headers === "" ? [] : headers.split("\n");
	for (let i = 0; i + 1 < parts.length; i += 2) all[parts[i]] = Object.hasOwn(all, parts[i]) ? all[parts[i]] + ", " + parts[i + 1] : parts[i + 1];
	const query = {};
	for (const [n, v] of parsed.searchParams) if (!Object.hasOwn(query, n)) query[n] = v;
	const text = () => body === null ? "" : typeof body === "string" ? body : new TextDecoder().decode(body);
	let value, read = false;
	const request = { method, path: parsed.pathname, url, query, headers: all, ip, id, params: {},
		get body() {
			if (read) return value;
			read = true;
			const type = all["content-type"] ?? "";
			if (body === null) value = null;
			else if (/^application\/(?:[\w.+-]+\+)?json/i.test(type)) value = parse(text());
			else if (/^application\/x-www-form-urlencoded/i.test(type)) { value = {}; for (const [n, v] of new URLSearchParams(text())) if (!Object.hasOwn(value, n)) value[n] = v; }
			else value = text();
			return value;
		},
		set body(v) { read = true; value = v; },
		get text() { return text(); },
	};
	define(globalThis, {
		request,
		respond: (...args) => {
			let r;
			if (args.length === 0) r = { status: 200 };
			else if (args.length === 1) r = typeof args[0] === "number" ? { status: args[0] } : { status: 200, body: args[0] };
			else r = { status: args[0], body: args[1], headers: args[2] };
			responded = true;
			record = r;
			return r;
		},
	});
};

const classic = ({ value }) => { // the promise of a script gives its completion value in an object
	try {
		if (responded) return answer(record);
		if (value instanceof Response) return done(value);
		if (value === undefined || value === null) return answer({});
		if (typeof value === "object" && !Array.isArray(value) && ("status" in value || "body" in value || "headers" in value)) return answer(value);
		answer({ body: value });
	} catch (e) { fail(e); }
};

return {
	dispatch, start, settle, fire, prepare, classic, fail,
	env: (text) => { envValues = freeze(parse(text)); },
	reset: () => { timers.clear(); calls.clear(); waiting = 0; },
};
};
})()
