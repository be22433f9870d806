// Most rows are of the web-platform-tests, fetch/data-urls.
const real = globalThis.ownFetch;
for (const [url, type, body] of [
	["data://test/,X", "text/plain;charset=US-ASCII", [88]], ["data:,X", "text/plain;charset=US-ASCII", [88]], ["data:,X#X", "text/plain;charset=US-ASCII", [88]],
	["data:text/plain,X", "text/plain", [88]], ["data:text/plain ,X", "text/plain", [88]], ["data:text/plain;charset=windows-1252,á", "text/plain;charset=windows-1252", [0xc3, 0xa1]],
	["data:;charset=UTF-16,X", "text/plain;charset=UTF-16", [88]], ["data:image/PNG,X", "image/png", [88]], ["data:IMAGE/gif;hi=x,%C3%B1", "image/gif;hi=x", [0xc3, 0xb1]],
	["data:;base64,WA", "text/plain;charset=US-ASCII", [88]], ["data:x/x;base64;base64,WA", "x/x", [88]], ["data:x/x;base64;charset=x,WA", "x/x;charset=x", [87, 65]],
	["data:x/x;base64,WA", "x/x", [88]], ["data:;base64 ,WA", "text/plain;charset=US-ASCII", [88]], ["data:;  base64,WA", "text/plain;charset=US-ASCII", [88]],
	["data:;x;  base64 ,WA", "text/plain", [88]], ["data:text/plain;Charset=UTF-8,a", "text/plain;charset=UTF-8", [97]], ['data:text/plain;a="b c",X', 'text/plain;a="b c"', [88]],
	["data:text/html;charset =x,X", "text/html", [88]], ["data:,%FF%1g%", "text/plain;charset=US-ASCII", [0xff, 37, 49, 103, 37]], ["data:x/x;base64,W%20A", "x/x", [88]],
	["data:nothing,X", "text/plain;charset=US-ASCII", [88]], ["data:x/x;a=,X", "x/x", [88]], ["data:x/x;a=1;A=2,X", "x/x;a=1", [88]],
]) {
	promise_test(async () => {
		const r = await real(url);
		assert_equals(r.headers.get("content-type"), type);
		assert_array_equals([...await r.bytes()], body);
		assert_equals(r.status, 200);
		assert_equals(r.statusText, "OK");
	}, `fetch of ${url}`);
}
for (const url of ["data:test", "data:;base64,W%20?", "data:;base64,W"]) {
	promise_test((t) => promise_rejects_js(t, TypeError, real(url)), `fetch of ${url} fails`);
}
promise_test(async (t) => {
	const url = URL.createObjectURL(new Blob(["héllo"], { type: "text/x" }));
	assert_regexp_match(url, /^blob:null\/[0-9a-f-]{36}$/);
	const r = await real(url + "#part");
	assert_equals(r.headers.get("content-type"), "text/x");
	assert_equals(r.headers.get("content-length"), "6");
	assert_equals(await r.text(), "héllo");
	await promise_rejects_js(t, TypeError, real(url, { method: "POST", body: "x" }));
	URL.revokeObjectURL(url);
	await promise_rejects_js(t, TypeError, real(url));
	assert_throws_js(TypeError, () => URL.createObjectURL({}));
	const c = new AbortController();
	c.abort();
	await promise_rejects_dom(t, "AbortError", real("data:,x", { signal: c.signal }));
	assert_equals(await (await real("data:,x", { method: "HEAD" })).text(), "");
}, "fetch of object URLs");
