import http from "node:http";
const { request } = http;
const from = (first, ...rest) => request(typeof first === "string" || first instanceof URL ? first : { protocol: "https:", ...first }, ...rest);
const get = (...args) => { const r = from(...args); r.end(); return r; };
export default { ...http, request: from, get };
