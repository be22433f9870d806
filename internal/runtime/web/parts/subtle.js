// crypto.subtle: names, usages, formats and errors as in the Web Cryptography API. The host does the cryptography, but keeps no
// keys: the bytes of a key are in a private field of its object, which no script can reach.
"use strict";
({ host, later, types: { DOMException } }) => {
const { stringify, parse } = JSON;
const { freeze, hasOwn } = Object;
const isView = ArrayBuffer.isView;

const error = (name, message) => name === "TypeError" ? new TypeError(message) : new DOMException(message, name);
const refuse = (name, message) => { throw error(name, message); };

// bytesOf copies data from a script, so that the script cannot change it later.
const bytesOf = (v, what = "the data") => {
	if (v instanceof ArrayBuffer) return v.slice(0);
	if (isView(v)) return v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength);
	throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
};
const textOf = (buffer) => new TextDecoder().decode(buffer);
const bufferOf = (text) => new TextEncoder().encode(text).buffer;
const base64 = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0)).buffer;
const url64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromURL64 = (s) => {
	if (typeof s !== "string" || /[^A-Za-z0-9_-]/.test(s)) refuse("DataError", "the key is not valid base64url");
	return base64(s.replaceAll("-", "+").replaceAll("_", "/"));
};

// ask calls the host.
const ask = async (op, algorithm, { isPrivate = false, key = null, data = null, extra = null, more = null } = {}) => {
	let answer = host.subtle(op, stringify(algorithm), Number(isPrivate), key, data, extra, more);
	if (typeof answer === "number") answer = await later(answer);
	if (new Uint8Array(answer, 0, 1)[0] === 0) return answer.slice(1);
	const [name, ...message] = textOf(answer.slice(1)).split("\n");
	throw error(name, message.join("\n"));
};

// ---- algorithms ------------------------------------------------------------------------------------------------

const hashes = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const block = { "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };
const rsa = ["RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"], aes = ["AES-CTR", "AES-CBC", "AES-GCM", "AES-KW"], ec = ["ECDSA", "ECDH"], okp = ["Ed25519", "X25519"];
const signing = ["HMAC", "RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"];
const all = { digest: hashes, sign: signing, verify: signing, encrypt: ["RSA-OAEP", "AES-CTR", "AES-CBC", "AES-GCM"], decrypt: ["RSA-OAEP", "AES-CTR", "AES-CBC", "AES-GCM"],
	wrapKey: ["RSA-OAEP", ...aes], unwrapKey: ["RSA-OAEP", ...aes], deriveBits: ["PBKDF2", "HKDF", "ECDH", "X25519"], "get key length": [...aes, "HMAC", "PBKDF2", "HKDF"],
	generateKey: [...aes, "HMAC", ...rsa, ...ec, ...okp], importKey: [...aes, "HMAC", ...rsa, ...ec, ...okp, "PBKDF2", "HKDF"] };

const integer = (v, name, most, missing = undefined) => {
	if (v === undefined && missing !== undefined) return missing;
	const n = Number(v);
	if (v === undefined || !Number.isFinite(n) || Math.trunc(n) < 0 || Math.trunc(n) > most) throw new TypeError(`${name} must be a whole number from 0 to ${most}`);
	return Math.trunc(n);
};
const hashName = (h) => normal("digest", h).name;
const curveName = (c) => {
	if (c === undefined) throw new TypeError("namedCurve is missing");
	c = String(c);
	if (!["P-256", "P-384", "P-521"].includes(c)) refuse("NotSupportedError", `the curve ${c} is not supported; use P-256, P-384 or P-521`);
	return c;
};

// normal reads the script's description of an algorithm, once.
const normal = (op, given) => {
	if (typeof given === "string") given = { name: given };
	if (typeof given !== "object" || given === null || given.name === undefined) throw new TypeError("the algorithm must be a name, or an object with a name");
	const wanted = String(given.name).toLowerCase(), name = all[op].find((n) => n.toLowerCase() === wanted);
	if (name === undefined) refuse("NotSupportedError", `the algorithm ${given.name} is not supported for this operation`);
	const a = { name };
	const needs = (...list) => list.includes(name);
	const keyed = op === "generateKey" || op === "importKey";
	if (keyed && (rsa.includes(name) || name === "HMAC") || op === "sign" && name === "ECDSA" || op === "verify" && name === "ECDSA" || op === "deriveBits" && needs("PBKDF2", "HKDF") || op === "get key length" && name === "HMAC") a.hash = hashName(given.hash);
	if (keyed && ec.includes(name)) a.namedCurve = curveName(given.namedCurve);
	if (op === "generateKey" && rsa.includes(name)) {
		a.modulusLength = integer(given.modulusLength, "modulusLength", 2 ** 32 - 1);
		if (!(given.publicExponent instanceof Uint8Array)) throw new TypeError("publicExponent must be a Uint8Array");
		a.publicExponent = new Uint8Array(given.publicExponent);
	}
	if ((op === "generateKey" || op === "get key length") && aes.includes(name)) a.length = integer(given.length, "length", 65535);
	if ((keyed || op === "get key length") && name === "HMAC" && given.length !== undefined) a.length = integer(given.length, "length", 2 ** 32 - 1);
	if ((op === "sign" || op === "verify") && name === "RSA-PSS") a.saltLength = integer(given.saltLength, "saltLength", 2 ** 32 - 1);
	if (["encrypt", "decrypt", "wrapKey", "unwrapKey"].includes(op)) {
		if (needs("AES-CBC", "AES-GCM")) a.iv = bytesOf(given.iv, "iv");
		if (name === "AES-GCM") {
			a.tagLength = integer(given.tagLength, "tagLength", 255, 128);
			if (given.additionalData !== undefined) a.additionalData = bytesOf(given.additionalData, "additionalData");
		}
		if (name === "AES-CTR") { a.counter = bytesOf(given.counter, "counter"); a.length = integer(given.length, "length", 255); }
		if (name === "RSA-OAEP" && given.label !== undefined) a.label = bytesOf(given.label, "label");
	}
	if (op === "deriveBits") {
		if (needs("PBKDF2", "HKDF")) a.salt = bytesOf(given.salt, "salt");
		if (name === "PBKDF2") a.iterations = integer(given.iterations, "iterations", 2 ** 32 - 1);
		if (name === "HKDF") a.info = bytesOf(given.info, "info");
		if (needs("ECDH", "X25519")) {
			if (!isKey(given.public)) throw new TypeError("public must be a CryptoKey");
			a.public = given.public;
		}
	}
	return a;
};

// ---- keys ------------------------------------------------------------------------------------------------------

let make, material, isKey;
class CryptoKey {
	#m;
	static {
		let allowed;
		make = (m) => { allowed = m; try { return new CryptoKey(); } finally { allowed = undefined; } };
		material = (k) => k.#m;
		isKey = (v) => typeof v === "object" && v !== null && #m in v;
		this.take = () => allowed ?? (() => { throw new TypeError("Illegal constructor"); })();
	}
	constructor() { this.#m = take(); }
	get type() { return this.#m.type; }
	get extractable() { return this.#m.extractable; }
	get algorithm() { return this.#m.shown ??= { ...this.#m.algorithm, ...this.#m.algorithm.hash && { hash: { name: this.#m.algorithm.hash } } }; }
	get usages() { return this.#m.listed ??= [...this.#m.usages]; }
}
const take = CryptoKey.take;
delete CryptoKey.take;
const order = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
const usagesOf = (list) => {
	const found = new Set([...list].map(String));
	for (const u of found) if (!order.includes(u)) throw new TypeError(`unknown key usage ${u}; use ${order.join(", ")}`);
	return order.filter((u) => found.has(u));
};
const possible = (name, type) => {
	if (name === "HMAC") return ["sign", "verify"];
	if (name === "AES-KW") return ["wrapKey", "unwrapKey"];
	if (aes.includes(name)) return ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
	if (name === "PBKDF2" || name === "HKDF") return ["deriveKey", "deriveBits"];
	if (name === "RSA-OAEP") return type === "public" ? ["encrypt", "wrapKey"] : ["decrypt", "unwrapKey"];
	if (name === "ECDH" || name === "X25519") return type === "public" ? [] : ["deriveKey", "deriveBits"];
	return type === "public" ? ["verify"] : ["sign"];
};
const allowed = (usages, name, type) => {
	const can = possible(name, type);
	for (const u of usages) if (!can.includes(u)) refuse("SyntaxError", `a ${type} ${name} key cannot have the usage ${u}`);
	if (usages.length === 0 && type !== "public") refuse("SyntaxError", "the key needs at least one usage");
};
const usable = (key, usage, name) => {
	if (!isKey(key)) throw new TypeError("the key must be a CryptoKey");
	const m = material(key);
	if (m.algorithm.name !== name) refuse("InvalidAccessError", `the key is for ${m.algorithm.name}, not for ${name}`);
	if (!m.usages.includes(usage)) refuse("InvalidAccessError", `the key does not allow the usage ${usage}`);
	return m;
};
const said = (m, a = {}) => ({ name: m.algorithm.name, hash: a.hash ?? m.algorithm.hash, namedCurve: m.algorithm.namedCurve, length: a.length, tagLength: a.tagLength, saltLength: a.saltLength, iterations: a.iterations });

const generate = async (a, extractable, usages) => {
	if (aes.includes(a.name) || a.name === "HMAC") {
		const bits = a.length ?? block[a.hash];
		if (a.name === "HMAC" ? bits === 0 || bits > 65536 : ![128, 192, 256].includes(bits)) refuse("OperationError", `a key length of ${bits} bits is not supported`);
		allowed(usages, a.name, "secret");
		const data = host.random(Math.ceil(bits / 8));
		if (bits % 8) new Uint8Array(data)[data.byteLength - 1] &= 0xff << 8 - bits % 8;
		return make({ type: "secret", extractable, usages, data, algorithm: a.name === "HMAC" ? { name: a.name, length: bits, hash: a.hash } : { name: a.name, length: bits } });
	}
	const can = [...possible(a.name, "private"), ...possible(a.name, "public")];
	for (const u of usages) if (!can.includes(u)) refuse("SyntaxError", `${a.name} keys cannot have the usage ${u}`);
	const own = possible(a.name, "private"), others = possible(a.name, "public");
	if (!usages.some((u) => own.includes(u))) refuse("SyntaxError", "the private key needs at least one usage");
	if (a.publicExponent && url64(a.publicExponent.buffer).replace(/^A+(?=A)/, "") !== "AQAB" && [...a.publicExponent].join() !== "0,1,0,1") refuse("OperationError", "the public exponent must be 65537");
	const pair = parse(textOf(await ask("generate", { name: a.name, hash: a.hash, namedCurve: a.namedCurve, modulusLength: a.modulusLength })));
	const algorithm = { ...a, ...a.publicExponent && { publicExponent: new Uint8Array([1, 0, 1]) } };
	return {
		publicKey: make({ type: "public", extractable: true, usages: usages.filter((u) => others.includes(u)), data: base64(pair.public), algorithm }),
		privateKey: make({ type: "private", extractable, usages: usages.filter((u) => own.includes(u)), data: base64(pair.private), algorithm }),
	};
};

const jwkName = (a, bits) => {
	const n = a.hash?.slice(4);
	switch (a.name) {
	case "HMAC": return "HS" + n;
	case "RSASSA-PKCS1-v1_5": return "RS" + n;
	case "RSA-PSS": return "PS" + n;
	case "RSA-OAEP": return a.hash === "SHA-1" ? "RSA-OAEP" : "RSA-OAEP-" + n;
	case "Ed25519": return "Ed25519";
	case "ECDSA": case "ECDH": case "X25519": return undefined;
	default: return `A${bits}${a.name.slice(4)}`;
	}
};

const importSecret = async (format, data, a, extractable, usages) => {
	let bytes = data;
	allowed(usages, a.name, "secret");
	if (format === "jwk") {
		if (a.name === "PBKDF2" || a.name === "HKDF") refuse("NotSupportedError", `${a.name} keys can only be imported as raw`);
		if (data.kty !== "oct") refuse("DataError", "the kty of the key must be oct");
		bytes = fromURL64(data.k);
		checkJWK(data, a, extractable, usages, jwkName(a, bytes.byteLength * 8), a.name === "HMAC" ? "sig" : "enc");
	} else if (format !== "raw") refuse("NotSupportedError", `${a.name} keys cannot be imported as ${format}`);
	let algorithm = { name: a.name };
	if (aes.includes(a.name)) {
		if (![16, 24, 32].includes(bytes.byteLength)) refuse("DataError", `an AES key must have 16, 24 or 32 bytes, not ${bytes.byteLength}`);
		algorithm.length = bytes.byteLength * 8;
	} else if (a.name === "HMAC") {
		const bits = bytes.byteLength * 8;
		if (bits === 0 || a.length !== undefined && (a.length > bits || a.length <= bits - 8)) refuse("DataError", "the key does not have the given length");
		algorithm = { name: a.name, length: a.length ?? bits, hash: a.hash };
	} else if (extractable) refuse("SyntaxError", `${a.name} keys cannot be extractable`);
	return make({ type: "secret", extractable, usages, data: bytes, algorithm });
};
const checkJWK = (jwk, a, extractable, usages, alg, use) => {
	if (jwk.use !== undefined && usages.length > 0 && jwk.use !== use) refuse("DataError", "the use of the key does not match");
	if (jwk.key_ops !== undefined && (!Array.isArray(jwk.key_ops) || usages.some((u) => !jwk.key_ops.includes(u)))) refuse("DataError", "the key_ops of the key do not include the usages");
	if (jwk.ext === false && extractable) refuse("DataError", "the key is not extractable");
	if (jwk.alg !== undefined && alg !== undefined && jwk.alg !== alg && !(a.name === "Ed25519" && jwk.alg === "EdDSA")) refuse("DataError", `the key is for ${jwk.alg}`);
};
const importPair = async (format, data, a, extractable, usages) => {
	let type = format === "pkcs8" || format === "jwk" && data.d !== undefined ? "private" : "public", bytes = data;
	if (format === "raw" && rsa.includes(a.name)) refuse("NotSupportedError", `${a.name} keys cannot be imported as raw`);
	allowed(usages, a.name, type);
	if (format === "jwk") {
		checkJWK(data, a, extractable, usages, jwkName(a), ["RSA-OAEP", "ECDH", "X25519"].includes(a.name) ? "enc" : "sig");
		if (ec.includes(a.name) && data.crv !== a.namedCurve) refuse("DataError", "the key is on a different curve");
		const plain = {};
		for (const name of ["kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi"]) if (hasOwn(data, name)) plain[name] = String(data[name]);
		if (data.oth !== undefined) plain.oth = [1];
		bytes = bufferOf(stringify(plain));
	}
	const got = parse(textOf(await ask("import", { name: a.name, hash: a.hash, namedCurve: a.namedCurve }, { data: bytes, extra: bufferOf(format) })));
	const algorithm = { name: a.name };
	if (rsa.includes(a.name)) Object.assign(algorithm, { modulusLength: got.modulusLength, publicExponent: new Uint8Array(base64(got.publicExponent)), hash: a.hash });
	if (ec.includes(a.name)) algorithm.namedCurve = a.namedCurve;
	type = got.private ? "private" : "public";
	return make({ type, extractable, usages, data: base64(got.data), algorithm });
};
const importIt = async (format, data, a, extractable, usages) => {
	const secret = aes.includes(a.name) || ["HMAC", "PBKDF2", "HKDF"].includes(a.name);
	return secret ? importSecret(format, data, a, extractable, usages) : importPair(format, data, a, extractable, usages);
};
const exportIt = async (format, key) => {
	const m = material(key), { name } = m.algorithm;
	if (name === "PBKDF2" || name === "HKDF") refuse("NotSupportedError", `${name} keys cannot be exported`);
	if (!m.extractable) refuse("InvalidAccessError", "the key is not extractable");
	if (format === "jwk") {
		const jwk = m.type === "secret" ? { kty: "oct", k: url64(m.data) } : parse(textOf(await ask("export", said(m), { isPrivate: m.type === "private", key: m.data, extra: bufferOf("jwk") })));
		const alg = jwkName(m.algorithm, m.algorithm.length);
		return { ...jwk, ...alg && { alg }, ext: m.extractable, key_ops: [...m.usages] };
	}
	if (m.type === "secret") return format === "raw" ? m.data.slice(0) : refuse("NotSupportedError", `${name} keys cannot be exported as ${format}`);
	if (format === "spki" || format === "pkcs8") {
		if ((format === "spki") !== (m.type === "public")) refuse("InvalidAccessError", `a ${m.type} key cannot be exported as ${format}`);
		return m.data.slice(0);
	}
	if (m.type !== "public") refuse("InvalidAccessError", "only a public key can be exported as raw");
	if (rsa.includes(name)) refuse("NotSupportedError", `${name} keys cannot be exported as raw`);
	return ask("export", said(m), { key: m.data, extra: bufferOf("raw") });
};

const formats = ["raw", "spki", "pkcs8", "jwk"];
const formatOf = (f) => formats.includes(String(f)) ? String(f) : (() => { throw new TypeError(`unknown key format ${f}; use ${formats.join(", ")}`); })();
const keyData = (format, data) => {
	if (format !== "jwk") return bytesOf(data, "the key");
	if (typeof data !== "object" || data === null || data instanceof ArrayBuffer || isView(data)) throw new TypeError("a key in jwk format must be an object");
	return { ...data };
};
const cipher = (op, a, m, data) => ask(op, said(m, a), { isPrivate: m.type === "private", key: m.data, data, extra: a.iv ?? a.counter ?? a.label ?? null, more: a.additionalData ?? null });
const cut = (buffer, bits) => {
	if (bits === null || bits === undefined) return buffer;
	if (bits > buffer.byteLength * 8) refuse("OperationError", `only ${buffer.byteLength * 8} bits are available`);
	const out = buffer.slice(0, Math.ceil(bits / 8));
	if (bits % 8) new Uint8Array(out)[out.byteLength - 1] &= 0xff << 8 - bits % 8;
	return out;
};
const deriveIt = async (a, m, bits) => {
	if (a.name === "ECDH" || a.name === "X25519") {
		const other = material(a.public);
		if (other.type !== "public" || other.algorithm.name !== a.name || other.algorithm.namedCurve !== m.algorithm.namedCurve || m.type !== "private") refuse("InvalidAccessError", "the two keys do not belong together");
		return cut(await ask("deriveBits", said(m), { key: m.data, extra: other.data }), bits);
	}
	if (bits === null || bits === undefined || bits % 8) refuse("OperationError", "the length must be a multiple of 8 bits");
	return ask("deriveBits", said(m, { ...a, length: bits }), { key: m.data, extra: a.salt, more: a.info ?? null });
};

let built;
class SubtleCrypto {
	constructor() { if (built !== undefined) throw new TypeError("Illegal constructor"); }
	async digest(algorithm, data) {
		const a = normal("digest", algorithm);
		return ask("digest", { name: a.name, hash: a.name }, { data: bytesOf(data) });
	}
	async generateKey(algorithm, extractable, usages) { return generate(normal("generateKey", algorithm), Boolean(extractable), usagesOf(usages)); }
	async importKey(format, data, algorithm, extractable, usages) {
		format = formatOf(format);
		return importIt(format, keyData(format, data), normal("importKey", algorithm), Boolean(extractable), usagesOf(usages));
	}
	async exportKey(format, key) {
		format = formatOf(format);
		if (!isKey(key)) throw new TypeError("the key must be a CryptoKey");
		return exportIt(format, key);
	}
	async sign(algorithm, key, data) {
		const a = normal("sign", algorithm), bytes = bytesOf(data), m = usable(key, "sign", a.name);
		return ask("sign", said(m, a), { isPrivate: true, key: m.data, data: bytes });
	}
	async verify(algorithm, key, signature, data) {
		const a = normal("verify", algorithm), extra = bytesOf(signature, "the signature"), bytes = bytesOf(data), m = usable(key, "verify", a.name);
		return new Uint8Array(await ask("verify", said(m, a), { key: m.data, data: bytes, extra }))[0] === 1;
	}
	async encrypt(algorithm, key, data) {
		const a = normal("encrypt", algorithm), bytes = bytesOf(data);
		return cipher("encrypt", a, usable(key, "encrypt", a.name), bytes);
	}
	async decrypt(algorithm, key, data) {
		const a = normal("decrypt", algorithm), bytes = bytesOf(data);
		return cipher("decrypt", a, usable(key, "decrypt", a.name), bytes);
	}
	async deriveBits(algorithm, key, length = null) {
		const a = normal("deriveBits", algorithm), bits = length === null ? null : integer(length, "length", 2 ** 32 - 1);
		return deriveIt(a, usable(key, "deriveBits", a.name), bits);
	}
	async deriveKey(algorithm, key, derived, extractable, usages) {
		const a = normal("deriveBits", algorithm), to = normal("importKey", derived), length = normal("get key length", derived), list = usagesOf(usages);
		const bits = aes.includes(length.name) ? length.length : length.name === "HMAC" ? length.length ?? block[length.hash] : null;
		if (aes.includes(length.name) && ![128, 192, 256].includes(bits)) refuse("OperationError", `a key length of ${bits} bits is not supported`);
		return importIt("raw", await deriveIt(a, usable(key, "deriveKey", a.name), bits), to, Boolean(extractable), list);
	}
	async wrapKey(format, key, wrapping, algorithm) {
		format = formatOf(format);
		const a = normal("wrapKey", algorithm), m = usable(wrapping, "wrapKey", a.name);
		if (!isKey(key)) throw new TypeError("the key must be a CryptoKey");
		const exported = await exportIt(format, key);
		return cipher("encrypt", a, m, format === "jwk" ? bufferOf(stringify(exported)) : exported);
	}
	async unwrapKey(format, wrapped, unwrapping, algorithm, of, extractable, usages) {
		format = formatOf(format);
		const a = normal("unwrapKey", algorithm), to = normal("importKey", of), bytes = bytesOf(wrapped), list = usagesOf(usages), m = usable(unwrapping, "unwrapKey", a.name);
		let data = await cipher("decrypt", a, m, bytes);
		if (format === "jwk") {
			try { data = parse(textOf(data)); } catch { refuse("DataError", "the unwrapped data is not a JSON Web Key"); }
			if (typeof data !== "object" || data === null) refuse("DataError", "the unwrapped data is not a JSON Web Key");
		}
		return importIt(format, data, to, Boolean(extractable), list);
	}
	// timingSafeEqual is of Cloudflare Workers: it looks at every byte, whatever the others are.
	timingSafeEqual(a, b) {
		const one = new Uint8Array(bytesOf(a, "the first value")), other = new Uint8Array(bytesOf(b, "the second value"));
		if (one.length !== other.length) throw new TypeError("the two values must have the same length");
		let difference = 0;
		for (let i = 0; i < one.length; i++) difference |= one[i] ^ other[i];
		return difference === 0;
	}
}
const subtle = new SubtleCrypto();
built = true;
for (const c of [SubtleCrypto, CryptoKey]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
return { subtle, SubtleCrypto, CryptoKey };
}
