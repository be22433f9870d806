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
	assert_throws_js(RangeError, () => (1).toLocaleString("en-US", { currency: "x".repeat(100000) }));
	assert_throws_js(Error, () => new Intl.NumberFormat().format("9".repeat(100000)));
}, "what cannot be formatted");
test(() => {
	assert_array_equals(["b", "A", "ä", "a", "B"].sort(new Intl.Collator("de").compare), ["a", "A", "ä", "b", "B"]);
	assert_array_equals(["b", "A", "ä", "a", "B"].sort((x, y) => x.localeCompare(y)), ["a", "A", "ä", "b", "B"]);
	assert_equals("a".localeCompare("A", "en", { sensitivity: "base" }), 0);
	assert_array_equals(["10", "9", "a2", "a10"].sort(new Intl.Collator("en", { numeric: true }).compare), ["9", "10", "a2", "a10"]);
	assert_array_equals(["z", "ä"].sort(new Intl.Collator("sv").compare), ["z", "ä"]);
	assert_equals("ı".toLocaleUpperCase("tr") + "i".toLocaleUpperCase("tr") + "i".toLocaleUpperCase(), "IİI");
	assert_equals("I".toLocaleLowerCase(["az", "en"]) + "I".toLocaleLowerCase("en"), "ıi");
	assert_throws_js(TypeError, () => String.prototype.localeCompare.call(null, "a"));
}, "the order and the case of text");
test(() => {
	const segments = new Intl.Segmenter("en", { granularity: "word" }).segment("Hi 👨‍👩‍👧 there");
	assert_array_equals([...segments].map((s) => s.segment + s.isWordLike), ["Hitrue", " false", "👨‍👩‍👧false", " false", "theretrue"]);
	assert_equals(segments.containing(4).segment, "👨‍👩‍👧");
	assert_equals(segments.containing(4).index, 3);
	assert_equals(segments.containing(100), undefined);
	assert_equals([...new Intl.Segmenter().segment("e\u0301a")].length, 2);
	assert_equals([...new Intl.Segmenter().segment("")].length, 0);
}, "segments");
test(() => {
	assert_equals([1234.5, new Date(0)].toLocaleString("de", { timeZone: "UTC" }), "1.234,5,1.1.1970, 00:00:00");
	assert_equals(new Float64Array([1.5, 1000]).toLocaleString("fr"), "1,5,1\u202f000");
	const cycle = [1]; cycle.push(cycle);
	assert_equals(cycle.toLocaleString(), "1,");
	assert_equals(new Intl.NumberFormat("de", { style: "currency", currency: "EUR" }).formatRange(3, 5), "3,00–5,00\u00a0€");
	assert_equals(new Intl.PluralRules("ar").select(3), "few");
	assert_equals(new Intl.ListFormat("es").format(["Ana", "Ida"]), "Ana e Ida");
	assert_equals(new Intl.RelativeTimeFormat("de", { numeric: "auto" }).format(-1, "days"), "gestern");
	assert_equals(new Intl.DisplayNames("ja", { type: "region" }).of("de"), "ドイツ");
	assert_equals(new Intl.DisplayNames("en", { type: "region", fallback: "none" }).of("QM"), undefined);
}, "languages");
test(() => {
	assert_array_equals(Intl.DateTimeFormat.supportedLocalesOf(["de-CH", "sw", "tlh", "zh-Hant"]), ["de-CH", "zh-Hant"]);
	assert_equals(new Intl.NumberFormat(["tlh", "sw", "pt-AO"]).resolvedOptions().locale, "pt-AO");
	assert_equals(new Intl.NumberFormat("sw").resolvedOptions().locale, "en-US");
	assert_true(Intl.supportedValuesOf("currency").includes("EUR"));
	assert_true(Intl.supportedValuesOf("unit").includes("liter"));
	assert_throws_js(RangeError, () => Intl.supportedValuesOf("nothing"));
}, "what is claimed");
test(() => {
	const l = new Intl.Locale("zh-TW", { calendar: "gregory", numeric: true });
	assert_equals(l.toString(), "zh-TW-u-ca-gregory-kn");
	assert_equals(l.maximize().baseName, "zh-Hant-TW");
	assert_equals(new Intl.Locale("de-Latn-DE").minimize().toString(), "de");
	assert_equals([l.language, l.script, l.region, l.calendar, l.numeric, l.hourCycle].join(), "zh,,TW,gregory,true,");
	assert_equals(new Intl.Locale("ar").getTextInfo().direction, "rtl");
	assert_equals(new Intl.DateTimeFormat(new Intl.Locale("en-u-hc-h23"), { hour: "numeric" }).resolvedOptions().hourCycle, "h23");
	assert_throws_js(TypeError, () => new Intl.Locale());
	assert_throws_js(RangeError, () => new Intl.Locale("de_DE"));
}, "locales");
test(() => {
	for (const name of ["Collator", "DateTimeFormat", "NumberFormat"]) assert_class_string(Intl[name](), "Intl." + name);
	for (const name of ["ListFormat", "PluralRules", "RelativeTimeFormat", "Segmenter", "DisplayNames", "Locale"]) assert_throws_js(TypeError, () => Intl[name]("en", { type: "region" }));
	assert_throws_js(TypeError, () => new Intl.DisplayNames("en"));
	assert_throws_js(TypeError, () => new Intl.DisplayNames("en", {}));
	assert_throws_js(RangeError, () => new Intl.ListFormat("en", { type: "nothing" }));
	assert_throws_js(RangeError, () => new Intl.NumberFormat("en", { maximumFractionDigits: 101 }));
	assert_throws_js(RangeError, () => new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 2 }));
	assert_throws_js(RangeError, () => new Intl.RelativeTimeFormat("en").format(1, "fortnight"));
	assert_throws_js(RangeError, () => new Intl.RelativeTimeFormat("en").format(Infinity, "day"));
	assert_throws_js(TypeError, () => new Intl.ListFormat("en").format([1]));
	assert_throws_js(TypeError, () => new Intl.NumberFormat("en").formatRange(1));
	assert_throws_js(TypeError, () => new Intl.NumberFormat("en", { style: "unit" }));
	assert_throws_js(TypeError, () => new Intl.DateTimeFormat("en", { dateStyle: "short", hour: "numeric" }));
	assert_throws_js(TypeError, () => new Intl.NumberFormat(null));
	assert_throws_js(TypeError, () => Intl.PluralRules.prototype.select.call(new Intl.NumberFormat(), 1));
	assert_equals(Intl.NumberFormat.prototype.formatToParts.name + Intl.NumberFormat.length, "formatToParts0");
}, "constructors");
