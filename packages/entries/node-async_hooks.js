// AsyncLocalStorage without promise hooks: the engine has none. Everything that runs later (reactions to promises,
// timers, microtasks) is wrapped to run with the value that was current when it was scheduled. An await in a function that the
// engine knows as async cannot be wrapped: deployments that import this are compiled so that async functions are
// generators driven by promises.

const NativeMap = Map, { apply } = Reflect;
let current; // the current map of storage to value; never changed in place

const within = (frame, fn, self, args) => {
	const before = current;
	current = frame;
	try { return apply(fn, self, args); } finally { current = before; }
};
const bound = (fn) => {
	if (typeof fn !== "function" || current === undefined) return fn;
	const frame = current;
	return function (...args) { return within(frame, fn, this, args); };
};

const { then } = Promise.prototype, later = queueMicrotask;
const replace = (target, name, value) => Object.defineProperty(target, name, { ...Object.getOwnPropertyDescriptor(target, name), value });
replace(Promise.prototype, "then", function (fulfilled, rejected) { return apply(then, this, [bound(fulfilled), bound(rejected)]); });
for (const name of ["setTimeout", "setInterval", "queueMicrotask"]) {
	const native = globalThis[name];
	replace(globalThis, name, (fn, ...rest) => native(bound(fn), ...rest));
}

const changed = (storage, value) => {
	const frame = new NativeMap(current);
	frame.set(storage, value);
	return frame;
};

class AsyncLocalStorage {
	#default;
	constructor({ defaultValue } = {}) { this.#default = defaultValue; }
	static bind(fn) { return AsyncResource.bind(fn); }
	static snapshot() {
		const frame = current;
		return (fn, ...args) => within(frame, fn, undefined, args);
	}
	run(value, fn, ...args) { return within(changed(this, value), fn, undefined, args); }
	exit(fn, ...args) { return within(changed(this, undefined), fn, undefined, args); }
	enterWith(value) {
		if (current === undefined) later(() => { current = undefined; }); // does not leak into later turns
		current = changed(this, value);
	}
	disable() { current = changed(this, undefined); }
	getStore() { return current?.has(this) ? current.get(this) : this.#default; }
}

let ids = 1;
class AsyncResource {
	#frame = current; #id = ++ids;
	constructor(type) { this.type = type; }
	static bind(fn, type, self) { return new AsyncResource(type).bind(fn, self); }
	bind(fn, self) {
		const resource = this;
		return function (...args) { return resource.runInAsyncScope(fn, self ?? this, ...args); };
	}
	runInAsyncScope(fn, self, ...args) { return within(this.#frame, fn, self, args); }
	asyncId() { return this.#id; }
	triggerAsyncId() { return 0; }
	emitDestroy() { return this; }
}

const executionAsyncId = () => 0, triggerAsyncId = () => 0, executionAsyncResource = () => ({});
const createHook = () => ({ enable() { return this; }, disable() { return this; } });
export default { AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId, executionAsyncResource, createHook };
