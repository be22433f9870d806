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
const encoded = (bytes, encoding) => {
	if (encoding === undefined || encoding === "buffer") return bytes;
	if (encoding !== "base64url") return bytes.toString(encoding);
	return bytes.toString("base64").replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
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
			return encoded(result, encoding);
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
		const name = known(algorithm), hmac = need("hmac"), secret = exact(secretBytes(key));
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
	// ---- keys ----
	const call = (op, algorithm, { key, data, extra, more, isPrivate = false } = {}) => {
		const out = new NativeUint8Array(need("computed")(op, JSON.stringify(algorithm), isPrivate, ...[key, data, extra, more].map((b) => b === undefined ? undefined : exact(b))));
		if (out[0] === 0) return Buffer.from(out.slice(1));
		const [, message] = Buffer.from(out.slice(1)).toString().split("\n");
		throw Object.assign(new Error(message), { code: "ERR_CRYPTO_OPERATION_FAILED" });
	};
	const hashName = (algorithm) => ({ md5: "MD5", sha1: "SHA-1", sha224: "SHA-224", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" })[known(String(algorithm).replace(/^(rsa|ecdsa-with|id)-/i, "").replace(/withrsaencryption$/i, ""))];
	const make = Symbol("make"), inner = new WeakMap();
	class KeyObject {
		constructor(token, fields) {
			if (token !== make) throw new TypeError("use createSecretKey, createPrivateKey or createPublicKey");
			inner.set(this, fields);
			this.type = fields.type;
			if (fields.type === "secret") { this.symmetricKeySize = fields.der.length; return; }
			this.asymmetricKeyType = fields.name;
			this.asymmetricKeyDetails = fields.name === "rsa" ? { modulusLength: fields.modulus, publicExponent: 65537n } : fields.name === "ec" ? { namedCurve: { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" }[fields.curve] } : {};
		}
		get [Symbol.toStringTag]() { return "KeyObject"; }
		equals(other) { return this.type === other.type && Buffer.compare(inner.get(this).der, inner.get(other).der) === 0; }
		export({ format, type } = {}) {
			const { der, type: kind } = inner.get(this);
			if (kind === "secret") return format === "jwk" ? { kty: "oct", k: encoded(der, "base64url") } : Buffer.from(der);
			if (format === "der") return Buffer.from(der);
			if (format === "jwk") throw new Error("keys as JWK are available in crypto.subtle");
			const label = kind === "private" ? "PRIVATE KEY" : "PUBLIC KEY";
			return `-----BEGIN ${label}-----\n${der.toString("base64").match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;
		}
	}
	const secretOf = (key) => inner.get(key).der;
	const wrongKind = (key, wanted) => Object.assign(new TypeError(`Invalid key object type ${inner.get(key).type}, expected ${wanted}.`), { code: "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE" });
	const secretBytes = (key) => {
		if (!(key instanceof KeyObject)) return bytesOf(key);
		if (inner.get(key).type !== "secret") throw wrongKind(key, "secret");
		return secretOf(key);
	};
	const createSecretKey = (key, encoding) => new KeyObject(make, { type: "secret", der: Buffer.from(bytesOf(key, encoding)) });
	const asymmetric = (input, isPrivate) => {
		if (input instanceof KeyObject) {
			const { type } = inner.get(input);
			if (type === "secret" || isPrivate && type !== "private") throw wrongKind(input, isPrivate ? "private" : "private or public");
			if (isPrivate || type === "public") return input;
			input = { key: secretOf(input) };
		}
		let data = input;
		if (typeof input === "object" && !ArrayBuffer.isView(input) && !(input instanceof ArrayBuffer)) {
			if (input.key instanceof KeyObject) return asymmetric(input.key, isPrivate);
			data = input.key;
			if (input.format === "jwk") throw new Error("keys as JWK are available in crypto.subtle");
		}
		const out = call("read", {}, { data: bytesOf(data), isPrivate }), at = out.indexOf(10);
		return new KeyObject(make, { ...JSON.parse(out.subarray(0, at).toString()), der: Buffer.from(out.subarray(at + 1)) });
	};
	const createPrivateKey = (input) => asymmetric(input, true), createPublicKey = (input) => asymmetric(input, false);

	// ---- signatures ----
	const constants = { RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_PKCS1_PSS_PADDING: 6, RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2 };
	const sizes = { "P-256": 32, "P-384": 48, "P-521": 66 };
	const algorithmOf = (key, algorithm, options = {}) => {
		const { name, curve } = inner.get(key);
		if (name === "ed25519") return { name: "Ed25519" };
		const hash = hashName(algorithm ?? "sha256");
		if (name === "ec") return { name: "ECDSA", namedCurve: curve, hash };
		if (options.padding !== constants.RSA_PKCS1_PSS_PADDING) return { name: "RSASSA-PKCS1-v1_5", hash };
		const saltLength = options.saltLength === undefined || options.saltLength < 0 ? { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 }[hash] : options.saltLength;
		return { name: "RSA-PSS", hash, saltLength };
	};
	const integer = (bytes) => {
		let at = 0;
		while (at < bytes.length - 1 && bytes[at] === 0) at++;
		bytes = bytes.subarray(at);
		const body = bytes[0] & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
		return Buffer.concat([Buffer.from([2, body.length]), body]);
	};
	const toDER = (raw) => {
		const body = Buffer.concat([integer(raw.subarray(0, raw.length / 2)), integer(raw.subarray(raw.length / 2))]);
		return Buffer.concat([Buffer.from(body.length > 127 ? [0x30, 0x81, body.length] : [0x30, body.length]), body]);
	};
	const fromDER = (der, size) => {
		const raw = Buffer.alloc(2 * size);
		let at = der[1] === 0x81 ? 3 : 2;
		if (der[0] !== 0x30 || der[at - 1] !== der.length - at || at === 2 && der[1] > 127) return undefined;
		for (const end of [size, 2 * size]) {
			if (der[at] !== 2) return undefined;
			const length = der[at + 1];
			if (!(length > 0 && length < 128 && at + 2 + length <= der.length)) return undefined;
			let value = der.subarray(at + 2, at + 2 + length);
			while (value.length > size && value[0] === 0) value = value.subarray(1);
			if (value.length > size) return undefined;
			raw.set(value, end - value.length);
			at += 2 + length;
		}
		return at === der.length ? raw : undefined;
	};
	const sign = (algorithm, data, input, done) => {
		if (done) return later(done, () => sign(algorithm, data, input));
		const key = createPrivateKey(input), options = input instanceof KeyObject ? {} : input;
		const out = call("sign", algorithmOf(key, algorithm, options), { key: secretOf(key), data: bytesOf(data), isPrivate: true });
		return key.asymmetricKeyType === "ec" && options.dsaEncoding !== "ieee-p1363" ? toDER(out) : out;
	};
	const verify = (algorithm, data, input, signature, done) => {
		if (done) return later(done, () => verify(algorithm, data, input, signature));
		const key = createPublicKey(input), options = input instanceof KeyObject ? {} : input;
		let extra = bytesOf(signature);
		if (key.asymmetricKeyType === "ec" && options.dsaEncoding !== "ieee-p1363") extra = fromDER(Buffer.from(extra), sizes[inner.get(key).curve]);
		return extra !== undefined && call("verify", algorithmOf(key, algorithm, options), { key: secretOf(key), data: bytesOf(data), extra })[0] === 1;
	};
	class Signing {
		#algorithm; #parts = [];
		constructor(algorithm) { this.#algorithm = algorithm; hashName(algorithm); }
		update(data, encoding) { this.#parts.push(Buffer.from(bytesOf(data, encoding))); return this; }
		write(data) { this.update(data); return true; }
		end(data) { if (data !== undefined) this.update(data); return this; }
		sign(key, encoding) { return encoded(sign(this.#algorithm, Buffer.concat(this.#parts), key), encoding); }
		verify(key, signature, encoding) { return verify(this.#algorithm, Buffer.concat(this.#parts), key, typeof signature === "string" ? Buffer.from(signature, encoding) : signature); }
	}
	class Sign extends Signing {}
	class Verify extends Signing {}

	// ---- keys from passwords ----
	const later = (done, compute) => queueMicrotask(() => {
		let result;
		try { result = compute(); } catch (error) { return done(error); }
		done(null, result);
	});
	const pbkdf2Sync = (password, salt, iterations, length, digest) => call("deriveBits", { name: "PBKDF2", hash: hashName(digest), iterations, length: 8 * length }, { key: secretBytes(password), extra: bytesOf(salt) });
	const pbkdf2 = (...args) => later(args.pop(), () => pbkdf2Sync(...args));
	const hkdfSync = (digest, key, salt, info, length) => exact(call("deriveBits", { name: "HKDF", hash: hashName(digest), length: 8 * length }, { key: secretBytes(key), extra: bytesOf(salt), more: bytesOf(info) }));
	const hkdf = (...args) => later(args.pop(), () => hkdfSync(...args));
	const scryptSync = (password, salt, length, { N, cost = N ?? 16384, r, blockSize = r ?? 8, p, parallelization = p ?? 1 } = {}) => {
		if (128 * cost * blockSize > 32 * 2 ** 20) throw Object.assign(new RangeError("Invalid scrypt params: memory limit exceeded"), { code: "ERR_CRYPTO_INVALID_SCRYPT_PARAMS" });
		return call("scrypt", { iterations: cost, saltLength: blockSize, tagLength: parallelization, length: 8 * length }, { key: secretBytes(password), extra: bytesOf(salt) });
	};
	const scrypt = (password, salt, length, options, done) => later(done ?? options, () => scryptSync(password, salt, length, done ? options : {}));

	// ---- ciphers ----
	class Cipher {
		#op; #mode; #key; #iv; #parts = []; #more = Buffer.alloc(0); #tag; #done = false; #tagLength;
		constructor(op, name, key, iv, options) {
			const parts = /^aes-?(128|192|256)-(cbc|gcm|ctr)$/i.exec(name);
			if (!parts) throw new Error(`the cipher ${name} is not available; use aes-128, aes-192 or aes-256 with cbc, ctr or gcm`);
			this.#op = op;
			this.#mode = parts[2].toUpperCase();
			this.#key = Buffer.from(secretBytes(key));
			this.#iv = Buffer.from(bytesOf(iv));
			this.#tagLength = options?.authTagLength ?? 16;
			if (this.#key.length * 8 !== Number(parts[1])) throw Object.assign(new RangeError("Invalid key length"), { code: "ERR_CRYPTO_INVALID_KEYLEN" });
			if (this.#mode !== "GCM" && this.#iv.length !== 16) throw Object.assign(new TypeError("Invalid initialization vector"), { code: "ERR_CRYPTO_INVALID_IV" });
		}
		// The result comes from final: the pieces of input are put together.
		update(data, from, to) {
			if (this.#done) throw new Error("final() was already called");
			this.#parts.push(Buffer.from(bytesOf(data, from)));
			return encoded(Buffer.alloc(0), to);
		}
		final(encoding) {
			if (this.#done) throw new Error("final() was already called");
			this.#done = true;
			let data = Buffer.concat(this.#parts);
			if (this.#mode === "GCM" && this.#op === "decrypt") {
				if (!this.#tag) throw new Error("Unsupported state or unable to authenticate data");
				data = Buffer.concat([data, this.#tag]);
			}
			const algorithm = this.#mode === "CTR" ? { name: "AES-CTR", length: 128 } : { name: "AES-" + this.#mode, tagLength: 8 * (this.#tag?.length ?? this.#tagLength) };
			let out;
			try { out = call(this.#op, algorithm, { key: this.#key, data, extra: this.#iv, more: this.#more }); } catch (error) {
				throw this.#mode === "GCM" ? new Error("Unsupported state or unable to authenticate data") : Object.assign(new Error("bad decrypt"), { code: "ERR_OSSL_BAD_DECRYPT", reason: "bad decrypt" });
			}
			if (this.#mode === "GCM" && this.#op === "encrypt") {
				this.#tag = out.subarray(out.length - this.#tagLength);
				out = out.subarray(0, out.length - this.#tagLength);
			}
			return encoded(out, encoding);
		}
		setAAD(data) { this.#more = Buffer.concat([this.#more, Buffer.from(bytesOf(data))]); return this; }
		getAuthTag() { if (!this.#tag) throw new Error("call final() first"); return Buffer.from(this.#tag); }
		setAuthTag(tag, encoding) { this.#tag = Buffer.from(bytesOf(tag, encoding)); return this; }
		setAutoPadding(on = true) { if (!on && this.#mode === "CBC") throw new Error("a cipher without padding is not available in functions"); return this; }
	}
	class Cipheriv extends Cipher { constructor(name, key, iv, options) { super("encrypt", name, key, iv, options); } }
	class Decipheriv extends Cipher { constructor(name, key, iv, options) { super("decrypt", name, key, iv, options); } }
	const getCiphers = () => ["128", "192", "256"].flatMap((bits) => ["cbc", "ctr", "gcm"].map((mode) => `aes-${bits}-${mode}`));

	const webcrypto = globalThis.crypto;
	const getRandomValues = (array) => apply(webcrypto.getRandomValues, webcrypto, [array]);
	return { default: {
		KeyObject, createSecretKey, createPrivateKey, createPublicKey, sign, verify, Sign, Verify, createSign: (name) => new Sign(name), createVerify: (name) => new Verify(name), constants,
		pbkdf2, pbkdf2Sync, hkdf, hkdfSync, scrypt, scryptSync, Cipheriv, Decipheriv, createCipheriv: (...args) => new Cipheriv(...args), createDecipheriv: (...args) => new Decipheriv(...args), getCiphers, getCurves: () => ["prime256v1", "secp384r1", "secp521r1"],
		createHash, createHmac, hash, Hash, Hmac, getHashes: () => Object.keys(names), randomBytes, randomFillSync, randomInt, randomUUID: () => host.uuid(),
		timingSafeEqual, getRandomValues, webcrypto, get subtle() { return webcrypto.subtle; },
	} };
};
