import http from "node:http";
const { request } = http;
const secure = (protocol) => {
	if (protocol !== "https:") throw Object.assign(new TypeError(`Protocol "${protocol}" not supported. Expected "https:"`), { code: "ERR_INVALID_PROTOCOL" });
	return protocol;
};
const from = (first, ...rest) => {
	if (typeof first !== "string" && !(first instanceof URL)) return request({ ...first, protocol: secure(first?.protocol ?? "https:") }, ...rest);
	const url = new URL(first);
	secure(url.protocol);
	return request(url, ...rest);
};
const get = (...args) => { const r = from(...args); r.end(); return r; };
export default { ...http, request: from, get };
