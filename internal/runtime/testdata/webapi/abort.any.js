test(() => {
	const c = new AbortController();
	assert_false(c.signal.aborted);
	assert_equals(c.signal, c.signal);
	let n = 0;
	c.signal.onabort = (e) => { n += e.target === c.signal ? 1 : 100; };
	c.signal.addEventListener("abort", () => n += 10);
	c.abort();
	c.abort();
	assert_equals(n, 11);
	assert_true(c.signal.aborted);
	assert_equals(c.signal.reason.name, "AbortError");
	assert_throws_dom("AbortError", () => c.signal.throwIfAborted());
}, "aborting happens once");
test(() => {
	const c = new AbortController(), reason = { a: 1 };
	c.abort(reason);
	assert_equals(c.signal.reason, reason);
	assert_throws_exactly(reason, () => c.signal.throwIfAborted());
}, "the reason is kept");
test(() => {
	assert_throws_js(TypeError, () => new AbortSignal());
	const s = AbortSignal.abort("why");
	assert_true(s.aborted);
	assert_equals(s.reason, "why");
	assert_class_string(s, "AbortSignal");
	assert_class_string(new AbortController(), "AbortController");
}, "AbortSignal.abort");
promise_test(async () => {
	const s = AbortSignal.timeout(5);
	assert_false(s.aborted);
	await new Promise((resolve) => { s.onabort = resolve; });
	assert_equals(s.reason.name, "TimeoutError");
	assert_equals(s.reason.code, 23);
}, "AbortSignal.timeout");
test(() => {
	const a = new AbortController(), b = new AbortController();
	const any = AbortSignal.any([a.signal, b.signal]), nested = AbortSignal.any([any]);
	const order = [];
	for (const [name, s] of [["a", a.signal], ["any", any], ["nested", nested]]) s.addEventListener("abort", () => order.push(name, nested.aborted));
	a.abort("x");
	assert_array_equals(order, ["a", true, "any", true, "nested", true]);
	assert_equals(nested.reason, "x");
	b.abort("y");
	assert_equals(any.reason, "x");
}, "AbortSignal.any follows all, at once");
test(() => {
	assert_true(AbortSignal.any([AbortSignal.abort(1)]).aborted);
	assert_false(AbortSignal.any([]).aborted);
	assert_throws_js(TypeError, () => AbortSignal.any([{}]));
	assert_throws_js(TypeError, () => AbortSignal.timeout(-1));
}, "AbortSignal.any and timeout check what they get");
test(() => {
	const c = new AbortController();
	const seen = [];
	c.signal.onabort = () => seen.push(1);
	c.signal.addEventListener("abort", () => seen.push(2));
	c.signal.onabort = () => seen.push(3);
	c.abort();
	assert_array_equals(seen, [3, 2], "the place of the handler is that of the first");
	c.signal.onabort = "nonsense";
	assert_equals(c.signal.onabort, null);
}, "onabort");
