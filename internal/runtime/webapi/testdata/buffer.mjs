// Prints what Node.js makes of expressions about Buffer and text encodings, one JSON array for each: the expression and its
// result. `node buffer.mjs > buffer.jsonl` writes the table with which a test compares functions; run it with Node.js 20.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";

const show = new Function(readFileSync(new URL("show.js", import.meta.url), "utf8"))();

const encodings = ["utf8", "utf-8", "UCS2", "ucs-2", "utf16le", "utf-16le", "latin1", "binary", "ascii", "hex", "base64", "base64url", "HEX"];
const texts = ["", "a", "abc", "€uro", "naïve", "日本語", "😀", "a😀b", "\\ud83d", "\\ude00", "a\\ud800b", "\\udc00\\ud800", "\\0\\x7f\\x80\\xff\\u0100", "\\ufeffbom", "\\uffff\\ufffe", "x".repeat(40) + "é", "x".repeat(40) + "€".repeat(9) + "\\ud83d"];
const hexes = ["00ff", "0", "abc", "zz", "0g", "00zz11", "AbCd", "0x12", "ab cd", "é0", "00é0", "€0", "0011€", "ｆｆ"];
const base64s = ["YQ==", "YQ", "YWI=", "YWI", "YWJj", "YWJjZA", "Y", "YQ=", "YQ===", "=", "==", "====", "Y=Q=", "YQ==YQ==", " Y W J j ", "YW\\nJj\\r\\n", "-_-_", "+/+/", "-_+/", "YW%Jj", "%%%%", "YWJj=ZGVm", "YWJjZGVm*", "é", "YéQ=", "YWJj€ZGVm", "\\u0159Q==", "AAECAwQFBgcICQ==", "A".repeat(77), "A".repeat(78) + "=", "\\ud800YQ=="];
const bytes = ["", "00", "61", "c3a9", "e282ac", "f09f9880", "c3", "e282", "f09f98", "f09f", "80", "bf80", "c080", "c1bf", "e08080", "e0a0", "eda080", "edb080", "f08080", "f0908080", "f48fbfbf", "f4908080", "f5808080", "fe", "ff", "61c362", "61e28262", "e282e282ac", "f09f98f09f9880", "efbbbf61", "3dd8", "3dd800de", "00de3dd8", "3dd800de61", "fffe", "616263", "61".repeat(33) + "c3a9", "00ff80", "fb", "fbff", "fbffbf", "c3a9e282acf09f9880ff"];
const q = (text) => '"' + text + '"';
const list = [];
const add = (...all) => list.push(...all);

for (const e of encodings.slice(0, 12)) {
	for (const t of texts) add(`Buffer.from(${q(t)}, ${q(e)})`, `Buffer.byteLength(${q(t)}, ${q(e)})`);
	for (const b of bytes) add(`Buffer.from(${q(b)}, "hex").toString(${q(e)})`);
	for (const t of ["abc", "é€", "😀x", "a\\ud83d", "6162636", "YWJjZA=="]) {
		for (const at of ["", ", 1", ", 3", ", 4", ", 1, 2", ", 0, 3", ", 2, 9"]) add(`(() => { const b = Buffer.alloc(4, 46); return [b.write(${q(t)}${at}, ${q(e)}), b]; })()`);
		for (const n of [1, 2, 3, 5, 7]) add(`(() => { const b = Buffer.alloc(${n}, 46); return [b.write(${q(t)}, ${q(e)}), b]; })()`);
		add(`Buffer.alloc(7).fill(${q(t)}, ${q(e)})`, `Buffer.alloc(7).fill(${q(t)}, 2, 6, ${q(e)})`, `Buffer.alloc(5, ${q(t)}, ${q(e)})`);
		if (t !== "a\\ud83d") add(`Buffer.from("xx" + ${q(t)} + "yy" + ${q(t)}, ${q(e)}).indexOf(${q(t)}, 0, ${q(e)})`);
	}
	add(`Buffer.isEncoding(${q(e)})`);
}
for (const h of hexes) add(`Buffer.from(${q(h)}, "hex")`, `Buffer.byteLength(${q(h)}, "hex")`);
for (const b of base64s) add(`Buffer.from(${q(b)}, "base64")`, `Buffer.from(${q(b)}, "base64url")`, `Buffer.byteLength(${q(b)}, "base64")`, `atob(${q(b)})`);
for (const t of texts) add(`btoa(${q(t)})`, `new TextEncoder().encode(${q(t)})`, `(() => { const to = new Uint8Array(5); return [new TextEncoder().encodeInto(${q(t)}, to), to]; })()`, `(() => { const to = new Uint8Array(9).subarray(2, 8); return [new TextEncoder().encodeInto(${q(t)}, to), to.buffer]; })()`);
for (const b of bytes) {
	add(`new TextDecoder().decode(Buffer.from(${q(b)}, "hex"))`, `(() => { try { return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(${q(b)}, "hex")); } catch (e) { return e.name; } })()`, `new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(${q(b)}, "hex"))`);
	add(`new TextDecoder("utf-16le").decode(Buffer.from(${q(b)}, "hex"))`);
	add(`(() => { const d = new TextDecoder(), out = []; for (const b of Buffer.from(${q(b)}, "hex")) out.push(d.decode(Uint8Array.of(b), { stream: true })); return [...out, d.decode()]; })()`);
}
// toString with a start and an end, also odd ones
for (const at of ["undefined, undefined", "1", "1, 3", "-1", "0, -1", "9", "2, 1", "0, 99", "1.7, 3.2", "NaN", '"1", "3"', "undefined, 2", "null, null", "0, undefined", "1e10", "-1e10, 2", "0, NaN"]) {
	for (const e of ["utf8", "hex", "latin1", "ucs2"]) add(`Buffer.from("héllo").toString(${q(e)}, ${at})`);
}
for (const e of ["undefined", "null", '""', '"nope"', "5", '"utf7"', '"UTF8"', '"Base64URL"', '" utf8"']) {
	add(`Buffer.from("abc", ${e})`, `Buffer.from("abc").toString(${e})`, `Buffer.alloc(3).write("abc", ${e})`, `Buffer.alloc(3).write("abc", 0, 3, ${e})`, `Buffer.byteLength("abc", ${e})`, `Buffer.isEncoding(${e})`, `Buffer.alloc(3).fill("abc", ${e})`, `Buffer.from("abc").indexOf("b", 0, ${e})`);
}
// sources other than text
for (const v of ["[1, 2, 300, -1, 1.9, '7', 'x']", "new Uint8Array([1, 2, 3])", "new Uint16Array([1, 256, 65535])", "new Float32Array([1.5, -1])", "new ArrayBuffer(3)", "new ArrayBuffer(3), 1", "new ArrayBuffer(3), 1, 1", "new ArrayBuffer(3), 4", "new ArrayBuffer(3), 1, 3", "new ArrayBuffer(3), NaN, -1", "new ArrayBuffer(3), '1'", "{ length: 2, 0: 65, 1: 66 }", "{ length: '2', 0: 65 }", "{}", "null", "undefined", "5", "true", "5n", "Symbol('x')", "() => 1", "new String('ab')", "new String('6162'), 'hex'", "{ valueOf: () => 'ab' }", "{ [Symbol.toPrimitive]: () => 'cd' }", "{ type: 'Buffer', data: [1, 2] }", "Buffer.from('ab').toJSON()", "new Map()", "Object.create(null)", "new (class Foo {})()", "'', 'nope'", "[]", "new DataView(new ArrayBuffer(2))"]) add(`Buffer.from(${v})`);
for (const v of ["3", "0", "-1", "1.5", "NaN", "'3'", "undefined", "3, 1", "3, 256", "3, 'ab'", "3, ''", "3, Buffer.from('xy')", "3, new Uint8Array(0)", "3, 'zz', 'hex'", "3, true", "3, null", "3, 'a', 'nope'", "5e9", "2 ** 53", "0, ''"]) add(`Buffer.alloc(${v})`);
add("Buffer.allocUnsafe(-1)", "Buffer.allocUnsafe('5')", "Buffer.allocUnsafe(4).length", "new Buffer(3)", "new Buffer('abc', 'base64url')", "new Buffer(3, 'utf8')", "Buffer('ab')", "Buffer.of(1, 2, 257)", "Buffer.isBuffer(Buffer.alloc(1))", "Buffer.isBuffer(new Uint8Array(1))", "Buffer.from('abc') instanceof Uint8Array", "Buffer.from('abc').constructor === Buffer", "Object.prototype.toString.call(Buffer.alloc(1))", "Buffer.from('abc').subarray(1) instanceof Buffer", "Buffer.from('abc').slice(-2)", "Buffer.from('abc').map((c) => c + 1)", "Buffer.name", "typeof Buffer.poolSize", "Buffer.copyBytesFrom(new Uint16Array([1, 2, 3]), 1)", "Buffer.copyBytesFrom(new Uint16Array([1, 2, 3]), 1, 1)", "Buffer.copyBytesFrom([1])", "JSON.stringify(Buffer.from('hi'))", "Buffer.from('abc').equals(new Uint8Array([97, 98, 99]))", "String(Buffer.from('é'))", "Buffer.from('é') + ''", "Buffer.from('abc').toLocaleString('hex')");
// concat
for (const v of ["[]", "[Buffer.from('a'), Buffer.from('bc')]", "[Buffer.from('a'), new Uint8Array([98])]", "[Buffer.from('abc')], 2", "[Buffer.from('abc')], 5", "[Buffer.from('ab'), Buffer.from('cd')], 3", "[Buffer.from('ab'), Buffer.from('cd')], 1", "[Buffer.from('a')], -1", "[Buffer.from('a')], 1.5", "[Buffer.from('a')], '1'", "['a']", "[[1]]", "'ab'", "undefined", "[Buffer.from('a'), 'x']", "[Buffer.alloc(0)]", "[new Uint16Array([1])]"]) add(`Buffer.concat(${v})`);
// compare, equals
for (const [a, b] of [["abc", "abc"], ["abc", "abd"], ["abd", "abc"], ["ab", "abc"], ["abc", "ab"], ["", ""], ["", "a"], ["\\xff", "\\x01"]]) add(`Buffer.compare(Buffer.from(${q(a)}), Buffer.from(${q(b)}))`, `Buffer.from(${q(a)}).compare(Buffer.from(${q(b)}))`, `Buffer.from(${q(a)}).equals(Buffer.from(${q(b)}))`);
for (const v of ["1", "1, 3", "0, 2, 1", "0, 2, 1, 3", "3, 3, 1, 1", "3, 2", "0, 0, 1, 2", "0, 9", "-1", "0, 1, 0, 9", "1.5", "'1'", "9", "0, 1, 9", "undefined, 1, undefined, 1"]) add(`Buffer.from("abcd").compare(Buffer.from("bcda"), ${v})`);
add("Buffer.compare('a', Buffer.alloc(0))", "Buffer.compare(Buffer.alloc(0), [1])", "Buffer.alloc(1).compare('a')", "Buffer.alloc(1).equals('a')", "Buffer.alloc(1).equals()", "Buffer.compare(new Uint8Array([1]), new Uint8Array([2]))");
// search
for (const f of ["indexOf", "lastIndexOf", "includes"]) {
	for (const v of ["'b'", "'bc'", "''", "'z'", "98", "98 + 256", "-158", "99.5", "Buffer.from('ca')", "new Uint8Array([97])", "Buffer.alloc(0)", "'YmM=', 0, 'base64'", "'6263', 'hex'", "'b', 'latin1'", "'b', 3", "'b', -3", "'b', 99", "'b', -99", "'', 3", "'', 99", "'', -2", "'b', NaN", "'b', undefined", "'b', null", "'b', '3'", "'b', {}", "'b', 2.9", "'b', 1e12", "98, 4", "98, -1", "98, -99", "98, 99", "'abcabcabcabc'", "null", "undefined", "{}", "[98]", "true", "'b', 0, 'nope'", "new Uint16Array([98])"]) add(`Buffer.from("abcabca").${f}(${v})`);
	for (const v of ["'b'", "'bc'", "'', 3", "'b', 3", "'b', 4", "'b', 2", "'b', -4", "'b', 1", "'cab'", "'abcabcabc'", "'z'"]) add(`Buffer.from("abcabc", "ucs2").${f}(${v.includes(",") ? v : v + ", undefined"}, "ucs2")`);
	for (const v of ["'\\u0100'", "'\\u0001'", "Buffer.from([1, 0])", "Buffer.from([0, 1]), 1"]) add(`Buffer.from([0, 1, 0, 1, 0, 1]).${f}(${v.includes(", 1") && v.startsWith("Buffer.from([0") ? v : v + ", 0"}, "utf16le")`);
	add(`Buffer.alloc(0).${f}('')`, `Buffer.alloc(0).${f}('a')`, `Buffer.alloc(0).${f}(0)`, `Buffer.alloc(0).${f}('', 5)`, `Buffer.from("aaaa").${f}("aa", 1)`, `Buffer.from("aaaa").${f}("aa", -1)`, `Buffer.from("aaaa").${f}("aaaaa", -1)`, `Buffer.from("€uro €uro").${f}("€", 1)`);
}
// fill
for (const v of ["1", "256", "-1", "1.9", "'é'", "'€'", "'\\xff', 'latin1'", "'€', 'latin1'", "''", "'', 1", "true", "null", "undefined", "NaN", "{}", "Buffer.from('ab')", "Buffer.alloc(0)", "new Uint8Array([1, 2, 3]), 1", "new Uint16Array([513])", "1, 2", "1, 2, 4", "1, 4, 2", "1, -1", "1, 99", "1, 0, 99", "1, 0, -1", "1, '2'", "1, 0, '3'", "1, 1.5", "1, 1.5, 3.7", "'ab', 1, 'latin1'", "'zz', 'hex'", "'zz', 0, 4, 'hex'", "'616', 'hex'", "'ab', 'nope'", "'ab', 0, 2, 'nope'", "'ab', 0, 2, 5", "'a', 'utf16le'", "'ab', NaN", "1, NaN", "1, 0, NaN", "1, 5", "1, 6", "'abc', 4"]) add(`Buffer.alloc(5, 46).fill(${v})`);
for (const n of [16, 32, 64]) for (const b of ["", "00", "0001", "000102", "00010203", "0001020304050607", "000102030405060708090a0b0c0d0e0f"]) add(`Buffer.from("${b}", "hex").swap${n}()`);
// write: offsets and errors
for (const v of ["'ab'", "'abcdefg'", "'ab', 1", "'ab', 4", "'ab', 5", "'ab', 6", "'ab', -1", "'ab', 1.5", "'ab', 'hex'", "'6162', 1, 'hex'", "'abc', 1, 1", "'abc', 1, 99", "'abc', 1, -1", "'abc', 1, 1.5", "'abc', '1'", "5", "null", "undefined", "", "'ab', null", "'ab', undefined, 1", "'ab', 1, undefined, 'latin1'", "'ab', 0, null", "'ab', undefined, undefined, 'hex'", "5, 0", "'€€'", "'€€', 0, 4", "'€€', 3", "'😀😀', 2", "'a😀', 0, 4", "'ab', 0, 1, 'ucs2'", "'ab', 0, 3, 'ucs2'", "'YWJj', 4, 'base64'", "'616z', 0, 'hex'"]) add(`(() => { const b = Buffer.alloc(5, 46); return [b.write(${v}), b]; })()`);
for (const v of ["Buffer.alloc(3)", "new ArrayBuffer(4)", "new DataView(new ArrayBuffer(2))", "new Uint16Array(3)", "5", "null", "undefined", "[]", "{}"]) add(`Buffer.byteLength(${v})`);
for (const v of ["Buffer.from('héllo')", "Buffer.from([255])"]) for (const n of ["utf8", "latin1", "ascii", "hex", "base64", "base64url", "ucs2"]) add(`${v}.${n}Slice(1, 3)`, `${v}.${n}Slice()`, `(() => { const b = Buffer.alloc(4); return [b.${n}Write("6162", 1), b]; })()`);

// random texts and bytes, the same ones each time
let seed = 42;
const random = (n) => (seed = seed * 1103515245 + 12345 & 0x7fffffff) >> 8 > 0 ? (seed >> 8) % n : 0;
const some = (pick, most) => Array.from({ length: random(most) }, pick).join("");
for (let i = 0; i < 300; i++) {
	const dirty = some(() => "AZaz09+/-_=YQ \\n*é€"[random(19)], 24).replace(/\n/g, "\\n").replace(/\\(?!n)/g, "");
	const units = some(() => "\\u" + [0x41, 0x7f, 0x80, 0xe9, 0x7ff, 0x800, 0x20ac, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xffff][random(12)].toString(16).padStart(4, "0"), 12);
	const raw = some(() => [0x41, 0x7f, 0x80, 0xbf, 0xc2, 0xdf, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xff][random(16)].toString(16).padStart(2, "0"), 12);
	add(`Buffer.from(${q(dirty)}, "base64")`, `Buffer.from(${q(units)}).toString("hex")`, `Buffer.from(${q(units)}, "ucs2").toString("ucs2")`, `Buffer.from(${q(raw)}, "hex").toString()`, `(() => { const b = Buffer.alloc(${random(9)}, 46); return [b.write(${q(units)}), b]; })()`);
}
for (const code of new Set(list)) {
	const run = new Function("Buffer", `return ${code};`);
	let result;
	try { result = show(run(Buffer)); } catch (e) { result = e instanceof DOMException ? e.name : `${e.name}${e.code && typeof e.code === "string" ? ` [${e.code}]` : ""}: ${e.message}`; }
	console.log(JSON.stringify([code, result]));
}
