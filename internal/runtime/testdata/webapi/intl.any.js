test(() => {
	assert_equals((1234567.891).toLocaleString(), "1,234,567.891");
	assert_equals((1234567.891).toLocaleString("en-US", { style: "currency", currency: "USD" }), "$1,234,567.89");
	assert_equals((0.256).toLocaleString("en-US", { style: "percent" }), "26%");
	assert_equals((12345678901234567890n).toLocaleString(), "12,345,678,901,234,567,890");
	assert_equals(NaN.toLocaleString(), "NaN");
	assert_equals((-0).toLocaleString(), "-0");
	assert_equals([1234.5, 2].toLocaleString(), "1,234.5,2");
}, "numbers");
test(() => {
	const d = new Date(Date.UTC(2026, 0, 31, 13, 4, 5)), o = { timeZone: "UTC" };
	assert_equals(d.toLocaleString("en-US", o), "1/31/2026, 1:04:05 PM");
	assert_equals(d.toLocaleDateString("en-US", o), "1/31/2026");
	assert_equals(d.toLocaleTimeString("en-US", o), "1:04:05 PM");
	assert_equals(d.toLocaleDateString("en-US", { ...o, weekday: "long", year: "numeric", month: "long", day: "numeric" }), "Saturday, January 31, 2026");
	assert_equals(d.toLocaleString("en-US", { timeZone: "America/New_York" }), "1/31/2026, 8:04:05 AM");
	assert_equals(new Date(NaN).toLocaleString(), "Invalid Date");
}, "dates");
test(() => {
	const f = new Intl.DateTimeFormat("en-US", { timeZone: "Europe/Berlin", dateStyle: "medium", timeStyle: "short" });
	assert_equals(f.format(0), "Jan 1, 1970, 1:00 AM");
	assert_equals([0].map(f.format)[0], "Jan 1, 1970, 1:00 AM");
	assert_equals(f.resolvedOptions().timeZone, "Europe/Berlin");
	assert_true(f.formatToParts(0).some((p) => p.type === "month" && p.value === "Jan"));
	assert_equals(Intl.NumberFormat("en-US", { notation: "compact" }).format(12345), "12K");
	assert_equals(new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 }).format(1.25), "1.3");
	assert_array_equals(Intl.getCanonicalLocales("EN-us"), ["en-US"]);
	assert_class_string(Intl, "Intl");
}, "formatters");
test(() => {
	assert_throws_js(RangeError, () => new Intl.DateTimeFormat("en-US", { timeZone: "Mars/Olympus" }));
	assert_throws_js(RangeError, () => new Intl.DateTimeFormat().format(NaN));
	assert_throws_js(RangeError, () => (1).toLocaleString("not a locale"));
	assert_throws_js(TypeError, () => (1).toLocaleString("en-US", { style: "currency" }));
	assert_throws_js(TypeError, () => Intl.NumberFormat.prototype.formatToParts.call({}, 1));
	assert_throws_js(TypeError, () => Number.prototype.toLocaleString.call("1"));
	assert_throws_js(Error, () => (1).toLocaleString("en-US", { currency: "x".repeat(100000) }));
}, "what cannot be formatted");
