// Channels within one VM.
const channels = new Map();
class Channel {
	#subscribers = [];
	constructor(name) { this.name = name; }
	get hasSubscribers() { return this.#subscribers.length > 0; }
	subscribe(fn) { this.#subscribers.push(fn); }
	unsubscribe(fn) {
		const at = this.#subscribers.indexOf(fn);
		if (at >= 0) this.#subscribers.splice(at, 1);
		return at >= 0;
	}
	publish(message) { for (const fn of [...this.#subscribers]) fn(message, this.name); }
	runStores(message, fn, self, ...args) { this.publish(message); return Reflect.apply(fn, self, args); }
	bindStore() {}
	unbindStore() { return false; }
}
const channel = (name) => {
	if (!channels.has(name)) channels.set(name, new Channel(name));
	return channels.get(name);
};
const tracingChannel = (name) => {
	const of = (event) => typeof name === "string" ? channel(`tracing:${name}:${event}`) : name[event];
	const tracing = {};
	for (const event of ["start", "end", "asyncStart", "asyncEnd", "error"]) tracing[event] = of(event);
	return Object.assign(tracing, {
		subscribe: (fns) => { for (const [event, fn] of Object.entries(fns)) tracing[event]?.subscribe(fn); },
		unsubscribe: (fns) => Object.entries(fns).every(([event, fn]) => tracing[event]?.unsubscribe(fn)),
		traceSync: (fn, _, self, ...args) => Reflect.apply(fn, self, args), tracePromise: (fn, _, self, ...args) => Reflect.apply(fn, self, args), traceCallback: (fn, _, __, self, ...args) => Reflect.apply(fn, self, args),
		get hasSubscribers() { return ["start", "end", "asyncStart", "asyncEnd", "error"].some((event) => tracing[event].hasSubscribers); },
	});
};
export default { Channel, channel, tracingChannel, hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false, subscribe: (name, fn) => channel(name).subscribe(fn), unsubscribe: (name, fn) => channel(name).unsubscribe(fn) };
