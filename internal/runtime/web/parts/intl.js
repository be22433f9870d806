// Intl, and the methods of built-ins that depend on a locale. This reads and checks what scripts pass; the host does the rest.
"use strict";
({ host }) => {
const { stringify, parse } = JSON;
const { defineProperty } = Object;
const kinds = { RangeError, TypeError };
const numberValueOf = Number.prototype.valueOf, bigintValueOf = BigInt.prototype.valueOf, dateValueOf = Date.prototype.valueOf;

// ask asks the host: the key names a constructor, locales and options, or locales alone.
const ask = (method, key, a, b) => {
	const r = b === undefined ? a === undefined ? host.intl(method, key) : host.intl(method, key, a) : host.intl(method, key, a, b);
	if (r[0] === "v") return r.slice(1);
	if (r[0] === "j") return parse(r.slice(1));
	const [, name, message] = /^e(\w+):([^]*)$/.exec(r);
	throw new kinds[name](message);
};

// ---- what constructors read -----------------------------------------------------------------------------------

const tags = (locales) => {
	if (locales === undefined) return [];
	if (typeof locales === "string" || Locale !== undefined && locales instanceof Locale) return [String(locales)];
	if (locales === null) throw new TypeError("Cannot convert undefined or null to object");
	const list = [], object = Object(locales), length = Math.min(Number(object.length) || 0, 100);
	for (let i = 0; i < length; i++) {
		if (!(i in object)) continue;
		const v = object[i];
		if (typeof v !== "string" && (typeof v !== "object" || v === null)) throw new TypeError("Incorrect locale information provided");
		list.push(String(v));
	}
	return list;
};
const refuse = (kind, name, value) => { throw new RangeError(`Value ${value} out of range for Intl.${kind} options property ${name}`); };
// Options are read in the order of these lists, made when they are first needed: name, what is allowed (a list of texts, a pattern, a range of numbers, Boolean), the default.
const type = /^[a-z0-9]{3,8}(-[a-z0-9]{3,8})*$/i, matcher = ["localeMatcher", ["lookup", "best fit"]];
const widths = ["narrow", "short", "long"], digits = ["2-digit", "numeric"], dateStyles = ["full", "long", "medium", "short"];
const unitNames = "acre bit byte celsius centimeter day degree fahrenheit fluid-ounce foot gallon gigabit gigabyte gram hectare hour inch kilobit kilobyte kilogram kilometer liter megabit megabyte meter microsecond mile mile-scandinavian milliliter millimeter millisecond minute month nanosecond ounce percent petabyte pound second stone terabit terabyte week yard year";
let allUnits;
const units = () => allUnits ??= unitNames.split(" ");
const isUnit = { test: (v) => { const [a, b, c] = v.split("-per-"), all = units(); return all.includes(a) && (b === undefined || all.includes(b)) && c === undefined; } };
const increments = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];
const rounding = () => [
	["minimumIntegerDigits", [1, 21], 1], ["minimumFractionDigits", [0, 100]], ["maximumFractionDigits", [0, 100]], ["minimumSignificantDigits", [1, 21]], ["maximumSignificantDigits", [1, 21]],
	["roundingIncrement", [1, 5000], 1], ["roundingMode", ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"], "halfExpand"],
	["roundingPriority", ["auto", "morePrecision", "lessPrecision"], "auto"], ["trailingZeroDisplay", ["auto", "stripIfInteger"], "auto"],
];
const readers = {
	NumberFormat: () => [matcher, ["numberingSystem", type], ["style", ["decimal", "percent", "currency", "unit"], "decimal"], ["currency", /^[a-z]{3}$/i], ["currencyDisplay", ["code", "symbol", "narrowSymbol", "name"], "symbol"],
		["currencySign", ["standard", "accounting"], "standard"], ["unit", isUnit], ["unitDisplay", ["short", "narrow", "long"], "short"], ["notation", ["standard", "scientific", "engineering", "compact"], "standard"],
		...rounding(), ["compactDisplay", ["short", "long"], "short"], ["useGrouping", "grouping"], ["signDisplay", ["auto", "never", "always", "exceptZero", "negative"], "auto"]],
	DateTimeFormat: () => [matcher, ["calendar", type], ["numberingSystem", type], ["hour12", Boolean], ["hourCycle", ["h11", "h12", "h23", "h24"]], ["timeZone", /[^]*/], ["weekday", widths], ["era", widths], ["year", digits],
		["month", [...digits, ...widths]], ["day", digits], ["dayPeriod", widths], ["hour", digits], ["minute", digits], ["second", digits], ["fractionalSecondDigits", [1, 3]],
		["timeZoneName", ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"]], ["formatMatcher", ["basic", "best fit"]], ["dateStyle", dateStyles], ["timeStyle", dateStyles]],
	PluralRules: () => [matcher, ["type", ["cardinal", "ordinal"], "cardinal"], ...rounding()],
	ListFormat: () => [matcher, ["type", ["conjunction", "disjunction", "unit"], "conjunction"], ["style", ["long", "short", "narrow"], "long"]],
	RelativeTimeFormat: () => [matcher, ["numberingSystem", type], ["style", ["long", "short", "narrow"], "long"], ["numeric", ["always", "auto"], "always"]],
	DisplayNames: () => [matcher, ["style", widths, "long"], ["type", ["language", "region", "script", "currency", "calendar", "dateTimeField"]], ["fallback", ["code", "none"], "code"], ["languageDisplay", ["dialect", "standard"], "dialect"]],
	Collator: () => [["usage", ["sort", "search"], "sort"], matcher, ["collation", type], ["numeric", Boolean], ["caseFirst", ["upper", "lower", "false"]], ["sensitivity", ["base", "accent", "case", "variant"], "variant"], ["ignorePunctuation", Boolean]],
	Segmenter: () => [matcher, ["granularity", ["grapheme", "word", "sentence"], "grapheme"]],
	Locale: () => [["language", /^([a-z]{2,3}|[a-z]{5,8})$/i], ["script", /^[a-z]{4}$/i], ["region", /^([a-z]{2}|[0-9]{3})$/i], ["calendar", type], ["collation", type], ["firstDayOfWeek", /^[a-z0-9]+$/i], ["hourCycle", ["h11", "h12", "h23", "h24"]],
		["caseFirst", ["upper", "lower", "false"]], ["numeric", Boolean], ["numberingSystem", type]],
};
const grouping = (value, compact) => {
	if (value === undefined) return undefined;
	if (value === true) return "always";
	if (!value) return false;
	value = String(value);
	if (value === "true" || value === "false") return compact ? "min2" : "auto";
	if (!["min2", "auto", "always"].includes(value)) refuse("NumberFormat", "useGrouping", value);
	return value;
};
const lists = {};
const read = (kind, options) => {
	const r = {};
	for (const [name, allowed, otherwise] of lists[kind] ??= readers[kind]()) {
		let v = options === undefined ? undefined : options[name];
		if (allowed === "grouping") v = grouping(v, r.notation === "compact");
		else if (v === undefined) v = otherwise;
		else if (allowed === Boolean) v = Boolean(v);
		else if (typeof allowed[0] === "number") {
			const n = Number(v);
			if (!(n >= allowed[0] && n <= allowed[1]) || name === "roundingIncrement" && !increments.includes(Math.floor(n))) throw new RangeError(`${name} value is out of range.`);
			v = Math.floor(n);
		} else {
			v = String(v);
			if (allowed.includes ? !allowed.includes(v) : !allowed.test(v)) name === "unit" || name === "currency" ? (() => { throw new RangeError(`Invalid ${name} argument for Intl.${kind}() '${v}'`); })() : refuse(kind, name, v);
		}
		if (v !== undefined) r[name] = v;
	}
	return r;
};

// ---- constructors ---------------------------------------------------------------------------------------------

const state = new WeakMap();
const known = (f, kind, method) => {
	const s = typeof f === "object" && f !== null ? state.get(f) : undefined;
	if (s === undefined || s.kind !== kind) throw new TypeError(`Method Intl.${kind}.prototype.${method} called on incompatible receiver ${typeof f === "symbol" ? "symbol" : typeof f === "object" ? "#<Object>" : f}`);
	return s;
};
const keyOf = (kind, method, locales, options) => stringify([method === undefined ? kind : kind + "." + method, tags(locales), read(kind, options)]);
const hide = (target, name, value) => defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });

// make makes a constructor; loose = it can be called without new, which takes options of any type.
const make = (kind, loose, methods, getters = {}) => {
	const F = function (locales, options) {
		if (new.target === undefined) {
			if (loose) return new F(locales, options);
			throw new TypeError(`Constructor Intl.${kind} requires 'new'`);
		}
		if (kind === "DisplayNames" && options === undefined || options === null && loose) throw new TypeError("Cannot convert undefined or null to object");
		if (!loose && options !== undefined && (typeof options !== "object" && typeof options !== "function" || options === null)) throw new TypeError("Incorrect options information provided");
		const s = { kind, key: keyOf(kind, undefined, locales, loose && options !== undefined ? Object(options) : options) };
		if (kind === "DisplayNames" && options.type === undefined) throw new TypeError('Required option "type" must not be undefined');
		ask("check", s.key);
		state.set(this, s);
	};
	defineProperty(F, "name", { value: kind, configurable: true });
	defineProperty(F, "length", { value: kind === "DisplayNames" ? 2 : 0, configurable: true });
	defineProperty(F, "prototype", { writable: false });
	for (const name of Object.keys(methods)) {
		const fn = { [name](...args) { return methods[name](known(this, kind, name), ...args); } }[name];
		defineProperty(fn, "length", { value: Math.max(methods[name].length - 1, 0), configurable: true });
		hide(F.prototype, name, fn);
	}
	for (const name of Object.keys(getters)) {
		defineProperty(F.prototype, name, { get: { get [name]() { const s = known(this, kind, name); return s.bound ??= getters[name](s); } }.__lookupGetter__(name), configurable: true });
	}
	hide(F.prototype, "resolvedOptions", function resolvedOptions() { return ask("resolvedOptions", known(this, kind, "resolvedOptions").key); });
	hide(F, "supportedLocalesOf", { supportedLocalesOf(locales, options = undefined) {
		if (options !== undefined) read("Segmenter", { localeMatcher: Object(options).localeMatcher });
		return ask("supported", stringify(tags(locales)));
	} }.supportedLocalesOf);
	defineProperty(F.supportedLocalesOf, "length", { value: 1, configurable: true });
	defineProperty(F.prototype, Symbol.toStringTag, { value: "Intl." + kind, configurable: true });
	return F;
};

// A number, or the text of one whose digits all count: "n" for a BigInt, "s" for a string.
const numeric = (v) => {
	if (typeof v === "object" && v !== null) v = v[Symbol.toPrimitive]?.("number") ?? (typeof v.valueOf() === "object" ? String(v) : v.valueOf());
	if (typeof v === "bigint") return "n" + v;
	if (typeof v === "string") return /^\s*0[xob]/i.test(v) ? Number(v) : "s" + v;
	return Number(v);
};
const time = (date) => date === undefined ? Date.now() : Number(date);
const both = (convert) => (s, method, a, b) => {
	if (a === undefined || b === undefined) throw new TypeError("startRange or endRange cannot be undefined");
	return ask(method, s.key, convert(a), convert(b));
};
const numbers = both(numeric), times = both(time);
const strings = (list) => {
	const r = [];
	if (list !== undefined) for (const v of list) {
		if (typeof v !== "string") throw new TypeError("Iterable yielded " + String(v) + " which is not a string");
		r.push(v);
	}
	return stringify(r);
};
// compare is called for each step of a sort.
const compare = (key, x, y) => {
	if (x === y) return 0;
	const r = host.intl("compare", key, x, y);
	return r === "v-1" ? -1 : r === "v1" ? 1 : r === "v0" ? 0 : ask("compare", key, x, y);
};
const unitOf = (unit) => {
	const u = String(unit).replace(/s$/, "");
	if (!["second", "minute", "hour", "day", "week", "month", "quarter", "year"].includes(u)) throw new RangeError(`Invalid unit argument for format() '${unit}'`);
	return u;
};

// The constructors, each made when it is first needed.
const makers = {
	Collator: () => make("Collator", true, {}, { compare: (s) => (x, y) => compare(s.key, String(x), String(y)) }),
	DateTimeFormat: () => make("DateTimeFormat", true, {
		formatToParts: (s, date) => ask("parts", s.key, time(date)),
		formatRange: (s, start, end) => times(s, "range", start, end), formatRangeToParts: (s, start, end) => times(s, "rangeParts", start, end),
	}, { format: (s) => (date) => ask("format", s.key, time(date)) }),
	DisplayNames: () => make("DisplayNames", false, { of: (s, code) => ask("of", s.key, String(code)) ?? undefined }),
	ListFormat: () => make("ListFormat", false, { format: (s, list) => ask("list", s.key, strings(list)), formatToParts: (s, list) => ask("listParts", s.key, strings(list)) }),
	Locale: () => Locale = makeLocale(),
	NumberFormat: () => make("NumberFormat", true, {
		formatToParts: (s, value) => ask("parts", s.key, numeric(value)),
		formatRange: (s, start, end) => numbers(s, "range", start, end), formatRangeToParts: (s, start, end) => numbers(s, "rangeParts", start, end),
	}, { format: (s) => (value) => ask("format", s.key, numeric(value)) }),
	PluralRules: () => make("PluralRules", false, {
		select: (s, value) => ask("select", s.key, Number(value)), selectRange: (s, start, end) => numbers(s, "selectRange", start, end),
	}),
	RelativeTimeFormat: () => make("RelativeTimeFormat", false, {
		format: (s, value, unit) => ask("format", s.key, Number(value), unitOf(unit)), formatToParts: (s, value, unit) => ask("parts", s.key, Number(value), unitOf(unit)),
	}),
	Segmenter: () => {
		const Segments = makeSegments();
		return make("Segmenter", false, { segment: (s, text) => new Segments(s, String(text)) });
	},
};

// ---- Segmenter ------------------------------------------------------------------------------------------------

const makeSegments = () => class Segments {
	#text; #ends = []; #words = []; #granular;
	constructor(s, text) {
		this.#text = text;
		this.#granular = parse(s.key)[2].granularity === "word";
		let end = 0;
		for (const n of ask("segment", s.key, text)) {
			this.#ends.push(end += Math.abs(n));
			this.#words.push(n > 0);
		}
	}
	#at(i) {
		const index = i === 0 ? 0 : this.#ends[i - 1], data = { segment: this.#text.slice(index, this.#ends[i]), index, input: this.#text };
		if (this.#granular) data.isWordLike = this.#words[i];
		return data;
	}
	containing(index = undefined) {
		const n = Math.trunc(Number(index)) || 0;
		if (n < 0 || n >= this.#text.length) return undefined;
		let from = 0, to = this.#ends.length - 1;
		while (from < to) {
			const middle = (from + to) >> 1;
			if (this.#ends[middle] > n) to = middle; else from = middle + 1;
		}
		return this.#at(from);
	}
	*[Symbol.iterator]() { for (let i = 0; i < this.#ends.length; i++) yield this.#at(i); }
};

// ---- Locale ---------------------------------------------------------------------------------------------------

const about = (tag, what = "") => ask("locale", stringify([tag]), what);
const keywords = { calendar: "ca", collation: "co", firstDayOfWeek: "fw", hourCycle: "hc", caseFirst: "kf", numeric: "kn", numberingSystem: "nu" };
const info = { Calendars: "calendars", Collations: "collations", HourCycles: "hourCycles", NumberingSystems: "numberingSystems", TextInfo: "textInfo", TimeZones: "timeZones", WeekInfo: "weekInfo" };
const makeLocale = () => class Locale {
	#tag; #info;
	constructor(tag, options = undefined) {
		if (typeof tag !== "string" && (typeof tag !== "object" || tag === null)) throw new TypeError("First argument to Intl.Locale constructor can't be empty or missing");
		if (options === null) throw new TypeError("Cannot convert undefined or null to object");
		const o = read("Locale", options === undefined ? undefined : Object(options)), info = about(String(tag));
		const base = [o.language ?? info.language, o.script ?? info.script, o.region ?? info.region, ...(info.baseName.slice([info.language, info.script, info.region].filter(Boolean).join("-").length).split("-"))].filter(Boolean).join("-");
		let rest = info.tag.slice(info.baseName.length);
		const keys = { ...info.keywords };
		for (const [name, key] of Object.entries(keywords)) if (o[name] !== undefined) keys[key] = o[name] === true ? "" : String(o[name]);
		rest = rest.replace(/-u(-[a-z0-9]{2,8})+/, "");
		const u = Object.keys(keys).sort().map((k) => "-" + k + (keys[k] === "" ? "" : "-" + keys[k])).join("");
		this.#info = about(base + (u === "" ? "" : "-u" + u) + rest);
		this.#tag = this.#info.tag;
	}
	toString() { return this.#tag; }
	maximize() { return new Locale(about(this.#tag, "maximize")); }
	minimize() { return new Locale(about(this.#tag, "minimize")); }
	get baseName() { return this.#info.baseName; }
	get language() { return this.#info.language; }
	get script() { return this.#info.script; }
	get region() { return this.#info.region; }
	get numeric() { const v = this.#info.keywords.kn; return v === "" || v === "true"; }
	static {
		for (const [name, key] of Object.entries(keywords)) if (name !== "numeric") defineProperty(this.prototype, name, { get: { get [name]() { return this.#info.keywords[key]; } }.__lookupGetter__(name), configurable: true });
		for (const [name, what] of Object.entries(info)) {
			defineProperty(this.prototype, what, { get: { get [what]() { return about(this.#tag, what) ?? undefined; } }.__lookupGetter__(what), configurable: true });
			hide(this.prototype, "get" + name, { ["get" + name]() { return about(this.#tag, what) ?? undefined; } }["get" + name]);
		}
		defineProperty(this.prototype, Symbol.toStringTag, { value: "Intl.Locale", configurable: true });
	}
};
let Locale;

// ---- Intl, and methods of built-ins ---------------------------------------------------------------------------

const Intl = {};
const getCanonicalLocales = (locales) => ask("canonical", stringify(tags(locales)));
const supportedValuesOf = (key) => (key = String(key)) === "unit" ? [...units()] : ask("values", "", key);
for (const name of Object.keys(makers)) {
	const fix = (value) => (hide(Intl, name, value), value);
	defineProperty(Intl, name, { get: () => fix(makers[name]()), set: fix, configurable: true });
}
hide(Intl, "getCanonicalLocales", getCanonicalLocales);
hide(Intl, "supportedValuesOf", supportedValuesOf);
defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

// The key of a formatter without locales and options is the same each time.
const keys = new Map();
const shortKey = (kind, method, locales, options) => {
	if (options !== undefined || locales !== undefined && typeof locales !== "string") return keyOf(kind, method, locales, options === undefined ? undefined : Object(options));
	const at = kind + method + locales;
	let key = keys.get(at);
	if (key === undefined) {
		if (keys.size > 100) keys.clear();
		keys.set(at, key = keyOf(kind, method, locales, undefined));
	}
	return key;
};
const given = (options) => { if (options === null) throw new TypeError("Cannot convert undefined or null to object"); return options; };
const date = (name) => (self, locales, options) => {
	const t = dateValueOf.call(self);
	return Number.isNaN(t) ? "Invalid Date" : ask("format", shortKey("DateTimeFormat", name, locales, given(options)), t);
};
const number = (of) => (self, locales, options) => ask("format", shortKey("NumberFormat", undefined, locales, given(options)), numeric(of.call(self)));
const list = (self, locales, options) => {
	const seen = joining, items = [];
	if (self === null || self === undefined) throw new TypeError("Cannot convert undefined or null to object");
	if (seen.includes(self)) return "";
	seen.push(self);
	try {
		for (let i = 0; i < self.length; i++) items.push(self[i] === null || self[i] === undefined ? "" : String(self[i].toLocaleString(locales, options)));
	} finally { seen.pop(); }
	return items.join(",");
};
const joining = [];
let usual; // the key of the order without a locale
const string = (self) => {
	if (self === null || self === undefined) throw new TypeError("String.prototype method called on null or undefined");
	return String(self);
};
const { toUpperCase, toLowerCase } = String.prototype;
const cased = (method, plain) => (self, locales) => {
	const text = string(self), list = tags(locales);
	if (list.length === 0) return plain.call(text);
	ask("canonical", stringify(list));
	return /^(tr|az|lt|el)\b/i.test(list[0]) ? ask(method, stringify(list), text) : plain.call(text);
};
return {
	Intl, localeCompare: (self, that, locales, options) => compare(locales === undefined && options === undefined ? usual ??= keyOf("Collator") : shortKey("Collator", undefined, locales, given(options)), string(self), String(that)),
	toLocaleString: { Date: date("toLocaleString"), Number: number(numberValueOf), BigInt: number(bigintValueOf), Array: list, TypedArray: list },
	toLocaleDateString: { Date: date("toLocaleDateString") }, toLocaleTimeString: { Date: date("toLocaleTimeString") },
	toLocaleUpperCase: { String: cased("upper", toUpperCase) }, toLocaleLowerCase: { String: cased("lower", toLowerCase) },
};
}
