test(() => {
	const e = new Event("x", { bubbles: true, cancelable: true, composed: true });
	assert_array_equals([e.type, e.bubbles, e.cancelable, e.composed, e.target, e.currentTarget, e.eventPhase, e.defaultPrevented, e.isTrusted], ["x", true, true, true, null, null, 0, false, false]);
	assert_equals(typeof e.timeStamp, "number");
	assert_array_equals(e.composedPath(), []);
}, "an event says how it was made");
test(() => { assert_throws_js(TypeError, () => new Event()); }, "an event needs a type");
test(() => {
	assert_equals(Event.AT_TARGET, 2);
	assert_equals(new Event("x").BUBBLING_PHASE, 3);
	assert_class_string(new Event("x"), "Event");
	assert_class_string(new CustomEvent("x"), "CustomEvent");
}, "an event looks like one");
test(() => {
	const t = new EventTarget(), seen = [];
	const l = (e) => seen.push(e.type, e.target === t, e.currentTarget === t, e.eventPhase, e.composedPath().length);
	t.addEventListener("a", l);
	t.addEventListener("a", l);
	const e = new Event("a");
	assert_true(t.dispatchEvent(e));
	assert_array_equals(seen, ["a", true, true, 2, 1]);
	assert_equals(e.currentTarget, null);
	assert_equals(e.target, t);
	t.removeEventListener("a", l);
	t.dispatchEvent(new Event("a"));
	assert_equals(seen.length, 5);
}, "a listener is added once and can be removed");
test(() => {
	const t = new EventTarget(), seen = [];
	t.addEventListener("a", () => seen.push(1), { once: true });
	t.addEventListener("a", { handleEvent(e) { seen.push(this !== undefined && e.type); } });
	t.addEventListener("a", () => seen.push("capture"), true);
	t.dispatchEvent(new Event("a"));
	t.dispatchEvent(new Event("a"));
	assert_array_equals(seen, [1, "a", "capture", "a", "capture"]);
}, "once, objects and capture");
test(() => {
	const t = new EventTarget(), seen = [];
	t.addEventListener("a", (e) => { seen.push(1); e.stopImmediatePropagation(); });
	t.addEventListener("a", () => seen.push(2));
	t.dispatchEvent(new Event("a"));
	assert_array_equals(seen, [1]);
}, "stopImmediatePropagation ends the round");
test(() => {
	const t = new EventTarget();
	t.addEventListener("a", (e) => e.preventDefault());
	assert_false(t.dispatchEvent(new Event("a", { cancelable: true })));
	assert_true(t.dispatchEvent(new Event("a")));
	const p = new EventTarget();
	p.addEventListener("a", (e) => e.preventDefault(), { passive: true });
	assert_true(p.dispatchEvent(new Event("a", { cancelable: true })));
}, "preventDefault counts for what can be prevented");
test(() => {
	const t = new EventTarget(), c = new AbortController(), seen = [];
	t.addEventListener("a", () => seen.push(1), { signal: c.signal });
	t.dispatchEvent(new Event("a"));
	c.abort();
	t.dispatchEvent(new Event("a"));
	t.addEventListener("a", () => seen.push(2), { signal: c.signal });
	t.dispatchEvent(new Event("a"));
	assert_array_equals(seen, [1]);
}, "a signal removes a listener");
test(() => {
	const t = new EventTarget(), seen = [];
	t.addEventListener("a", () => { t.removeEventListener("a", second); t.addEventListener("a", () => seen.push("late")); });
	const second = () => seen.push("removed");
	t.addEventListener("a", second);
	t.dispatchEvent(new Event("a"));
	assert_array_equals(seen, []);
}, "who is removed during a round is not called, who is added neither");
test(() => {
	const t = new EventTarget(), e = new Event("a");
	let thrown;
	t.addEventListener("a", () => { try { t.dispatchEvent(e); } catch (x) { thrown = x; } });
	t.dispatchEvent(e);
	assert_equals(thrown.name, "InvalidStateError");
	assert_throws_js(TypeError, () => t.dispatchEvent({ type: "a" }));
}, "an event is dispatched one at a time");
test(() => {
	class Own extends EventTarget { constructor() { super(); this.x = 1; } }
	const o = new Own();
	let got;
	o.addEventListener("y", (e) => { got = e.detail; });
	o.dispatchEvent(new CustomEvent("y", { detail: { a: 1 } }));
	assert_object_equals(got, { a: 1 });
}, "EventTarget can be extended");
test(() => {
	let got;
	const l = (e) => { got = e.type; };
	addEventListener("global", l);
	dispatchEvent(new Event("global"));
	removeEventListener("global", l);
	assert_equals(got, "global");
}, "the global object takes listeners");
test(() => {
	const m = new MessageEvent("message", { data: { x: 1 }, origin: "http://a" });
	assert_equals(m.data.x, 1);
	assert_equals(m.origin, "http://a");
	const e = new ErrorEvent("error", { message: "m", error: 7 });
	assert_equals(e.message + e.error, "m7");
}, "message and error events");
test(() => {
	const e = new DOMException("m", "NotFoundError");
	assert_array_equals([e.name, e.message, e.code, e instanceof Error, DOMException.NOT_FOUND_ERR, String(e)], ["NotFoundError", "m", 8, true, 8, "NotFoundError: m"]);
	assert_equals(new DOMException("m", { name: "X", cause: 3 }).cause, 3);
	assert_equals(new DOMException().name, "Error");
	assert_class_string(e, "DOMException");
}, "DOMException");
