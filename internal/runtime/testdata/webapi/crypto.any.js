const { subtle } = crypto;
const hex = (b) => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, "0")).join("");
const un = (s) => Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));
const utf8 = (s) => new TextEncoder().encode(s);

for (const [name, want] of [["SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"], ["sha-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
	["SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
	["SHA-512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"]]) {
	promise_test(async () => { assert_equals(hex(await subtle.digest(name, utf8("abc"))), want); }, `${name} of abc`);
	promise_test(async () => { assert_equals(hex(await subtle.digest({ name }, utf8("xabcx").subarray(1, 4))), want); }, `${name} of a part of a buffer`);
}
promise_test(async () => { assert_equals(hex(await subtle.digest("SHA-256", new Uint8Array(1 << 20))), "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"); }, "SHA-256 of a megabyte");
promise_test(async (t) => {
	await promise_rejects_dom(t, "NotSupportedError", subtle.digest("MD5", utf8("")));
	await promise_rejects_js(t, TypeError, subtle.digest("SHA-1", "text"));
	await promise_rejects_js(t, TypeError, subtle.digest({}, utf8("")));
	const data = utf8("abc"), p = subtle.digest("SHA-1", data);
	data[0] = 0;
	assert_equals(hex(await p), "a9993e364706816aba3e25717850c26c9cd0d89d", "what is changed afterwards does not count");
}, "digest checks what it gets");

for (const [key, data, want] of [["0b".repeat(20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"], ["4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"]]) {
	promise_test(async () => {
		const k = await subtle.importKey("raw", un(key), { name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
		const sig = await subtle.sign("HMAC", k, un(data));
		assert_equals(hex(sig), want);
		assert_true(await subtle.verify("hmac", k, sig, un(data)));
		new Uint8Array(sig)[0] ^= 1;
		assert_false(await subtle.verify("HMAC", k, sig, un(data)));
		assert_false(await subtle.verify("HMAC", k, sig.slice(1), un(data)));
		assert_array_equals(k.usages, ["sign", "verify"]);
		assert_equals(k.algorithm.hash.name, "SHA-256");
		assert_equals(k.algorithm.length, key.length * 4);
		assert_equals(k.type, "secret");
		assert_class_string(k, "CryptoKey");
	}, `HMAC of RFC 4231 with the key ${key.slice(0, 8)}`);
}
promise_test(async (t) => {
	const k = await subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
	const jwk = await subtle.exportKey("jwk", k);
	assert_equals(jwk.alg, "HS512");
	assert_equals(jwk.kty, "oct");
	assert_array_equals(jwk.key_ops, ["sign"]);
	const again = await subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
	assert_equals(hex(await subtle.sign("HMAC", again, utf8("x"))), hex(await subtle.sign("HMAC", k, utf8("x"))));
	await promise_rejects_dom(t, "InvalidAccessError", subtle.exportKey("raw", again));
	await promise_rejects_dom(t, "InvalidAccessError", subtle.verify("HMAC", k, new Uint8Array(64), utf8("x")));
	await promise_rejects_dom(t, "SyntaxError", subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, true, []));
	await promise_rejects_dom(t, "SyntaxError", subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, true, ["encrypt"]));
	await promise_rejects_dom(t, "DataError", subtle.importKey("raw", new Uint8Array(0), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
	await promise_rejects_dom(t, "DataError", subtle.importKey("jwk", { kty: "oct", k: "AAAA", alg: "HS1" }, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]));
	await promise_rejects_js(t, TypeError, subtle.importKey("nonsense", new Uint8Array(1), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
	await promise_rejects_js(t, TypeError, subtle.sign("HMAC", {}, utf8("x")));
	assert_throws_js(TypeError, () => new CryptoKey());
}, "HMAC keys");

promise_test(async (t) => {
	const k = await subtle.importKey("raw", un("feffe9928665731c6d6a8f9467308308"), "AES-GCM", true, ["encrypt", "decrypt"]);
	const iv = un("cafebabefacedbaddecaf888"), additionalData = un("feedfacedeadbeeffeedfacedeadbeefabaddad2");
	const plain = un("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	const c = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, k, plain);
	assert_equals(hex(c), "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
	assert_equals(hex(await subtle.decrypt({ name: "AES-GCM", iv, additionalData }, k, c)), hex(plain));
	await promise_rejects_dom(t, "OperationError", subtle.decrypt({ name: "AES-GCM", iv }, k, c));
	await promise_rejects_dom(t, "OperationError", subtle.encrypt({ name: "AES-GCM", iv, tagLength: 100 }, k, plain));
	await promise_rejects_js(t, TypeError, subtle.encrypt({ name: "AES-GCM" }, k, plain));
	const short = await subtle.encrypt({ name: "AES-GCM", iv, tagLength: 96 }, k, new Uint8Array(0));
	assert_equals(short.byteLength, 12);
	assert_equals((await subtle.decrypt({ name: "AES-GCM", iv, tagLength: 96 }, k, short)).byteLength, 0);
	const long = await subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(16) }, k, utf8("x"));
	assert_equals(hex(await subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(16) }, k, long)), "78");
}, "AES-GCM of the NIST");
promise_test(async (t) => {
	const raw = un("2b7e151628aed2a6abf7158809cf4f3c"), text = un("6bc1bee22e409f96e93d7e117393172a");
	const cbc = await subtle.importKey("raw", raw, "aes-cbc", false, ["encrypt", "decrypt"]), iv = un("000102030405060708090a0b0c0d0e0f");
	const c = await subtle.encrypt({ name: "AES-CBC", iv }, cbc, text);
	assert_equals(hex(c).slice(0, 32), "7649abac8119b246cee98e9b12e9197d");
	assert_equals(hex(await subtle.decrypt({ name: "AES-CBC", iv }, cbc, c)), hex(text));
	await promise_rejects_dom(t, "OperationError", subtle.decrypt({ name: "AES-CBC", iv }, cbc, c.slice(0, 16)));
	await promise_rejects_dom(t, "OperationError", subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(8) }, cbc, text));
	const ctr = await subtle.importKey("raw", raw, "AES-CTR", false, ["encrypt", "decrypt"]), counter = un("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	assert_equals(hex(await subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, ctr, text)), "874d6191b620e3261bef6864990db6ce");
	const max = un("000102030405060708090a0b0c0d0eff"), two = await subtle.encrypt({ name: "AES-CTR", counter: max, length: 8 }, ctr, new Uint8Array(32));
	const zero = await subtle.encrypt({ name: "AES-CTR", counter: un("000102030405060708090a0b0c0d0e00"), length: 8 }, ctr, new Uint8Array(16));
	assert_equals(hex(two).slice(32), hex(zero), "the counter overflows within its length");
	await promise_rejects_dom(t, "OperationError", subtle.encrypt({ name: "AES-CTR", counter, length: 1 }, ctr, new Uint8Array(48)));
	await promise_rejects_dom(t, "InvalidAccessError", subtle.encrypt({ name: "AES-CBC", iv }, ctr, text));
	await promise_rejects_dom(t, "DataError", subtle.importKey("raw", new Uint8Array(15), "AES-CBC", false, ["encrypt"]));
	await promise_rejects_dom(t, "OperationError", subtle.generateKey({ name: "AES-CBC", length: 127 }, false, ["encrypt"]));
}, "AES-CBC and AES-CTR of the NIST");
promise_test(async (t) => {
	const kek = await subtle.importKey("raw", un("000102030405060708090a0b0c0d0e0f"), "AES-KW", false, ["wrapKey", "unwrapKey"]);
	const key = await subtle.importKey("raw", un("00112233445566778899aabbccddeeff"), "AES-CBC", true, ["encrypt"]);
	const wrapped = await subtle.wrapKey("raw", key, kek, "AES-KW");
	assert_equals(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
	const back = await subtle.unwrapKey("raw", wrapped, kek, "AES-KW", "AES-CBC", true, ["decrypt"]);
	assert_equals(hex(await subtle.exportKey("raw", back)), "00112233445566778899aabbccddeeff");
	new Uint8Array(wrapped)[3] ^= 1;
	await promise_rejects_dom(t, "OperationError", subtle.unwrapKey("raw", wrapped, kek, "AES-KW", "AES-CBC", true, ["decrypt"]));
	const gcm = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]), a = { name: "AES-GCM", iv: new Uint8Array(12) };
	const asJWK = await subtle.unwrapKey("jwk", await subtle.wrapKey("jwk", key, gcm, a), gcm, a, "AES-CBC", true, ["encrypt"]);
	assert_equals(hex(await subtle.exportKey("raw", asJWK)), "00112233445566778899aabbccddeeff");
}, "keys are wrapped, as RFC 3394 has it");

promise_test(async (t) => {
	const p = await subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
	assert_equals(hex(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: utf8("salt"), iterations: 4096 }, p, 256)), "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a");
	assert_equals(hex(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations: 2 }, p, 160)), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
	const k = await subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt: utf8("salt"), iterations: 1 }, p, { name: "AES-GCM", length: 128 }, true, ["encrypt"]);
	assert_equals(hex(await subtle.exportKey("raw", k)), "120fb6cffcf8b32c43e7225256c4f837");
	await promise_rejects_dom(t, "OperationError", subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: utf8("s"), iterations: 0 }, p, 128));
	await promise_rejects_dom(t, "OperationError", subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: utf8("s"), iterations: 1 }, p, 9));
	await promise_rejects_dom(t, "SyntaxError", subtle.importKey("raw", utf8("p"), "PBKDF2", true, ["deriveBits"]));
	const h = await subtle.importKey("raw", un("0b".repeat(22)), "HKDF", false, ["deriveBits"]);
	assert_equals(hex(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: un("000102030405060708090a0b0c"), info: un("f0f1f2f3f4f5f6f7f8f9") }, h, 336)),
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	await promise_rejects_dom(t, "OperationError", subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new Uint8Array(0) }, h, 8 * 256 * 32));
}, "PBKDF2 and HKDF of RFC 5869");

promise_test(async (t) => {
	const secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", pub = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
	const priv = await subtle.importKey("pkcs8", un("302e020100300506032b657004220420" + secret), "Ed25519", true, ["sign"]);
	const sig = await subtle.sign("Ed25519", priv, new Uint8Array(0));
	assert_equals(hex(sig), "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	const verify = await subtle.importKey("raw", un(pub), "Ed25519", true, ["verify"]);
	assert_true(await subtle.verify("Ed25519", verify, sig, new Uint8Array(0)));
	assert_false(await subtle.verify("Ed25519", verify, sig, new Uint8Array(1)));
	const jwk = await subtle.exportKey("jwk", priv);
	assert_equals(jwk.crv + jwk.kty, "Ed25519OKP");
	assert_equals(hex(await subtle.sign("Ed25519", await subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]), new Uint8Array(0))), hex(sig));
	await promise_rejects_dom(t, "DataError", subtle.importKey("jwk", { ...jwk, x: "AAAA" }, "Ed25519", false, ["sign"]));
	await promise_rejects_dom(t, "DataError", subtle.importKey("pkcs8", un("3003020100"), "Ed25519", false, ["sign"]));
}, "Ed25519 of RFC 8032");
for (const namedCurve of ["P-256", "P-384", "P-521"]) {
	promise_test(async (t) => {
		const { publicKey, privateKey } = await subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
		const a = { name: "ECDSA", hash: "SHA-256" }, sig = await subtle.sign(a, privateKey, utf8("x"));
		assert_equals(sig.byteLength, { "P-256": 64, "P-384": 96, "P-521": 132 }[namedCurve]);
		for (const format of ["raw", "spki", "jwk"]) {
			const k = await subtle.importKey(format, await subtle.exportKey(format, publicKey), { name: "ECDSA", namedCurve }, true, ["verify"]);
			assert_true(await subtle.verify(a, k, sig, utf8("x")), format);
			assert_false(await subtle.verify(a, k, sig, utf8("y")), format);
			assert_equals(k.algorithm.namedCurve, namedCurve);
		}
		for (const format of ["pkcs8", "jwk"]) {
			const k = await subtle.importKey(format, await subtle.exportKey(format, privateKey), { name: "ECDSA", namedCurve }, false, ["sign"]);
			assert_true(await subtle.verify(a, publicKey, await subtle.sign(a, k, utf8("z")), utf8("z")), format);
		}
		assert_array_equals(publicKey.usages, ["verify"]);
		assert_true(publicKey.extractable);
		await promise_rejects_dom(t, "InvalidAccessError", subtle.exportKey("spki", privateKey));
		await promise_rejects_dom(t, "DataError", subtle.importKey("spki", await subtle.exportKey("spki", publicKey), { name: "ECDSA", namedCurve: namedCurve === "P-256" ? "P-384" : "P-256" }, true, ["verify"]));
		const one = await subtle.generateKey({ name: "ECDH", namedCurve }, false, ["deriveBits"]), two = await subtle.generateKey({ name: "ECDH", namedCurve }, false, ["deriveBits", "deriveKey"]);
		assert_equals(hex(await subtle.deriveBits({ name: "ECDH", public: two.publicKey }, one.privateKey, 256)), hex(await subtle.deriveBits({ name: "ECDH", public: one.publicKey }, two.privateKey, 256)));
		await promise_rejects_dom(t, "OperationError", subtle.deriveBits({ name: "ECDH", public: two.publicKey }, one.privateKey, 4096));
	}, `ECDSA and ECDH on ${namedCurve}`);
}
promise_test(async () => {
	const one = await subtle.generateKey("X25519", true, ["deriveBits"]), two = await subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
	assert_equals(hex(await subtle.deriveBits({ name: "X25519", public: two.publicKey }, one.privateKey, 128)), hex(await subtle.deriveBits({ name: "X25519", public: one.publicKey }, two.privateKey, 128)));
}, "X25519");
promise_test(async (t) => {
	const make = (name, usages) => subtle.generateKey({ name, hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, true, usages);
	const { publicKey, privateKey } = await make("RSASSA-PKCS1-v1_5", ["sign", "verify"]);
	assert_equals(privateKey.algorithm.modulusLength, 2048);
	assert_array_equals(privateKey.algorithm.publicExponent, [1, 0, 1]);
	const spki = await subtle.exportKey("spki", publicKey), jwk = await subtle.exportKey("jwk", privateKey), pkcs8 = await subtle.exportKey("pkcs8", privateKey);
	assert_equals(jwk.alg, "RS256");
	assert_equals(jwk.e, "AQAB");
	const sig = await subtle.sign("RSASSA-PKCS1-v1_5", privateKey, utf8("x"));
	const public2 = await subtle.importKey("spki", spki, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]);
	assert_true(await subtle.verify("RSASSA-PKCS1-v1_5", public2, sig, utf8("x")));
	assert_false(await subtle.verify("RSASSA-PKCS1-v1_5", public2, sig, utf8("y")));
	const again = await subtle.importKey("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
	assert_equals(hex(await subtle.sign("RSASSA-PKCS1-v1_5", again, utf8("x"))), hex(sig));
	const pss = { name: "RSA-PSS", saltLength: 32 };
	const signer = await subtle.importKey("pkcs8", pkcs8, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]), checker = await subtle.importKey("spki", spki, { name: "RSA-PSS", hash: "SHA-256" }, false, ["verify"]);
	const other = await subtle.sign(pss, signer, utf8("x"));
	assert_true(await subtle.verify(pss, checker, other, utf8("x")));
	assert_false(await subtle.verify({ ...pss, saltLength: 20 }, checker, other, utf8("x")));
	const label = utf8("l");
	const enc = await subtle.importKey("spki", spki, { name: "RSA-OAEP", hash: "SHA-1" }, false, ["encrypt"]), dec = await subtle.importKey("pkcs8", pkcs8, { name: "RSA-OAEP", hash: "SHA-1" }, false, ["decrypt"]);
	const c = await subtle.encrypt({ name: "RSA-OAEP", label }, enc, utf8("secret"));
	assert_equals(new TextDecoder().decode(await subtle.decrypt({ name: "RSA-OAEP", label }, dec, c)), "secret");
	await promise_rejects_dom(t, "OperationError", subtle.decrypt({ name: "RSA-OAEP" }, dec, c));
	await promise_rejects_dom(t, "OperationError", subtle.encrypt("RSA-OAEP", enc, new Uint8Array(300)));
	await promise_rejects_dom(t, "DataError", subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]));
	await promise_rejects_dom(t, "OperationError", subtle.generateKey({ name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([2]) }, true, ["sign"]));
}, "RSA");
test(() => {
	assert_throws_js(TypeError, () => new SubtleCrypto());
	assert_throws_js(TypeError, () => new Crypto());
	assert_equals(crypto.subtle, crypto.subtle);
	assert_throws_dom("TypeMismatchError", () => crypto.getRandomValues(new Float32Array(1)));
	assert_throws_dom("TypeMismatchError", () => crypto.getRandomValues(new DataView(new ArrayBuffer(1))));
	assert_equals(crypto.getRandomValues(new BigInt64Array(1)).length, 1);
}, "the interfaces cannot be made");
