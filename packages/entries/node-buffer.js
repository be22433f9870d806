import * as base from "buffer/";

// The npm package has the parts of Buffer that read and write numbers. Texts and whole buffers are the host's.
const { Blob, File, atob, btoa } = globalThis;
const NativeUint8Array = Uint8Array, NativeArrayBuffer = ArrayBuffer;
const { construct } = Reflect, { isView } = ArrayBuffer, { isInteger, isNaN } = Number;
const typed = Object.getPrototypeOf(NativeUint8Array.prototype), { fill: fillNumber, set: copyInto } = NativeUint8Array.prototype;
const tagOf = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(typed, Symbol.toStringTag).get);
const isBytes = (v) => tagOf(v) === "Uint8Array";
const isBuffer = (v) => typeof v === "object" && v !== null && (v instanceof NativeArrayBuffer || Object.prototype.toString.call(v) === "[object SharedArrayBuffer]");
const utf8 = 0, utf16 = 1, latin1 = 2, ascii = 3, hex = 4, base64 = 5, base64url = 6; // as the host numbers them
const encodings = { __proto__: null, utf8, "utf-8": utf8, ucs2: utf16, "ucs-2": utf16, utf16le: utf16, "utf-16le": utf16, latin1, binary: latin1, ascii, hex, base64, base64url };
const encodingOf = (name) => encodings[name] ?? encodings[String(name).toLowerCase()];

// ---- errors ----
const failure = (Kind, code, message) => {
	const error = new Kind(message);
	Object.defineProperty(error, "code", { value: code, writable: true, enumerable: true, configurable: true });
	return error;
};
const received = (value) => {
	if (value === null || value === undefined) return `Received ${value}`;
	if (typeof value === "function") return `Received function ${value.name}`;
	if (typeof value === "object") return value.constructor?.name ? `Received an instance of ${value.constructor.name}` : "Received [Object: null prototype] {}";
	let text = typeof value === "string" ? `'${value}'` : typeof value === "bigint" ? value + "n" : Object.is(value, -0) ? "-0" : String(value);
	if (text.length > 28) text = text.slice(0, 25) + "...";
	return `Received type ${typeof value} (${text})`;
};
const wrongType = (name, wanted, value) => failure(TypeError, "ERR_INVALID_ARG_TYPE", `The ${name.includes(" ") ? name : `"${name}" argument`} must be ${wanted}. ${received(value)}`);
const grouped = (n) => Math.abs(n) > 2 ** 32 ? String(n).replace(/\B(?=(\d{3})+$)/g, "_") : String(n);
const outOfRange = (name, range, value) => failure(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${isInteger(value) ? grouped(value) : value}`);
const outOfBounds = (name) => failure(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", name ? `"${name}" is outside of buffer bounds` : "Attempt to access memory outside buffer bounds");
const unknown = (encoding) => failure(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
const bytesWanted = "an instance of Buffer or Uint8Array", kMaxLength = 2 ** 32;
const needBytes = (name, value) => { if (!isBytes(value)) throw wrongType(name, bytesWanted, value); };
const needNumber = (name, value, min, max) => {
	if (typeof value !== "number") throw wrongType(name, "of type number", value);
	if (!(value >= min && value <= max)) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
};
const needOffset = (name, value, min = 0, max = kMaxLength) => {
	if (typeof value !== "number") throw wrongType(name, "of type number", value);
	if (!isInteger(value)) throw outOfRange(name, "an integer", value);
	needNumber(name, value, min, max);
};

export const setup = ({ bytesOf, textOf, writeText, sizeOfText, compareBytes, indexOfBytes, fillBytes, swapBytes, validBytes }) => {
	function Buffer(value, encodingOrOffset, length) {
		if (typeof value !== "number") return from(value, encodingOrOffset, length);
		if (typeof encodingOrOffset === "string") throw wrongType("string", "of type string", value);
		return alloc(value);
	}
	const { prototype } = base.Buffer;
	Object.setPrototypeOf(Buffer, NativeUint8Array);
	for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(base.Buffer))) {
		if (!["length", "name", "prototype", "arguments", "caller"].includes(name)) Object.defineProperty(Buffer, name, property);
	}
	Buffer.prototype = prototype;
	Object.defineProperty(prototype, "constructor", { value: Buffer, writable: true, enumerable: false, configurable: true });
	const make = (...args) => construct(NativeUint8Array, args, Buffer);

	// ---- new buffers ----
	const ofText = (text, encoding) => make(bytesOf(text, encoding));
	const fromText = (text, encoding) => {
		const e = typeof encoding !== "string" || encoding === "" ? utf8 : encodingOf(encoding);
		if (e === undefined) throw unknown(encoding);
		return ofText(text, e);
	};
	const fromBuffer = (buffer, offset, length) => {
		offset = +offset || 0;
		const most = buffer.byteLength - offset;
		if (most < 0) throw outOfBounds("offset");
		if (length === undefined) return make(buffer, offset, most);
		length = +length;
		if (!(length > 0)) length = 0;
		if (length > most) throw outOfBounds("length");
		return make(buffer, offset, length);
	};
	const from = (value, encodingOrOffset, length) => {
		if (typeof value === "string") return fromText(value, encodingOrOffset);
		if (typeof value === "object" && value !== null) {
			if (isBuffer(value)) return fromBuffer(value, encodingOrOffset, length);
			if (isBytes(value)) return make(value);
			const inner = value.valueOf?.();
			if (inner !== null && inner !== undefined && inner !== value && (typeof inner === "string" || typeof inner === "object")) return from(inner, encodingOrOffset, length);
			if (value.length !== undefined || isBuffer(value.buffer)) return typeof value.length === "number" ? make(value) : make(0);
			if (value.type === "Buffer" && Array.isArray(value.data)) return make(value.data);
			const primitive = value[Symbol.toPrimitive];
			if (typeof primitive === "function") {
				const text = primitive.call(value, "string");
				if (typeof text === "string") return fromText(text, encodingOrOffset);
			}
		}
		throw wrongType("first argument", "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object", value);
	};
	const alloc = (size, fill, encoding) => {
		needNumber("size", size, 0, kMaxLength);
		const made = make(size);
		return fill !== undefined && fill !== 0 && size > 0 ? filled(made, fill, 0, made.length, encoding) : made;
	};
	const allocUnsafe = (size) => { needNumber("size", size, 0, kMaxLength); return make(size); };
	const concat = (list, length) => {
		if (!Array.isArray(list)) throw wrongType("list", "an instance of Array", list);
		if (list.length === 0) return make(0);
		if (length === undefined) {
			length = 0;
			for (let i = 0; i < list.length; i++) if (list[i].length) length += list[i].length;
		} else needOffset("length", length);
		const all = make(length);
		let at = 0;
		for (let i = 0; i < list.length; i++) {
			const part = list[i];
			if (!isBytes(part)) throw wrongType(`list[${i}]`, bytesWanted, part);
			const room = length - at;
			copyInto.call(all, part.length > room ? part.subarray(0, room) : part, at);
			at += Math.min(part.length, room);
		}
		return all;
	};
	const copyBytesFrom = (view, offset = 0, length = view.length - offset) => {
		if (tagOf(view) === undefined) throw wrongType("view", "an instance of TypedArray", view);
		needOffset("offset", offset);
		if (offset >= view.length) return make(0);
		needOffset("length", length);
		const part = view.slice(offset, offset + length);
		return make(part.buffer, part.byteOffset, part.byteLength);
	};

	// ---- texts ----
	const slice = (b, encoding, start = 0, end = b.length) => {
		end = Math.min(end, b.length);
		return end > start ? textOf(b.buffer, b.byteOffset + start, end - start, encoding) : "";
	};
	const write = (b, text, encoding, offset = 0, length = b.length - offset) => {
		if (typeof text !== "string") throw failure(TypeError, "ERR_INVALID_ARG_TYPE", "argument must be a string");
		if (offset > b.length) throw failure(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", '"offset" is outside of buffer bounds');
		return writeText(b.buffer, b.byteOffset + offset, Math.min(length, b.length - offset), text, encoding);
	};
	const byteLength = (value, encoding) => {
		if (typeof value !== "string") {
			if (isView(value) || isBuffer(value)) return value.byteLength;
			throw wrongType("string", "of type string or an instance of Buffer or ArrayBuffer", value);
		}
		return sizeOfText(value, (encoding ? encodingOf(encoding) : utf8) ?? utf8);
	};
	const compare = (a, b) => compareBytes(a.buffer, a.byteOffset, a.length, b.buffer, b.byteOffset, b.length);

	// ---- search and fill ----
	// begin is where a search begins: -1 = nowhere.
	const begin = (length, offset, size, forward) => {
		if (offset < 0) return offset + length >= 0 ? offset + length : forward || size === 0 ? 0 : -1;
		if (offset + size <= length) return offset;
		return size === 0 ? length : forward ? -1 : length - 1;
	};
	const find = (b, value, offset, encoding, forward) => {
		if (typeof offset === "string") [encoding, offset] = [offset, undefined];
		offset = Math.trunc(Math.max(-0x80000000, Math.min(0x7fffffff, +offset)));
		if (isNaN(offset)) offset = forward ? 0 : b.length;
		let e = utf8;
		if (typeof value === "number") value = make([value]);
		else {
			if (encoding !== undefined) e = encodingOf(encoding);
			if (typeof value === "string") {
				if (e === undefined) throw unknown(encoding);
				value = ofText(value, e);
			} else if (!isBytes(value)) throw wrongType("value", "one of type number or string or an instance of Buffer or Uint8Array", value);
		}
		const at = begin(b.length, offset, value.length, forward);
		if (value.length === 0) return at;
		if (at < 0 || value.length > b.length || forward && at + value.length > b.length) return -1;
		return indexOfBytes(b.buffer, b.byteOffset, b.length, value.buffer, value.byteOffset, value.length, at, forward ? 0 : 1, e === utf16 ? 1 : 0);
	};
	const filled = (b, value, offset, end, encoding) => {
		let e;
		if (typeof value === "string") {
			if (offset === undefined || typeof offset === "string") [encoding, offset, end] = [offset, 0, b.length];
			else if (typeof end === "string") [encoding, end] = [end, b.length];
			e = encoding === undefined || encoding === null || encoding === "" ? utf8 : encodingOf(encoding);
			if (e === undefined) {
				if (typeof encoding !== "string") throw wrongType("encoding", "of type string", encoding);
				throw unknown(encoding);
			}
			if (value === "") value = 0;
		}
		if (offset === undefined) [offset, end] = [0, b.length];
		else {
			needOffset("offset", offset);
			if (end === undefined) end = b.length; else needOffset("end", end, 0, b.length);
			if (offset >= end) return b;
		}
		let pattern = value;
		if (typeof value === "string") pattern = ofText(value, e);
		else if (!isView(value)) return fillNumber.call(b, value & 255, offset, end);
		if (pattern.byteLength === 0) {
			const shown = typeof value === "string" ? `'${value.replace(/\p{Surrogate}/gu, (c) => "\\u" + c.charCodeAt(0).toString(16))}'` : value instanceof Buffer ? "<Buffer >" : value.constructor.name + "(0) []";
			throw failure(TypeError, "ERR_INVALID_ARG_VALUE", `The argument 'value' is invalid. Received ${shown}`);
		}
		fillBytes(b.buffer, b.byteOffset + offset, end - offset, pattern.buffer, pattern.byteOffset, pattern.byteLength);
		return b;
	};

	const own = (target, values) => {
		for (const name of Object.keys(values)) Object.defineProperty(target, name, { value: values[name], writable: true, enumerable: true, configurable: true });
	};
	own(Buffer, {
		from, alloc, allocUnsafe, allocUnsafeSlow: allocUnsafe, concat, copyBytesFrom, byteLength,
		of: (...items) => make(items),
		isBuffer: (v) => v instanceof Buffer,
		isEncoding: (name) => typeof name === "string" && name.length !== 0 && encodingOf(name) !== undefined,
		compare(buf1, buf2) { needBytes("buf1", buf1); needBytes("buf2", buf2); return buf1 === buf2 ? 0 : compare(buf1, buf2); },
	});
	own(prototype, {
		toString(encoding, start, end) {
			const { length } = this;
			if (start <= 0) start = 0;
			else if (start >= length) return "";
			else start = Math.trunc(start) || 0;
			end = end === undefined || end > length ? length : Math.trunc(end) || 0;
			if (end <= start) return "";
			const e = encoding === undefined ? utf8 : encodingOf(encoding);
			if (e === undefined) throw unknown(encoding);
			return slice(this, e, start, end);
		},
		write(text, offset, length, encoding) {
			if (offset === undefined) return write(this, text, utf8);
			if (length === undefined && typeof offset === "string") [encoding, length, offset] = [offset, this.length, 0];
			else {
				needOffset("offset", offset, 0, this.length);
				const rest = this.length - offset;
				if (length === undefined) length = rest;
				else if (typeof length === "string") [encoding, length] = [length, rest];
				else {
					needOffset("length", length, 0, this.length);
					length = Math.min(length, rest);
				}
			}
			const e = encoding ? encodingOf(encoding) : utf8;
			if (e === undefined) throw unknown(encoding);
			return write(this, text, e, offset, length);
		},
		compare(target, targetStart = 0, targetEnd = target?.length, sourceStart = 0, sourceEnd = this.length) {
			needBytes("target", target);
			needOffset("targetStart", targetStart);
			needOffset("targetEnd", targetEnd, 0, target.length);
			needOffset("sourceStart", sourceStart);
			needOffset("sourceEnd", sourceEnd, 0, this.length);
			if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
			if (targetStart >= targetEnd) return 1;
			return compareBytes(this.buffer, this.byteOffset + sourceStart, sourceEnd - sourceStart, target.buffer, target.byteOffset + targetStart, targetEnd - targetStart);
		},
		equals(otherBuffer) { needBytes("otherBuffer", otherBuffer); return this === otherBuffer || this.length === otherBuffer.length && compare(this, otherBuffer) === 0; },
		indexOf(value, offset, encoding) { return find(this, value, offset, encoding, true); },
		lastIndexOf(value, offset, encoding) { return find(this, value, offset, encoding, false); },
		includes(value, offset, encoding) { return find(this, value, offset, encoding, true) !== -1; },
		fill(value, offset, end, encoding) { return filled(this, value, offset, end, encoding); },
	});
	prototype.toLocaleString = prototype.toString;
	for (const bits of [16, 32, 64]) {
		own(prototype, { ["swap" + bits]() {
			if (this.length % (bits / 8) !== 0) throw failure(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${bits}-bits`);
			swapBytes(this.buffer, this.byteOffset, this.length, bits / 8);
			return this;
		} });
	}
	for (const [name, e] of Object.entries({ utf8, ucs2: utf16, latin1, ascii, hex, base64, base64url })) {
		own(prototype, {
			[name + "Slice"](start = 0, end = this.length) {
				if (Math.max(start, end) > this.length) throw failure(RangeError, "ERR_OUT_OF_RANGE", "Index out of range");
				return slice(this, e, start, end);
			},
			[name + "Write"](text, offset, length) { return write(this, text, e, offset, length); },
		});
	}

	const valid = (input, e) => {
		const b = isBuffer(input) ? new NativeUint8Array(input) : input;
		if (!isView(b)) throw wrongType("input", "an instance of ArrayBuffer, Buffer, or TypedArray", input);
		return validBytes(b.buffer, b.byteOffset, b.byteLength, e);
	};
	const transcode = (source, fromEncoding, toEncoding) => {
		needBytes("source", source);
		const [a, b] = [fromEncoding, toEncoding].map(encodingOf);
		if (a === undefined || b === undefined || a > ascii || b > ascii) throw failure(Error, "U_ILLEGAL_ARGUMENT_ERROR", "Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]");
		const text = slice(source, a);
		return ofText(b === latin1 || b === ascii ? text.replace(b === ascii ? /[^\0-\x7f]/gu : /[^\0-\xff]/gu, "?") : text, b);
	};
	const module = {
		Buffer, SlowBuffer: allocUnsafe, INSPECT_MAX_BYTES: base.INSPECT_MAX_BYTES, kMaxLength, kStringMaxLength: 2 ** 29 - 24, constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 2 ** 29 - 24 },
		Blob, File, atob, btoa, isUtf8: (input) => valid(input, utf8), isAscii: (input) => valid(input, ascii), transcode,
	};
	return { Buffer, default: module };
};
