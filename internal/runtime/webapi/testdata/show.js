// show writes a value so that values that differ look different.
const show = (v) => {
	if (ArrayBuffer.isView(v)) return `${v.constructor.name} ${[...new Uint8Array(v.buffer, v.byteOffset, v.byteLength)].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
	if (v instanceof ArrayBuffer) return "ArrayBuffer " + show(new Uint8Array(v));
	if (typeof v === "string") return '"' + Array.from({ length: v.length }, (_, i) => v[i] >= " " && v[i] <= "~" ? v[i] : "\\u" + v.charCodeAt(i).toString(16).padStart(4, "0")).join("") + '"';
	if (Array.isArray(v)) return "[" + v.map(show).join(", ") + "]";
	if (typeof v === "object" && v !== null) return "{" + Object.keys(v).map((k) => k + ": " + show(v[k])).join(", ") + "}";
	return String(v);
};
return show;
