// The script of the VM that formats dates and numbers for all functions: it has Intl, which they lack. A request is
// [method, locales, options, kind and text of the value]; the response is { value } or { error, message }.
"use strict";
(() => {
	const made = new Map();
	const formatter = (kind, locales, options) => {
		const key = kind + JSON.stringify([locales, options]);
		let f = made.get(key);
		if (f === undefined) {
			if (made.size >= 200) made.clear();
			f = new Intl[kind](locales, options);
			made.set(key, f);
		}
		return f;
	};
	const valueOf = ([kind, text]) => kind === "bigint" ? BigInt(text) : kind === "number" ? Number(text) : text;
	globalThis.answer = (question) => {
		try {
			const [method, locales, options, value] = JSON.parse(question);
			const [of, name] = method.split(".");
			let result;
			switch (of) {
			case "Intl": result = Intl.getCanonicalLocales(locales); break;
			case "Date": result = new Date(Number(value[1]))[name](locales ?? undefined, options ?? undefined); break;
			case "Number": result = valueOf(value).toLocaleString(locales ?? undefined, options ?? undefined); break;
			default: {
				const f = formatter(of, locales ?? undefined, options ?? undefined);
				result = name === "resolvedOptions" ? f.resolvedOptions() : f[name](valueOf(value));
			}
			}
			return JSON.stringify({ value: result });
		} catch (e) {
			return JSON.stringify({ error: e instanceof RangeError ? "RangeError" : e instanceof TypeError ? "TypeError" : "Error", message: String(e.message) });
		}
	};
})();
