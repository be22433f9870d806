// The timeline of performance: marks and measures. The last expression is a function that takes the prelude's helpers.
"use strict";
({ need, cloned, now, types: { DOMException } }) => {
const newest = 1000; // how many entries are kept: a virtual machine may live long

let make = false;
const of = (c, ...args) => { make = true; try { return new c(...args); } finally { make = false; } };
class PerformanceEntry {
	#name; #type; #start; #duration;
	constructor(name, type, start, duration) {
		if (!make) throw new TypeError("Illegal constructor");
		this.#name = name;
		this.#type = type;
		this.#start = start;
		this.#duration = duration;
	}
	get name() { return this.#name; }
	get entryType() { return this.#type; }
	get startTime() { return this.#start; }
	get duration() { return this.#duration; }
	toJSON() { return { name: this.name, entryType: this.entryType, startTime: this.startTime, duration: this.duration, ...this.detail === undefined ? {} : { detail: this.detail } }; }
}
const detailOf = (options) => options?.detail === undefined || options.detail === null ? null : cloned(options.detail).value;
class PerformanceMark extends PerformanceEntry {
	#detail;
	constructor(name, options = undefined) {
		need(arguments, 1);
		const start = options?.startTime === undefined ? now() : Number(options.startTime);
		if (!(start >= 0)) throw new TypeError("the start time of a mark must not be negative");
		make = true;
		super(String(name), "mark", start, 0);
		make = false;
		this.#detail = detailOf(options);
	}
	get detail() { return this.#detail; }
}
class PerformanceMeasure extends PerformanceEntry {
	#detail;
	constructor(name, start, duration, detail) {
		super(name, "measure", start, duration);
		this.#detail = detail;
	}
	get detail() { return this.#detail; }
}
for (const c of [PerformanceEntry, PerformanceMark, PerformanceMeasure]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });

let entries = [];
const keep = (entry) => {
	entries.push(entry);
	if (entries.length > newest) entries.shift();
	return entry;
};
const listed = (keeps) => entries.filter(keeps).sort((a, b) => a.startTime - b.startTime);
const dropped = (type, name) => { entries = entries.filter((e) => e.entryType !== type || name !== undefined && e.name !== String(name)); };

// moment returns the time that a measure names: a number, or that of the newest mark of a name.
const moment = (v) => {
	if (typeof v === "number") {
		if (v < 0) throw new TypeError("a time must not be negative");
		return v;
	}
	const mark = entries.findLast((e) => e.entryType === "mark" && e.name === String(v));
	if (mark === undefined) throw new DOMException(`there is no mark ${JSON.stringify(String(v))}`, "SyntaxError");
	return mark.startTime;
};
const measure = (name, from, to) => {
	const o = typeof from === "object" && from !== null ? from : undefined;
	if (o !== undefined && Object.keys(o).length > 0) {
		if (to !== undefined) throw new TypeError("the end of a measure with options belongs in its options");
		if (o.start === undefined && o.end === undefined) throw new TypeError("a measure with options needs a start or an end");
		if (o.start !== undefined && o.end !== undefined && o.duration !== undefined) throw new TypeError("a measure cannot have a start, an end and a duration");
	}
	const { start = o === undefined ? from : undefined, end = o === undefined ? to : undefined, duration } = o ?? {};
	const ends = end !== undefined ? moment(end) : start !== undefined && duration !== undefined ? moment(start) + Number(duration) : now();
	const starts = start !== undefined ? moment(start) : end !== undefined && duration !== undefined ? moment(end) - Number(duration) : 0;
	return keep(of(PerformanceMeasure, String(name), starts, ends - starts, detailOf(o)));
};

return {
	PerformanceEntry, PerformanceMark, PerformanceMeasure, measure,
	mark: (name, options) => keep(new PerformanceMark(name, options)),
	clearMarks: (name) => dropped("mark", name), clearMeasures: (name) => dropped("measure", name),
	getEntries: () => listed(() => true),
	getEntriesByType: (type) => listed((e) => e.entryType === String(type)),
	getEntriesByName: (name, type) => listed((e) => e.name === String(name) && (type === undefined || e.entryType === String(type))),
};
}
