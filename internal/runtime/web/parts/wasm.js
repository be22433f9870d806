// WebAssembly. Modules run in the host; package wasmapi tells how what they have is held. The last expression is a function that
// takes the prelude's helpers.
"use strict";
({ host, need, view, exact, heldWeakMap, types: { Response } }) => {
const WebAssembly = {};
const hidden = (target, values) => {
	for (const name of Object.keys(values)) Object.defineProperty(target, name, { value: values[name], writable: true, enumerable: false, configurable: true });
};
const method = (target, values) => {
	for (const name of Object.keys(values)) Object.defineProperty(target, name, { value: values[name], writable: true, enumerable: true, configurable: true });
};
const named = (value, tag) => Object.defineProperty(value, Symbol.toStringTag, { value: tag, configurable: true });

// ---- errors ----------------------------------------------------------------------------------------------------

const errorClass = (name) => {
	const Class = { [name]: class extends Error { constructor(message = undefined, options = undefined) { super(...(message === undefined ? [] : [message, options])); } } }[name];
	Object.defineProperty(Class, "length", { value: 1, configurable: true });
	hidden(Class.prototype, { name });
	return Class;
};
const CompileError = errorClass("CompileError"), LinkError = errorClass("LinkError"), RuntimeError = errorClass("RuntimeError");
const kinds = { __proto__: null, compile: CompileError, link: LinkError, runtime: RuntimeError, range: RangeError };

// ---- owners ----------------------------------------------------------------------------------------------------

// An owner is what everything that belongs to a module, an instance, a memory, a table or a global holds, and with it the owners and
// the functions of the script that these can reach. It must not get out of this part.
const newOwner = () => {
	const owner = { __proto__: null, id: 0, token: undefined, refs: new Set(), things: new Map() };
	owner.token = host.wasmOwner(owner);
	return owner;
};
// states has { id, owner } of the objects of the API, and { ref, owner } of exported functions.
const states = heldWeakMap(), buffers = new WeakSet();
const stateOf = (object, Class) => {
	const state = object instanceof Class ? states.get(object) : undefined;
	if (state?.broken !== undefined) throw state.broken;
	if (state === undefined) throw new TypeError(`Receiver is not a WebAssembly.${Class.name}`);
	return state;
};
const adopt = (object, owner, id) => {
	states.set(object, { __proto__: null, id, owner });
	owner.things.set(id, object);
	return object;
};
const classes = () => ({ __proto__: null, memory: Memory, table: Table, global: Global });
// wrap returns the object of something that a module has.
const wrap = (owner, kind, id, name, length) => {
	const key = kind === "func" ? "f" + id : id, had = owner.things.get(key);
	if (had !== undefined) return had;
	if (kind !== "func") return adopt(Object.create(classes()[kind].prototype), owner, id);
	const fn = host.wasmFunc(owner, id, name, length);
	states.set(fn, { __proto__: null, ref: id, owner });
	owner.things.set(key, fn);
	return fn;
};
const exported = (fn) => typeof fn === "function" ? states.get(fn) : undefined;
const refOf = (fn, owner) => {
	const state = exported(fn);
	if (state?.ref === undefined) throw new TypeError("the value must be null or an exported WebAssembly function");
	if (owner !== state.owner) owner.refs.add(state.owner);
	return state.ref;
};
const list = (values, n) => {
	if (values === null || typeof values !== "object" && typeof values !== "function" && typeof values !== "string") throw new TypeError("the result of a function with several results must be iterable");
	const array = [...values];
	if (array.length !== n) throw new TypeError(`the function must return ${n} values, not ${array.length}`);
	return array;
};
host.wasmSetup((kind, message) => new kinds[kind](message), wrap, refOf, list);

// ---- modules ---------------------------------------------------------------------------------------------------

const bytesOf = (source) => {
	try { return exact(view(source)); } catch { throw new TypeError("the module must be an ArrayBuffer or a view of one"); }
};
const compiled = (object, source) => {
	const owner = newOwner();
	return adopt(object, owner, host.wasmModule(owner.id, source));
};
const infoOf = (module) => {
	const state = stateOf(module, Module);
	return state.info ??= JSON.parse(host.wasmInfo(state.id));
};
class Module {
	constructor(source) { need(arguments, 1); compiled(this, bytesOf(source)); }
	static exports(module) { need(arguments, 1); return infoOf(module).exports.map(({ name, kind }) => ({ name, kind })); }
	static imports(module) { need(arguments, 1); return infoOf(module).imports.map(({ module = "", name, kind }) => ({ module, name, kind })); }
	static customSections(module, name) {
		need(arguments, 2);
		return host.wasmCustoms(stateOf(module, Module).id, String(name));
	}
}

// given returns the imports of a module for the host: functions, references of functions, and ids.
const given = (info, imports, owner) => {
	if (imports !== undefined && (imports === null || typeof imports !== "object" && typeof imports !== "function")) throw new TypeError("WebAssembly.Instance(): Argument 1 must be an object");
	if (info.imports.length > 0 && imports === undefined) throw new TypeError("WebAssembly.Instance(): Imports argument must be present and must be an object");
	return info.imports.map((i, n) => {
		const module = i.module ?? "", from = imports[module];
		if (from === null || typeof from !== "object" && typeof from !== "function") throw new TypeError(`Import #${n} "${module}": module is not an object or function`);
		const value = from[i.name], fail = (what) => new LinkError(`Import #${n} "${module}" "${i.name}": ${what}`);
		if (i.kind === "function") {
			if (typeof value !== "function") throw fail("function import requires a callable");
			const state = exported(value);
			owner.refs.add(state?.ref === undefined ? value : state.owner);
			return state?.ref ?? value;
		}
		if (i.kind === "global" && !(value instanceof Global)) {
			const number = i.type === "i64" ? "bigint" : i.type === "externref" || i.type === "funcref" ? typeof value : "number";
			if (typeof value !== number) throw fail(`global import must be a ${number}, or a WebAssembly.Global object`);
			if (i.mutable) throw fail("imported mutable global must be a WebAssembly.Global object");
			if (i.type === "funcref" && value !== null && exported(value)?.ref === undefined) throw fail("imported funcref global must be null or WebAssembly function object");
			return host.wasmGlobal(owner.id, i.type, false, value);
		}
		const Class = classes()[i.kind], state = value instanceof Class ? states.get(value) : undefined;
		if (state === undefined) throw fail(`${i.kind} import must be a WebAssembly.${Class.name} object`);
		owner.refs.add(state.owner);
		if (i.kind !== "memory") state.owner.refs.add(owner); // the instance can put its functions there
		return state.id;
	});
};
const instantiated = (object, module, imports) => {
	const info = infoOf(module), state = stateOf(module, Module), owner = newOwner();
	owner.refs.add(state.owner);
	const values = host.wasmInstance(owner.id, state.id, given(info, imports, owner));
	const exports = Object.create(null);
	info.exports.forEach(({ name }, i) => Object.defineProperty(exports, name, { value: values[i], writable: false, enumerable: true, configurable: false }));
	states.set(object, { __proto__: null, owner, exports: Object.freeze(exports) });
	return object;
};
class Instance {
	constructor(module, imports = undefined) {
		need(arguments, 1);
		if (!(module instanceof Module)) throw new TypeError("WebAssembly.Instance(): Argument 0 must be a WebAssembly.Module");
		instantiated(this, module, imports);
	}
	get exports() { return stateOf(this, Instance).exports; }
}

// ---- memories, tables and globals ------------------------------------------------------------------------------

const u32 = (value, what) => {
	const n = Number(value), whole = Math.trunc(n);
	if (!Number.isFinite(n) || whole < 0 || whole > 0xffffffff) throw new TypeError(`${what} must be a number from 0 to 4294967295`);
	return whole;
};
const descriptor = (value, what) => {
	if (value === null || typeof value !== "object" && typeof value !== "function") throw new TypeError(`WebAssembly.${what}(): Argument 0 must be a ${what.toLowerCase()} descriptor`);
	return value;
};
const sizes = (of, what) => {
	const least = of.initial ?? of.minimum;
	if (least === undefined) throw new TypeError(`WebAssembly.${what}(): Property 'initial' is required`);
	if (of.initial !== undefined && of.minimum !== undefined) throw new TypeError(`WebAssembly.${what}(): only one of 'initial' and 'minimum' can be given`);
	const initial = u32(least, "'initial'"), maximum = of.maximum === undefined ? -1 : u32(of.maximum, "'maximum'");
	if (maximum >= 0 && maximum < initial) throw new RangeError(`WebAssembly.${what}(): Property 'maximum' is below 'initial'`);
	return { initial, maximum };
};
class Memory {
	constructor(type) {
		need(arguments, 1);
		const { initial, maximum } = sizes(descriptor(type, "Memory"), "Memory");
		if (initial > 65536 || maximum > 65536) throw new RangeError("WebAssembly.Memory(): a memory has at most 65536 pages");
		if (type.shared) throw new TypeError("WebAssembly.Memory(): shared memories are not supported");
		const owner = newOwner();
		adopt(this, owner, host.wasmMemory(owner.id, initial, maximum));
	}
	get buffer() {
		const buffer = host.wasmBuffer(stateOf(this, Memory).id);
		buffers.add(buffer);
		return buffer;
	}
	grow(delta) {
		const { id } = stateOf(this, Memory);
		need(arguments, 1);
		return host.wasmGrow(id, u32(delta, "the number of pages"));
	}
}
// An ArrayBuffer of a memory cannot be transferred.
for (const name of ["transfer", "transferToFixedLength"]) {
	const original = ArrayBuffer.prototype[name];
	if (typeof original !== "function") continue;
	const replaced = { [name](newLength = undefined) {
		if (buffers.has(this)) throw new TypeError(`ArrayBuffer.prototype.${name}: the buffer of a WebAssembly.Memory cannot be transferred`);
		return Reflect.apply(original, this, arguments);
	} }[name];
	Object.defineProperty(replaced, "length", { value: 0, configurable: true });
	hidden(ArrayBuffer.prototype, { [name]: replaced });
}

const initialOf = (kind, args, at) => args.length > at && args[at] !== undefined ? args[at] : kind === "externref" ? undefined : null;
class Table {
	constructor(type, value = undefined) {
		need(arguments, 1);
		const kind = String(descriptor(type, "Table").element);
		if (kind !== "anyfunc" && kind !== "externref" && kind !== "funcref") throw new TypeError("WebAssembly.Table(): Descriptor property 'element' must be a WebAssembly reference type");
		const { initial, maximum } = sizes(type, "Table");
		if (initial > 10000000) throw new RangeError("WebAssembly.Table(): a table has at most 10000000 elements");
		const owner = newOwner();
		adopt(this, owner, host.wasmTable(owner.id, kind, initial, maximum, initialOf(kind, arguments, 1)));
	}
	get length() { return host.wasmTableSize(stateOf(this, Table).id); }
	get(index) {
		const { id } = stateOf(this, Table);
		need(arguments, 1);
		return host.wasmTableGet(id, u32(index, "the index"));
	}
	set(index, value = undefined) {
		const { id } = stateOf(this, Table);
		need(arguments, 1);
		host.wasmTableSet(id, u32(index, "the index"), arguments.length > 1 ? value : initialOf(host.wasmTableType(id), arguments, 1));
	}
	grow(delta, value = undefined) {
		const { id } = stateOf(this, Table);
		need(arguments, 1);
		return host.wasmTableGrow(id, u32(delta, "the number of elements"), initialOf(host.wasmTableType(id), arguments, 1));
	}
}

const valueTypes = new Set(["i32", "i64", "f32", "f64", "externref", "anyfunc", "funcref"]);
class Global {
	constructor(type, value = undefined) {
		need(arguments, 1);
		const mutable = Boolean(descriptor(type, "Global").mutable), kind = String(type.value);
		if (!valueTypes.has(kind)) throw new TypeError("WebAssembly.Global(): Descriptor property 'value' must be a WebAssembly type");
		const start = value !== undefined ? value : kind === "externref" ? undefined : kind === "i64" ? 0n : kind === "anyfunc" || kind === "funcref" ? null : 0;
		const owner = newOwner();
		adopt(this, owner, host.wasmGlobal(owner.id, kind, mutable, start));
	}
	get value() { return host.wasmGlobalGet(stateOf(this, Global).id); }
	set value(value) {
		if (!host.wasmGlobalSet(stateOf(this, Global).id, value)) throw new TypeError("set WebAssembly.Global.value: Can't set the value of an immutable global.");
	}
	valueOf() { return host.wasmGlobalGet(stateOf(this, Global).id); }
}

// ---- the functions of the namespace ----------------------------------------------------------------------------

const streamed = async (source) => {
	const response = await source;
	if (!(response instanceof Response)) throw new TypeError("the argument must be a Response, or a promise of one");
	const type = (response.headers.get("content-type") ?? "").toLowerCase().split(";")[0].trim();
	if (type !== "application/wasm") throw new TypeError(`Incorrect response MIME type. Expected 'application/wasm', not '${type}'`);
	if (!response.ok) throw new TypeError(`the response has status ${response.status}`);
	return new Module(await response.arrayBuffer());
};
const both = (module, imports) => ({ module, instance: new Instance(module, imports) });
method(WebAssembly, {
	validate(source) {
		need(arguments, 1);
		const bytes = bytesOf(source), owner = newOwner();
		return host.wasmValidate(owner.id, bytes);
	},
	async compile(source) { need(arguments, 1); return new Module(source); },
	async instantiate(source, imports = undefined) {
		need(arguments, 1);
		return source instanceof Module ? new Instance(source, imports) : both(new Module(source), imports);
	},
	async compileStreaming(source) { need(arguments, 1); return streamed(source); },
	async instantiateStreaming(source, imports = undefined) { need(arguments, 1); return both(await streamed(source), imports); },
});
for (const [name, length] of [["instantiate", 1], ["instantiateStreaming", 1]]) Object.defineProperty(WebAssembly[name], "length", { value: length, configurable: true });
hidden(WebAssembly, { Module, Instance, Memory, Table, Global, CompileError, LinkError, RuntimeError });
for (const Class of [Module, Instance, Memory, Table, Global]) {
	named(Class.prototype, "WebAssembly." + Class.name);
	for (const target of [Class, Class.prototype]) {
		for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
			if (name !== "constructor" && d.configurable && (typeof d.value === "function" || d.get !== undefined)) Object.defineProperty(target, name, { ...d, enumerable: true });
		}
	}
}
named(WebAssembly, "WebAssembly");
// compile is for imports of .wasm files, whose bytes are in base64. One that is not supported fails when it is used: packages import
// several, and choose.
const compile = (text) => {
	const module = Object.create(Module.prototype);
	try { return compiled(module, text); } catch (e) {
		if (!(e instanceof CompileError)) throw e;
		states.set(module, { __proto__: null, broken: e });
		return module;
	}
};
return { WebAssembly, compile };
}
