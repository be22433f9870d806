import { Buffer } from "node:buffer";

const { apply } = Reflect;
const NativeUint8Array = Uint8Array;
const names = { __proto__: null, md5: "md5", sha1: "sha1", "rsa-sha1": "sha1", sha224: "sha224", sha256: "sha256", "rsa-sha256": "sha256", sha384: "sha384", sha512: "sha512", "sha512-256": "sha512-256" };

const bytesOf = (data, encoding) => {
	if (typeof data === "string") return Buffer.from(data, encoding === "buffer" ? "utf8" : encoding);
	if (data instanceof ArrayBuffer) return new NativeUint8Array(data);
	if (ArrayBuffer.isView(data)) return new NativeUint8Array(data.buffer, data.byteOffset, data.byteLength);
	throw new TypeError("the data must be a string, an ArrayBuffer or a view of one");
};
const exact = (bytes) => bytes.slice().buffer;

export const setup = (host) => {
	const need = (name) => {
		if (typeof host[name] !== "function") throw new Error(`this build of Fazt does not support ${name}`);
		return host[name];
	};
	const known = (algorithm) => {
		const name = names[String(algorithm).toLowerCase().replace(/^sha-/, "sha")];
		if (name === undefined) throw new Error(`the digest ${algorithm} is not available; use one of ${Object.keys(names).filter((n) => !n.startsWith("rsa")).join(", ")}`);
		return name;
	};

	class Digest {
		#parts = []; #make; #done = false;
		constructor(make) { this.#make = make; }
		update(data, encoding) {
			if (this.#done) throw new Error("digest() was already called");
			this.#parts.push(Buffer.from(bytesOf(data, encoding)));
			return this;
		}
		digest(encoding) {
			if (this.#done) throw new Error("digest() was already called");
			this.#done = true;
			const result = Buffer.from(this.#make(exact(Buffer.concat(this.#parts))));
			this.#parts = [];
			return encoding === undefined || encoding === "buffer" ? result : result.toString(encoding);
		}
		copy() {
			if (this.#done) throw new Error("digest() was already called");
			const other = new this.constructor(this.#make);
			for (const p of this.#parts) other.update(p);
			return other;
		}
	}
	class Hash extends Digest {}
	class Hmac extends Digest {}
	const createHash = (algorithm) => {
		const name = known(algorithm), digest = need("digest");
		return new Hash((bytes) => digest(name, bytes));
	};
	const createHmac = (algorithm, key) => {
		const name = known(algorithm), hmac = need("hmac"), secret = exact(bytesOf(key));
		return new Hmac((bytes) => hmac(name, secret, bytes));
	};
	const hash = (algorithm, data, encoding = "hex") => createHash(algorithm).update(data).digest(encoding);

	const randomBytes = (size, callback) => {
		if (!Number.isInteger(size) || size < 0 || size > 0x7fffffff) throw new RangeError(`invalid randomBytes size ${size}`);
		const all = Buffer.alloc(size);
		for (let at = 0; at < size; at += 65536) all.set(new NativeUint8Array(host.random(Math.min(65536, size - at))), at);
		if (callback === undefined) return all;
		queueMicrotask(() => callback(null, all));
	};
	const randomFillSync = (target, offset = 0, size = target.byteLength - offset) => {
		bytesOf(target).set(randomBytes(size), offset);
		return target;
	};
	const randomInt = (min, max, callback) => {
		if (max === undefined || typeof max === "function") [min, max, callback] = [0, min, max];
		const range = max - min;
		if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range <= 0 || range > 2 ** 48 - 1) throw new RangeError("min and max must be safe integers with 0 < max - min < 2^48");
		const most = 2 ** 48 - 2 ** 48 % range; // above it, some numbers would be more likely than others
		let n;
		do n = randomBytes(6).readUIntBE(0, 6); while (n >= most);
		n = min + n % range;
		if (callback === undefined) return n;
		queueMicrotask(() => callback(null, n));
	};
	const timingSafeEqual = (a, b) => {
		[a, b] = [bytesOf(a), bytesOf(b)];
		if (a.length !== b.length) throw new RangeError("both inputs must have the same length");
		let different = 0;
		for (let i = 0; i < a.length; i++) different |= a[i] ^ b[i];
		return different === 0;
	};
	const webcrypto = globalThis.crypto;
	const getRandomValues = (array) => apply(webcrypto.getRandomValues, webcrypto, [array]);
	return { default: {
		createHash, createHmac, hash, Hash, Hmac, getHashes: () => Object.keys(names), randomBytes, randomFillSync, randomInt, randomUUID: () => host.uuid(),
		timingSafeEqual, getRandomValues, webcrypto, get subtle() { return webcrypto.subtle; },
	} };
};
