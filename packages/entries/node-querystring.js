import * as querystring from "querystring-es3";
const { parse, stringify } = querystring;
export default { parse, stringify, decode: parse, encode: stringify, escape: encodeURIComponent, unescape: (text) => { try { return decodeURIComponent(text); } catch { return text; } } };
