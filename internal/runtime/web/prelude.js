// The part of the web-standard API that is written in JavaScript. It is compiled once and run once in every realm; the last
// expression is a function that takes the host's functions and returns the functions that the host calls.
(() => {
"use strict";

const define = (target, values) => {
	for (const name of Object.getOwnPropertyNames(values)) {
		Object.defineProperty(target, name, { value: values[name], writable: true, enumerable: false, configurable: true });
	}
};

return (host) => {
// A script can replace every built-in. So the code that sends a response and checks it uses none that the script can reach: it
// keeps the ones it needs here, and its lists have no prototype.
const { ArrayBuffer, Uint8Array, Promise, Map, Set, WeakMap, String, Number, Boolean, Error, TypeError, RangeError } = globalThis;
const { parse, stringify } = JSON;
const { freeze, setPrototypeOf, keys } = Object;
const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const { isArray } = Array, { isInteger } = Number;
const { isView } = ArrayBuffer;
const { iterator: eachOf } = Symbol;
const call = Function.prototype.call.bind(Function.prototype.call);
const uncurried = (method) => Function.prototype.call.bind(method); // (this, ...arguments)
const wellFormed = uncurried("".toWellFormed), lower = uncurried("".toLowerCase), sliced = uncurried("".slice), split = uncurried("".split);
const exec = uncurried(/x/.exec), matches = (pattern, text) => exec(pattern, text) !== null;
const bare = () => setPrototypeOf([], null);
// put sets a property whose name came from outside: even __proto__ becomes an ordinary property.
const put = (object, name, value) => name === "__proto__" ? defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true }) : object[name] = value;
// Maps that have their methods as own properties.
const methods = ({ prototype: { get, set, has, delete: remove, clear } }) => clear === undefined ? { get, set, has, delete: remove } : { get, set, has, delete: remove, clear };
const ofMap = methods(Map), ofWeakMap = methods(WeakMap);
const heldMap = () => { const map = new Map(); define(map, ofMap); return map; };
const heldWeakMap = () => { const map = new WeakMap(); define(map, ofWeakMap); return map; };
// The internals of a Uint8Array.
const getter = (object, name) => uncurried(getOwnPropertyDescriptor(object, name).get);
const typed = Object.getPrototypeOf(Uint8Array.prototype);
const bufferOf = getter(typed, "buffer"), offsetOf = getter(typed, "byteOffset"), lengthOf = getter(typed, "byteLength"), sizeOf = getter(ArrayBuffer.prototype, "byteLength"), copied = uncurried(typed.slice);

// ---- errors ----------------------------------------------------------------------------------------------------

const codes = ["IndexSizeError", , "HierarchyRequestError", "WrongDocumentError", "InvalidCharacterError", , "NoModificationAllowedError", "NotFoundError", "NotSupportedError",
	"InUseAttributeError", "InvalidStateError", "SyntaxError", "InvalidModificationError", "NamespaceError", "InvalidAccessError", , "TypeMismatchError", "SecurityError",
	"NetworkError", "AbortError", "URLMismatchError", "QuotaExceededError", "TimeoutError", "InvalidNodeTypeError", "DataCloneError"];

// Stacks are those of V8: the name and message that the error had when it was made, or has now if it had no message, then "at name (file:line:column)". The
// engine calls frames for every error; positions in the author's files are looked up when a stack is read.
const isScript = (file) => typeof file === "string" && sliced(file, 0, 5) !== "fazt:" && file !== "<input>";
const headline = (error) => {
	const { name, message } = error, kind = name === undefined ? "Error" : String(name), text = message === undefined ? "" : String(message);
	return text === "" ? kind : kind === "" ? text : kind + ": " + text;
};
const headed = (error) => { try { return headline(error); } catch { return ""; } }; // a class of errors may not have its name yet
const at = (name, place) => name ? `${name} (${place})` : place;
let siteName, siteFile, siteLine, siteColumn, prepare;
// explain names what is not a function in an error of the engine.
const explain = (error, site) => {
	const message = getOwnPropertyDescriptor(error, "message")?.value;
	if (message !== "not a function" || !(error instanceof TypeError) || !isScript(siteFile(site))) return;
	const callee = host.callee(siteLine(site), siteColumn(site)), made = sliced(callee, 0, 4) === "new ";
	if (callee !== "") defineProperty(error, "message", { __proto__: null, writable: true, enumerable: false, configurable: true,
		value: made ? sliced(callee, 4) + " is not a constructor" : callee + " is not a function" });
};
const frames = (error, sites) => {
	if (sites.length > 0) explain(error, sites[0]);
	let text = "", list = bare();
	for (let i = 0; i < sites.length; i++) {
		const site = sites[i], file = siteFile(site);
		if (!isScript(file)) continue; // of the product
		const name = siteName(site), place = file + ":" + siteLine(site) + ":" + siteColumn(site);
		if (prepare === undefined) text += "\n    at " + at(name === "<eval>" ? "" : name, place);
		else list[list.length] = new CallSite(name === "<eval>" ? "" : name, place);
	}
	return prepare === undefined ? (getOwnPropertyDescriptor(error, "message")?.value ? headed(error) : "") + text : apply(prepare, Error, [error, setPrototypeOf(list, Array.prototype)]);
};
class CallSite {
	#name; #place; #mapped;
	constructor(name, place) { this.#name = name; this.#place = place; }
	#parts() { return this.#mapped ??= exec(/^(.*):(\d+):(\d+)$/, host.trace(this.#place)); }
	getFunctionName() { return this.#name || null; }
	getFileName() { return this.#parts()[1]; }
	getScriptNameOrSourceURL() { return this.#parts()[1]; }
	getLineNumber() { return +this.#parts()[2]; }
	getColumnNumber() { return +this.#parts()[3]; }
	getTypeName() { return null; }
	getMethodName() { return null; }
	getThis() {}
	getFunction() {}
	getEvalOrigin() {}
	getPromiseIndex() { return null; }
	isNative() { return false; }
	isToplevel() { return true; }
	isEval() { return false; }
	isConstructor() { return false; }
	isAsync() { return false; }
	isPromiseAll() { return false; }
	toString() { return at(this.#name, this.#parts()[0]); }
}
const stacks = getOwnPropertyDescriptor(Error.prototype, "stack"), stackOf = uncurried(stacks.get), capture = Error.captureStackTrace;
const shownStack = (error, raw) => typeof raw === "string" ? host.trace(raw === "" || raw[0] === "\n" ? headed(error) + raw : raw) : raw === null ? headed(error) : raw;
{
	const { set } = getOwnPropertyDescriptor(Error, "prepareStackTrace");
	let site;
	apply(set, Error, [(_, sites) => { site = sites[0]; }]);
	new Error();
	({ getFunctionName: siteName, getFileName: siteFile, getLineNumber: siteLine, getColumnNumber: siteColumn } = Object.getPrototypeOf(site));
	[siteName, siteFile, siteLine, siteColumn] = [siteName, siteFile, siteLine, siteColumn].map(uncurried);
	apply(set, Error, [frames]);
}
defineProperty(Error, "prepareStackTrace", { get: () => prepare, set: (fn) => { prepare = typeof fn === "function" ? fn : undefined; }, enumerable: false, configurable: true });
defineProperty(Error.prototype, "stack", { get: { get stack() { return shownStack(this, stackOf(this)); } }.__lookupGetter__("stack"), set: stacks.set, enumerable: false, configurable: true });
define(Error, {
	captureStackTrace(object, above = undefined) {
		if (above === undefined) capture(object); else capture(object, above);
		const raw = getOwnPropertyDescriptor(object, "stack")?.value;
		if (typeof raw === "string") defineProperty(object, "stack", { get: () => shownStack(object, raw),
			set(value) { defineProperty(this, "stack", { value, writable: true, enumerable: false, configurable: true }); }, enumerable: false, configurable: true });
	},
});

class DOMException extends Error {
	#name;
	constructor(message = "", options = "Error") {
		super(message);
		if (typeof options === "object" && options !== null) {
			this.#name = options.name === undefined ? "Error" : String(options.name);
			if ("cause" in options) Object.defineProperty(this, "cause", { value: options.cause, writable: true, enumerable: false, configurable: true });
		} else this.#name = String(options);
	}
	get name() { return this.#name; }
	get code() { return codes.indexOf(this.#name) + 1; }
}

// need throws if a call has too few arguments.
const need = (args, n) => { if (args.length < n) throw new TypeError(`${n === 1 ? "1 argument" : n + " arguments"} required, but only ${args.length} given`); };

// tag sets the name that toString shows for the objects of classes.
const tag = (...classes) => { for (const c of classes) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true }); };

// ---- text ------------------------------------------------------------------------------------------------------

class TextEncoder {
	get encoding() { return "utf-8"; }
	encode(text = "") { return new Uint8Array(host.bytesOf(String(text), 0)); }
	encodeInto(text, target) {
		if (!(target instanceof Uint8Array)) throw new TypeError("the destination of encodeInto must be a Uint8Array");
		text = String(text);
		return host.encodeInto(bufferOf(target), offsetOf(target), lengthOf(target), text);
	}
}

const view = (source) => {
	if (source instanceof ArrayBuffer) return new Uint8Array(source);
	if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
	throw new TypeError("not an ArrayBuffer or a view of one");
};

class TextDecoder {
	#encoding; #fatal; #ignoreBOM; #rest = new Uint8Array(0); #begun = false;
	constructor(label = "utf-8", options = undefined) {
		this.#encoding = label === "utf-8" ? label : host.encoding(String(label));
		if (!this.#encoding) throw new RangeError(`the encoding ${label} is not supported`);
		this.#fatal = Boolean(options?.fatal);
		this.#ignoreBOM = Boolean(options?.ignoreBOM);
	}
	get encoding() { return this.#encoding; }
	get fatal() { return this.#fatal; }
	get ignoreBOM() { return this.#ignoreBOM; }
	decode(source, options = undefined) {
		const stream = Boolean(options?.stream);
		let bytes = source === undefined ? new Uint8Array(0) : view(source);
		if (this.#rest.length > 0) {
			const joined = new Uint8Array(this.#rest.length + bytes.length);
			joined.set(this.#rest);
			joined.set(bytes, this.#rest.length);
			bytes = joined;
			this.#rest = new Uint8Array(0);
		}
		if (stream) {
			const keep = host.incomplete(this.#encoding, bufferOf(bytes), offsetOf(bytes), lengthOf(bytes));
			this.#rest = bytes.slice(bytes.length - keep);
			bytes = bytes.subarray(0, bytes.length - keep);
		}
		let text = host.decode(this.#encoding, this.#fatal, bufferOf(bytes), offsetOf(bytes), lengthOf(bytes));
		if (text === undefined) {
			this.#rest = new Uint8Array(0);
			this.#begun = false;
			throw new TypeError(`the data is not valid ${this.#encoding}`);
		}
		if (!this.#ignoreBOM && !this.#begun && text.charCodeAt(0) === 0xfeff && this.#encoding.startsWith("utf-")) text = text.slice(1);
		this.#begun = stream && (this.#begun || bytes.length > 0);
		return text;
	}
}

// exact returns an ArrayBuffer with the bytes of a view and no others.
const exact = (bytes) => {
	const buffer = bufferOf(bytes);
	return offsetOf(bytes) === 0 && lengthOf(bytes) === sizeOf(buffer) ? buffer : bufferOf(copied(bytes));
};

const btoa = function (data) {
	need(arguments, 1);
	const text = host.btoa(String(data));
	if (text === undefined) throw new DOMException("the string has characters outside Latin-1", "InvalidCharacterError");
	return text;
};
const atob = function (data) {
	need(arguments, 1);
	const text = host.atob(String(data));
	if (text === undefined) throw new DOMException("the string is not valid base64", "InvalidCharacterError");
	return text;
};

// ---- lists of pairs --------------------------------------------------------------------------------------------

// pairs iterates over a list that may change meanwhile: at returns the pair at an index; which is 0, 1 or 2 for its name, its
// value or both.
const iterated = new WeakMap(), iterators = new Map();
const pairs = (of, at, which) => {
	if (!iterators.has(of)) {
		iterators.set(of, Object.create(Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())), {
			next: { writable: true, enumerable: true, configurable: true, value: function next() {
				const s = iterated.get(this);
				if (s === undefined) throw new TypeError(`next was called on something that is not a ${of} iterator`);
				const pair = s.at(s.i);
				if (pair === undefined) return { value: undefined, done: true };
				s.i++;
				return { value: s.which === 2 ? [pair[0], pair[1]] : pair[s.which], done: false };
			} },
			[Symbol.toStringTag]: { value: of + " Iterator", configurable: true },
		}));
	}
	const iterator = Object.create(iterators.get(of));
	iterated.set(iterator, { at, which, i: 0 });
	return iterator;
};
// iterable makes entries the default iterator of a class.
const iterable = (...classes) => {
	for (const { prototype } of classes) Object.defineProperty(prototype, Symbol.iterator, { value: prototype.entries, writable: true, configurable: true });
};

// ---- URLs ------------------------------------------------------------------------------------------------------

const text = (value) => String(value).toWellFormed();
const encodeForm = (text) => encodeURIComponent(text).replace(/[!'()~]|%20/g, (c) => c === "%20" ? "+" : "%" + c.charCodeAt(0).toString(16).toUpperCase());
const decodeForm = (text) => {
	text = text.replaceAll("+", " ");
	if (!text.includes("%")) return text;
	try { return decodeURIComponent(text); } catch { return host.percentDecode(text); }
};

class URLSearchParams {
	#list = []; #url;
	constructor(init = "", url = undefined) {
		this.#url = fromURL === url && url !== undefined ? init : undefined;
		if (this.#url) this.#parse(init.search.slice(1));
		else if (typeof init === "object" && init !== null || typeof init === "function") {
			const each = init[Symbol.iterator];
			if (each !== undefined && each !== null) {
				if (typeof each !== "function") throw new TypeError("the list of entries is not iterable");
				for (const pair of init) {
					const both = typeof pair === "object" && pair !== null ? [...pair] : [];
					if (both.length !== 2) throw new TypeError("each entry must be a [name, value] pair");
					this.#list.push([text(both[0]), text(both[1])]);
				}
			} else {
				const all = new Map();
				for (const name of Reflect.ownKeys(init)) {
					if (!Object.getOwnPropertyDescriptor(init, name)?.enumerable) continue;
					if (typeof name === "symbol") throw new TypeError("a symbol cannot be the name of an entry");
					all.set(text(name), text(init[name]));
				}
				this.#list = [...all];
			}
		} else {
			this.#parse(text(init).replace(/^\?/, ""));
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
	append(name, value) { need(arguments, 2); this.#list.push([text(name), text(value)]); this.#changed(); }
	delete(name, value = undefined) {
		need(arguments, 1);
		name = text(name);
		if (value !== undefined) value = text(value);
		this.#list = this.#list.filter(([n, v]) => n !== name || value !== undefined && v !== value);
		this.#changed();
	}
	get(name) { need(arguments, 1); name = text(name); return this.#list.find(([n]) => n === name)?.[1] ?? null; }
	getAll(name) { need(arguments, 1); name = text(name); return this.#list.filter(([n]) => n === name).map(([, v]) => v); }
	has(name, value = undefined) {
		need(arguments, 1);
		name = text(name);
		if (value !== undefined) value = text(value);
		return this.#list.some(([n, v]) => n === name && (value === undefined || v === value));
	}
	set(name, value) {
		need(arguments, 2);
		name = text(name);
		value = text(value);
		const at = this.#list.findIndex(([n]) => n === name);
		if (at < 0) return this.append(name, value);
		this.#list[at] = [name, value];
		this.#list = this.#list.filter(([n], i) => n !== name || i <= at);
		this.#changed();
	}
	sort() { this.#list.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0); this.#changed(); }
	forEach(fn, self) {
		if (typeof fn !== "function") throw new TypeError("the argument of forEach must be a function");
		for (const [name, value] of this) call(fn, self, value, name, this);
	}
	entries() { return pairs("URLSearchParams", (i) => this.#list[i], 2); }
	keys() { return pairs("URLSearchParams", (i) => this.#list[i], 0); }
	values() { return pairs("URLSearchParams", (i) => this.#list[i], 1); }
	toString() { return this.#list.map(([n, v]) => encodeForm(n) + "=" + encodeForm(v)).join("&"); }
}

const fromURL = Symbol("from a URL");
let setSearch;
const reloadParams = URLSearchParams.reload;
delete URLSearchParams.reload;

const invalidURL = (url) => {
	const text = String(url);
	return new TypeError(text.length > 1000 ? `Invalid URL: ${text.slice(0, 100)}… (${text.length} characters; the limit for a URL that needs full parsing is 4096)` : `Invalid URL: ${text}`);
};

// The host parses by the WHATWG rules and returns the parts of the URL record.
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
	get searchParams() { return this.#params ??= new URLSearchParams(this, fromURL); }
	toString() { return this.href; }
	toJSON() { return this.href; }
}

// ---- events and aborting ---------------------------------------------------------------------------------------

const flag = (options, name) => typeof options === "object" && options !== null ? Boolean(options[name]) : false;
const monotonic = () => host.now();

let eventState;
class Event {
	#state;
	static { eventState = (e) => e.#state; }
	constructor(type, init = undefined) {
		if (arguments.length === 0) throw new TypeError("an event needs a type");
		if (init !== undefined && init !== null && typeof init !== "object") throw new TypeError("the options of an event must be an object");
		this.#state = { type: String(type), bubbles: flag(init, "bubbles"), cancelable: flag(init, "cancelable"), composed: flag(init, "composed"),
			target: null, current: null, phase: 0, stopped: false, immediately: false, prevented: false, passive: false, dispatched: false, time: monotonic() };
	}
	get type() { return this.#state.type; }
	get target() { return this.#state.target; }
	get srcElement() { return this.#state.target; }
	get currentTarget() { return this.#state.current; }
	get eventPhase() { return this.#state.phase; }
	get bubbles() { return this.#state.bubbles; }
	get cancelable() { return this.#state.cancelable; }
	get composed() { return this.#state.composed; }
	get defaultPrevented() { return this.#state.prevented; }
	get returnValue() { return !this.#state.prevented; }
	set returnValue(v) { if (!v) this.preventDefault(); }
	get cancelBubble() { return this.#state.stopped; }
	set cancelBubble(v) { if (v) this.#state.stopped = true; }
	get timeStamp() { return this.#state.time; }
	get isTrusted() { return false; }
	composedPath() { return this.#state.current === null ? [] : [this.#state.current]; }
	preventDefault() { if (this.#state.cancelable && !this.#state.passive) this.#state.prevented = true; }
	stopPropagation() { this.#state.stopped = true; }
	stopImmediatePropagation() { this.#state.stopped = this.#state.immediately = true; }
	initEvent(type, bubbles = false, cancelable = false) {
		if (this.#state.dispatched) return;
		Object.assign(this.#state, { type: String(type), bubbles: Boolean(bubbles), cancelable: Boolean(cancelable), stopped: false, immediately: false, prevented: false, target: null });
	}
}
for (const [i, name] of ["NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"].entries()) {
	for (const o of [Event, Event.prototype]) Object.defineProperty(o, name, { value: i, enumerable: true });
}

class CustomEvent extends Event {
	#detail;
	constructor(type, init = undefined) { super(...arguments); this.#detail = init?.detail ?? null; }
	get detail() { return this.#detail; }
}
class MessageEvent extends Event {
	#init;
	constructor(type, init = undefined) {
		super(...arguments);
		this.#init = { data: init?.data ?? null, origin: String(init?.origin ?? ""), lastEventId: String(init?.lastEventId ?? ""), source: init?.source ?? null, ports: freeze([...init?.ports ?? []]) };
	}
	get data() { return this.#init.data; }
	get origin() { return this.#init.origin; }
	get lastEventId() { return this.#init.lastEventId; }
	get source() { return this.#init.source; }
	get ports() { return this.#init.ports; }
}
class ErrorEvent extends Event {
	#init;
	constructor(type, init = undefined) { super(...arguments); this.#init = { message: String(init?.message ?? ""), filename: String(init?.filename ?? ""), lineno: Number(init?.lineno ?? 0), colno: Number(init?.colno ?? 0), error: init?.error }; }
	get message() { return this.#init.message; }
	get filename() { return this.#init.filename; }
	get lineno() { return this.#init.lineno; }
	get colno() { return this.#init.colno; }
	get error() { return this.#init.error; }
}
class PromiseRejectionEvent extends Event {
	#init;
	constructor(type, init) { super(...arguments); this.#init = { promise: init.promise, reason: init.reason }; }
	get promise() { return this.#init.promise; }
	get reason() { return this.#init.reason; }
}

const listeners = new WeakMap(); // of an EventTarget, by type; also of globalThis, which is not an EventTarget
const listenersOf = (target, type) => listeners.get(target)?.get(type) ?? [];
const dispatchTo = (target, event) => {
	const s = eventState(event);
	if (s.dispatched) throw new DOMException("the event is being dispatched", "InvalidStateError");
	Object.assign(s, { target, current: target, phase: 2, dispatched: true });
	if (!s.stopped) {
		for (const l of [...listenersOf(target, s.type)]) {
			if (l.removed) continue;
			if (l.once) removeListener(target, s.type, l.fn, l.capture);
			s.passive = l.passive;
			try {
				if (typeof l.fn === "function") call(l.fn, target, event);
				else if (typeof l.fn.handleEvent === "function") l.fn.handleEvent(event);
				else throw new TypeError("a listener must be a function, or an object with a handleEvent function");
			} catch (e) { host.report(e); }
			s.passive = false;
			if (s.immediately) break;
		}
	}
	Object.assign(s, { current: null, phase: 0, dispatched: false, stopped: false, immediately: false });
	return !s.prevented;
};
const addListener = (target, type, fn, options) => {
	type = String(type);
	const capture = typeof options === "boolean" ? options : flag(options, "capture");
	const signal = typeof options === "object" ? options?.signal : undefined;
	if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError("the signal of a listener must be an AbortSignal");
	if (fn === null || fn === undefined) return;
	if (typeof fn !== "function" && typeof fn !== "object") throw new TypeError("a listener must be a function, or an object with a handleEvent function");
	if (signal?.aborted) return;
	if (!listeners.has(target)) listeners.set(target, new Map());
	const list = listenersOf(target, type);
	if (list.some((l) => l.fn === fn && l.capture === capture)) return;
	listeners.get(target).set(type, [...list, { fn, capture, once: flag(options, "once"), passive: flag(options, "passive"), removed: false }]);
	signal?.addEventListener("abort", () => removeListener(target, type, fn, capture), { once: true });
};
const removeListener = (target, type, fn, options) => {
	type = String(type);
	const capture = typeof options === "boolean" ? options : flag(options, "capture");
	const list = listenersOf(target, type), found = list.find((l) => l.fn === fn && l.capture === capture);
	if (found === undefined) return;
	found.removed = true;
	listeners.get(target).set(type, list.filter((l) => l !== found));
};

class EventTarget {
	addEventListener(type, fn, options = undefined) { addListener(this ?? globalThis, type, fn, options); }
	removeEventListener(type, fn, options = undefined) { removeListener(this ?? globalThis, type, fn, options); }
	dispatchEvent(event) {
		if (!(event instanceof Event)) throw new TypeError("the argument of dispatchEvent must be an Event");
		return dispatchTo(this ?? globalThis, event);
	}
}

// handler defines the property on<type> of a class: its function is a listener, in the position of the first one that was set.
const handlers = new WeakMap();
const handler = (prototype, type) => {
	Object.defineProperty(prototype, "on" + type, {
		enumerable: true, configurable: true,
		get() { return handlers.get(this)?.[type]?.fn ?? null; },
		set(fn) {
			const all = handlers.get(this) ?? {};
			handlers.set(this, all);
			if (typeof fn !== "function" && (typeof fn !== "object" || fn === null)) fn = null;
			if (fn === null) {
				if (all[type]) removeListener(this, type, all[type].run);
				delete all[type];
			} else if (all[type]) all[type].fn = fn;
			else {
				const own = all[type] = { fn, run: (e) => { if (typeof own.fn === "function" && call(own.fn, this, e) === false) e.preventDefault(); } };
				addListener(this, type, own.run);
			}
		},
	});
};

let abort, makeSignal;
class AbortSignal extends EventTarget {
	#aborted = false; #reason = undefined; #dependents = []; #sources;
	static {
		let allowed = false;
		abort = (signal, reason) => {
			if (signal.#aborted) return;
			reason = reason === undefined ? new DOMException("the operation was aborted", "AbortError") : reason;
			const all = [signal];
			for (const d of signal.#dependents) if (!d.#aborted) all.push(d);
			for (const s of all) { s.#aborted = true; s.#reason = reason; }
			for (const s of all) dispatchTo(s, new Event("abort"));
		};
		makeSignal = () => { allowed = true; try { return new AbortSignal(); } finally { allowed = false; } };
		this.check = () => { if (!allowed) throw new TypeError("Illegal constructor"); };
	}
	constructor() { super(); checkSignal(); }
	get aborted() { return this.#aborted; }
	get reason() { return this.#reason; }
	throwIfAborted() { if (this.#aborted) throw this.#reason; }
	static abort(reason) { const s = makeSignal(); s.#aborted = true; s.#reason = reason === undefined ? new DOMException("the operation was aborted", "AbortError") : reason; return s; }
	static timeout(ms) {
		ms = Number(ms);
		if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) throw new TypeError("the time must be a number of milliseconds");
		const s = makeSignal();
		setTimeout(() => abort(s, new DOMException("the operation timed out", "TimeoutError")), ms < 0x7fffffff ? ms : 0x7fffffff);
		return s;
	}
	static any(signals) {
		const s = makeSignal(), list = [...signals];
		for (const other of list) if (!(other instanceof AbortSignal)) throw new TypeError("AbortSignal.any needs a list of AbortSignals");
		const done = list.find((other) => other.aborted);
		if (done !== undefined) {
			s.#aborted = true;
			s.#reason = done.reason;
			return s;
		}
		// A signal that depends on a dependent signal depends on the sources of that one: all are aborted at once.
		s.#sources = [...new Set(list.flatMap((other) => other.#sources ?? [other]))];
		for (const source of s.#sources) source.#dependents.push(s);
		return s;
	}
}
const checkSignal = AbortSignal.check;
delete AbortSignal.check;
handler(AbortSignal.prototype, "abort");
class AbortController {
	#signal = makeSignal();
	get signal() { return this.#signal; }
	abort(reason) { abort(this.#signal, reason); }
}

// ---- headers ---------------------------------------------------------------------------------------------------

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// String would convert a symbol to text.
const headerText = (value) => {
	if (typeof value === "symbol") throw new TypeError("a symbol cannot be part of a header");
	return String(value);
};
const headerName = (name) => {
	name = headerText(name);
	if (!matches(token, name)) throw new TypeError(`invalid header name ${stringify(name)}`);
	return lower(name);
};
const blank = (c) => c === " " || c === "\t" || c === "\n" || c === "\r";
const headerValue = (value) => {
	value = headerText(value);
	let from = 0, to = value.length;
	while (from < to && blank(value[from])) from++;
	while (from < to && blank(value[to - 1])) to--;
	if (to - from < value.length) value = sliced(value, from, to);
	if (matches(/[\0\n\r]/, value)) throw new TypeError("a header value contains a line break or a NUL");
	if (matches(/[^\0-\xff]/, value)) throw new TypeError("a header value contains characters outside Latin-1; encode them");
	return value;
};

// headersOf makes headers from what a script gave, hasHeader, addHeader and dropHeader read and change them, flatHeaders
// returns them as lines for the host, and lockHeaders makes them immutable.
let headersOf, lazyHeaders, hasHeader, addHeader, dropHeader, flatHeaders, lockHeaders;
class Headers {
	#list = bare(); #flat; #order; #locked = false;
	static {
		headersOf = (init) => new Headers(init);
		lazyHeaders = (flat) => { const h = new Headers(); h.#flat = flat; h.#locked = true; return h; };
		hasHeader = (h, name) => h.#first(name) >= 0;
		addHeader = (h, name, value) => h.#add(name, value);
		dropHeader = (h, name) => { if (h.#first(name) >= 0) h.#keep((n) => n === name); };
		flatHeaders = (h, but = undefined) => {
			const list = h.#all();
			let lines = "";
			for (let i = 0; i < list.length; i++) if (but === undefined || !but.has(list[i][0])) lines += (lines === "" ? "" : "\n") + list[i][0] + "\n" + list[i][1];
			return lines;
		};
		lockHeaders = (h) => { h.#locked = true; return h; };
	}
	#all() {
		if (this.#flat !== undefined) {
			const parts = this.#flat === "" ? [] : split(this.#flat, "\n"), list = this.#list;
			this.#flat = undefined;
			for (let i = 0; i + 1 < parts.length; i += 2) list[list.length] = [parts[i], parts[i + 1]];
		}
		return this.#list;
	}
	#first(name) {
		const list = this.#all();
		for (let i = 0; i < list.length; i++) if (list[i][0] === name) return i;
		return -1;
	}
	#add(name, value) {
		const list = this.#all();
		list[list.length] = [name, value];
		this.#order = undefined;
	}
	#append(name, value) { this.#add(headerName(name), headerValue(value)); }
	#changed() {
		if (this.#locked) throw new TypeError("these headers are read-only; copy them with new Headers(headers)");
		this.#order = undefined;
	}
	constructor(init = undefined) {
		if (init === undefined) return;
		if (typeof init !== "object" && typeof init !== "function" || init === null) throw new TypeError("headers must be an object, a list of [name, value] pairs, or a Headers object");
		const each = init[eachOf];
		if (#list in init && each === entriesOfHeaders) {
			const list = init.#all();
			for (let i = 0; i < list.length; i++) this.#list[i] = [list[i][0], list[i][1]];
		} else if (each !== undefined && each !== null) {
			for (const pair of init) {
				if (typeof pair !== "object" || pair === null) throw new TypeError("each header must be a [name, value] pair");
				const both = [...pair];
				if (both.length !== 2) throw new TypeError("each header must be a [name, value] pair");
				this.#append(both[0], both[1]);
			}
		} else {
			const names = ownKeys(init);
			for (let i = 0; i < names.length; i++) {
				const name = names[i];
				if (!getOwnPropertyDescriptor(init, name)?.enumerable) continue;
				if (typeof name === "symbol") throw new TypeError("a symbol cannot be the name of a header");
				this.#append(name, init[name]);
			}
		}
	}
	append(name, value) {
		need(arguments, 2);
		name = headerName(name);
		value = headerValue(value);
		this.#changed();
		this.#add(name, value);
	}
	// #keep replaces the list with a copy that leaves out what drop selects.
	#keep(drop) {
		const list = this.#all(), kept = bare();
		for (let i = 0; i < list.length; i++) if (!drop(list[i][0], i)) kept[kept.length] = list[i];
		this.#list = kept;
	}
	delete(name) {
		need(arguments, 1);
		name = headerName(name);
		this.#changed();
		this.#keep((n) => n === name);
	}
	get(name) {
		need(arguments, 1);
		name = headerName(name);
		const list = this.#all();
		let value = null;
		for (let i = 0; i < list.length; i++) if (list[i][0] === name) value = value === null ? list[i][1] : value + ", " + list[i][1];
		return value;
	}
	getSetCookie() {
		const list = this.#all(), values = [];
		for (let i = 0; i < list.length; i++) if (list[i][0] === "set-cookie") values.push(list[i][1]);
		return values;
	}
	has(name) {
		need(arguments, 1);
		return this.#first(headerName(name)) >= 0;
	}
	set(name, value) {
		need(arguments, 2);
		name = headerName(name);
		value = headerValue(value);
		this.#changed();
		const at = this.#first(name);
		if (at < 0) return this.#add(name, value);
		this.#keep((n, i) => n === name && i > at);
		this.#list[at] = [name, value];
	}
	#sorted() {
		const merged = new Map(), out = [], all = this.#all();
		for (let i = 0; i < all.length; i++) {
			const n = all[i][0], v = all[i][1];
			if (n === "set-cookie") out.push([n, v]);
			else merged.set(n, merged.has(n) ? merged.get(n) + ", " + v : v);
		}
		return [...out, ...merged].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
	}
	forEach(fn, self) {
		if (typeof fn !== "function") throw new TypeError("the argument of forEach must be a function");
		for (const [n, v] of this) call(fn, self, v, n, this);
	}
	entries() { return pairs("Headers", (i) => this.#at(i), 2); }
	keys() { return pairs("Headers", (i) => this.#at(i), 0); }
	values() { return pairs("Headers", (i) => this.#at(i), 1); }
	// What a loop adds or removes affects its next step; only then is the list sorted again.
	#at(i) { return (this.#order ??= this.#sorted())[i]; }
}
const entriesOfHeaders = Headers.prototype.entries;

// ---- bodies ----------------------------------------------------------------------------------------------------

// Everything about bodies other than text and bytes is in a separate part, with Blob, File and FormData.
const bodies = () => loaded("bodies");

// content converts any value that can be a body to text or bytes, with the content type it implies, or to a stream.
const content = (body) => {
	if (body === null || body === undefined) return [null, null];
	if (typeof body === "string") return [body[0] === "\ufeff" ? host.bytesOf(body, 0) : wellFormed(body), "text/plain;charset=UTF-8"];
	if (body instanceof ArrayBuffer) return [body.slice(0), null];
	if (isView(body)) return [view(body).slice().buffer, null];
	return bodies().content(body);
};

// A Request or a Response keeps its state in one private slot. Data from and for the host is read and made with as few calls as
// possible: here, a call costs more than the work it does.
//
// The body is in data: text, an ArrayBuffer, null, or a number if it has not arrived yet and may be read whole up to that size.
// If it is a stream, it is in stream, and data is null.
let slot, isBody;
class Body {
	#slot;
	static {
		slot = (b) => b.#slot;
		isBody = (v) => typeof v === "object" && v !== null && #slot in v;
	}
	constructor(state) { this.#slot = state; }
	get body() {
		const s = this.#slot;
		return s.stream ?? (s.data === null ? null : bodies().open(s));
	}
	get bodyUsed() {
		const s = this.#slot;
		return s.used || s.stream !== undefined && bodies().disturbed(s.stream);
	}
	// take returns the body, or a promise of it if it has not arrived.
	#take() {
		const s = this.#slot;
		check(s);
		if (s.stream !== undefined || typeof s.data === "number") return bodies().take(s);
		if (s.data !== null) s.used = true;
		return s.data;
	}
	async text() { let d = this.#take(); if (isPending(d)) d = await d; return asText(d); }
	async json() { let d = this.#take(); if (isPending(d)) d = await d; return parse(asText(d)); }
	async bytes() { let d = this.#take(); if (isPending(d)) d = await d; return asBytes(d); }
	async arrayBuffer() { let d = this.#take(); if (isPending(d)) d = await d; return exact(asBytes(d)); }
	async blob() {
		const type = bodies().mediaType(this.headers.get("content-type") ?? "");
		return new (bodies().Blob)([await this.bytes()], { type });
	}
	async formData() {
		check(this.#slot);
		return bodies().formData(this.#slot, this.headers.get("content-type") ?? "", () => this.bytes());
	}
}
const isPending = (d) => typeof d === "object" && d !== null && !(d instanceof ArrayBuffer);
const asText = (d) => d === null ? "" : typeof d === "string" ? d : new TextDecoder().decode(d);
const asBytes = (d) => d === null ? new Uint8Array(0) : typeof d === "string" ? new TextEncoder().encode(d) : new Uint8Array(d);

// check throws if a body can no longer be read, sent or copied.
const check = (s) => {
	if (s.used || s.stream !== undefined && bodies().unusable(s.stream)) throw new TypeError("the body has already been read, or is being read");
};

class Request extends Body {
	constructor(input, init = undefined) { super(bodies().request(input, init, arguments.length)); }
	get method() { return slot(this).method; }
	get url() { return slot(this).url; }
	get headers() {
		const s = slot(this);
		return typeof s.headers === "string" ? s.headers = lazyHeaders(s.headers) : s.headers;
	}
	get signal() {
		const s = slot(this);
		if (s.signal === undefined) {
			s.controller = new AbortController();
			s.signal = s.controller.signal;
			if (s.left !== undefined) s.controller.abort(s.left);
		}
		return s.signal;
	}
	get redirect() { return slot(this).redirect ?? "follow"; }
	get mode() { return slot(this).mode ?? "cors"; }
	get credentials() { return slot(this).credentials ?? "same-origin"; }
	get cache() { return slot(this).cache ?? "default"; }
	get referrer() { return slot(this).referrer ?? "about:client"; }
	get referrerPolicy() { return slot(this).referrerPolicy ?? ""; }
	get integrity() { return slot(this).integrity ?? ""; }
	get keepalive() { return slot(this).keepalive ?? false; }
	get destination() { return ""; }
	get duplex() { return "half"; }
	clone() {
		const s = slot(this);
		check(s);
		const { url, method, redirect, mode, credentials, cache, referrer, referrerPolicy, integrity, keepalive } = s;
		return construct(Body, [{
			__proto__: null,
			url, method, redirect, mode, credentials, cache, referrer, referrerPolicy, integrity, keepalive, used: false,
			headers: new Headers(this.headers), signal: AbortSignal.any([this.signal]), ...bodies().copy(s),
		}], Request);
	}
}

class Response extends Body {
	constructor(body = null, init = undefined) {
		if (init !== undefined && init !== null && typeof init !== "object" && typeof init !== "function") throw new TypeError("the second argument of a Response must be an object");
		const given = init?.status, number = given === undefined ? 200 : +given, status = number | 0;
		if (!(number >= 200 && number < 600)) throw new RangeError(`invalid response status ${given}; it must be from 200 to 599`);
		const text = init?.statusText, statusText = text === undefined ? "" : String(text);
		if (matches(/[^\t\x20-\x7e\x80-\xff]/, statusText)) throw new TypeError("statusText contains an invalid character");
		const made = content(body), data = made[0], contentType = made[1], stream = made.length > 2 ? made[2] : undefined;
		if (body !== null && (status === 204 || status === 205 || status === 304)) throw new TypeError(`a response with status ${status} cannot have a body`);
		let headers;
		if (init?.headers !== undefined) {
			headers = headersOf(init.headers);
			if (contentType && !hasHeader(headers, "content-type")) addHeader(headers, "content-type", contentType);
		}
		super({ __proto__: null, data, used: false, contentType, headers, status, statusText, stream });
	}
	get status() { return slot(this).status; }
	get ok() { const { status } = slot(this); return status >= 200 && status < 300; }
	get statusText() { return slot(this).statusText ?? ""; }
	get type() { const { status, url } = slot(this); return status === 0 ? "error" : url === undefined ? "default" : "basic"; }
	get url() { return slot(this).url ?? ""; }
	get redirected() { return slot(this).redirected ?? false; }
	get headers() {
		const s = slot(this);
		if (s.headers === undefined) {
			s.headers = new Headers();
			if (s.contentType) addHeader(s.headers, "content-type", s.contentType);
		} else if (typeof s.headers === "string") s.headers = lazyHeaders(s.headers);
		return s.headers;
	}
	clone() {
		const s = slot(this);
		check(s);
		const { contentType, status, statusText, url, redirected } = s, headers = new Headers(this.headers);
		return construct(Body, [{ __proto__: null, used: false, contentType, headers: url === undefined ? headers : lockHeaders(headers), status, statusText, url, redirected, ...bodies().copy(s) }], Response);
	}
	static json(data, init = undefined) {
		const text = stringify(data);
		if (text === undefined) throw new TypeError("the value cannot be converted to JSON");
		if (init === undefined) return construct(Body, [{ __proto__: null, data: text, used: false, contentType: "application/json", status: 200 }], Response);
		const headers = headersOf(init?.headers);
		if (!hasHeader(headers, "content-type")) addHeader(headers, "content-type", "application/json");
		return new Response(text, { ...init, headers });
	}
	static redirect(url, status = 302) {
		const target = String(url);
		if (/^[a-z][a-z0-9+.-]*:/i.test(target) && !URL.canParse(target)) throw new TypeError("the redirect target is not a valid URL");
		if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is not a redirect status`);
		const headers = headersOf({ location: URL.canParse(target) ? new URL(target).href : target });
		return construct(Body, [{ __proto__: null, data: null, used: false, contentType: null, headers: lockHeaders(headers), status }], Response);
	}
	static error() { return construct(Body, [{ __proto__: null, data: null, used: false, contentType: null, headers: lockHeaders(new Headers()), status: 0 }], Response); }
}
for (const c of [Request, Response]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });

// ---- time ------------------------------------------------------------------------------------------------------

const timers = heldMap(), calls = heldMap();
const timer = (fn, ms, args, repeat) => {
	if (typeof fn !== "function") throw new TypeError("the first argument of a timer must be a function");
	ms = Number(ms) | 0; // a long of Web IDL: 2 ** 32 is 0
	if (ms < 0) ms = 0;
	const id = host.timer(ms);
	timers.set(id, { fn, ms, args, repeat });
	return id;
};
const setTimeout = (fn, ms = 0, ...args) => timer(fn, ms, args, false);
const setInterval = (fn, ms = 0, ...args) => timer(fn, ms, args, true);
const setImmediate = (fn, ...args) => timer(fn, 0, args, false);
const clearTimeout = (id) => { if (timers.delete(id)) host.cancel(id); };
const fire = (id) => {
	const t = timers.get(id);
	if (t === undefined) return;
	if (t.repeat) host.again(id, t.ms > 1 ? t.ms : 1); else timers.delete(id);
	apply(t.fn, undefined, t.args);
};
const settle = (id, ok, value) => {
	const c = calls.get(id);
	calls.delete(id);
	if (c !== undefined) (ok ? c.resolve : c.reject)(ok && typeof value === "string" && !c.raw ? parse(value) : value);
};
// later returns a promise of the value that the host gives for the id, unparsed.
const later = (id) => new Promise((resolve, reject) => { calls.set(id, { resolve, reject, raw: true }); });
// forget drops a promise, which is never settled then.
const forget = (id) => { calls.delete(id); };
const queueMicrotask = (fn) => {
	if (typeof fn !== "function") throw new TypeError("the argument of queueMicrotask must be a function");
	Promise.resolve().then(() => { try { fn(); } catch (e) { host.report(e); } });
};

// ---- copies ----------------------------------------------------------------------------------------------------

const detach = ArrayBuffer.prototype.transfer;
// cloned returns a copy of a value, and the ports that were transferred with it.
const cloned = (value, transfer = []) => {
	const seen = new Map(), transferred = new Set(), ports = [];
	for (const b of transfer) {
		const port = isPort(b);
		if (!port && !(b instanceof ArrayBuffer) || transferred.has(b) || b.detached) throw new DOMException("only ArrayBuffers and MessagePorts can be transferred, once", "DataCloneError");
		transferred.add(b);
		if (port) seen.set(b, loaded("tasks").heir(b));
	}
	const copy = (v) => {
		if (typeof v === "function" || typeof v === "symbol") throw new DOMException(`${String(v)} cannot be cloned`, "DataCloneError");
		if (typeof v !== "object" || v === null) return v;
		if (seen.has(v)) return seen.get(v);
		const keep = (c) => (seen.set(v, c), c);
		if (isPort(v)) throw new DOMException("a MessagePort can only be transferred", "DataCloneError");
		if (v instanceof Date) return keep(new Date(v.getTime()));
		if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
		if (v instanceof Boolean || v instanceof Number || v instanceof String || v instanceof BigInt) return keep(Object(v.valueOf()));
		if (v instanceof ArrayBuffer) {
			if (v.detached) throw new DOMException("an ArrayBuffer that was transferred cannot be cloned", "DataCloneError");
			return keep(v.slice(0));
		}
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
		if (isA("Blob", v)) return keep(bodies().cloned(v));
		if (v instanceof Promise || v instanceof WeakMap || v instanceof WeakSet || v instanceof WeakRef) throw new DOMException("the value cannot be cloned", "DataCloneError");
		const c = keep(Array.isArray(v) ? new Array(v.length) : {});
		for (const key of Object.keys(v)) c[key] = copy(v[key]);
		return c;
	};
	const result = copy(value);
	for (const b of transferred) {
		if (isPort(b)) ports.push(loaded("tasks").inherit(b, seen.get(b)));
		else call(detach, b);
	}
	return { value: result, ports };
};
const structuredClone = function (value, options = undefined) {
	need(arguments, 1);
	return cloned(value, options?.transfer ?? []).value;
};
const isPort = (v) => parts.has("tasks") && v instanceof loaded("tasks").MessagePort;

// ---- console ---------------------------------------------------------------------------------------------------

const inspect = (value, depth = 0, seen = []) => {
	switch (typeof value) {
	case "string": return depth === 0 ? value : stringify(value);
	case "bigint": return value + "n";
	case "symbol": return String(value);
	case "function": return Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false ? `[class ${value.name || "(anonymous)"}]` : `[function ${value.name || "(anonymous)"}]`;
	case "object": break;
	default: return Object.is(value, -0) ? "-0" : String(value);
	}
	if (value === null) return "null";
	if (seen.includes(value)) return "[circular]";
	if (value instanceof Error) return inspectError(value, depth, [...seen, value]);
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
	if (value instanceof Headers || value instanceof URLSearchParams || isA("FormData", value)) return join(`${name} {`, [...value].map(([k, v]) => `${k}: ${more(v)}`), "}", 0);
	if (value instanceof Request) return `Request { ${value.method} ${value.url} }`;
	if (value instanceof Response) return `Response { status: ${value.status} }`;
	const keys = Object.keys(value);
	const items = keys.slice(0, 100).map((k) => {
		const d = Object.getOwnPropertyDescriptor(value, k);
		return `${/^[A-Za-z_$][\w$]*$/.test(k) ? k : stringify(k)}: ${d?.get ? "[getter]" : more(d?.value)}`;
	});
	return join(name === "Object" || name === "null" ? "{" : `${name} {`, items, "}", keys.length - 100);
};

// inspectError shows an error with its stack, its cause, and the errors of an AggregateError.
const inspectError = (error, depth, seen) => {
	const stack = error.stack, at = typeof stack === "string" ? stack.indexOf("\n    at ") : -1;
	let text = at >= 0 ? headed(error) + stack.slice(at) : typeof stack === "string" && Object.hasOwn(error, "stack") ? stack : headed(error);
	const inner = (v) => depth > 3 ? "…" : inspect(v, depth + 1, seen).replaceAll("\n", "\n  ");
	if (Object.hasOwn(error, "cause")) text += "\n  [cause]: " + inner(error.cause);
	if (Array.isArray(error.errors)) for (const [i, e] of error.errors.slice(0, 10).entries()) text += `\n  [errors][${i}]: ` + inner(e);
	return text;
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

let indent = "";
const print = (level, args) => {
	let text;
	try { text = format(args); } catch { text = "[a value that cannot be shown]"; }
	host.print(level, indent === "" ? text : indent + text.replaceAll("\n", "\n" + indent));
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
	table: (data) => print("info", [table(data)]), group: (...a) => { if (a.length) print("info", a); if (indent.length < 40) indent += "  "; }, groupEnd: () => { indent = indent.slice(2); },
	count: (label = "default") => { counts.set(label, (counts.get(label) ?? 0) + 1); print("info", [`${label}: ${counts.get(label)}`]); },
	countReset: (label = "default") => { counts.delete(label); },
	time: (label = "default") => { clocks.set(label, host.now()); },
	timeLog: (label = "default", ...a) => { print("info", [`${label}: ${(host.now() - (clocks.get(label) ?? host.now())).toFixed(3)} ms`, ...a]); },
	timeEnd: (label = "default") => { console.timeLog(label); clocks.delete(label); }, clear: () => {},
};
console.groupCollapsed = console.group;
console.dirxml = console.log;

// ---- the rest --------------------------------------------------------------------------------------------------

class Crypto {
	static #made = false;
	constructor() {
		if (Crypto.#made) throw new TypeError("Illegal constructor");
		Crypto.#made = true;
	}
	get subtle() { return loaded("subtle").subtle; }
	randomUUID() { return host.uuid(); }
	getRandomValues(array) {
		if (!ArrayBuffer.isView(array) || !/^(Big)?(Int|Uint)\d+(Clamped)?Array$/.test(typedName(array))) throw new DOMException("the argument of getRandomValues must be an integer typed array", "TypeMismatchError");
		if (array.byteLength > 65536) throw new DOMException("more than 65536 bytes were requested", "QuotaExceededError");
		view(array).set(new Uint8Array(host.random(array.byteLength)));
		return array;
	}
}
const typedName = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get);
const crypto = new Crypto();
let makePerformance;
class Performance extends EventTarget {
	static {
		let allowed = false;
		makePerformance = () => { allowed = true; return new Performance(); };
		this.check = () => { if (!allowed) throw new TypeError("Illegal constructor"); allowed = false; };
	}
	constructor() { super(); checkPerformance(); }
	now() { return host.now(); }
	get timeOrigin() { return host.origin(); }
	mark(name, options = undefined) { need(arguments, 1); return loaded("performance").mark(name, options); }
	measure(name, start = undefined, end = undefined) { need(arguments, 1); return loaded("performance").measure(name, start, end); }
	clearMarks(name = undefined) { loaded("performance").clearMarks(name); }
	clearMeasures(name = undefined) { loaded("performance").clearMeasures(name); }
	getEntries() { return loaded("performance").getEntries(); }
	getEntriesByType(type) { need(arguments, 1); return loaded("performance").getEntriesByType(type); }
	getEntriesByName(name, type = undefined) { need(arguments, 1); return loaded("performance").getEntriesByName(name, type); }
	toJSON() { return { timeOrigin: this.timeOrigin }; }
}
const checkPerformance = Performance.check;
delete Performance.check;
const performance = makePerformance();

// ---- the product's own functions -------------------------------------------------------------------------------

const fazt = {};
let envValues = {};
// A list with more pages arrives as { $entries, cursor } and becomes an array with a cursor property.
const result = (text) => {
	if (text === undefined) return undefined;
	const v = parse(text);
	return v !== null && typeof v === "object" && Object.hasOwn(v, "$entries") && Array.isArray(v.$entries) ? Object.assign(v.$entries, v.cursor === undefined ? {} : { cursor: v.cursor }) : v;
};
// JSON says null for numbers that are not finite, functions, symbols and undefined. What a function is given is refused instead.
const given = (f, args) => {
	const text = stringify(args);
	if (!text.includes("null")) return text;
	return stringify(args, function (key, v) {
		if (typeof v === "number" && !Number.isFinite(v)) host.refuse(f.index, `${v} cannot be written as JSON`);
		if (this === args && (typeof v === "function" || typeof v === "symbol" || v === undefined && key < f.required)) host.refuse(f.index, `${f.params[key] ?? "an argument"} must not be ${v === undefined ? v : `a ${typeof v}`}`);
		return v;
	});
};
for (const f of parse(host.bindings())) {
	const at = f.path.split(".").slice(1).reduce((o, name) => o[name] ??= {}, fazt);
	if (f.constant) Object.defineProperty(at, f.name, { enumerable: true, get: () => { const v = host.call(f.index, "[]"); return v === undefined ? undefined : parse(v); } });
	else if (f.async) at[f.name] = (...args) => new Promise((resolve, reject) => { calls.set(host.start(f.index, given(f, args)), { resolve, reject }); });
	else if (f.page) at[f.name] = (...args) => result(host.call(f.index, given(f, args)));
	else at[f.name] = (...args) => { const v = host.call(f.index, given(f, args)); return v === undefined ? undefined : parse(v); };
}
fazt.env = { get: (name, otherwise) => Object.hasOwn(envValues, name) ? envValues[name] : otherwise, has: (name) => Object.hasOwn(envValues, name) };
fazt.log = { info: console.info, warn: console.warn, error: console.error, debug: console.debug };

tag(DOMException, TextEncoder, TextDecoder, URL, URLSearchParams, Event, CustomEvent, MessageEvent, ErrorEvent, PromiseRejectionEvent, EventTarget, AbortSignal, AbortController, Headers, Crypto, Performance);
iterable(URLSearchParams, Headers);
for (const [i, name] of codes.entries()) {
	if (name === undefined) continue;
	const constant = name === "IndexSizeError" ? "INDEX_SIZE_ERR" : name.replace(/Error$/, "").replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase() + "_ERR";
	for (const o of [DOMException, DOMException.prototype]) Object.defineProperty(o, constant, { value: i + 1, enumerable: true });
}

const fetch = async function (input, init = undefined) { return loaded("net").fetch(input, init, arguments.length); };
// The files of the deployment, as Cloudflare binds them. Not enumerable: apps list their variables.
const assets = freeze({ fetch: async function (input, init = undefined) { return loaded("net").fetch(input, init, arguments.length, 1); } });
fazt.net = { fetch: (url, options = undefined) => loaded("net").ask(url, options) };
const reportError = (e) => { need([e], 1); host.report(e); };

define(globalThis, {
	Crypto, Performance, MessageEvent, ErrorEvent, PromiseRejectionEvent, fetch, reportError,
	addEventListener: EventTarget.prototype.addEventListener, removeEventListener: EventTarget.prototype.removeEventListener, dispatchEvent: EventTarget.prototype.dispatchEvent,
	DOMException, TextEncoder, TextDecoder, atob, btoa, URL, URLSearchParams, Event, CustomEvent, EventTarget, AbortSignal, AbortController,
	Headers, Request, Response, setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout, setImmediate, clearImmediate: clearTimeout, queueMicrotask,
	structuredClone, console, crypto, performance, fazt, self: globalThis, navigator: freeze({ userAgent: host.agent() }),
});

// Parts are separate scripts for what few functions need. They are run when first needed.
const lazily = (part, names) => {
	for (const name of names) {
		const fix = (value) => (Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true }), value);
		Object.defineProperty(globalThis, name, { get: () => fix(loaded(part)[name]), set: fix, enumerable: false, configurable: true });
	}
};
const parts = heldMap();
const loaded = (name) => {
	if (!parts.has(name)) {
		const part = host.part(name);
		parts.set(name, typeof part === "function" ? part(lent) : typeof part.setup === "function" ? part.setup(services) : part);
	}
	return parts.get(name);
};
// isA reports whether a value is of a class of the part about bodies. If that is not loaded, no value is.
const isA = (name, value) => parts.has("bodies") && value instanceof bodies()[name];
lazily("intl", ["Intl"]);
lazily("atomics", ["Atomics"]);
lazily("wasm", ["WebAssembly"]);
lazily("caches", ["caches", "Cache", "CacheStorage"]);
lazily("tasks", ["MessageChannel", "MessagePort", "BroadcastChannel", "scheduler"]);
lazily("websocket", ["WebSocket", "CloseEvent"]);
lazily("performance", ["PerformanceEntry", "PerformanceMark", "PerformanceMeasure"]);
define(URL, {
	createObjectURL(blob) {
		need(arguments, 1);
		if (!isA("Blob", blob)) throw new TypeError("the argument of createObjectURL must be a Blob");
		return loaded("local").createObjectURL(blob);
	},
	revokeObjectURL(url) { need(arguments, 1); loaded("local").revokeObjectURL(url); },
});
lazily("subtle", ["CryptoKey", "SubtleCrypto"]);
for (const [of, names] of [[Date, ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]], [Number, ["toLocaleString"]], [BigInt, ["toLocaleString"]], [Array, ["toLocaleString"]],
	[Object.getPrototypeOf(Uint8Array), ["toLocaleString"]], [String, ["localeCompare", "toLocaleUpperCase", "toLocaleLowerCase"]]]) {
	for (const name of names) {
		const method = name === "localeCompare" ? { localeCompare(that, locales = undefined, options = undefined) { return loaded("intl").localeCompare(this, that, locales, options); } }[name]
			: { [name](locales = undefined, options = undefined) { return loaded("intl")[name][of.name](this, locales, options); } }[name];
		Object.defineProperty(method, "length", { value: name === "localeCompare" ? 1 : 0 });
		Object.defineProperty(of.prototype, name, { value: method, writable: true, enumerable: false, configurable: true });
	}
}
lazily("transforms", ["TextEncoderStream", "TextDecoderStream", "CompressionStream", "DecompressionStream"]);
// The host functions that parts may use.
const { bytesOf, textOf, writeText, sizeOfText, compareBytes, indexOfBytes, fillBytes, swapBytes, validBytes } = host;
const services = freeze({ bytesOf, textOf, writeText, sizeOfText, compareBytes, indexOfBytes, fillBytes, swapBytes, validBytes, random: host.random, uuid: host.uuid, digest: host.digest, hmac: host.hmac, computed: host.computed, env: () => envValues });
// Node.js modules are parts. The compiler replaces their imports with __fazt_node, and imports with computed names with
// __fazt_require and __fazt_import.
const computed = (how, name) => new TypeError(`${how} needs the name of a file or a package written out: what it imports is known when the function is deployed, and ${typeof name === "string" ? stringify(name) : "this"} is not`);
define(globalThis, { __fazt_require: (name) => { throw computed("require", name); }, __fazt_import: async (name) => { throw computed("import", name); } });
define(globalThis, { __fazt_node: (name) => loaded("node-" + name).default, __fazt_part: (name) => name.startsWith("std-") ? loaded(name).default : undefined });
define(globalThis, {
	__fazt_meta: (file) => ({ url: encodeURI("file:///" + file), filename: "/" + file, dirname: ("/" + file).replace(/\/[^/]*$/, "") || "/", main: false }),
	__fazt_wasm: (text) => loaded("wasm").compile(text),
	__fazt_stub: (name, importer) => loaded("stub")(name, importer),
	__fazt_regexp: () => { loaded("regexp"); },
});
lazily("node-buffer", ["Buffer"]);
lazily("node-process", ["process"]);
lazily("urlpattern", ["URLPattern"]);
lazily("streams", ["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController", "ReadableByteStreamController",
	"ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter", "WritableStreamDefaultController", "TransformStream",
	"TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"]);

// The helpers for parts that are functions.
const lent = {
	host, later, forget, need, handler, dispatchTo, cloned, now: monotonic, atob, setTimeout, clearTimeout, local: () => loaded("local"), slot, isBody, view, exact, token, current: () => current, setLeave: (fn) => { leaving = fn; },
	waitUntil: (promise) => new Context().waitUntil(promise),
	lengthOf, heldWeakMap, flatHeaders, lazyHeaders, put, bodies,
	response: (state) => construct(Body, [state], Response),
	types: { DOMException, EventTarget, ErrorEvent, Event, MessageEvent, Headers, URL, URLSearchParams, TextEncoder, TextDecoder, AbortSignal, Request, Response, content, streams: () => loaded("streams"), streamsLoaded: () => parts.has("streams") },
};
lazily("bodies", ["Blob", "File", "FormData"]);

// ---- running ---------------------------------------------------------------------------------------------------

let app, exported, waiting = 0, current, leaving; // current: the slot of the current request; leaving: stops the response to it

const awaited = async (promise) => {
	try { await promise; } catch (e) { host.report(e); }
	host.waiting(--waiting);
};
class Context {
	waitUntil(promise) {
		host.waiting(++waiting);
		awaited(promise);
	}
	passThroughOnException() {}
}
// relayed lists headers of another server's response that are not for visitors: they are left out when it is passed on.
const relayed = new Set(["connection", "keep-alive", "transfer-encoding", "date", "alt-svc", "nel", "report-to"]);
define(relayed, { has: Set.prototype.has });

// done sends the response. One without explicit headers is sent with only its content type.
const done = (response) => {
	const s = isBody(response) ? slot(response) : undefined;
	if (!s?.status) throw new TypeError(`the function must return a Response, not ${inspect(response, 1)}`);
	if (s.used) throw new TypeError("the body has already been read");
	if (s.url !== undefined) {
		if (typeof s.headers === "string") s.headers = lazyHeaders(s.headers);
		if (typeof s.data === "number") bodies().open(s);
	}
	if (s.stream !== undefined) {
		check(s);
		if (s.headers === undefined) bodies().send(s, s.status, "", s.contentType);
		else bodies().send(s, s.status, flatHeaders(s.headers, s.url === undefined ? undefined : relayed), null);
	} else if (s.headers === undefined) host.respond(s.status, "", s.data, s.contentType);
	else host.respond(s.status, flatHeaders(s.headers, s.url === undefined ? undefined : relayed), s.data, null);
};
const fail = (e) => host.fail(e);
const settled = async (result) => { try { done(await result); } catch (e) { fail(e); } };

const dispatch = (method, url, headers, data) => {
	try {
		current = { __proto__: null, data, used: false, method, url, headers };
		const request = construct(Body, [current], Request);
		const result = app.fetch(request, envValues, new Context());
		if (isBody(result)) done(result);
		else settled(result);
	} catch (e) { fail(e); }
};

// invoke calls a function that the module exports, for an event that is not a request.
const resulted = async (result) => { try { host.result(stringify(await result) ?? "null"); } catch (e) { fail(e); } };
const invoke = (name, value) => {
	try {
		const fn = exported[name];
		if (typeof fn !== "function") throw new TypeError(`the function does not export ${name}`);
		resulted(fn(parse(value), envValues, new Context()));
	} catch (e) { fail(e); }
};

// leave is called when the visitor has left or the request is over.
const leave = (error) => {
	const reason = new DOMException(error.message, "AbortError");
	if (current !== undefined) {
		current.left = reason;
		current.controller?.abort(reason);
	}
	leaving?.(reason);
};

const start = () => {
	const module = globalThis.__fazt_app;
	globalThis.__fazt_app = undefined;
	exported = module;
	const entry = module?.default;
	if (typeof entry === "function") app = { fetch: (request, env, ctx) => entry(request, env, ctx) };
	else if (typeof entry?.fetch === "function") app = entry;
	else throw new TypeError("the default export must be a function, or an object with a fetch function");
};

// ---- the classic style -----------------------------------------------------------------------------------------

let responded, record, script = false;
const header = (headers) => {
	const all = headersOf(undefined), names = keys(headers ?? {});
	for (let i = 0; i < names.length; i++) {
		const name = headerName(names[i]), value = headers[names[i]];
		dropHeader(all, name); // a name in two spellings is one header: the last one counts, as in Node.js
		if (!isArray(value)) addHeader(all, name, headerValue(value));
		else for (let j = 0; j < value.length; j++) addHeader(all, name, headerValue(value[j]));
	}
	return all;
};
const answer = (r) => {
	const status = r.status ?? 200;
	if (!isInteger(status) || status < 200 || status > 599) throw new RangeError(`invalid response status ${inspect(status, 1)}; it must be from 200 to 599`);
	const headers = header(r.headers);
	let body = r.body, type;
	if (body === undefined || body === null) return host.respond(status, flatHeaders(headers), null);
	if (body instanceof ArrayBuffer || isView(body) || isA("Blob", body)) {
		body = content(body)[0];
		type = "application/octet-stream";
	} else if (typeof body === "string") type = "text/plain; charset=utf-8";
	else {
		body = stringify(body);
		if (body === undefined) throw new TypeError("the body cannot be converted to JSON");
		type = "application/json";
	}
	if (!hasHeader(headers, "content-type")) addHeader(headers, "content-type", type);
	host.respond(status, flatHeaders(headers), body);
};

const prepared = (method, url, headers, body, ip, id) => {
	script = true;
	current = { __proto__: null };
	const parsed = new URL(url), all = {};
	const parts = headers === "" ? [] : headers.split("\n");
	for (let i = 0; i + 1 < parts.length; i += 2) put(all, parts[i], Object.hasOwn(all, parts[i]) ? all[parts[i]] + ", " + parts[i + 1] : parts[i + 1]);
	const query = {};
	for (const [n, v] of parsed.searchParams) if (!Object.hasOwn(query, n)) put(query, n, v);
	const text = () => body === null ? "" : typeof body === "string" ? body : new TextDecoder().decode(body);
	const type = all["content-type"] ?? "";
	let value, read = false, form;
	// multipart parses the body as a form and returns the first part of each name, with texts and files separate.
	const multipart = () => {
		if (form !== undefined) return form;
		form = { fields: {}, files: {} };
		if (body === null || !/^multipart\/form-data/i.test(type)) return form;
		const list = host.multipart(type, typeof body === "string" ? exact(new TextEncoder().encode(body)) : body);
		if (list === undefined) throw new TypeError("the body is not valid multipart/form-data");
		for (const p of list) {
			const into = p.filename === undefined ? form.fields : form.files;
			if (Object.hasOwn(into, p.name) || p.name === "__proto__" && into === form.files) continue; // an object there could become a prototype
			put(into, p.name, p.filename === undefined ? new TextDecoder().decode(p.data)
				: { name: p.filename, type: p.type || "application/octet-stream", size: p.data.byteLength, data: new Uint8Array(p.data) });
		}
		return form;
	};
	const request = { method, path: parsed.pathname, url, query, headers: all, ip, id, params: {},
		get body() {
			if (read) return value;
			read = true;
			if (body === null) value = null;
			else if (/^application\/(?:[\w.+-]+\+)?json/i.test(type)) value = parse(text());
			else if (/^application\/x-www-form-urlencoded/i.test(type)) { value = {}; for (const [n, v] of new URLSearchParams(text())) if (!Object.hasOwn(value, n)) put(value, n, v); }
			else if (/^multipart\/form-data/i.test(type)) value = multipart().fields;
			else value = text();
			return value;
		},
		get files() { return multipart().files; },
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

const classic = ({ value }) => { // the promise of a script resolves to an object that holds its completion value
	try {
		if (responded) return answer(record);
		if (value instanceof Response) return done(value);
		if (value === undefined || value === null) return answer({});
		if (typeof value === "object" && !Array.isArray(value) && ("status" in value || "body" in value || "headers" in value)) return answer(value);
		answer({ body: value });
	} catch (e) { fail(e); }
};

return {
	dispatch, start, invoke, settle, fire, prepare: prepared, classic, fail, inspect: (v) => inspect(v, typeof v === "string" ? 0 : 1),
	preload: (names) => { for (const name of names.split(",")) loaded(name); },
	env: (text) => {
		envValues = parse(text);
		if (!Object.hasOwn(envValues, "ASSETS")) Object.defineProperty(envValues, "ASSETS", { value: assets });
		freeze(envValues);
	},
	leave,
	reset: () => { timers.clear(); calls.clear(); waiting = 0; current = leaving = undefined; indent = ""; },
};
};
})()
