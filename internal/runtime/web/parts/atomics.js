// Atomics. A function has one thread, so whatever it does is atomic; the checks and results are those of the standard.
"use strict";
(() => {
const { apply, getPrototypeOf } = Reflect;
const typed = getPrototypeOf(Uint8Array.prototype);
const getter = (of, name) => { const { get } = Object.getOwnPropertyDescriptor(of, name); return (v) => apply(get, v, []); };
const nameOf = getter(typed, Symbol.toStringTag), lengthOf = getter(typed, "length"), bufferOf = getter(typed, "buffer");
const sharedLength = getter(SharedArrayBuffer.prototype, "byteLength"), detached = getter(ArrayBuffer.prototype, "detached");
const integers = new Set(["Int8Array", "Uint8Array", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "BigInt64Array", "BigUint64Array"]);

const isShared = (buffer) => { try { sharedLength(buffer); return true; } catch { return false; } };
const check = (array, names = integers) => {
	const name = typeof array === "object" && array !== null ? nameOf(array) : undefined;
	if (!names.has(name)) throw new TypeError("Atomics needs an array of integers");
	intact(array);
	return name;
};
const intact = (array) => {
	const buffer = bufferOf(array);
	if (!isShared(buffer) && detached(buffer)) throw new TypeError("the ArrayBuffer was transferred");
};
const toInteger = (value) => { const n = Number(value); return n !== n ? 0 : Math.trunc(n) + 0; };
const toIndex = (array, index) => {
	const n = toInteger(index);
	if (n < 0 || n >= lengthOf(array)) throw new RangeError("the index is outside of the array");
	return n;
};
// asIntN refuses numbers, which BigInt would convert.
const convert = (name, value) => name.startsWith("Big") ? BigInt.asIntN(256, value) : toInteger(value);

// change returns a method that replaces an element with what fn makes of it, and returns the element it was.
const change = (fn) => (array, index, value) => {
	const name = check(array), i = toIndex(array, index), v = convert(name, value);
	intact(array);
	const before = array[i];
	array[i] = fn(before, v);
	return before;
};
// Sums of 32-bit integers are exact as numbers; the array cuts them to its size.
const methods = {
	add: change((a, b) => typeof a === "bigint" ? a + b : a + wrap(b)),
	and: change((a, b) => a & b),
	compareExchange(array, index, expected, replacement) {
		const name = check(array), i = toIndex(array, index), e = convert(name, expected), r = convert(name, replacement);
		intact(array);
		const before = array[i], cut = new array_[name](1);
		cut[0] = e;
		if (before === cut[0]) array[i] = r;
		return before;
	},
	exchange: change((_, b) => b),
	isLockFree: (size) => [1, 2, 4, 8].includes(toInteger(size)),
	load(array, index) {
		check(array);
		const i = toIndex(array, index);
		intact(array);
		return array[i];
	},
	notify(array, index, count) {
		check(array, waitable);
		toIndex(array, index);
		if (count !== undefined) toInteger(count);
		return 0; // there is no other thread that could wait
	},
	or: change((a, b) => a | b),
	pause(n) {
		if (n !== undefined && (typeof n !== "number" || Math.trunc(n) !== n)) throw new TypeError("Atomics.pause needs an integer");
	},
	store(array, index, value) {
		const name = check(array), i = toIndex(array, index), v = convert(name, value);
		intact(array);
		array[i] = v;
		return v;
	},
	sub: change((a, b) => typeof a === "bigint" ? a - b : a - wrap(b)),
	wait(array, index, value, timeout) {
		const name = check(array, waitable);
		if (!isShared(bufferOf(array))) throw new TypeError("Atomics.wait needs a SharedArrayBuffer");
		toIndex(array, index);
		convert(name, value);
		+timeout;
		throw new TypeError("Atomics.wait is not allowed here: there is no other thread to wait for");
	},
	xor: change((a, b) => a ^ b),
};
const waitable = new Set(["Int32Array", "BigInt64Array"]);
const array_ = { Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array };
// wrap cuts a number to 32 bits, so that a sum with it is exact.
const wrap = (n) => n >>> 0;

const Atomics = {};
for (const [name, method] of Object.entries(methods)) Object.defineProperty(Atomics, name, { value: method, writable: true, enumerable: false, configurable: true });
for (const [name, length] of Object.entries({ add: 3, and: 3, exchange: 3, or: 3, sub: 3, xor: 3 })) {
	Object.defineProperty(Atomics[name], "name", { value: name, configurable: true });
	Object.defineProperty(Atomics[name], "length", { value: length, configurable: true });
}
Object.defineProperty(Atomics.pause, "length", { value: 0, configurable: true });
Object.defineProperty(Atomics, Symbol.toStringTag, { value: "Atomics", configurable: true });
return { Atomics };
})();
