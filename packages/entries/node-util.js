import * as util from "util/";

const { inspect, types, promisify } = util;
const { TextEncoder, TextDecoder } = globalThis;
promisify.custom ??= Symbol.for("nodejs.util.promisify.custom");
inspect.custom ??= Symbol.for("nodejs.util.inspect.custom");

const isDeepStrictEqual = (a, b) => {
	try { __fazt_node("assert").deepStrictEqual(a, b); return true; } catch { return false; }
};
const stripVTControlCharacters = (text) => String(text).replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, "");
const toUSVString = (text) => String(text).toWellFormed();
const styleText = (_, text) => String(text); // the log has no colors

export default { ...util, isDeepStrictEqual, stripVTControlCharacters, toUSVString, styleText, TextEncoder, TextDecoder, types: { ...types, isNativeError: util.isError } };
