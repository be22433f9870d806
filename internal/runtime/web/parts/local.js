// What fetch finds without a network: data: URLs and object URLs. The last expression is a function that takes the prelude's
// helpers.
"use strict";
({ host, response, atob, types: { Headers, TextDecoder } }) => {
const latin1 = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

// ---- media types (mimesniff) -----------------------------------------------------------------------------------

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, quotable = /^[\t\x20-\x7e\x80-\xff]*$/;
const trimmed = (s) => s.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
// quoted reads a quoted string that begins at a position, and returns its text and where it ends.
const quoted = (s, at) => {
	let value = "";
	for (at++; at < s.length && s[at] !== '"'; at++) {
		if (s[at] === "\\" && at + 1 < s.length) at++;
		value += s[at];
	}
	return [value, at + 1];
};
// mediaType returns a media type in its canonical form, or undefined if it is not one.
const mediaType = (text) => {
	text = trimmed(text);
	const [, type, subtype] = /^([^/;]*)\/([^;]*)/.exec(text) ?? [];
	if (type === undefined || !token.test(type) || !token.test(subtype.trimEnd())) return undefined;
	const essence = `${type}/${subtype.trimEnd()}`.toLowerCase(), parameters = new Map();
	for (let at = type.length + 1 + subtype.length; at < text.length;) {
		at++; // the semicolon
		while (at < text.length && /[\t\n\r ]/.test(text[at])) at++;
		const name = /^[^;=]*/.exec(text.slice(at))[0];
		at += name.length;
		if (text[at] !== "=") continue;
		let value;
		if (text[++at] === '"') {
			[value, at] = quoted(text, at);
			at += /^[^;]*/.exec(text.slice(at))[0].length;
		} else {
			value = /^[^;]*/.exec(text.slice(at))[0];
			at += value.length;
			value = value.replace(/[\t\n\r ]+$/, "");
			if (value === "") continue;
		}
		if (token.test(name) && quotable.test(value) && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
	}
	return essence + [...parameters].map(([n, v]) => `;${n}=${token.test(v) ? v : `"${v.replace(/["\\]/g, "\\$&")}"`}`).join("");
};

// ---- data: URLs ------------------------------------------------------------------------------------------------

const decoded = (text) => {
	if (!text.includes("%")) return latin1(text);
	const bytes = new Uint8Array(text.length);
	let n = 0;
	for (let i = 0; i < text.length; i++, n++) {
		const hex = text[i] === "%" ? text.slice(i + 1, i + 3) : "";
		if (/^[0-9a-f]{2}$/i.test(hex)) {
			bytes[n] = parseInt(hex, 16);
			i += 2;
		} else bytes[n] = text.charCodeAt(i);
	}
	return bytes.slice(0, n);
};
const dataURL = (url) => {
	const rest = url.slice(5).split("#", 1)[0], comma = rest.indexOf(",");
	if (comma < 0) throw new TypeError("the data: URL has no comma");
	let type = trimmed(rest.slice(0, comma)), bytes = decoded(rest.slice(comma + 1));
	if (/; *base64$/i.test(type)) {
		type = type.replace(/; *base64$/i, "");
		let text;
		try { text = atob(new TextDecoder("latin1").decode(bytes)); } catch { throw new TypeError("the data: URL is not valid base64"); }
		bytes = latin1(text);
	}
	if (type.startsWith(";")) type = "text/plain" + type;
	return [bytes.buffer, mediaType(type) ?? "text/plain;charset=US-ASCII"];
};

// ---- object URLs -----------------------------------------------------------------------------------------------

const objects = new Map(); // Blobs by their URL
const createObjectURL = (blob) => {
	const url = `blob:null/${host.uuid()}`;
	objects.set(url, blob);
	return url;
};
const revokeObjectURL = (url) => { objects.delete(String(url).split("#", 1)[0]); };
const objectURL = async (url, method) => {
	const blob = objects.get(url.split("#", 1)[0]);
	if (blob === undefined) throw new TypeError("the object URL does not exist, was revoked, or is of another virtual machine");
	if (method !== "GET") throw new TypeError(`an object URL can only be fetched with GET, not with ${method}`);
	return [await blob.arrayBuffer(), blob.type];
};

// fetch responds to a request for such a URL.
const fetch = async ({ url, method, signal }) => {
	const [data, type] = url.startsWith("data:") ? dataURL(url) : await objectURL(url, method);
	signal?.throwIfAborted();
	const headers = new Headers();
	if (type !== "") headers.set("content-type", type);
	if (url.startsWith("blob:")) headers.set("content-length", String(data.byteLength));
	return response({ __proto__: null, data: method === "HEAD" ? null : data, used: false, contentType: null, headers, status: 200, statusText: "OK", url: url.split("#", 1)[0], redirected: false });
};

return { fetch, createObjectURL, revokeObjectURL };
}
