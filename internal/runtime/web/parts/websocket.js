// WebSocket and CloseEvent. Functions cannot open WebSockets to other servers, so every connection fails as one that a server
// refuses; packages that try one and then use fetch work. The last expression is a function that takes the prelude's helpers.
"use strict";
({ need, handler, setTimeout, types: { DOMException, ErrorEvent, Event, EventTarget, TextEncoder, URL } }) => {
const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const test = Function.prototype.call.bind(RegExp.prototype.test);

class CloseEvent extends Event {
	#init;
	constructor(type, init = undefined) {
		need(arguments, 1);
		super(type, init);
		const { wasClean = false, code = 0, reason = "" } = init ?? {};
		this.#init = { wasClean: Boolean(wasClean), code: Number(code) & 0xffff, reason: `${reason}` };
	}
	get wasClean() { return this.#init.wasClean; }
	get code() { return this.#init.code; }
	get reason() { return this.#init.reason; }
}

const address = (url) => {
	let u;
	try { u = new URL(url); } catch { throw new DOMException(`${url} is not a URL`, "SyntaxError"); }
	if (u.protocol === "http:") u.protocol = "ws:";
	if (u.protocol === "https:") u.protocol = "wss:";
	if (u.protocol !== "ws:" && u.protocol !== "wss:") throw new DOMException(`the URL of a WebSocket begins with ws: or wss:, not ${u.protocol}`, "SyntaxError");
	if (u.hash !== "" || u.href.endsWith("#")) throw new DOMException("the URL of a WebSocket has no fragment", "SyntaxError");
	return u.href;
};

class WebSocket extends EventTarget {
	#url; #state = states.CONNECTING; #binaryType = "blob";
	constructor(url, protocols = []) {
		need(arguments, 1);
		super();
		this.#url = address(`${url}`);
		const list = typeof protocols === "string" ? [protocols] : [...protocols].map(String);
		const seen = new Set();
		for (const name of list) {
			if (!test(token, name) || seen.has(name)) throw new DOMException(`${name} is not a protocol of its own`, "SyntaxError");
			seen.add(name);
		}
		setTimeout(() => {
			const message = "functions cannot open WebSockets to other servers; use fetch";
			console.warn(`WebSocket ${this.#url}: ${message}`);
			this.#state = states.CLOSED;
			this.dispatchEvent(new ErrorEvent("error", { message }));
			this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
		}, 0);
	}
	get url() { return this.#url; }
	get readyState() { return this.#state; }
	get bufferedAmount() { return 0; }
	get extensions() { return ""; }
	get protocol() { return ""; }
	get binaryType() { return this.#binaryType; }
	set binaryType(type) { if (type === "blob" || type === "arraybuffer") this.#binaryType = type; }
	send() {
		need(arguments, 1);
		if (this.#state === states.CONNECTING) throw new DOMException("the WebSocket is not open yet", "InvalidStateError");
	}
	close(code = undefined, reason = undefined) {
		if (code !== undefined && (code = Number(code) & 0xffff) !== 1000 && (code < 3000 || code > 4999)) throw new DOMException(`the code to close with is 1000, or from 3000 to 4999, not ${code}`, "InvalidAccessError");
		if (reason !== undefined && new TextEncoder().encode(`${reason}`).length > 123) throw new DOMException("the reason to close has more than 123 bytes", "SyntaxError");
		if (this.#state === states.CONNECTING) this.#state = states.CLOSING;
	}
}
for (const [name, value] of Object.entries(states)) {
	for (const of of [WebSocket, WebSocket.prototype]) Object.defineProperty(of, name, { value, enumerable: true });
}
for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "send", "close"]) Object.defineProperty(WebSocket.prototype, name, { enumerable: true });
for (const type of ["open", "message", "error", "close"]) handler(WebSocket.prototype, type);
for (const c of [CloseEvent, WebSocket]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
return { CloseEvent, WebSocket };
}
