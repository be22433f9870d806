// MessageChannel, MessagePort and BroadcastChannel within one virtual machine, and scheduler. The last expression is a function
// that takes the prelude's helpers.
"use strict";
({ need, handler, dispatchTo, setTimeout, clearTimeout, cloned, types: { DOMException, EventTarget, MessageEvent } }) => {
// later delivers a message in a task of its own: after the code that sent it, and before the function has ended.
const later = (fn) => { setTimeout(fn, 0); };
const transferOf = (options) => options === undefined || options === null ? [] : [...typeof options[Symbol.iterator] === "function" ? options : options.transfer ?? []];

// ---- MessageChannel --------------------------------------------------------------------------------------------

// An end of a channel is an object of its own, because a port that is transferred becomes another MessagePort.
let makePort, endOf, inherit;
class MessagePort extends EventTarget {
	#end;
	static {
		let allowed = false;
		makePort = (end = undefined) => {
			allowed = true;
			const port = new MessagePort();
			port.#end = end;
			if (end !== undefined) end.port = port;
			return port;
		};
		this.check = () => { if (!allowed) throw new TypeError("Illegal constructor"); allowed = false; };
		endOf = (port) => port.#end;
		inherit = (port, heir) => {
			const end = heir.#end = port.#end;
			port.#end = undefined;
			end.port = heir;
			end.started = false;
			return heir;
		};
	}
	constructor() { super(); check(); }
	postMessage(message, options = undefined) {
		need(arguments, 1);
		const transfer = transferOf(options);
		if (transfer.includes(this)) throw new DOMException("a port cannot be transferred over itself", "DataCloneError");
		const { value, ports } = cloned(message, transfer), to = this.#end?.other;
		if (to === undefined) return;
		to.queue.push({ data: value, ports });
		deliver(to);
	}
	start() {
		if (this.#end === undefined || this.#end.started) return;
		this.#end.started = true;
		deliver(this.#end);
	}
	close() {
		const end = this.#end;
		if (end === undefined) return;
		this.#end = undefined;
		end.closed = true;
		if (end.other !== undefined) end.other.other = undefined;
		end.other = undefined;
	}
}
const { check } = MessagePort;
delete MessagePort.check;
const deliver = (end) => {
	if (!end.started) return;
	for (; end.announced < end.queue.length; end.announced++) later(() => {
		end.announced--;
		if (end.closed || !end.started || end.queue.length === 0) return;
		dispatchTo(end.port, new MessageEvent("message", end.queue.shift()));
	});
};

class MessageChannel {
	#port1; #port2;
	constructor() {
		const end = () => ({ port: undefined, other: undefined, queue: [], announced: 0, started: false, closed: false }), a = end(), b = end();
		a.other = b;
		b.other = a;
		this.#port1 = makePort(a);
		this.#port2 = makePort(b);
	}
	get port1() { return this.#port1; }
	get port2() { return this.#port2; }
}
for (const type of ["message", "messageerror"]) handler(MessagePort.prototype, type);
// Setting onmessage starts a port.
const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
Object.defineProperty(MessagePort.prototype, "onmessage", { enumerable: true, configurable: true, get, set(fn) { set.call(this, fn); this.start(); } });

// heir returns the port that will take the place of one that is transferred. Once nothing can fail, inherit moves the end there.
const heir = (port) => {
	if (endOf(port) === undefined) throw new DOMException("a port that was closed or transferred cannot be transferred", "DataCloneError");
	return makePort();
};

// ---- BroadcastChannel ------------------------------------------------------------------------------------------

const channels = new Map(); // the open ones, by name
class BroadcastChannel extends EventTarget {
	#name; #closed = false;
	constructor(name) {
		need(arguments, 1);
		super();
		this.#name = String(name);
		if (!channels.has(this.#name)) channels.set(this.#name, new Set());
		channels.get(this.#name).add(this);
	}
	get name() { return this.#name; }
	postMessage(message) {
		need(arguments, 1);
		if (this.#closed) throw new DOMException("the channel is closed", "InvalidStateError");
		cloned(message); // throws for what cannot be sent, also if no one listens
		for (const other of channels.get(this.#name)) {
			if (other === this) continue;
			const data = cloned(message).value;
			later(() => { if (!other.#closed) dispatchTo(other, new MessageEvent("message", { data })); });
		}
	}
	close() {
		this.#closed = true;
		const all = channels.get(this.#name);
		all?.delete(this);
		if (all?.size === 0) channels.delete(this.#name);
	}
}
for (const type of ["message", "messageerror"]) handler(BroadcastChannel.prototype, type);

// ---- scheduler -------------------------------------------------------------------------------------------------

// after settles a promise in ms milliseconds with the result of fn, unless the signal is aborted before.
const after = (ms, signal, fn) => new Promise((resolve, reject) => {
	if (signal?.aborted) return reject(signal.reason);
	const stop = () => { clearTimeout(id); reject(signal.reason); };
	const id = setTimeout(() => {
		signal?.removeEventListener("abort", stop);
		try { resolve(fn()); } catch (e) { reject(e); }
	}, ms > 0x7fffffff ? 0x7fffffff : ms);
	signal?.addEventListener("abort", stop, { once: true });
});
const priorities = ["user-blocking", "user-visible", "background"];
class Scheduler {
	async wait(delay, options = undefined) {
		need(arguments, 1);
		return after(Number(delay), options?.signal, () => {});
	}
	async yield() { return after(0, undefined, () => {}); }
	async postTask(fn, options = undefined) {
		if (typeof fn !== "function") throw new TypeError("the first argument of postTask must be a function");
		const { priority, delay = 0, signal } = options ?? {};
		if (priority !== undefined && !priorities.includes(priority)) throw new TypeError(`unknown priority ${priority}; use ${priorities.join(", ")}`);
		return after(Number(delay), signal, fn);
	}
}

for (const c of [MessageChannel, MessagePort, BroadcastChannel, Scheduler]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
return { MessageChannel, MessagePort, BroadcastChannel, scheduler: new Scheduler(), heir, inherit };
}
