import EventEmitter from "events/";

// on yields the values of an event one after the other, like Node.js.
EventEmitter.on ??= async function* (emitter, name, { signal } = {}) {
	const waiting = [];
	let wake = () => {}, failed;
	const take = (...values) => { waiting.push(values); wake(); };
	const fail = (error) => { failed = { error }; wake(); };
	const abort = () => fail(signal.reason);
	signal?.throwIfAborted();
	signal?.addEventListener("abort", abort);
	emitter.on(name, take);
	if (name !== "error") emitter.on("error", fail);
	try {
		for (;;) {
			while (waiting.length > 0) yield waiting.shift();
			if (failed) throw failed.error;
			await new Promise((resolve) => { wake = resolve; });
		}
	} finally {
		emitter.off(name, take);
		emitter.off("error", fail);
		signal?.removeEventListener("abort", abort);
	}
};
EventEmitter.captureRejectionSymbol ??= Symbol.for("nodejs.rejection");
EventEmitter.errorMonitor ??= Symbol.for("events.errorMonitor");
EventEmitter.getEventListeners ??= (emitter, name) => emitter.listeners(name);
EventEmitter.EventEmitter = EventEmitter;
export default EventEmitter;
