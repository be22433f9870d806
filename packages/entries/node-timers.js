const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
const setImmediate = (fn, ...args) => setTimeout(fn, 0, ...args), clearImmediate = clearTimeout;

const wait = (ms, value, { signal } = {}) => new Promise((resolve, reject) => {
	if (signal?.aborted) return reject(signal.reason);
	const abort = () => { clearTimeout(id); reject(signal.reason); };
	const id = setTimeout(() => { signal?.removeEventListener("abort", abort); resolve(value); }, ms);
	signal?.addEventListener("abort", abort, { once: true });
});
async function* every(ms, value, options) { for (;;) yield await wait(ms, value, options); }
const promises = { setTimeout: wait, setImmediate: (value, options) => wait(0, value, options), setInterval: every, scheduler: { wait: (ms, options) => wait(ms, undefined, options), yield: () => wait(0) } };

export default { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, promises };
