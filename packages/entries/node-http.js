// A client for HTTP on fetch. Functions do not listen: Fazt hands them requests.
import EventEmitter from "node:events";
import { Buffer } from "node:buffer";
import Stream from "node:stream";

const { Readable, Writable } = Stream;
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
const STATUS_CODES = { 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
	308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
	410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Payload Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 418: "I'm a Teapot", 422: "Unprocessable Entity",
	425: "Too Early", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented",
	502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported" };

class IncomingMessage extends Readable {
	constructor(response) {
		super({ read() {} });
		this.httpVersion = "1.1";
		this.headers = {};
		this.rawHeaders = [];
		if (response === undefined) return;
		this.statusCode = response.status;
		this.statusMessage = response.statusText || STATUS_CODES[response.status] || "";
		this.url = response.url;
		for (const [name, value] of response.headers) {
			this.rawHeaders.push(name, value);
			if (name === "set-cookie") (this.headers[name] ??= []).push(value);
			else this.headers[name] = value;
		}
		this.complete = false;
	}
	setTimeout() { return this; }
}

class ClientRequest extends Writable {
	#headers = new Map(); #body = []; #controller = new AbortController();
	constructor(url, options, done) {
		super();
		this.url = url;
		this.method = String(options.method ?? "GET").toUpperCase();
		this.path = url.pathname + url.search;
		this.host = url.hostname;
		this.protocol = url.protocol;
		for (const [name, value] of Object.entries(options.headers ?? {})) this.setHeader(name, value);
		if (options.auth) this.setHeader("authorization", "Basic " + Buffer.from(options.auth).toString("base64"));
		if (options.timeout) this.setTimeout(options.timeout);
		options.signal?.addEventListener("abort", () => this.destroy(options.signal.reason));
		if (done) this.once("response", done);
	}
	setHeader(name, value) { this.#headers.set(String(name).toLowerCase(), value); return this; }
	getHeader(name) { return this.#headers.get(String(name).toLowerCase()); }
	hasHeader(name) { return this.#headers.has(String(name).toLowerCase()); }
	removeHeader(name) { this.#headers.delete(String(name).toLowerCase()); }
	getHeaders() { return Object.fromEntries(this.#headers); }
	getHeaderNames() { return [...this.#headers.keys()]; }
	flushHeaders() {}
	setNoDelay() {}
	setSocketKeepAlive() {}
	setTimeout(ms, done) {
		if (done) this.once("timeout", done);
		if (ms > 0) setTimeout(() => { if (!this.res) this.emit("timeout"); }, ms);
		return this;
	}
	abort() { this.aborted = true; this.destroy(); }
	_write(chunk, encoding, done) { this.#body.push(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk); done(); }
	_final(done) { done(); this.#send(); }
	_destroy(error, done) { this.#controller.abort(error ?? undefined); done(error); }
	async #send() {
		try {
			const headers = new Headers();
			for (const [name, value] of this.#headers) {
				if (["host", "connection", "content-length", "transfer-encoding"].includes(name)) continue;
				for (const v of [value].flat()) headers.append(name, String(v));
			}
			const body = this.method === "GET" || this.method === "HEAD" || this.#body.length === 0 ? undefined : Buffer.concat(this.#body);
			const response = await fetch(this.url.href, { method: this.method, headers, body, redirect: "manual", signal: this.#controller.signal });
			const message = this.res = new IncomingMessage(response);
			message.req = this;
			this.emit("response", message);
			if (response.body) for await (const chunk of response.body) message.push(Buffer.from(chunk));
			message.complete = true;
			message.push(null);
		} catch (error) {
			if (this.res) this.res.destroy(error);
			else if (!this.destroyed) this.destroy(error);
		}
	}
}

class Agent extends EventEmitter {
	constructor(options = {}) { super(); this.options = options; this.maxSockets = Infinity; this.sockets = {}; this.requests = {}; this.freeSockets = {}; }
	destroy() {}
}
class OutgoingMessage extends Writable {}
class ServerResponse extends OutgoingMessage {}
class Server extends EventEmitter {
	constructor() { super(); throw new Error("a function cannot listen: Fazt receives the requests and passes them to `export default { fetch(request) { … } }`"); }
}

const client = (scheme) => {
	const request = (first, second, third) => {
		let url, options = {}, done = third;
		if (typeof first === "string" || first instanceof URL) {
			url = new URL(first);
			if (typeof second === "function") done = second;
			else options = second ?? {};
		} else {
			options = first;
			done = second;
			const protocol = options.protocol ?? scheme, host = options.hostname ?? String(options.host ?? "localhost").replace(/:\d+$/, "");
			url = new URL(`${protocol}//${host}${options.port ? ":" + options.port : ""}${options.path ?? "/"}`);
		}
		return new ClientRequest(url, options, done);
	};
	const get = (...args) => { const r = request(...args); r.end(); return r; };
	return { request, get, Agent, globalAgent: new Agent(), METHODS, STATUS_CODES, IncomingMessage, OutgoingMessage, ServerResponse, ClientRequest, Server, createServer: () => new Server(), maxHeaderSize: 16384, validateHeaderName() {}, validateHeaderValue() {} };
};
const http = client("http:");
export default http;
