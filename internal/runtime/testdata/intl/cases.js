// What the table of results is of: [constructor or built-in, locale, options, method, arguments]. Node.js makes the table with
// make.mjs, and TestIntlIsThatOfNode compares.
const locales = ["en-US", "en-GB", "de", "de-CH", "fr", "fr-CA", "es", "es-MX", "pt-BR", "pt-PT", "it", "nl", "pl", "ja", "zh-CN", "zh-TW", "ko", "ar", "ar-EG", "sv", "da", "nb", "fi", "cs", "tr", "ru", "uk", "el", "he", "hi", "hu", "ro", "id", "vi"];
const main = locales.slice(0, 19);
const utc = (...a) => Date.UTC(...a);
const moments = [utc(2026, 0, 5, 3, 4, 5, 67), utc(2025, 6, 31, 16, 30, 0)];
const ends = [[2026, 0, 5, 3, 4, 9], [2026, 0, 5, 3, 20, 5], [2026, 0, 5, 9, 4, 5], [2026, 0, 5, 19, 4, 5], [2026, 0, 9, 3, 4, 5], [2026, 2, 5, 3, 4, 5], [2027, 2, 5, 3, 4, 5]].map((a) => utc(...a));

const numbers = [
	[{}, [0, -0, 1, -1.5, 1234.5678, 12345.678, 1234567.891, -987654321, 1e21, NaN, -Infinity, 0.000001234, "12345678901234567890.5", 12345678901234567890n]],
	...[{ style: "percent" }, { style: "percent", maximumFractionDigits: 1, signDisplay: "always" }, { minimumFractionDigits: 2 }, { maximumSignificantDigits: 3 }, { minimumIntegerDigits: 4, useGrouping: false },
		{ useGrouping: "always" }, { useGrouping: "min2" }, { signDisplay: "exceptZero" }, { signDisplay: "negative" }, { notation: "scientific" }, { notation: "engineering" },
		{ roundingMode: "floor", maximumFractionDigits: 1 }, { roundingIncrement: 5, maximumFractionDigits: 2, minimumFractionDigits: 2 }, { trailingZeroDisplay: "stripIfInteger", minimumFractionDigits: 2 },
	].map((o) => [o, [0, -1.5, 0.256, 1234.565, 99999.5, -7654321]]),
	...["short", "long"].map((compactDisplay) => [{ notation: "compact", compactDisplay }, [0, 1, 999, 999.6, 1000, 1234, 12345, 999999, 1e6, 1234567, 2e6, 123456789, 1e9, 98765432100, 1e12, 4.5e15, -4321]]),
	...["USD", "EUR", "JPY", "GBP", "CHF", "KWD", "CNY"].flatMap((currency) => ["symbol", "code", "name", "narrowSymbol"].map((currencyDisplay) => [{ style: "currency", currency, currencyDisplay }, [1, -1234.5, 1000000]])),
	...[{ currencySign: "accounting" }, { currencySign: "accounting", signDisplay: "always" }, { notation: "compact" }, { notation: "compact", compactDisplay: "long" }, { maximumFractionDigits: 0 }, { signDisplay: "always" }].map((o) => [{ style: "currency", currency: "EUR", ...o }, [0, -1234.5, 1234567]]),
	...["kilometer", "liter", "celsius", "percent", "kilometer-per-hour", "mile-per-gallon", "byte", "megabyte", "day", "hour", "second", "year", "fluid-ounce", "liter-per-kilometer"].flatMap((unit) => ["short", "long", "narrow"].map((unitDisplay) => [{ style: "unit", unit, unitDisplay }, [1, 2.5, 12345]])),
	[{ style: "unit", unit: "meter", notation: "compact", unitDisplay: "long" }, [1, 1234, 1e6]],
];
const pieces = ["narrow", "short", "long"];
const dates = [
	{}, ...["full", "long", "medium", "short"].flatMap((s) => [{ dateStyle: s }, { timeStyle: s }, { dateStyle: s, timeStyle: s }]), { dateStyle: "full", timeStyle: "short" }, { dateStyle: "short", timeStyle: "long" }, { timeStyle: "short", hour12: false }, { timeStyle: "medium", hourCycle: "h12" },
	{ year: "numeric" }, { year: "2-digit", month: "2-digit", day: "2-digit" }, { year: "numeric", month: "2-digit", day: "2-digit" }, { month: "numeric", day: "numeric" }, { year: "numeric", month: "numeric" }, { day: "numeric" }, { weekday: "long" }, { weekday: "short" }, { weekday: "narrow" },
	...pieces.flatMap((month) => [{ month }, { month, day: "numeric" }, { year: "numeric", month }, { year: "numeric", month, day: "numeric" }]), { weekday: "long", year: "numeric", month: "long", day: "numeric" }, { weekday: "short", month: "short", day: "numeric" }, { weekday: "short", year: "numeric", month: "numeric", day: "numeric" },
	{ era: "short", year: "numeric" }, { era: "long", year: "numeric", month: "long", day: "numeric" }, { weekday: "long", day: "numeric" },
	{ hour: "numeric" }, { hour: "2-digit" }, { hour: "numeric", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, { minute: "2-digit", second: "2-digit" }, { hour: "numeric", hour12: true }, { hour: "numeric", minute: "numeric", hour12: false }, { hour: "numeric", minute: "numeric", hourCycle: "h11" },
	{ hour: "numeric", dayPeriod: "short" }, { hour: "numeric", dayPeriod: "long", hour12: true }, { hour: "numeric", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }, { second: "numeric", fractionalSecondDigits: 2 },
	{ year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }, { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" }, { month: "numeric", day: "numeric", hour: "numeric" }, { weekday: "short", hour: "numeric" }, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
];
const zones = ["America/New_York", "Europe/Berlin", "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Sydney", "UTC", "America/Phoenix", "Asia/Shanghai"];
const words = ["a", "B", "A", "b", "ä", "Ä", "z", "Z", "é", "e", "E", "ñ", "n", "o", "ö", "ø", "å", "ss", "ß", "co-op", "coop", "co op", "10", "2", "1", "_", "-", "résumé", "resume", "Résumé", "ch", "c", "d", "ll", "l", "m", "あ", "ア", "い", "日", "本", "가", "나", "я", "а", "ё", "е", "ا", "ب", "", " ", "🙂", "I", "ı", "i", "İ", "th", "t"];
const texts = ["Hello, world! How are you? I'm fine.", "Ce n'est pas l'été… C'est fini. Voilà!", "e\u0301a👨‍👩‍👧‍👦🇩🇪🇫🇷👍🏽x\r\n", "Das kostet 1.234,56 € (ca. 3.5 %).", "안녕하세요 세계. 좋은 아침!", "Привет, мир! Как дела?", "مرحبا بالعالم. كيف حالك؟", "नमस्ते दुनिया", "foo_bar baz-qux 3.14 can't U.S.A. e.g. this."];

const cases = () => {
	const list = [];
	const add = (what, locale, options, method, ...args) => list.push([what, locale, options, method, args]);
	for (const l of locales) {
		const some = main.includes(l);
		for (const [o, values] of numbers) for (const v of some ? values : values.slice(0, 2)) add("NumberFormat", l, o, "format", v);
		for (const o of [{}, { style: "currency", currency: "USD" }, { style: "percent" }, { notation: "compact", compactDisplay: "long" }, { style: "unit", unit: "kilometer-per-hour", unitDisplay: "long" }, { notation: "scientific" }, { style: "currency", currency: "EUR", currencyDisplay: "name" }]) {
			add("NumberFormat", l, o, "formatToParts", -1234567.5);
			for (const [a, b] of [[3, 5], [3, 3], [1, 1000], [-2, 4]]) add("NumberFormat", l, o, "formatRange", a, b);
			add("NumberFormat", l, o, "formatRangeToParts", 3, 5);
			add("NumberFormat", l, o, "resolvedOptions");
		}
		for (const o of dates) {
			for (const m of some ? moments : moments.slice(1)) add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "format", m);
			if (some) add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "resolvedOptions");
		}
		for (const o of [{}, { dateStyle: "medium", timeStyle: "short" }, { weekday: "short", year: "numeric", month: "long", day: "numeric" }, { hour: "numeric", minute: "2-digit" }]) {
			add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "formatToParts", moments[0]);
			for (const e of ends) add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "formatRange", moments[0], e);
			add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "formatRangeToParts", moments[0], ends[4]);
		}
		for (const o of [{ year: "numeric", month: "short", day: "numeric" }, { month: "long", day: "numeric" }, { year: "numeric", month: "long" }, { dateStyle: "long" }, { timeStyle: "short" }, { dateStyle: "short" }]) for (const e of some ? ends : ends.slice(3)) add("DateTimeFormat", l, { timeZone: "UTC", ...o }, "formatRange", moments[0], e);
		for (const timeZone of some ? zones : zones.slice(0, 3)) for (const timeZoneName of ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"]) add("DateTimeFormat", l, { timeZone, timeZoneName, hour: "numeric" }, "format", moments[1]);
		for (const type of ["cardinal", "ordinal"]) {
			for (const n of [0, 1, 2, 3, 4, 5, 6, 11, 12, 20, 21, 22, 23, 100, 101, 1000000, 0.5, 1.5]) add("PluralRules", l, { type }, "select", n);
			add("PluralRules", l, { type }, "selectRange", 1, 3);
			add("PluralRules", l, { type }, "selectRange", 0, 1);
			add("PluralRules", l, { type }, "resolvedOptions");
		}
		add("PluralRules", l, { minimumFractionDigits: 1 }, "select", 1);
		for (const type of ["conjunction", "disjunction", "unit"]) for (const style of ["long", "short", "narrow"]) for (const n of [1, 2, 3, 4]) add("ListFormat", l, { type, style }, "format", ["Ana", "Ida", "Otto", "Hugo"].slice(0, n));
		add("ListFormat", l, {}, "formatToParts", ["a", "b", "c"]);
		for (const style of ["long", "short", "narrow"]) for (const numeric of ["always", "auto"]) for (const unit of ["second", "minute", "hour", "day", "week", "month", "quarter", "year"]) for (const n of some ? [-10, -1, 0, 1, 2, 3.5] : [-1, 2]) add("RelativeTimeFormat", l, { style, numeric }, "format", n, unit);
		add("RelativeTimeFormat", l, {}, "formatToParts", -1234, "day");
		for (const style of ["long", "short", "narrow"]) {
			for (const c of ["DE", "US", "GB", "CN", "HK", "419", "001", "ZZ"]) add("DisplayNames", l, { type: "region", style }, "of", c);
			for (const c of ["de", "en-US", "pt-BR", "zh-Hant", "zh-Hans-CN", "fr-CA", "sr-Latn", "es-419", "de-AT", "tlh", "en-Arab-DE"]) for (const languageDisplay of ["dialect", "standard"]) add("DisplayNames", l, { type: "language", style, languageDisplay }, "of", c);
			for (const c of ["USD", "EUR", "JPY", "XTS"]) add("DisplayNames", l, { type: "currency", style }, "of", c);
			for (const c of ["year", "month", "weekOfYear", "dayPeriod", "timeZoneName"]) add("DisplayNames", l, { type: "dateTimeField", style }, "of", c);
		}
		for (const c of ["Latn", "Cyrl", "Hant", "Arab"]) add("DisplayNames", l, { type: "script" }, "of", c);
		for (const c of ["gregory", "islamic", "japanese"]) add("DisplayNames", l, { type: "calendar" }, "of", c);
		for (const o of [{}, { sensitivity: "base" }, { sensitivity: "accent" }, { sensitivity: "case" }, { numeric: true }, { ignorePunctuation: true }, { caseFirst: "upper" }]) {
			for (let i = 0; i + 1 < words.length; i++) add("Collator", l, o, "compare", words[i], words[i + 1]);
		}
		add("Collator", l, {}, "sort", words.filter((w) => w !== "🙂"));
		for (const granularity of ["grapheme", "word", "sentence"]) for (const t of texts) add("Segmenter", l, { granularity }, "segment", t);
		add("Locale", l, {}, "info");
		for (const [v, m] of [[1234567.891, "toLocaleString"], [12345678901234567890n, "toLocaleString"], [[1.5, 1234567, null], "toLocaleString"], ["IiİıßǅΣΑΣ", "toLocaleUpperCase"], ["IÌİΣΑΣ", "toLocaleLowerCase"]]) add("value", l, undefined, m, v);
		for (const m of ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]) add("date", l, { timeZone: "Asia/Tokyo" }, m, moments[0]);
	}
	for (const t of ["de-DE-u-co-phonebk", "zh-TW", "sr-RS", "iw", "no", "en-u-nu-arab", "de-u-nu-latn-hc-h12", "und", "en-XX", "ar-SA-u-nu-latn", "cmn-Hans-CN", "ja-JP-u-ca-japanese", "zh-Hant-HK", "pt", "es-419", "und-Latn-DE", "sr-Latn-RS", "mo", "zh-min-nan", "en-GB-oed", "ru-SU", "hy-SU"]) {
		add("canonical", t);
		add("Locale", t, {}, "info");
		add("Locale", t, { region: "AT", hourCycle: "h23", numeric: true }, "info");
	}
	for (const t of ["a", "en-", "de_DE", "x", "en-u", "de-DE-DE", "toolonglanguage", ""]) add("canonical", t);
	return list;
};
const plain = (v) => typeof v === "number" && (Object.is(v, -0) || !Number.isFinite(v)) ? String(v) : v;
const run = ([what, locale, options, method, args]) => {
	try {
		switch (what) {
			case "canonical": return Intl.getCanonicalLocales(locale);
			case "value": return args[0][method](locale);
			case "date": return new Date(args[0])[method](locale, options);
			case "Locale": {
				const l = new Intl.Locale(locale, options);
				return [String(l), l.baseName, l.language, l.script, l.region, l.calendar, l.hourCycle, l.numeric, String(l.maximize()), String(l.minimize()), l.textInfo.direction, l.weekInfo, l.hourCycles, l.numberingSystems];
			}
		}
		const f = new Intl[what](locale, options);
		if (method === "sort") return [...args[0]].sort(f.compare);
		if (method === "segment") return [...f.segment(args[0])].map((s) => s.segment + (s.isWordLike === false ? "-" : ""));
		const r = f[method](...args);
		return what === "Collator" ? Math.sign(r) : r;
	} catch (e) { return "throws " + e.name; }
};
const show = ([what, locale, options, method, args]) => `${what} ${locale} ${JSON.stringify(options)} ${method} ${JSON.stringify(args, (k, v) => typeof v === "bigint" ? v + "n" : plain(v))}`;
