// Intl for en-US: the constructors that programs use to format dates and numbers. The host does the formatting; this is only
// the interface for scripts.
"use strict";
({ host }) => {
const { stringify, parse } = JSON;
const kinds = { RangeError, TypeError, Error };
const numberValueOf = Number.prototype.valueOf, bigintValueOf = BigInt.prototype.valueOf, dateValueOf = Date.prototype.valueOf;

const ask = (method, locales, options, value) => {
	const a = parse(host.intl(stringify([method, locales, options, value])));
	if (a.error !== undefined) throw new kinds[a.error](a.message);
	return a.value;
};

const dateKeys = ["localeMatcher", "calendar", "numberingSystem", "timeZone", "hourCycle", "weekday", "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second", "timeZoneName", "formatMatcher", "dateStyle", "timeStyle"];
const numberKeys = ["localeMatcher", "style", "currency", "currencyDisplay", "currencySign", "unit", "unitDisplay", "numberingSystem", "notation", "compactDisplay", "signDisplay", "roundingMode", "trailingZeroDisplay"];
const digitKeys = ["minimumIntegerDigits", "minimumFractionDigits", "maximumFractionDigits", "minimumSignificantDigits", "maximumSignificantDigits", "fractionalSecondDigits"];

// plain reads the known options and converts them to plain values, so no getter or object of the script gets any further.
const plain = (options) => {
	if (options === undefined) return null;
	if (options === null) throw new TypeError("the options must be an object");
	const o = Object(options), r = {};
	for (const key of [...dateKeys, ...numberKeys]) { const v = o[key]; if (v !== undefined) r[key] = String(v); }
	for (const key of digitKeys) { const v = o[key]; if (v !== undefined) r[key] = Number(v); }
	if (o.hour12 !== undefined) r.hour12 = Boolean(o.hour12);
	if (o.useGrouping !== undefined) r.useGrouping = typeof o.useGrouping === "boolean" ? o.useGrouping : String(o.useGrouping);
	return r;
};
const tags = (locales) => {
	if (locales === undefined) return null;
	if (typeof locales === "string") return [locales];
	const list = [];
	for (const v of Array.from(Object(locales)).slice(0, 100)) {
		if (typeof v !== "string" && (typeof v !== "object" || v === null)) throw new TypeError("a locale must be a string or an object");
		list.push(String(v));
	}
	return list;
};
const numeric = (v) => {
	if (typeof v === "bigint") return ["bigint", String(v)];
	if (typeof v === "string") return ["string", v];
	v = Number(v);
	return ["number", Object.is(v, -0) ? "-0" : String(v)];
};
const time = (date) => ["number", String(date === undefined ? Date.now() : Number(date))];

const state = new WeakMap();
const known = (f, kind) => {
	const s = state.get(f);
	if (s === undefined || s.kind !== kind) throw new TypeError(`this is not an Intl.${kind}`);
	return s;
};
const formatter = (kind, value) => {
	const F = function (locales, options) {
		if (new.target === undefined) return new F(locales, options);
		const s = { kind, locales: tags(locales), options: plain(options) };
		s.resolved = stringify(ask(kind + ".resolvedOptions", s.locales, s.options));
		state.set(this, s);
	};
	const method = (name, fn) => Object.defineProperty(F.prototype, name, { value: fn, writable: true, configurable: true });
	Object.defineProperty(F, "name", { value: kind, configurable: true });
	Object.defineProperty(F, "length", { value: 0, configurable: true });
	Object.defineProperty(F.prototype, "format", { configurable: true, get() {
		const s = known(this, kind);
		return s.format ??= (v) => ask(kind + ".format", s.locales, s.options, value(v));
	} });
	method("formatToParts", function (v) { const s = known(this, kind); return ask(kind + ".formatToParts", s.locales, s.options, value(v)); });
	method("resolvedOptions", function () { return parse(known(this, kind).resolved); });
	Object.defineProperty(F, "supportedLocalesOf", { writable: true, configurable: true, value: (locales) => canonical(locales).filter((t) => t === "en" || t.startsWith("en-")) });
	Object.defineProperty(F.prototype, Symbol.toStringTag, { value: "Intl." + kind, configurable: true });
	return F;
};
const canonical = (locales) => ask("Intl.getCanonicalLocales", tags(locales) ?? []);

const Intl = {};
for (const [name, value] of Object.entries({ DateTimeFormat: formatter("DateTimeFormat", time), NumberFormat: formatter("NumberFormat", numeric), getCanonicalLocales: canonical })) {
	Object.defineProperty(Intl, name, { value, writable: true, configurable: true });
}
Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

const date = (name) => (self, locales, options) => {
	const t = dateValueOf.call(self);
	return Number.isNaN(t) ? "Invalid Date" : ask("Date." + name, tags(locales), plain(options), ["number", String(t)]);
};
const number = (of) => (self, locales, options) => ask("Number.toLocaleString", tags(locales), plain(options), numeric(of.call(self)));
return {
	Intl, toLocaleString: { Date: date("toLocaleString"), Number: number(numberValueOf), BigInt: number(bigintValueOf) },
	toLocaleDateString: { Date: date("toLocaleDateString") }, toLocaleTimeString: { Date: date("toLocaleTimeString") },
};
}
