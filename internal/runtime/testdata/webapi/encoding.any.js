const bytes = (...list) => new Uint8Array(list);
test(() => {
	const e = new TextEncoder();
	assert_equals(e.encoding, "utf-8");
	assert_array_equals(e.encode("aé€😀\ud800"), [97, 195, 169, 226, 130, 172, 240, 159, 152, 128, 239, 191, 189]);
	assert_array_equals(e.encode(), []);
	assert_array_equals(e.encode(undefined), []);
	const into = new Uint8Array(5);
	assert_object_equals(e.encodeInto("a€😀", into), { read: 2, written: 4 });
	assert_array_equals(into, [97, 226, 130, 172, 0]);
	assert_throws_js(TypeError, () => e.encodeInto("a", new Uint16Array(1)));
	assert_class_string(e, "TextEncoder");
}, "TextEncoder");
for (const [label, name] of Object.entries({ "utf-8": "utf-8", " UTF8\n": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-16": "utf-16le", "unicodefffe": "utf-16be", latin1: "windows-1252", ascii: "windows-1252", "iso-8859-1": "windows-1252", sjis: "shift_jis", "gb2312": "gbk", "ks_c_5601-1987": "euc-kr", koi: "koi8-r", "x-user-defined": "x-user-defined", "big5-hkscs": "big5", "iso-2022-jp": "iso-2022-jp", logical: "iso-8859-8-i", macintosh: "macintosh", "windows-31j": "shift_jis", csiso88598e: "iso-8859-8" })) {
	test(() => { assert_equals(new TextDecoder(label).encoding, name); }, `the label ${label.trim()}`);
}
for (const label of ["", "utf-7", "utf-32", "nonsense", "iso-2022-kr", "replacement", "utf-8\0", "hz-gb-2312"]) {
	test(() => { assert_throws_js(RangeError, () => new TextDecoder(label)); }, `no encoding is called ${JSON.stringify(label)}`);
}
for (const [label, data, text] of [
	["utf-8", [0xff, 0x61], "\ufffda"], ["utf-8", [0xe2, 0x82, 0x61], "\ufffda"], ["utf-8", [0xf0, 0x80, 0x80], "\ufffd\ufffd\ufffd"], ["utf-8", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"], ["utf-8", [0xf4, 0x90], "\ufffd\ufffd"],
	["utf-16le", [0x61, 0, 0x3d, 0xd8], "a\ufffd"], ["utf-16be", [0, 0x61, 0xd8, 0x3d, 0xde, 0], "a😀"], ["utf-16le", [0x61], "\ufffd"], ["windows-1252", [0x80, 0xe9, 0x81], "€é\x81"], ["shift_jis", [0x82, 0xa0], "あ"],
	["euc-jp", [0xa4, 0xa2], "あ"], ["gbk", [0xc4, 0xe3], "你"], ["gb18030", [0x81, 0x30, 0x81, 0x30], "\x80"], ["big5", [0xa7, 0x41], "你"], ["euc-kr", [0xb0, 0xa1], "가"], ["koi8-r", [0xc1], "а"], ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x61], "あa"],
]) {
	test(() => { assert_equals(new TextDecoder(label).decode(bytes(...data)), text); }, `${label} of ${data}`);
}
test(() => {
	const d = new TextDecoder();
	assert_equals(d.decode(bytes(0xef, 0xbb, 0xbf, 0x61)), "a");
	assert_equals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
	assert_equals(new TextDecoder("utf-16le").decode(bytes(0xff, 0xfe, 0x61, 0)), "a");
	assert_equals(d.decode(bytes(0xef), { stream: true }) + d.decode(bytes(0xbb, 0xbf, 0x61)), "a", "in pieces");
	assert_equals(d.decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)), "\ufeff", "only the first");
}, "byte order marks");
test(() => {
	const d = new TextDecoder("utf-8", { fatal: true });
	assert_true(d.fatal);
	assert_throws_js(TypeError, () => d.decode(bytes(0xff)));
	assert_equals(d.decode(bytes(0x61)), "a", "after an error it starts over");
	assert_equals(d.decode(bytes(0xe2, 0x82), { stream: true }), "");
	assert_throws_js(TypeError, () => d.decode());
	assert_throws_js(TypeError, () => new TextDecoder("utf-16le", { fatal: true }).decode(bytes(0, 0xd8)));
	assert_equals(new TextDecoder("utf-16le", { fatal: true }).decode(bytes(0xfd, 0xff)), "\ufffd", "a replacement character that is there");
}, "fatal decoding");
for (const [label, data, text] of [["utf-8", [0xf0, 0x9f, 0x98, 0x80, 0x61], "😀a"], ["utf-16le", [0x3d, 0xd8, 0, 0xde, 0x61, 0], "😀a"], ["utf-16be", [0xd8, 0x3d, 0xde, 0], "😀"], ["shift_jis", [0x82, 0xa0, 0x61], "あa"], ["gb18030", [0x81, 0x30, 0x81, 0x30, 0xc4, 0xe3], "\x80你"], ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42], "あ"], ["windows-1252", [0x80], "€"]]) {
	test(() => {
		const d = new TextDecoder(label);
		let got = "";
		for (const b of data) got += d.decode(bytes(b), { stream: true });
		assert_equals(got + d.decode(), text);
	}, `${label} byte by byte`);
}
test(() => {
	const d = new TextDecoder(), b = bytes(0, 97, 98, 0);
	assert_equals(d.decode(b.subarray(1, 3)), "ab");
	assert_equals(d.decode(new DataView(b.buffer, 1, 2)), "ab");
	assert_equals(d.decode(b.buffer), "\0ab\0");
	assert_equals(d.decode(undefined), "");
	assert_throws_js(TypeError, () => d.decode("text"));
}, "what can be decoded");
test(() => {
	assert_equals(btoa("\xff\0a"), "/wBh");
	assert_equals(atob(" YQ = =\n"), "a");
	assert_equals(atob("YWI"), "ab");
	assert_throws_dom("InvalidCharacterError", () => btoa("€"));
	for (const bad of ["a", "YQ=", "Y=Q=", "YQ===", "*"]) assert_throws_dom("InvalidCharacterError", () => atob(bad), bad);
}, "base64");
