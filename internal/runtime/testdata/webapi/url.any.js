for (const [input, base, href] of [
	["http://example\t.\norg", undefined, "http://example.org/"], ["http://user:pass@foo:21/bar;par?b#c", undefined, "http://user:pass@foo:21/bar;par?b#c"],
	["https:foo.com", undefined, "https://foo.com/"], ["\t   :foo.com   \n", "http://example.org/foo/bar", "http://example.org/foo/:foo.com"],
	["a:\t foo.com", "http://example.org/", "a: foo.com"], ["http://f:00000000000080/c", undefined, "http://f/c"], ["http://f:/c", undefined, "http://f/c"],
	["http:\\\\x:hi\\a", undefined, null], ["http://f:fifty-two/c", undefined, null], ["http://f: 21 / b ? d # e ", undefined, null], ["", "http://a/b", "http://a/b"],
	["//server/file", "https://a/", "https://server/file"], ["?q", "http://a/b?c#d", "http://a/b?q"], ["#q", "http://a/b?c#d", "http://a/b?c#q"], ["..\\x", "http://a/b/c/d", "http://a/b/x"],
	["http://a/%2e/%2E%2e/x", undefined, "http://a/x"], ["file:///C|/x", undefined, "file:///C:/x"], ["file://host/p", undefined, "file://host/p"], ["data:text/plain,x", undefined, "data:text/plain,x"],
	["http://1.2.3", undefined, "http://1.2.0.3/"], ["http://0x.0x.0", undefined, "http://0.0.0.0/"], ["http://256.1.1.1", undefined, null], ["http://[1:2::3%25en]", undefined, null], ["http://[::ffff:1.2.3.4]/", undefined, "http://[::ffff:102:304]/"],
	["http://ＧＯ.com", undefined, "http://go.com/"], ["http://a b/", undefined, null], ["http://a%00b/", undefined, null], ["http://xn--/", undefined, null], ["ws://a:80/", undefined, "ws://a/"], ["wss://a:443/x y", undefined, "wss://a/x%20y"],
	["http://a/?a'b\"<>`", undefined, "http://a/?a%27b%22%3C%3E`"], ["http://a/#a`<>\"", undefined, "http://a/#a%60%3C%3E%22"], ["non-special:x y", undefined, "non-special:x y"], ["non-special://H/%", undefined, "non-special://H/%"], ["http://a.b.c.../", undefined, "http://a.b.c.../"],
]) {
	test(() => {
		if (href === null) assert_throws_js(TypeError, () => new URL(input, base));
		else assert_equals(new URL(input, base).href, href);
		assert_equals(URL.canParse(input, base), href !== null);
		assert_equals(URL.parse(input, base)?.href ?? null, href);
	}, `URL ${JSON.stringify(input)} against ${base}`);
}
test(() => {
	const u = new URL("http://u:p@h:8080/a/b?c=d#e");
	assert_array_equals([u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, String(u), u.toJSON()],
		["http://h:8080", "http:", "u", "p", "h:8080", "h", "8080", "/a/b", "?c=d", "#e", u.href, u.href]);
	assert_class_string(u, "URL");
}, "the parts of a URL");
test(() => {
	const u = new URL("http://h/");
	u.host = "x:81"; assert_equals(u.href, "http://x:81/");
	u.hostname = "y"; assert_equals(u.href, "http://y:81/");
	u.port = ""; assert_equals(u.href, "http://y/");
	u.port = "99999"; assert_equals(u.port, "");
	u.pathname = "a b"; assert_equals(u.href, "http://y/a%20b");
	u.search = "q=ü"; assert_equals(u.search, "?q=%C3%BC");
	u.hash = "#x"; assert_equals(u.hash, "#x");
	u.hash = ""; assert_equals(u.href, "http://y/a%20b?q=%C3%BC");
	u.username = "é"; u.password = "@"; assert_equals(u.href, "http://%C3%A9:%40@y/a%20b?q=%C3%BC");
	u.protocol = "mailto"; assert_equals(u.protocol, "http:");
	assert_throws_js(TypeError, () => { u.href = "nonsense"; });
	u.href = "https://z/"; assert_equals(u.searchParams.size, 0);
}, "the parts of a URL can be set");
test(() => {
	const u = new URL("http://h/?a=b"), p = u.searchParams;
	assert_equals(p, u.searchParams);
	p.append("c", "d e&");
	assert_equals(u.search, "?a=b&c=d+e%26");
	u.search = "?x=y";
	assert_equals(p.get("x"), "y");
	p.delete("x");
	assert_equals(u.href, "http://h/");
}, "searchParams and search follow one another");
test(() => {
	assert_equals(String(new URLSearchParams([["a", "b"], ["c", "d"]])), "a=b&c=d");
	assert_equals(String(new URLSearchParams({ a: "b", __proto__: { c: "d" } })), "a=b");
	assert_equals(String(new URLSearchParams("??a")), "%3Fa=");
	assert_equals(String(new URLSearchParams("a=b\ud83d")), "a=b%EF%BF%BD");
	assert_equals(String(new URLSearchParams(new Map([["x", 1]]))), "x=1");
	assert_equals(new URLSearchParams("a=%f0%9f%92%a9&b=%2").get("a"), "💩");
	assert_throws_js(TypeError, () => new URLSearchParams([["a", "b", "c"]]));
	assert_throws_js(TypeError, () => new URLSearchParams([1]));
}, "what parameters are made of");
test(() => {
	const p = new URLSearchParams("a=1&b=2&a=3");
	assert_true(p.has("a", "3"));
	assert_false(p.has("a", "2"));
	p.delete("a", "1");
	assert_equals(String(p), "b=2&a=3");
	p.set("b", "x");
	assert_array_equals([...p].flat(), ["b", "x", "a", "3"]);
	assert_array_equals([...p.keys()], ["b", "a"]);
	assert_equals(p.size, 2);
	assert_throws_js(TypeError, () => p.append("a"));
	assert_class_string(p.keys(), "URLSearchParams Iterator");
	assert_equals(p[Symbol.iterator], p.entries);
	const seen = [];
	for (const [n] of p) { seen.push(n); if (n === "b") p.append("z", "1"); }
	assert_array_equals(seen, ["b", "a", "z"]);
}, "parameters can be changed");
test(() => {
	const p = new URLSearchParams("z=a&=b&c=c&\ufffd=1&🌈=2&a=1");
	p.sort();
	assert_array_equals([...p.keys()], ["", "a", "c", "z", "🌈", "\ufffd"]);
}, "parameters are sorted by code units");
